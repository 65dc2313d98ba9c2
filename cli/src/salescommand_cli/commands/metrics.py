"""`metric`: the numbers, in the terminal."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from salescommand_cli.commands.options import DATA, DataOption, JsonOption
from salescommand_cli.output import answer, answer_json, note, table


def add_to(cli: typer.Typer) -> None:
    """Add the verbs of this module."""
    cli.command("metric", rich_help_panel=DATA)(metric)


def metric(
    slug: Annotated[str | None, typer.Argument(help="Such as `open-pipeline`; none lists all.")] = None,
    by: Annotated[list[str] | None, typer.Option(help="Group by this; may be given several times.")] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day, inclusive.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day, inclusive.")] = None,
    as_of: Annotated[str | None, typer.Option(metavar="TIME", help="As things were then.")] = None,
    known_at: Annotated[str | None, typer.Option(metavar="TIME", help="As was known then.")] = None,
    currency: Annotated[str | None, typer.Option(metavar="CODE", help="Reporting currency.")] = None,
    filters: Annotated[
        list[str] | None, typer.Option("--filter", metavar="FIELD=VALUE", help="Such as `stage=Proposal`; may repeat.")
    ] = None,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show a number, what it was computed from and how fresh it is."""
    from salescommand_cli.api import ask, connect, run

    plain = {"from": since, "to": until, "as_of": as_of, "known_at": known_at, "currency": currency}
    query = _query(by, filters, plain)

    async def work() -> Any:
        async with connect(data) as api:
            return await ask(api, "GET", f"/api/metrics/{slug}" if slug else "/api/metrics", params=query)

    found = run(work())
    if json:
        answer_json(found)
    elif slug is None:
        table(["slug", "unit", "meaning"], [[one["slug"], one["unit"], one["meaning"]] for one in found["items"]])
    else:
        _show(found, by or [])


def _query(by: list[str] | None, filters: list[str] | None, plain: dict[str, str | None]) -> list[tuple[str, str]]:
    query = [(name, value) for name, value in plain.items() if value is not None]
    query += [("by", dimension) for dimension in by or []]
    for each in filters or []:
        field, sign, value = each.partition("=")
        if not sign or not field:
            raise typer.BadParameter(f"{each!r} must look like FIELD=VALUE", param_hint="--filter")
        name, bracket, rest = field.partition("[")
        query.append((f"filter[{name}]{bracket}{rest}", value))
    return query


def _show(found: dict[str, Any], by: list[str]) -> None:
    unit = found.get("currency") or ""
    answer(f"{found['metric']}  {_amount(found['value'])} {unit}".rstrip())
    if by:
        rows = [
            [*(group["key"].get(dimension) for dimension in by), _amount(group["value"]), f"{group['rows']:,}"]
            for group in found["groups"]
        ]
        table([*by, "value", "rows"], rows, right=["value", "rows"])
    unpriced = f", {found['unpriced']:,} without a price" if found.get("unpriced") else ""
    note(f"{found['rows']:,} rows{unpriced}; rows: {found['drill']}")
    for source, moment in sorted((found.get("data_as_of") or {}).items()):
        note(f"data as of {moment}  {source}")


def _amount(value: Any) -> str:
    """Write a decimal string with separators between thousands; leave everything else as it is."""
    if value is None:
        return "none"
    whole, dot, fraction = str(value).partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}{dot}{fraction}" if digits.isdigit() else str(value)
