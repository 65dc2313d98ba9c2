"""Answers that are files of any length."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from backend.errors import bad_parameter
from backend.routes.queries import parameter
from salescommand_lake.reads.files import FORMATS

__all__ = ["FORMAT", "as_file"]

FORMAT = parameter(
    "format",
    "`json` is the answer below; the others are files that stream, with all that match",
    {"type": "string", "enum": ["json", *FORMATS], "default": "json"},
    "csv",
)
Pieces = AbstractAsyncContextManager[AsyncIterator[bytes]]


async def as_file(request: Request, name: str, export: Callable[[str], Awaitable[Pieces]]) -> StreamingResponse | None:
    """Return the file that the parameter ``format`` asks for, None where it is JSON.

    ``export`` gives the pieces in a format, ``name`` the file's name without its ending.

    Raises:
        Problem: 400 for a format that there is not.
    """
    fmt = request.query_params.get("format", "json")
    if fmt == "json":
        return None
    if fmt not in FORMATS:
        raise bad_parameter("format", f"there is no {fmt[:40]!r}", hint=f"Use one of json, {', '.join(FORMATS)}.")
    return await _streamed(await export(fmt), FORMATS[fmt].media_type, f"{name}.{fmt}")


class _File(StreamingResponse):
    """Pieces as they come. However it ends, what gives them is let go: a caller who leaves ends the statement."""

    def __init__(self, opened: AsyncExitStack, content: AsyncIterator[bytes], media_type: str, name: str) -> None:
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        super().__init__(content, media_type=media_type, headers=headers)
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._opened:
            await super().__call__(scope, receive, send)


async def _streamed(opening: Pieces, media_type: str, name: str) -> StreamingResponse:
    """Return an answer that passes the pieces on.

    The first piece is fetched before the answer begins, so that a statement that fails is a problem with its status.
    """
    async with AsyncExitStack() as stack:
        pieces = await stack.enter_async_context(opening)
        first = await anext(aiter(pieces), b"")
        opened = stack.pop_all()

    async def body() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return _File(opened, body(), media_type, name)
