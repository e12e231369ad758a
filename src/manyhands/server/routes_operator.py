"""The operator's page: queue, errors, bans, disputes."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from manyhands.arena import api as arena
from manyhands.server.auth import ContextDep, OperatorDep, current_operator
from manyhands.server.messages import operator as m
from manyhands.server.messages.play import Dispute
from manyhands.server.render import answer
from manyhands.server.routes_play import IdPath
from manyhands.types import now_us

router = APIRouter(prefix="/operator", tags=["operator"])


@router.get("/overview", dependencies=[Depends(current_operator)])
async def read_overview(context: ContextDep) -> m.Overview:
    """Read queue, errors, bans and disputes."""
    return answer(m.Overview, context.read(arena.overview, now_us()))


@router.post("/bans", status_code=201)
async def create_ban(body: m.BanCreate, context: ContextDep, operator: OperatorDep) -> m.Ban:
    """Ban a player for some hours."""
    until_us = now_us() + round(body.hours * 3_600_000_000)
    reason = f"{operator}: {body.reason}"
    return answer(m.Ban, await context.write(arena.ban, body.player_id, until_us, reason, now_us()))


@router.delete("/bans/{player_id}", status_code=204)
async def lift_ban(player_id: IdPath, context: ContextDep, operator: OperatorDep) -> None:
    """Lift a player's ban."""
    await context.write(arena.lift_ban, player_id, operator, now_us())


@router.post("/disputes/{dispute_id}/answer", dependencies=[Depends(current_operator)])
async def answer_dispute(dispute_id: IdPath, body: m.DisputeAnswer, context: ContextDep) -> Dispute:
    """Answer a dispute."""
    return answer(Dispute, await context.write(arena.answer_dispute, dispute_id, body.answer, now_us()))
