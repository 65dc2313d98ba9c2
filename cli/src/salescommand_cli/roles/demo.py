"""Loading the demo company into a running `dev` or `serve`, through the ingest API, once."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from salescommand_cli.api import ask
from salescommand_cli.errors import CommandError
from salescommand_cli.local.folder import DataFolder
from salescommand_cli.output import answer, console, note
from salescommand_cli.roles.work import until_settled

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

TRY_SOURCE = "try"
TRY_BODY = '{"id": "D-1", "name": "My first deal", "amount": "1200", "currency": "USD", "stage": "Proposal"}'


class DemoNote:
    """What the data folder says about the demo: when it counts as now, its size, whether it is complete."""

    def __init__(self, folder: DataFolder) -> None:
        self._file = folder.path / "demo.json"
        self.facts: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):
            self.facts = json.loads(self._file.read_text())

    def keep(self, **facts: Any) -> None:
        """Change facts and write them down."""
        self.facts |= facts
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(self.facts, indent=2) + "\n")
        fresh.replace(self._file)


def run_demo(data: Path | None, url: str | None, events: int | None) -> int:
    """Load the demo into the system that runs in a data folder; return the exit code.

    Raises:
        CommandError: none runs there, or the load failed; says what to do.
    """
    from salescommand_cli.api import connect, run
    from salescommand_cli.settings import load_settings

    folder = DataFolder(load_settings(data_dir=data).data_dir)

    async def work() -> list[str]:
        holder = folder.holder()
        if holder is None:
            raise CommandError(
                f"nothing runs in {folder.path}, so there is nothing to load the demo into.",
                hint="`salescommand dev --demo` starts everything and loads it.",
            )
        async with connect(data) as api:
            # Asked again: a process that was starting a moment ago has said by now where it answers.
            found = folder.holder() or holder
            return await load_company(api, DemoNote(folder), (url or found.urls["api"]).rstrip("/"), events)

    for line in run(work()):
        answer(line)
    return 0


async def load_demo(
    api: httpx.AsyncClient, folder: DataFolder, address: str, events: int | None
) -> tuple[list[str], list[str]]:
    """Load the demo unless it is there; return the banner's lines about it and about what to try.

    Raises:
        CommandError: the API refuses or does not answer; says what to do.
    """
    noted = DemoNote(folder)
    loaded = await load_company(api, noted, address, events)
    return loaded, await _something_to_try(api, noted, address)


async def load_company(api: httpx.AsyncClient, noted: DemoNote, address: str, events: int | None) -> list[str]:
    """Load the demo unless it is there; return what was loaded and what the numbers say.

    A load that was cut off is repeated with the same moment as now, so that what arrived is recognised.

    Raises:
        CommandError: the API refuses or does not answer; says what to do.
    """
    from salescommand_demo import DEFAULT_EVENTS

    wanted = events or int(noted.facts.get("events", DEFAULT_EVENTS))
    if noted.facts.get("complete") and noted.facts.get("events") == wanted:
        loaded = f"{noted.facts['posted']:,} events, loaded {noted.facts['anchor'][:16].replace('T', ' ')} UTC, kept"
    else:
        loaded = await _load(api, noted, address, wanted)
    books = await until_settled(api)
    return [loaded, *await _figures(api, books)]


async def _load(api: httpx.AsyncClient, noted: DemoNote, address: str, events: int) -> str:
    from salescommand_demo import KINDS, SOURCES, LoadError, load, mapping_documents

    anchor = noted.facts.get("anchor") or datetime.now(UTC).replace(microsecond=0).isoformat()
    noted.keep(anchor=anchor, events=events, complete=False)
    for text in mapping_documents().values():
        await ask(api, "PUT", "/api/mappings", content=text.encode(), headers={"Content-Type": "text/yaml"})
    keys = {}
    for source in SOURCES:
        wanted = {"kind": KINDS[source], "temporary": True}
        keys[source] = await ask(api, "POST", f"/api/sources/{source}/keys", json=wanted)
    try:
        with _bar("Loading the demo") as show:
            report = await load(
                address,
                lambda source: str(keys[source]["key"]),
                anchor=datetime.fromisoformat(anchor),
                events=events,
                progress=show,
            )
    except LoadError as error:
        raise CommandError(f"the demo was not loaded: {error}", hint="Run the same command again.") from error
    finally:
        for source, made in keys.items():
            await ask(api, "DELETE", f"/api/sources/{source}/keys/{made['id']}")
    noted.keep(posted=report.posted, complete=True)
    return (
        f"{report.posted:,} events from {len(SOURCES)} sources: {report.accepted:,} accepted "
        f"({report.duplicates:,} duplicates), {report.rejected:,} rejected on purpose"
    )


async def _figures(api: httpx.AsyncClient, books: dict[str, Any]) -> list[str]:
    """Return what the numbers say, so that the first screen holds no surprise."""
    pipeline = await ask(api, "GET", "/api/metrics/open-pipeline")
    if not pipeline["rows"]:
        raise CommandError(
            "the demo is loaded, but no open deal is in the numbers.",
            hint="`salescommand source list` shows where the events are.",
        )
    rate = await ask(api, "GET", "/api/metrics/win-rate")
    whole = f"{int(str(pipeline['value']).split('.')[0]):,} {pipeline['currency']} in {pipeline['rows']:,} deals"
    share = f", win rate {float(rate['value']):.1%}" if rate.get("value") is not None else ""
    return [f"open pipeline {whole}{share}", *_balance(books)]


def _balance(books: dict[str, Any]) -> list[str]:
    total = books.get("totals") or {}
    if not total:
        return []
    state = "the books balance" if books.get("balanced", True) else "THE BOOKS DO NOT BALANCE"
    taken, refused = f"{total['accepted']:,} accepted", f"{total['refused']:,} refused by the engine"
    kept = f"{total['duplicates']:,} duplicates + {total['in_spool']:,} in the spool + {total['raw']:,} raw"
    return [
        f"{state}: {total['received']:,} received = {taken} + {total['rejected']:,} rejected",
        f"{taken} = {kept} + {refused}",
    ]


async def _something_to_try(api: httpx.AsyncClient, noted: DemoNote, address: str) -> list[str]:
    """Return a line that posts a deal. Its key is made anew at each start, because no secret is kept."""
    keys = f"/api/sources/{TRY_SOURCE}/keys"
    before = noted.facts.get("try_key")
    if before:
        with contextlib.suppress(CommandError):  # somebody may have revoked it
            await ask(api, "DELETE", f"{keys}/{before}")
    made = await ask(api, "POST", keys, json={"kind": "generic"})
    noted.keep(try_key=made["id"])
    url = f"{address.replace('127.0.0.1', 'localhost')}/api/microservices/ingest/{TRY_SOURCE}/opportunity"
    return [f"curl -H 'Authorization: Bearer {made['key']}' -H 'Content-Type: application/json' -d '{TRY_BODY}' {url}"]


@contextlib.contextmanager
def _bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar to people, and a line now and then to everything else."""
    shown = console()
    if not shown.is_terminal:
        told = 0

        def tell(done: int, total: int) -> None:
            nonlocal told
            if done * 4 // total > told:
                told = done * 4 // total
                note(f"{title}: {done:,} of {total:,} events")

        yield tell
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=shown, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
