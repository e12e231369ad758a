"""The event stream, health and metrics."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse

import manyhands
from manyhands.arena import api as arena
from manyhands.errors import StorageError
from manyhands.server.auth import ContextDep, MaybePlayerDep
from manyhands.server.broadcast import frame
from manyhands.server.context import Context
from manyhands.server.messages.operator import Health
from manyhands.storage.events import Event
from manyhands.types import now_us

router = APIRouter(tags=["service"])
plain = APIRouter(tags=["service"])

LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", max_length=20, description="`seq` of the last event seen; resumes there."),
]


async def _frames(context: Context, player_id: str | None, after: int | None) -> AsyncIterator[str]:
    hello = Event(context.broadcaster.seq, "all", "hello", {}, now_us())
    greeting = frame(hello).text if after is None else "\n"
    context.metrics.streams.inc()
    try:
        yield "retry: 2000\n" + greeting
        async for written in context.broadcaster.stream(player_id, after):
            yield ": still here\n\n" if written is None else written.text
    finally:
        context.metrics.streams.dec()


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events; `data` is an Event. A slow reader is dropped and resumes.",
            "content": {"text/event-stream": {"schema": {"$ref": "#/components/schemas/Event"}}},
        }
    },
)
async def stream_events(
    context: ContextDep, player: MaybePlayerDep, last_event_id: LastEventId = None
) -> StreamingResponse:
    """Stream public events, and the player's own with a session."""
    known = last_event_id is not None and last_event_id.isascii() and last_event_id.isdigit()
    after = int(last_event_id or 0) if known else None
    if after is not None and not context.broadcaster.resumes(after):
        after = None
    frames = _frames(context, player["id"] if player else None, after)
    return StreamingResponse(
        frames,
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@plain.get("/healthz", responses={503: {"model": Health, "description": "The database does not answer."}})
async def read_health(context: ContextDep, response: Response) -> Health:
    """Say whether the database answers and the judge is alive."""
    try:
        figures = context.read(arena.service_figures, now_us())
    except StorageError:
        response.status_code = 503
        figures = {"judge": "away", "judge_heartbeat_age_s": None}
    well = response.status_code != 503
    return Health(
        status="ok" if well and figures["judge"] != "away" else "degraded",
        database=well,
        judge=figures["judge"],
        judge_heartbeat_age_s=figures["judge_heartbeat_age_s"],
        version=manyhands.__version__,
    )


@plain.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus' text format.", "content": {"text/plain": {}}}},
)
async def read_metrics(context: ContextDep) -> Response:
    """Read the server's figures for Prometheus."""
    figures = context.read(arena.service_figures, now_us())
    context.metrics.pending.set(figures["pending_attempts"])
    for state, count in figures["jobs"].items():
        context.metrics.jobs.labels(state).set(count)
    if figures["judge_heartbeat_age_s"] is not None:
        context.metrics.judge_age_s.set(figures["judge_heartbeat_age_s"])
    return Response(context.metrics.page(), media_type="text/plain; version=0.0.4")
