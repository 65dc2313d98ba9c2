"""Cross-site request forgery: a browser says where a request comes from, so ask it."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from backend.errors import Problem

__all__ = ["SAFE_METHODS", "require_same_origin"]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def require_same_origin(request: Request, own_origin: str) -> None:
    """Refuse an unsafe request that a page of another site made a browser send.

    Browsers send Sec-Fetch-Site, and Origin on every unsafe request; a request with neither comes from a program,
    which nobody can trick into using a cookie it was not given.

    Raises:
        Problem: 403 when the request comes from another origin.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site in ("same-origin", "none"):
        return
    if site is None and (origin is None or _same(origin, request, own_origin)):
        return
    # A proxy in front may hide the host; the public address is ours by configuration.
    if origin is not None and origin == own_origin:
        return
    raise Problem(
        403,
        "cross-origin",
        "The request comes from another site",
        f"The browser says that {origin or 'another site'} sent this request, not {own_origin}.",
        hint="Open SalesCommand at its own address, or set SALESCOMMAND_PUBLIC_URL to the address you use.",
    )


def _same(origin: str, request: Request, own_origin: str) -> bool:
    return origin == own_origin or urlsplit(origin).netloc == request.headers.get("host", "")
