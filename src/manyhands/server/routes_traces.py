"""Traces: a run's and those that are sent, as files and analysed."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from manyhands.garage import api as garage
from manyhands.server.auth import ContextDep, PlayerDep, current_player
from manyhands.server.downloads import FILE, download
from manyhands.server.messages import traces as m
from manyhands.server.messages.base import NAME_PATTERN
from manyhands.server.render import answer
from manyhands.server.routes_garage import RunPath

router = APIRouter(tags=["traces"])

IterationQuery = Annotated[
    int | None, Query(ge=0, lt=2**31, description="Whose ways are told; that of most progress if absent.")
]
FormQuery = Annotated[
    Literal["csv", "log"],
    Query(description="A zip of training-simtrace/N-iteration.csv files, or SIM_TRACE_LOG lines."),
]
PerIterationQuery = Annotated[
    int, Query(ge=1, le=1000, description="Episodes of an iteration, which logs do not say.")
]
NameQuery = Annotated[str, Query(min_length=1, max_length=200, pattern=NAME_PATTERN)]


@router.get("/runs/{run_id}/trace", response_class=Response, responses=FILE)
async def read_run_trace(
    run_id: RunPath, player: PlayerDep, context: ContextDep, form: FormQuery = "csv"
) -> Response:
    """Download what a run's cars drove, in DeepRacer's SIM_TRACE form."""
    async with context.checks.turn():
        data = await context.read_aside(garage.trace_file, run_id, player["id"], form, context.settings)
    return download(data, f"{run_id}.{'zip' if form == 'csv' else form}")


@router.get("/runs/{run_id}/analysis")
async def read_run_analysis(
    run_id: RunPath, player: PlayerDep, context: ContextDep, iteration: IterationQuery = None
) -> m.TraceAnalysis:
    """Analyse what a run's cars drove."""
    async with context.checks.turn():
        found = await context.read_aside(
            garage.run_analysis, run_id, player["id"], iteration, context.settings
        )
    return answer(m.TraceAnalysis, found)


@router.post(
    "/traces/analysis",
    dependencies=[Depends(current_player)],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def analyse_trace(
    request: Request,
    context: ContextDep,
    name: NameQuery,
    iteration: IterationQuery = None,
    per_iteration: PerIterationQuery = 20,
) -> m.TraceAnalysis:
    """Analyse a SIM_TRACE file: a CSV, a log, or an archive of them. Nothing is stored."""
    data, folder = await request.body(), context.settings.tracks
    async with context.checks.turn():
        found = await context.aside(garage.file_analysis, data, name, iteration, folder, per_iteration)
    return answer(m.TraceAnalysis, found)
