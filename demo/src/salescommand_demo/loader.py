"""Posts the demo through the ingest API, as integrations would."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from salescommand_demo.envelopes import JSON, Post, posts
from salescommand_demo.generator import DEFAULT_EVENTS, DEFAULT_SEED, Generator
from salescommand_demo.truth import Truth

#: Sources the demo posts to; each needs a write key, and its kind is its name where a vendor has that name.
SOURCES = ("hubspot", "salesforce", "odoo", "pipedrive", "stripe", "rates")
KINDS = {source: source if source != "rates" else "generic" for source in SOURCES}
#: A webhook that a proxy cut off: no JSON, to be refused. The demo shows that a refusal is counted, too.
CUT_OFF = Post("hubspot", "webhook", JSON, b'[{"eventId":4187003921,"subscriptionType":"deal.propert', 1)
CONNECTIONS = 16
WORKERS_A_SOURCE = 4
TRIES = 8
LONGEST_WAIT = 15.0
BUSY = {429, 502, 503, 504}
UNWELCOME = {401, 403, 404, 405}

KeyFor = Callable[[str], str | Awaitable[str]]
Progress = Callable[[int, int], None]


class LoadError(Exception):
    """The demo could not be loaded; the message says which request failed and what to do."""


@dataclass(slots=True)
class SourceReport:
    """What became of one source's events."""

    posted: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0


@dataclass(slots=True)
class LoadReport:
    """What became of the events, in records; ``accepted`` includes the ``duplicates`` among them."""

    by_source: dict[str, SourceReport] = field(default_factory=dict)
    truth: Truth = field(default_factory=Truth)

    @property
    def posted(self) -> int:
        """Events sent."""
        return sum(report.posted for report in self.by_source.values())

    @property
    def accepted(self) -> int:
        """Events taken, those known already included."""
        return sum(report.accepted for report in self.by_source.values())

    @property
    def duplicates(self) -> int:
        """Events that the door knew already."""
        return sum(report.duplicates for report in self.by_source.values())

    @property
    def rejected(self) -> int:
        """Events refused (one is planned)."""
        return sum(report.rejected for report in self.by_source.values())


async def load(
    base_url: str,
    key_for: KeyFor,
    *,
    anchor: datetime,
    events: int = DEFAULT_EVENTS,
    seed: int = DEFAULT_SEED,
    progress: Progress | None = None,
    client: httpx.AsyncClient | None = None,
) -> LoadReport:
    """Generates the demo and posts it.

    Args:
        base_url: of the API, such as ``http://localhost:8001``.
        key_for: gives the write key of a source; may be a coroutine function.
        anchor: the moment that counts as now; pass the same one again and every event is a duplicate.
        events: how many events, about.
        seed: another seed is another company.
        progress: called with (events done, events in all) after each request.
        client: for a transport of one's own; its base URL must be set.

    Raises:
        LoadError: the API can't be reached, refuses the keys, or stays overloaded.
    """
    generator = await asyncio.to_thread(Generator, anchor=anchor, events=events, seed=seed)
    keys = {source: await _key(key_for, source) for source in SOURCES}
    report = LoadReport(by_source={source: SourceReport() for source in SOURCES}, truth=generator.truth())
    report.truth.dirt.rejected = CUT_OFF.count
    owned = client is None
    http = client or httpx.AsyncClient(base_url=base_url, timeout=60, limits=httpx.Limits(max_connections=CONNECTIONS))
    try:
        await _post_all(http, keys, generator, report, progress)
    finally:
        if owned:
            await http.aclose()
    return report


async def _key(key_for: KeyFor, source: str) -> str:
    key = key_for(source)
    return await key if inspect.isawaitable(key) else key


async def _post_all(
    http: httpx.AsyncClient, keys: dict[str, str], generator: Generator, report: LoadReport, progress: Progress | None
) -> None:
    """A few connections; each source's requests leave in the order of time."""
    arrivals = generator.arrivals()
    total, done = len(arrivals) + CUT_OFF.count, 0
    shares: dict[str, list[Post]] = {}
    for post in (CUT_OFF, *posts(arrivals)):
        shares.setdefault(post.source, []).append(post)

    async def work(waiting: Iterator[Post]) -> None:
        nonlocal done
        for post in waiting:  # the workers of a source share one iterator
            answer = await _post(http, keys[post.source], post)
            _tally(report.by_source[post.source], post, answer)
            done += post.count
            if progress is not None:
                progress(done, total)

    try:
        async with asyncio.TaskGroup() as group:
            for share in shares.values():
                waiting = iter(share)
                for _ in range(min(WORKERS_A_SOURCE, len(share))):
                    group.create_task(work(waiting))
    except* LoadError as several:  # one is enough to say; the others follow from the same cause
        raise several.exceptions[0] from None


async def _post(http: httpx.AsyncClient, key: str, post: Post) -> httpx.Response:
    """Sends one request, and again while the API says that it is busy."""
    path = f"/api/microservices/ingest/{post.source}/{post.entity}"
    headers = {"Authorization": f"Bearer {key}", "Content-Type": post.content_type}
    problem = ""
    for attempt in range(TRIES):
        try:
            response = await http.post(path, content=post.body, headers=headers)
        except httpx.TransportError as error:
            problem = f"{type(error).__name__}: {error}"
            await asyncio.sleep(_backoff(attempt))
            continue
        if response.status_code not in BUSY:
            return response
        problem = f"status {response.status_code}"
        await asyncio.sleep(_wait(response, attempt))
    raise LoadError(
        f"POST {path} failed {TRIES} times, at last with {problem}. Is the API running at {http.base_url}? "
        "Start it, then load again: what has arrived is recognised."
    )


def _backoff(attempt: int) -> float:
    return min(LONGEST_WAIT, 0.25 * float(2**attempt))


def _wait(response: httpx.Response, attempt: int) -> float:
    """Seconds to wait: what the API asks for, within bounds (a date form of the header counts as no wish)."""
    wish = response.headers.get("Retry-After", "")
    return min(LONGEST_WAIT, float(wish)) if wish.isdigit() else _backoff(attempt)


def _tally(report: SourceReport, post: Post, response: httpx.Response) -> None:
    """Adds an answer to the counts. A batch answers with counts, a single record with its own outcome."""
    report.posted += post.count
    if response.status_code in UNWELCOME:
        raise LoadError(
            f"{post.source}/{post.entity} was answered {response.status_code}: {response.text[:300]} "
            f"Check the write key of source {post.source!r} and the address of the API."
        )
    if response.status_code >= 500:
        raise LoadError(f"{post.source}/{post.entity} was answered {response.status_code}: {response.text[:300]}")
    if response.is_error:
        report.rejected += post.count
        return
    answer: dict[str, Any] = response.json()
    rejected = len(answer.get("rejected", ()))
    report.rejected += rejected
    report.accepted += _count(answer.get("accepted"), post.count - rejected)
    report.duplicates += _count(answer.get("duplicates"), int(bool(answer.get("duplicate"))))


def _count(value: object, default: int = 0) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default
