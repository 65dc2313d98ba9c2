"""Posting files through the ingest API: in batches, with progress, and so that it can be repeated or continued."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import json
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from salescommand_cli.errors import CommandError
from salescommand_cli.notebook import Notebook, Progress
from salescommand_cli.output import answer, console, note
from salescommand_cli.records import Batch, Reading, Record, batches, opened, read, reading_of

if TYPE_CHECKING:
    import httpx

TRIES = 10
LONGEST_WAIT = 30.0
LONGEST_ASKED = 600.0
"""Seconds; a door that asks for more than this is asked again all the same."""
BUSY = {429, 502, 503, 504}
_PACK_ABOVE = 1024


@dataclass(frozen=True, slots=True)
class Import:
    """What to post and where. `rate` is in records per second, 0 as fast as they are taken."""

    source: str
    entity_type: str
    files: list[Path]
    kind: str | None = None
    form: str | None = None
    id_field: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    key: str | None = None
    url: str | None = None
    rejected: Path | None = None
    rate: float = 0.0
    restart: bool = False
    dry_run: bool = False
    data: Path | None = None

    @property
    def path(self) -> str:
        """The route that takes the records."""
        return f"/api/microservices/ingest/{quote(self.source, safe='')}/{quote(self.entity_type, safe='')}"

    def reading(self, file: Path) -> Reading:
        """How a file is read."""
        return reading_of(file, self.form, self.id_field, self.delimiter, self.encoding)

    def rejected_file(self, file: Path) -> Path:
        """Where a file's refused records go: beside it, unless told otherwise."""
        ending = "dry-run" if self.dry_run else "rejected"
        beside = Path("stdin") if str(file) == "-" else file
        return self.rejected or beside.with_name(f"{beside.name}.{ending}.ndjson")

    def notebook(self, file: Path) -> Notebook:
        """Where the progress of a file is remembered."""
        return Notebook(file, self.source, self.entity_type, self.url, self.reading(file))


def run_import(wanted: Import) -> int:
    """Post everything; return 1 when records were refused."""
    if wanted.rejected and len(wanted.files) > 1:
        raise CommandError("--rejected names one file, and there are several to post.", code=2)
    for file in wanted.files:
        wanted.reading(file)  # what can't be read is said before anything is posted
        if wanted.rejected and wanted.rejected.resolve() == file.resolve():
            raise CommandError("--rejected names the file that is to be posted.", code=2)
    started = time.monotonic()
    total = Progress()
    try:
        total = asyncio.run(_import(wanted))
    except OSError as error:
        raise CommandError(f"{error.filename or wanted.files[0]} cannot be used: {error.strerror or error}.") from None
    except (KeyboardInterrupt, asyncio.CancelledError):
        note("Stopped. Run the same command again: it goes on where it stopped, and posts nothing twice.")
        return 130
    seconds = time.monotonic() - started
    if wanted.dry_run:
        answer(f"{total.accepted:,} would be posted, {total.rejected:,} would be refused, {seconds:.1f} s")
    else:
        answer(
            f"{total.accepted:,} accepted ({total.duplicates:,} were there already), {total.rejected:,} refused, "
            f"{seconds:.1f} s"
        )
    return 1 if total.rejected else 0


async def _import(wanted: Import) -> Progress:
    total = Progress()
    async with contextlib.AsyncExitStack() as stack:
        poster: Poster | DryRun
        if wanted.dry_run:
            poster = DryRun(wanted)
        else:
            client, key = await stack.enter_async_context(_door(wanted))
            poster = Poster(wanted, client, key)
        for file in wanted.files:
            done = await _import_file(wanted, file, poster)
            total += done
            if done.rejected:
                note(f"What was refused, and why, is in {wanted.rejected_file(file)}.")
    return total


async def _import_file(wanted: Import, file: Path, poster: Poster | DryRun) -> Progress:
    reading = wanted.reading(file)
    with opened(file) as (stream, raw):
        notebook = wanted.notebook(file)
        fresh = wanted.restart or wanted.dry_run
        progress = Progress() if fresh else notebook.read()
        if progress.done:
            note(f"Going on after record {progress.done:,}, where an earlier run stopped (--restart begins anew).")
        apart = Apart(wanted.rejected_file(file), progress)
        with _bar(file, raw) as advance:
            begin = progress.done
            waiting = (record for record in read(stream, reading) if record.number >= begin)
            for batch in batches(waiting, lines=reading.form == "ndjson"):
                await poster.post(batch, progress, apart)
                progress.done = batch.last + 1
                if not wanted.dry_run:
                    notebook.write(progress)
                advance()
        if not wanted.dry_run:
            notebook.close()
    return progress


class Apart:
    """The file of refused records, each with its line, the reason and what to do. None refused: no file."""

    def __init__(self, file: Path, progress: Progress) -> None:
        self._file = file
        self._progress = progress
        if not progress.apart:
            file.unlink(missing_ok=True)
        elif file.exists() and file.stat().st_size > progress.apart:
            # What an earlier run wrote and did not come to remember is written again.
            os.truncate(file, progress.apart)

    def add(self, record: Record, reason: str, hint: str) -> None:
        """Set a record apart."""
        line = {"line": record.line, "record": record.number, "reason": reason, "hint": hint}
        line["body"] = record.body.decode(errors="replace")
        text = json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        with self._file.open("ab") as target:
            target.write(text)
        self._progress.apart += len(text)
        self._progress.rejected += 1


class DryRun:
    """Reads the records as the door would, and posts nothing."""

    def __init__(self, wanted: Import) -> None:
        from backend.microservices.ingest.limits import Limits

        self._wanted = wanted
        self._limits = Limits()

    async def post(self, batch: Batch, progress: Progress, apart: Apart) -> None:
        """Enter what would become of a batch."""
        from backend.microservices.ingest.prepare import Request, prepare
        from backend.microservices.ingest.problems import Refused

        _set_faulty_apart(batch, apart)
        for record in batch.records:
            kind = self._wanted.kind or "generic"
            alone = Batch([record], [], batch.lines)
            request = Request(
                self._wanted.source, self._wanted.entity_type, kind, alone.content_type, "", alone.body
            )  # fmt: skip
            try:
                prepared = prepare(request, self._limits)
            except Refused as refused:
                apart.add(record, refused.detail, refused.hint)
                continue
            progress.accepted += len(prepared.submission.drafts)
            for _, fault in prepared.faults:
                apart.add(record, fault.reason, fault.hint)


class Poster:
    """Posts batches through the API."""

    def __init__(self, wanted: Import, client: httpx.AsyncClient, key: str) -> None:
        self._wanted = wanted
        self._client = client
        self._key = key
        self._posted = 0
        self._began = time.monotonic()

    async def post(self, batch: Batch, progress: Progress, apart: Apart) -> None:
        """Post one batch, again while the API is busy, and enter the answer."""
        _set_faulty_apart(batch, apart)
        if not batch.records:
            return
        await self._pace(len(batch.records))
        body = batch.body
        # The same records at the same place of the same import: posted again, they add nothing.
        place = f"{self._wanted.path} {batch.records[0].number} ".encode()
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Content-Type": batch.content_type,
            "Idempotency-Key": f"import-{hashlib.sha256(place + body).hexdigest()[:32]}",
        }
        if len(body) > _PACK_ABOVE:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, 1, mtime=0)
        response = await self._patiently(body, headers)
        if response.is_success:
            found: dict[str, Any] = response.json()
            refused = {int(one["index"]): (str(one["reason"]), str(one["hint"])) for one in found.get("rejected", [])}
            progress.accepted += int(found.get("accepted", 1))
            progress.duplicates += int(found.get("duplicates", int(found.get("duplicate") is True)))
        else:
            refused = _all_refused(response, len(batch.records))
        for index, (reason, hint) in sorted(refused.items()):
            apart.add(batch.records[index], reason, hint)

    async def _pace(self, count: int) -> None:
        """Wait until so many more records are within the rate that was asked for."""
        if self._wanted.rate > 0:
            due = self._began + self._posted / self._wanted.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self._posted += count

    async def _patiently(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """Post until there is an answer: busy and away are waited for, as long as Retry-After says.

        Raises:
            CommandError: it was tried often enough.
        """
        import httpx

        problem = ""
        for attempt in range(TRIES):
            # Half of the wait is chance, so that several imports don't come back together.
            wait = min(LONGEST_WAIT, 0.25 * 2.0**attempt) * (0.5 + random.random() / 2)  # noqa: S311
            try:
                response = await self._client.post(self._wanted.path, content=body, headers=headers)
            except httpx.TransportError as error:
                problem = f"{type(error).__name__} {error}".strip()
            else:
                if response.status_code not in BUSY:
                    return response
                problem = f"status {response.status_code}"
                asked = response.headers.get("Retry-After", "")
                wait = min(LONGEST_ASKED, float(asked)) if asked.isdigit() else wait
            await asyncio.sleep(wait)
        raise CommandError(
            f"POST {self._wanted.path} failed {TRIES} times, at last with {problem}.",
            hint="Run the same command again: it goes on where it stopped.",
        )


def _set_faulty_apart(batch: Batch, apart: Apart) -> None:
    for record in batch.faulty:
        apart.add(record, record.fault, "Correct it in the file and import that again.")


def _all_refused(response: httpx.Response, count: int) -> dict[int, tuple[str, str]]:
    """Return the reason for each record of a batch of which none was taken.

    Raises:
        CommandError: the refusal is not about the records.
    """
    from salescommand_cli.api import check

    problem = response.json() if "json" in response.headers.get("content-type", "") else {}
    if response.status_code not in {400, 413, 422} or "idempotency" in str(problem.get("type", "")):
        check(response)
    told = {
        str(fault.get("field", "")).strip("[]"): str(fault.get("message", "")) for fault in problem.get("errors") or []
    }
    detail, hint = str(problem.get("detail", response.status_code)), str(problem.get("hint", ""))
    return {index: (told.get(str(index), detail), hint) for index in range(count)}


@asynccontextmanager
async def _door(wanted: Import) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """Give a client and a write key; a key that was made for this import is revoked at its end."""
    import httpx

    from salescommand_cli.api import ask, connect

    if wanted.url:
        if not wanted.key:
            raise CommandError("--url needs a write key (--key or SALESCOMMAND_WRITE_KEY).", code=2)
        async with httpx.AsyncClient(base_url=wanted.url, timeout=60) as client:
            yield client, wanted.key
        return
    async with connect(wanted.data, working=True) as client:
        if wanted.key:
            yield client, wanted.key
            return
        keys = f"/api/sources/{quote(wanted.source, safe='')}/keys"
        asked = {"temporary": True, **({"kind": wanted.kind} if wanted.kind else {})}
        made = await ask(client, "POST", keys, json=asked)
        try:
            yield client, str(made["key"])
        finally:
            await ask(client, "DELETE", f"{keys}/{made['id']}")


@contextlib.contextmanager
def _bar(file: Path, raw: IO[bytes] | None) -> Iterator[Callable[[], None]]:
    """Show a progress bar when a person looks; give a function that brings it up to the position in the file."""
    shown = console()
    if raw is None or not shown.is_terminal:
        yield lambda: None
        return
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    with Bar(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeRemainingColumn(),
        console=shown, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task(file.name, total=file.stat().st_size)
        yield lambda: bar.update(task, completed=raw.tell())
