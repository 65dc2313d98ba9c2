"""Answers that are files of any length."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from fastapi.responses import StreamingResponse

__all__ = ["streamed"]


async def streamed(
    opening: AbstractAsyncContextManager[AsyncIterator[bytes]], media_type: str, name: str
) -> StreamingResponse:
    """Return an answer that passes pieces on as they come; its statement ends when the caller goes away.

    The first piece is fetched before the answer begins, so that a statement that fails is a problem with its status.
    """
    async with AsyncExitStack() as stack:
        pieces = await stack.enter_async_context(opening)
        first = await anext(aiter(pieces), b"")
        kept = stack.pop_all()

    async def body() -> AsyncIterator[bytes]:
        async with kept:
            yield first
            async for piece in pieces:
                yield piece

    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(body(), media_type=media_type, headers=headers)
