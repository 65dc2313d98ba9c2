"""Puts the application together: routes, error handlers, middleware, the UI's files and the ingest front."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from backend.auditing import Audited
from backend.auth.principal import Principal
from backend.context import Context
from backend.docs import DOCS_POLICY, docs_page
from backend.errors import ProblemBody
from backend.exposition import AskedGauges, create_metrics_app, exposition
from backend.handlers import install_handlers
from backend.metrics import VERSION
from backend.microservices.ingest.front import IngestFront
from backend.microservices.ingest.limits import Limits
from backend.middleware import Observe, SecurityHeaders
from backend.openapi import describe
from backend.routes import ROUTERS
from backend.routes.deps import gate
from backend.ui import UiFiles

__all__ = ["create_api", "create_app", "create_metrics_app"]

DESCRIPTION = """Numbers that open: each metric names the query of its rows, each row its record, each field its event,
each event its bytes. People sign in with a cookie, programs with `Authorization: Bearer TOKEN`."""


def create_api(context: Context | None, *, principal: Principal | None = None) -> FastAPI:
    """Return the API alone. Without a context it only describes itself (OpenAPI).

    Args:
        context: the open things of this process.
        principal: if given, every request is by them (the control socket); else each one must sign in.
    """
    api = FastAPI(
        title="SalesCommand",
        version=VERSION,
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(gate)],
        responses={"default": {"model": ProblemBody, "description": "A problem, as `application/problem+json`"}},
    )
    api.state.context = context
    api.state.principal = principal
    install_handlers(api)
    for router in ROUTERS:
        api.include_router(router)
    _add_descriptions(api)
    if context is not None:
        _add_metrics(api, context)
    return api


def _add_descriptions(api: FastAPI) -> None:
    """Add the OpenAPI document and the page that shows it."""
    api.openapi = lambda: describe(api)  # type: ignore[method-assign]

    async def document() -> JSONResponse:
        return JSONResponse(describe(api))

    async def page() -> HTMLResponse:
        return HTMLResponse(docs_page(describe(api)), headers={"Content-Security-Policy": DOCS_POLICY})

    api.add_api_route("/api/openapi.json", document, include_in_schema=False)
    api.add_api_route("/api/docs", page, include_in_schema=False)


def _add_metrics(api: FastAPI, context: Context) -> None:
    """Add Prometheus's text for those who are signed in."""
    gauges = AskedGauges(context)

    async def metrics() -> Response:
        return await exposition(context, gauges)

    api.add_api_route("/metrics", metrics, include_in_schema=False)


def create_app(
    context: Context, *, principal: Principal | None = None, ui_dir: Path | None = None, proxied: bool = False
) -> ASGIApp:
    """Return the application a server runs. It starts no task: the process's owner runs loader and worker.

    Args:
        context: the open things of this process.
        principal: if given, every request is by them (the control socket).
        ui_dir: the built UI, served beside the API; None serves the API only.
        proxied: believe a proxy's forwarding headers. Not at the door, which needs none of them and answers faster so.
    """
    app: ASGIApp = Audited(create_api(context, principal=principal), context)
    if ui_dir is not None:
        app = UiFiles(app, ui_dir)
    app = SecurityHeaders(app, https=context.settings.secure_cookies)
    app = Observe(app, context.http_metrics)
    if proxied:
        behind: Any = ProxyHeadersMiddleware  # typed for uvicorn's own shapes of ASGI
        app = behind(app, os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1"))
    if context.local_spool is None:
        return app
    settings = context.settings
    limits = Limits(body_bytes=settings.ingest_max_body_bytes, record_bytes=settings.ingest_max_record_bytes)
    front = IngestFront(app, context, limits, public_url=settings.public_url)
    # All fronts of a process (API, UI, control socket) count into one place.
    front.answers = context.http_metrics.posts
    return front
