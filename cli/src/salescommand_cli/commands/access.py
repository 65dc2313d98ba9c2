"""`key`, `token`, `user`: who may post, read and sign in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from salescommand_cli.commands.options import ACCESS, DataOption, JsonOption, RoleOption, part
from salescommand_cli.output import answer, answer_json, note, table

key = typer.Typer(no_args_is_help=True, help="Write keys: what a source needs to post its events.")
token = typer.Typer(no_args_is_help=True, help="API tokens: how programs read.")
user = typer.Typer(no_args_is_help=True, help="People, and their one-time sign-in links.")


def add_to(cli: typer.Typer) -> None:
    """Add the verbs of this module."""
    for group, name in ((key, "key"), (token, "token"), (user, "user")):
        cli.add_typer(group, name=name, rich_help_panel=ACCESS)


def _call(data: Path | None, method: str, path: str, **options: Any) -> Any:
    from salescommand_cli.api import ask, connect, run

    async def work() -> Any:
        async with connect(data, lake=False) as api:
            return await ask(api, method, path, **options)

    return run(work())


Source = Annotated[str, typer.Argument(metavar="SOURCE", help="Name of the source, such as `hubspot` or `shop-eu`.")]


@key.command("create")
def key_create(
    source: Source,
    kind: Annotated[
        str | None,
        typer.Option(help="Kind of a new source: hubspot, salesforce, odoo, … or generic."),
    ] = None,
    entity: Annotated[
        list[str] | None, typer.Option(metavar="WORD", help="A word that it may post; repeat it. None: any.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it ends, such as 90d, 12h or a date.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Print a new write key, and nothing else. It is shown this once. A source has at most two that live."""
    from salescommand_cli.times import moment

    body: dict[str, Any] = {"kind": kind} if kind else {}
    if entity:
        body["entities"] = entity
    if expires:
        body["expires_at"] = moment(expires).isoformat()
    answer(str(_call(data, "POST", f"/api/sources/{part(source)}/keys", json=body)["key"]))


@key.command("list")
def key_list(source: Source, json: JsonOption = False, data: DataOption = None) -> None:
    """List a source's keys, without their secrets."""
    found = _call(data, "GET", f"/api/sources/{part(source)}/keys")["items"]
    if json:
        answer_json(found)
        return
    columns = ["id", "ends with", "created", "by", "last used", "ends", "may post"]
    table(
        columns,
        [
            [
                *(one["id"], one["ends"], one["created_at"], one.get("created_by"), one["last_used_at"] or "never"),
                (one["expires_at"] or "") if one["live"] else f"ended {one['expires_at']}",
                ", ".join(one["entities"]) or "anything",
            ]
            for one in found
        ],
    )


KeyId = Annotated[str, typer.Argument(metavar="ID", help="The key's id, from `key list`.")]


@key.command("rotate")
def key_rotate(
    source: Source,
    key_id: KeyId,
    grace: Annotated[str, typer.Option(metavar="TIME", help="How long the old key goes on working.")] = "24h",
    data: DataOption = None,
) -> None:
    """Replace a key: print a new one, and nothing else; the old one ends after a time of grace."""
    from salescommand_cli.times import span

    body = {"grace_hours": span(grace).total_seconds() / 3600}
    made = _call(data, "POST", f"/api/sources/{part(source)}/keys/{part(key_id)}/rotate", json=body)
    answer(str(made["key"]))
    note(f"{key_id} ends {made['old_expires_at']}.")


@key.command("revoke")
def key_revoke(source: Source, key_id: KeyId, data: DataOption = None) -> None:
    """Revoke a key; posts with it are refused from then on."""
    _call(data, "DELETE", f"/api/sources/{part(source)}/keys/{part(key_id)}")
    note(f"Revoked {key_id}.")


@token.command("create")
def token_create(
    role: RoleOption = None,
    name: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    data: DataOption = None,
) -> None:
    """Print a new API token, and nothing else. It is shown this once. Without a role it may read."""
    body = {name_: value for name_, value in (("role", role), ("name", name)) if value}
    answer(str(_call(data, "POST", "/api/tokens", json=body)["token"]))


@token.command("list")
def token_list(json: JsonOption = False, data: DataOption = None) -> None:
    """List the tokens, without their secrets."""
    found = _call(data, "GET", "/api/tokens")["items"]
    if json:
        answer_json(found)
    else:
        table(
            ["id", "name", "role", "ends with", "created"],
            [[one["id"], one["name"], one["role"], one["ends_with"], one["created_at"]] for one in found],
        )


@token.command("revoke")
def token_revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The token's id, from `token list`.")],
    data: DataOption = None,
) -> None:
    """Revoke a token; it stops working at once."""
    _call(data, "DELETE", f"/api/tokens/{part(token_id)}")
    note(f"Revoked {token_id}.")


@user.command("create")
def user_create(
    email: Annotated[str, typer.Argument(metavar="EMAIL")],
    role: RoleOption = None,
    name: Annotated[str | None, typer.Option(help="Name to show.")] = None,
    scope: Annotated[
        str | None, typer.Option(metavar="SCOPE", help="Whose records: own, team or all.", show_default=False)
    ] = None,
    data: DataOption = None,
) -> None:
    """Print a one-time sign-in link, and nothing else.

    For a person who is there already the link is new; that is also how a lost password is replaced.
    """
    given = {"email": email, "role": role, "name": name, "scope": scope}
    body = {name_: value for name_, value in given.items() if value}
    answer(str(_call(data, "POST", "/api/users", json=body)["link"]))


@user.command("list")
def user_list(json: JsonOption = False, data: DataOption = None) -> None:
    """List the people."""
    found = _call(data, "GET", "/api/users")["items"]
    if json:
        answer_json(found)
    else:
        table(
            ["id", "email", "name", "role", "sees", "last sign-in"],
            [
                [one["id"], one["email"], one["name"], one["role"], one["scope"], one.get("last_sign_in_at")]
                for one in found
            ],
        )


@user.command("remove")
def user_remove(email: Annotated[str, typer.Argument(metavar="EMAIL")], data: DataOption = None) -> None:
    """Remove a person and end their sessions."""
    from salescommand_cli.api import ask, connect, run
    from salescommand_cli.errors import CommandError

    async def work() -> None:
        async with connect(data, lake=False) as api:
            people = (await ask(api, "GET", "/api/users"))["items"]
            found = [one["id"] for one in people if one["email"] == email.strip().lower()]
            if not found:
                raise CommandError(f"there is no user {email}.", hint="`salescommand user list` shows who is there.")
            await ask(api, "DELETE", f"/api/users/{part(found[0])}")

    run(work())
    note(f"Removed {email}.")


@user.command("reset-code")
def user_reset_code(
    email: Annotated[str, typer.Argument(metavar="EMAIL")],
    data: DataOption = None,
) -> None:
    """Take a person's second factor away.

    For when phone and recovery codes are lost; signing in then asks for the password alone.
    """
    from salescommand_cli.errors import CommandError

    found = next(
        (one for one in _call(data, "GET", "/api/users")["items"] if one["email"] == email.strip().lower()), None
    )
    if found is None:
        raise CommandError(f"There is no user {email}. `salescommand user create` adds one.")
    _call(data, "DELETE", f"/api/users/{part(found['id'])}/second-factor")
    note(f"{found['email']} signs in without a code.")
