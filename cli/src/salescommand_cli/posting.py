"""Posting a file through the ingest API: in batches, with progress, and so that it can be repeated or continued."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from salescommand_cli.errors import CommandError
from salescommand_cli.output import answer, console, note
from salescommand_cli.records import Batch, batches, form_of, read

if TYPE_CHECKING:
    import httpx

TRIES = 10
LONGEST_WAIT = 30.0
BUSY = {429, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Import:
    """What to post and where."""

    source: str
    entity_type: str
    file: Path
    kind: str | None = None
    form: str | None = None
    id_field: str | None = None
    key: str | None = None
    url: str | None = None
    rejected: Path | None = None
    restart: bool = False
    data: Path | None = None

    @property
    def path(self) -> str:
        """The route that takes the records."""
        return f"/api/microservices/ingest/{quote(self.source, safe='')}/{quote(self.entity_type, safe='')}"

    @property
    def rejected_file(self) -> Path:
        """Where refused records go."""
        name = "stdin" if str(self.file) == "-" else self.file.name
        return self.rejected or Path(f"{name}.rejected.ndjson")


@dataclass(slots=True)
class Progress:
    """How far an import is: records done, and what became of them."""

    done: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0


class Notebook:
    """Remembers beside the file how far its import is, until it is finished."""

    def __init__(self, wanted: Import) -> None:
        self._file = None if str(wanted.file) == "-" else wanted.file.with_name(f"{wanted.file.name}.progress.json")
        self._of = ""
        if self._file is not None:
            found = wanted.file.stat()
            parts = (wanted.source, wanted.entity_type, wanted.url, wanted.id_field, found.st_size, found.st_mtime_ns)
            self._of = hashlib.sha256(repr(parts).encode()).hexdigest()

    def read(self) -> Progress:
        """Return how far an earlier run of the same import came; nothing when the file has changed since."""
        if self._file is None:
            return Progress()
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            noted = json.loads(self._file.read_text())
            if noted.pop("of") == self._of:
                return Progress(**noted)
        return Progress()

    def write(self, progress: Progress) -> None:
        """Note the progress; a folder that cannot be written only means that the import begins anew."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                fresh = self._file.with_suffix(".new")
                fresh.write_text(json.dumps({"of": self._of, **asdict(progress)}))
                fresh.replace(self._file)

    def close(self) -> None:
        """Forget: the import is finished."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)


def run_import(wanted: Import) -> int:
    """Post everything; return 1 when records were refused."""
    form = form_of(wanted.file, wanted.form)
    started = time.monotonic()
    try:
        progress = asyncio.run(_import(wanted, form))
    except OSError as error:
        raise CommandError(f"{error.filename or wanted.file} cannot be used: {error.strerror}.") from None
    answer(
        f"{progress.accepted:,} accepted ({progress.duplicates:,} were there already), {progress.rejected:,} refused, "
        f"{time.monotonic() - started:.1f} s"
    )
    if progress.rejected:
        note(f"What was refused, and why, is in {wanted.rejected_file}.")
    return 1 if progress.rejected else 0


async def _import(wanted: Import, form: str) -> Progress:
    with _opened(wanted.file) as stream:
        notebook = Notebook(wanted)
        progress = Progress() if wanted.restart else notebook.read()
        if progress.done:
            note(f"Going on after record {progress.done:,}, where an earlier run stopped (--restart begins anew).")
        done_before = progress.done
        async with _door(wanted) as (client, key):
            with _bar(wanted.file) as advance:
                waiting = (record for record in read(stream, form, wanted.id_field) if record.number >= done_before)
                for batch in batches(waiting, lines=form == "ndjson"):
                    await _post(client, wanted, key, batch, progress)
                    notebook.write(progress)
                    advance(batch.records[-1].end)
        notebook.close()
    return progress


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    with file.open("rb") as stream:
        yield stream


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
        made = await ask(
            client, "POST", keys, json={"temporary": True, **({"kind": wanted.kind} if wanted.kind else {})}
        )
        try:
            yield client, str(made["key"])
        finally:
            await ask(client, "DELETE", f"{keys}/{made['id']}")


async def _post(client: httpx.AsyncClient, wanted: Import, key: str, batch: Batch, progress: Progress) -> None:
    """Post one batch, again while the API is busy, and enter the answer."""
    body = batch.body
    number = batch.records[0].number
    content = hashlib.sha256(f"{wanted.path} {number} ".encode() + body).hexdigest()
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": batch.content_type,
        "Idempotency-Key": f"import-{content[:32]}",
    }
    response = await _patiently(client, wanted.path, body, headers)
    if response.is_success:
        found: dict[str, Any] = response.json()
        refused = {int(fault["index"]): str(fault["reason"]) for fault in found.get("rejected", [])}
        progress.accepted += int(found.get("accepted", 1))
        progress.duplicates += int(found.get("duplicates", 0))
    else:
        refused = _all_refused(response, len(batch.records))
    progress.rejected += len(refused)
    progress.done = batch.records[-1].number + 1
    _set_apart(wanted.rejected_file, batch, refused)


def _all_refused(response: httpx.Response, count: int) -> dict[int, str]:
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
    return {index: told.get(str(index), str(problem.get("detail", response.status_code))) for index in range(count)}


async def _patiently(client: httpx.AsyncClient, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    import httpx

    problem = ""
    for attempt in range(TRIES):
        wait = min(LONGEST_WAIT, 0.25 * 2.0**attempt)
        try:
            response = await client.post(path, content=body, headers=headers)
        except httpx.TransportError as error:
            problem = f"{type(error).__name__} {error}".strip()
        else:
            if response.status_code not in BUSY:
                return response
            problem = f"status {response.status_code}"
            asked = response.headers.get("Retry-After", "")
            wait = min(LONGEST_WAIT, float(asked)) if asked.isdigit() else wait
        await asyncio.sleep(wait)
    raise CommandError(
        f"POST {path} failed {TRIES} times, at last with {problem}.",
        hint="Run the same command again: it goes on where it stopped.",
    )


def _set_apart(file: Path, batch: Batch, refused: dict[int, str]) -> None:
    """Write refused records into a file, with the reason and the number of the record."""
    if not refused:
        return
    with file.open("a", encoding="utf-8") as target:
        for index, reason in sorted(refused.items()):
            record = batch.records[index]
            line = {"record": record.number, "reason": reason, "body": record.body.decode(errors="replace")}
            target.write(json.dumps(line, ensure_ascii=False) + "\n")


@contextlib.contextmanager
def _bar(file: Path) -> Iterator[Callable[[int], None]]:
    """Show a progress bar when a person looks; give a function that takes the position in the file."""
    shown = console()
    if str(file) == "-" or not shown.is_terminal:
        yield lambda _: None
        return
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    with Bar(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeRemainingColumn(),
        console=shown, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task(file.name, total=file.stat().st_size)
        yield lambda position: bar.update(task, completed=position)
