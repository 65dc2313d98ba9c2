"""Answers that are kept as long as nothing they were computed from has changed, in Redis and in this process."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from backend.context import Context
from backend.services.watermark import lowered
from backend.stores.redis import RedisUnavailable
from salescommand_lake.books import data_as_of
from salescommand_lake.reads.question import moment_text
from salescommand_lake.watermark import watermark

__all__ = ["Answer", "Answers", "Standing"]

_SECONDS = 600
_KEPT = 500
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the lake held when it was read: everything that an answer of that moment can depend on."""

    mark: str
    """The watermark of the lake."""
    day: str
    """The day in UTC: ages and open amounts of today's answers depend on it."""
    reaches: Mapping[str, datetime]
    """Per source up to when everything accepted is in the numbers; read before the watermark, so it never promises
    more than an answer of that watermark holds."""

    @property
    def data_as_of(self) -> dict[str, str]:
        """The moments as answers carry them."""
        return {source: moment_text(moment) for source, moment in self.reaches.items()}


@dataclass(frozen=True, slots=True)
class Answer:
    """A body with the tag by which a caller can ask whether it has changed; no body when it has not."""

    tag: str
    body: Body | None


class Answers:
    """Gives kept answers, or computes and keeps them. Redis shares them between processes; without it each has its own.

    A key holds the watermark, so that new data makes new keys: nothing is ever taken back.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._own: OrderedDict[str, str] = context.answers

    async def standing(self) -> Standing:
        """Return what the lake holds now.

        Raises:
            LakeError: the engine is away.
        """
        reaches = lowered(self._context, await data_as_of(self._context.engine))
        return Standing(await watermark(self._context.engine), datetime.now(UTC).date().isoformat(), reaches)

    def tag(self, standing: Standing, question: object) -> str:
        """Return the entity tag of the answer to a question. It is weak: the moment of asking is in the body."""
        return f'W/"{_digest(standing.mark, standing.day, standing.data_as_of, question)[:32]}"'

    async def answer(
        self, question: object, known: Iterable[str], compute: Callable[[], Awaitable[Body]], *, keep: bool = True
    ) -> Answer:
        """Return the answer to a question whose representation says everything that it depends on beside the data.

        ``known`` are the tags of answers that the caller has; for one of them there is no body. What ``compute``
        returns is kept unless ``keep`` is false; ``data_as_of`` is added fresh.

        Raises:
            LakeError: the engine is away.
        """
        standing = await self.standing()
        tag = self.tag(standing, question)
        if tag in known:
            return Answer(tag, None)
        key = f"answer:{_digest(standing.mark, standing.day, question)}"
        text = await self._get(key) if keep else None
        if text is None:
            text = json.dumps(await compute())
            if keep:
                await self._put(key, text)
        return Answer(tag, json.loads(text) | {"data_as_of": standing.data_as_of})

    async def _get(self, key: str) -> str | None:
        if key in self._own:
            self._own.move_to_end(key)
            return self._own[key]
        try:
            found: str | None = await asyncio.wait_for(self._context.redis.get(key), 0.2)
        except (*RedisUnavailable, TimeoutError):
            return None
        return found

    async def _put(self, key: str, text: str) -> None:
        self._own[key] = text
        while len(self._own) > _KEPT:
            self._own.popitem(last=False)
        try:
            await asyncio.wait_for(self._context.redis.set(key, text, ex=_SECONDS), 0.2)
        except (*RedisUnavailable, TimeoutError):
            return


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
