"""The web application: routes, error documents, the guard in front and the page behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

import manyhands
from manyhands.server import (
    housekeeping,
    problems,
    routes_campaigns,
    routes_catalogue,
    routes_events,
    routes_garage,
    routes_lab,
    routes_league,
    routes_operator,
    routes_play,
    routes_session,
    routes_traces,
)
from manyhands.server.context import Context
from manyhands.server.guard import Guard
from manyhands.server.messages import events
from manyhands.server.pages import Pages

API_PREFIX = "/api"
# In the order in which addresses are matched: what players ask for most comes first.
_ROUTERS = (
    routes_play.router,
    routes_session.router,
    routes_campaigns.router,
    routes_catalogue.router,
    routes_garage.router,
    routes_traces.router,
    routes_lab.router,
    routes_league.router,
    routes_operator.router,
    routes_events.router,
)
# Nothing is sent anywhere because of a variable that was set for another program; who wants figures asks for
# /metrics.
_SILENT: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


def api_app() -> FastAPI:
    """Return the application with every route of the interface and nothing behind it yet."""
    app = FastAPI(
        title="Manyhands",
        version=manyhands.__version__,
        summary="Many hands teach one agent.",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        responses=problems.PROBLEM_RESPONSES,
        generate_unique_id_function=lambda route: route.name,
        telemetry=_SILENT,
    )
    for router in _ROUTERS:
        app.include_router(router, prefix=API_PREFIX)
    app.include_router(routes_events.plain)
    problems.install(app)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document: errors are problem documents, and events are among the schemas."""
    document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    event = events.Event.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas["Event"] = event
    for path in document["paths"].values():
        for operation in path.values():
            responses = operation["responses"]
            responses.pop("422", None)
            for status in ("4XX", "5XX"):
                content = responses[status].pop("content")
                responses[status]["content"] = {"application/problem+json": content["application/json"]}
    return document


def create_app(context: Context, api: FastAPI | None = None) -> ASGIApp:
    """Return the application over its long-lived objects, which the caller starts and closes.

    Args:
        context: what the routes use.
        api: from `api_app`, to build the routes once for several servers after another.
    """
    app = api or api_app()
    app.state.context = context
    # Not a mount: a wrong method on a known address is 405, not a page.
    app.router.default = Pages()
    return Guard(app, context.settings, context.metrics, context.keys.cookie)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Run the event poller and the housekeeping as long as the server serves."""
    context: Context = app.state.context
    tasks = [asyncio.create_task(context.broadcaster.run()), asyncio.create_task(housekeeping.run(context))]
    try:
        yield
    finally:
        context.broadcaster.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
