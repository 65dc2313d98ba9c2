"""Serves the built UI beside the API: hashed assets for ever, everything else falls back to index.html."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["UiFiles"]

_API = re.compile(r"^/(api|health|metrics)(/|$)")
_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)
_MISSING = """<!doctype html><html lang="en"><title>SalesCommand</title>
<p>The API runs, but the UI was not built: there is no index.html in {folder}.
<p>Build it with <code>make ui</code> and reload. The API is described at <a href="/api/docs">/api/docs</a>.
"""


class UiFiles:
    """Answers GET requests outside the API from a folder; passes everything else on."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app = app
        self._folder = folder.resolve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or _API.match(scope["path"]):
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["ui"] = True
        await self._answer(scope["path"])(scope, receive, send)

    def _answer(self, path: str) -> Response:
        index = self._folder / "index.html"
        if not index.is_file():
            return HTMLResponse(_MISSING.format(folder=self._folder.name), 503)
        file = self._file(path)
        if file is not None and file != index:
            hashed = path.startswith("/assets/")
            return FileResponse(
                file, headers={"Cache-Control": "public, max-age=31536000, immutable" if hashed else "no-cache"}
            )
        if path.startswith("/assets/"):
            # A page from before an update asks for files that are gone; HTML in their place would only confuse it.
            return Response("This file is not part of the current UI. Reload the page.", 404, media_type="text/plain")
        html = index.read_text()
        return HTMLResponse(html, headers={"Cache-Control": "no-cache", "Content-Security-Policy": _policy(html)})

    def _file(self, path: str) -> Path | None:
        """Return the file for a path, None when there is none inside the folder."""
        if "\0" in path:
            return None
        file = (self._folder / path.lstrip("/")).resolve()
        return file if file.is_relative_to(self._folder) and file.is_file() else None


def _policy(html: str) -> str:
    """Return a policy that allows our own files and exactly the inline scripts that the page holds."""
    hashes = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in _INLINE_SCRIPT.findall(html)
    ]
    scripts = " ".join(["'self'", *(f"'sha256-{value}'" for value in hashes)])
    return (
        f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
