"""The garage: reward functions, training runs and what they made."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from manyhands.arena import api as arena
from manyhands.garage import api as garage
from manyhands.server.auth import ContextDep, PlayerDep, current_player
from manyhands.server.context import Context
from manyhands.server.downloads import FILE, download
from manyhands.server.messages import garage as m
from manyhands.server.messages.base import ID_PATTERN
from manyhands.server.render import answer
from manyhands.server.routes_campaigns import IdempotencyKey
from manyhands.types import Json, now_us

router = APIRouter(tags=["garage"])

RunPath = Annotated[str, Path(pattern=ID_PATTERN, max_length=64)]
WhichQuery = Annotated[m.Which, Query(description="The best policy so far, or the latest.")]


def _run(context: Context, run_id: str, player: Json) -> m.Run:
    return answer(m.Run, context.read(garage.own, run_id, player["id"]))


@router.get("/garage")
async def read_garage() -> m.GarageOptions:
    """Read what a run may ask for, with defaults and examples."""
    return m.GarageOptions.model_validate(garage.options())


@router.post("/rewards/check", dependencies=[Depends(current_player)])
async def check_reward(body: m.RewardSource, context: ContextDep) -> m.RewardCheck:
    """Try a reward function in the jail and tell all that is wrong with it."""
    async with context.checks.turn():
        found = await context.aside(garage.check_reward, body.source, context.settings)
    return m.RewardCheck.model_validate(found)


@router.get("/runs")
async def list_runs(player: PlayerDep, context: ContextDep) -> m.Runs:
    """List the player's own runs, newest first."""
    return answer(m.Runs, {"items": context.read(garage.listed, player["id"])})


@router.post("/runs", status_code=201)
async def create_run(body: m.RunCreate, key: IdempotencyKey, player: PlayerDep, context: ContextDep) -> m.Run:
    """Train in the background, once per key."""
    context.assets.track(body.track)
    order = garage.RunOrder(player["id"], key, **body.model_dump())
    return _run(context, await context.write(garage.create, order, now_us()), player)


@router.get("/runs/{run_id}")
async def read_run(run_id: RunPath, player: PlayerDep, context: ContextDep) -> m.Run:
    """Read one of the player's own runs with its history."""
    return _run(context, run_id, player)


@router.post("/runs/{run_id}/stop")
async def stop_run(run_id: RunPath, player: PlayerDep, context: ContextDep) -> m.Run:
    """Ask a run to end after its present iteration and keep what is best."""
    await context.write(garage.stop, run_id, player["id"])
    return _run(context, run_id, player)


@router.delete("/runs/{run_id}", status_code=204)
async def delete_run(run_id: RunPath, player: PlayerDep, context: ContextDep) -> None:
    """Delete a run; one under way is cancelled."""
    await context.write(garage.remove, run_id, player["id"], now_us())


@router.get("/runs/{run_id}/policy.safetensors", response_class=Response, responses=FILE)
async def read_run_policy(
    run_id: RunPath, player: PlayerDep, context: ContextDep, which: WhichQuery = "best"
) -> Response:
    """Download a run's policy, safetensors."""
    data = await context.read_aside(garage.policy_data, run_id, player["id"], which, context.settings)
    return download(data, f"{run_id}-{which}.safetensors")


@router.get("/runs/{run_id}/policy.onnx", response_class=Response, responses=FILE)
async def read_run_onnx(
    run_id: RunPath, player: PlayerDep, context: ContextDep, which: WhichQuery = "best"
) -> Response:
    """Download a run's policy, ONNX."""
    data = await context.read_aside(garage.policy_data, run_id, player["id"], which, context.settings)
    return download(await context.aside(arena.policy_as_onnx, data), f"{run_id}-{which}.onnx")
