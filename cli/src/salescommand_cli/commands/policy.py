"""`source verify`, `limit`, `pause`, `resume`, `tail`: what a source asks of its posts, and what came of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from salescommand_cli.commands.options import DataOption, JsonOption, part
from salescommand_cli.commands.sources import call, source
from salescommand_cli.output import answer, answer_json, note, table

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="Name of the source.")]
COLUMNS = ["at", "outcome", "status", "entity_type", "events", "duplicates", "reason"]


def add_to(cli: typer.Typer) -> None:
    """Add the verbs of this module to those of `source`."""
    del cli
    for name, verb in VERBS.items():
        source.command(name)(verb)


def source_verify(
    name: Source,
    scheme: Annotated[
        str | None, typer.Option(help="hubspot-v3, stripe, standard-webhooks, segment or hmac; else by the kind.")
    ] = None,
    header: Annotated[str | None, typer.Option(help="hmac: the header with the signature.")] = None,
    algorithm: Annotated[str | None, typer.Option(help="hmac: sha256, sha1 or sha512.")] = None,
    encoding: Annotated[str | None, typer.Option(help="hmac: hex or base64.")] = None,
    prefix: Annotated[str | None, typer.Option(help="hmac: what stands before the signature, such as sha256=.")] = None,
    required: Annotated[bool, typer.Option(help="Demand a signature also beside a valid write key.")] = False,
    add: Annotated[bool, typer.Option("--add", help="Accept a second secret beside the first.")] = False,
    off: Annotated[bool, typer.Option("--off", help="Check no signatures any more.")] = False,
    data: DataOption = None,
) -> None:
    """Check the vendor's signatures. The signing secret is asked for, or read from standard input."""
    path = f"/api/sources/{part(name)}/verification"
    if off:
        call(data, "DELETE", path)
        note(f"{name} takes write keys only.")
        return
    secret = _secret()
    if add:
        found = call(data, "POST", f"{path}/secrets", json={"secret": secret})
    else:
        given = {"header": header, "algorithm": algorithm, "encoding": encoding, "prefix": prefix}
        options = {key: value for key, value in given.items() if value is not None}
        body: dict[str, Any] = {"secret": secret, "required": required}
        body |= {"scheme": scheme} if scheme else {}
        found = call(data, "PUT", path, json=body | ({"options": options} if options else {}))
    kept = found["verification"]
    note(f"{name} is verified by {kept['scheme']}; secrets: {', '.join(one['id'] for one in kept['secrets'])}.")


def source_limit(
    name: Source,
    events_per_second: Annotated[
        float | None, typer.Argument(metavar="EVENTS_PER_SECOND", help="None lifts the limit.")
    ] = None,
    burst: Annotated[int | None, typer.Option(help="How many at once; as many as in ten seconds if not said.")] = None,
    data: DataOption = None,
) -> None:
    """Limit how much a source sends; posts beyond it are answered 429."""
    path = f"/api/sources/{part(name)}/rate"
    if events_per_second is None:
        call(data, "DELETE", path)
        note(f"{name} has no limit.")
        return
    body = {"events_per_second": events_per_second} | ({"burst": burst} if burst else {})
    rate = call(data, "PUT", path, json=body)["rate"]
    note(f"{name} may send {rate['events_per_second']:g} events a second, {rate['burst']} at once.")


def source_pause(name: Source, data: DataOption = None) -> None:
    """Answer 503 to a source's posts, so that its sender keeps them for later."""
    call(data, "POST", f"/api/sources/{part(name)}/pause")
    note(f"{name} is paused.")


def source_resume(name: Source, data: DataOption = None) -> None:
    """Take a source's posts again."""
    call(data, "POST", f"/api/sources/{part(name)}/resume")
    note(f"{name} is taken again.")


def source_tail(
    name: Source,
    outcome: Annotated[
        str | None, typer.Option(help="accepted, duplicate, partial, rejected, unauthorized, limited or unavailable.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with those that come.")] = False,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show a source's last requests, as the running process answered them."""
    path = f"/api/sources/{part(name)}/requests"
    chosen = {"outcome": outcome} if outcome else {}
    if follow:
        _follow(data, f"{path}/stream", chosen)
        return
    found = call(data, "GET", path, params={"limit": limit, **chosen})["items"]
    if json:
        answer_json(found)
    else:
        table(COLUMNS, [[one[column] for column in COLUMNS] for one in found], right=["events", "duplicates"])


def _follow(data: Any, path: str, chosen: dict[str, str]) -> None:
    from salescommand_cli.api import check, connect, run

    async def work() -> None:
        async with connect(data) as api:
            while True:  # the stream ends now and then, and is opened again
                async with api.stream("GET", path, params=chosen, timeout=60) as stream:
                    if not stream.is_success:
                        await stream.aread()
                    check(stream)
                    async for line in stream.aiter_lines():
                        if line.startswith("data: "):
                            one = json.loads(line.removeprefix("data: "))
                            answer("\t".join("" if one[column] is None else str(one[column]) for column in COLUMNS))

    run(work())


def _secret() -> str:
    if sys.stdin.isatty():
        from getpass import getpass

        return getpass("Signing secret: ").strip()
    return sys.stdin.readline().strip()


VERBS: dict[str, Callable[..., None]] = {
    "verify": source_verify,
    "limit": source_limit,
    "pause": source_pause,
    "resume": source_resume,
    "tail": source_tail,
}
