"""Playing: assignments, attempts, verdicts and disputes."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Path

from manyhands.arena import api as arena
from manyhands.server.auth import ContextDep, PlayerDep, SessionDep
from manyhands.server.messages import play as m
from manyhands.server.messages.base import ID_PATTERN
from manyhands.server.messages.verdicts import Verdict
from manyhands.server.render import answer
from manyhands.server.routes_campaigns import CampaignKey, IdempotencyKey
from manyhands.types import now_us

router = APIRouter(tags=["play"])

IdPath = Annotated[str, Path(pattern=ID_PATTERN, max_length=64)]


@router.post("/campaigns/{campaign_id}/assignments", status_code=201)
async def create_assignment(
    campaign_id: CampaignKey, key: IdempotencyKey, session: SessionDep, context: ContextDep
) -> m.Assignment:
    """Draw a start where the champion fails and lock the stake; one open assignment per player."""
    order = arena.AssignmentOrder(campaign_id, session.player_id, key, now_us())
    with context.starts.ask(campaign_id, session.player_id, time.monotonic()):
        made = await context.write_as(session, arena.assign, order, context.settings)
    return answer(m.Assignment, made)


@router.get("/assignments/{assignment_id}")
async def read_assignment(assignment_id: IdPath, player: PlayerDep, context: ContextDep) -> m.Assignment:
    """Read one of the player's own assignments, to go on after a reload."""
    return answer(m.Assignment, context.read(arena.read_assignment, assignment_id, player["id"]))


@router.delete("/assignments/{assignment_id}", status_code=204)
async def cancel_assignment(assignment_id: IdPath, player: PlayerDep, context: ContextDep) -> None:
    """Give an open assignment back unplayed; its stake returns."""
    await context.write(arena.cancel_assignment, assignment_id, player["id"], now_us())


@router.post("/assignments/{assignment_id}/attempt", status_code=202)
async def create_attempt(
    assignment_id: IdPath, body: m.AttemptCreate, session: SessionDep, context: ContextDep
) -> m.AttemptAccepted:
    """Hand in the play of an assignment; answered once it is stored durably."""
    play = arena.Play.parse(body.ticks, body.actions, body.actors, body.final)
    attempt_id = await context.write_first(
        session, arena.submit, assignment_id, session.player_id, play, now_us()
    )
    context.metrics.attempts.inc()
    return m.AttemptAccepted(attempt_id=attempt_id)


@router.get("/attempts/{attempt_id}")
async def read_attempt(attempt_id: IdPath, context: ContextDep) -> m.Attempt:
    """Read an attempt with its outcome so far."""
    return answer(m.Attempt, context.read(arena.attempt_detail, attempt_id))


@router.get("/attempts/{attempt_id}/replay")
async def read_replay(attempt_id: IdPath, context: ContextDep) -> m.AttemptReplay:
    """Read what is needed to drive an attempt again."""
    return answer(m.AttemptReplay, context.read(arena.attempt_replay, attempt_id))


@router.post("/attempts/{attempt_id}/dispute", status_code=201)
async def create_dispute(
    attempt_id: IdPath, body: m.DisputeCreate, player: PlayerDep, context: ContextDep
) -> m.Dispute:
    """Dispute the outcome of one of the player's own attempts."""
    row = await context.write(arena.dispute, attempt_id, player["id"], body.text, now_us())
    return answer(m.Dispute, row)


@router.get("/verdicts/{verdict_id}")
async def read_verdict(verdict_id: IdPath, context: ContextDep) -> Verdict:
    """Read a verdict with everything needed to recompute it."""
    return answer(Verdict, context.read(arena.verdict_detail, verdict_id))
