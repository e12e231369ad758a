"""What never changes once published: policies, environments and tracks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from manyhands.arena import api as arena
from manyhands.server.auth import ContextDep
from manyhands.server.messages import catalogue as m
from manyhands.server.messages.base import CID_PATTERN
from manyhands.server.messages.traces import LineLimits, RacingLine
from manyhands.server.render import answer

router = APIRouter(tags=["catalogue"])

IMMUTABLE = "public, max-age=31536000, immutable"
HOURLY = "public, max-age=3600"

CidPath = Annotated[str, Path(pattern=CID_PATTERN, max_length=59)]
TrackId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$", max_length=64)]
_BINARY = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


@router.get(
    "/policies/{cid}.safetensors",
    response_class=Response,
    responses={200: {"description": "The weights, safetensors.", **_BINARY}},
)
async def read_policy_file(cid: CidPath, context: ContextDep) -> Response:
    """Read a policy's weights; the bytes hash to the CID, so they can be cached for ever."""
    data = context.assets.policy_bytes(cid)
    headers = {"Cache-Control": IMMUTABLE, "ETag": f'"{cid}"'}
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.get("/policies/{cid}")
async def read_policy(cid: CidPath, context: ContextDep) -> m.Policy:
    """Read a policy's place in its campaign and its architecture."""
    row = context.read(arena.policy_row, cid)
    return answer(m.Policy, {**row, **context.assets.policy_facts(cid)})


@router.get("/environments")
async def list_environments(context: ContextDep, response: Response) -> m.Environments:
    """List the environments."""
    response.headers["Cache-Control"] = HOURLY
    return answer(m.Environments, {"environments": context.assets.environments()})


@router.get("/tracks")
async def list_tracks(context: ContextDep, response: Response) -> m.Tracks:
    """List the catalogue of tracks."""
    response.headers["Cache-Control"] = HOURLY
    return answer(m.Tracks, {"tracks": await context.aside(context.assets.track_list)})


@router.get("/tracks/{track_id}")
async def read_track(track_id: TrackId, context: ContextDep, response: Response) -> m.Track:
    """Read one track's geometry."""
    response.headers["Cache-Control"] = IMMUTABLE
    return answer(m.Track, await context.aside(context.assets.track, track_id))


@router.get(
    "/tracks/{track_id}/grid",
    response_class=Response,
    responses={200: {"description": "int8, row-major; see the track's `grid`.", **_BINARY}},
)
async def read_track_grid(track_id: TrackId, context: ContextDep) -> Response:
    """Read one track's raster of signed distances to the road edge."""
    data = await context.aside(context.assets.track_grid, track_id)
    return Response(data, media_type="application/octet-stream", headers={"Cache-Control": IMMUTABLE})


@router.get("/tracks/{track_id}/line")
async def read_racing_line(
    track_id: TrackId,
    context: ContextDep,
    response: Response,
    limits: Annotated[LineLimits, Query()],
) -> RacingLine:
    """Read the line of least curvature around a track, and how fast it can be driven."""
    response.headers["Cache-Control"] = HOURLY
    async with context.checks.turn():
        found = await context.aside(
            context.assets.racing_line, track_id, limits.direction == "reverse", limits.limits()
        )
    return answer(RacingLine, found)
