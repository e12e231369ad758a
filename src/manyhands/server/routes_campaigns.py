"""Campaigns: lists, details, history, and what their funders do with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Path
from fastapi.responses import StreamingResponse

from manyhands.arena import api as arena
from manyhands.server.auth import ContextDep, MaybePlayerDep, PlayerDep
from manyhands.server.context import Context
from manyhands.server.messages import campaigns as m
from manyhands.server.messages.base import ID_PATTERN, PAGE_SIZE
from manyhands.server.messages.leaderboard import Leaderboard
from manyhands.server.messages.verdicts import Verdicts
from manyhands.server.render import answer
from manyhands.server.routes_session import CursorQuery
from manyhands.types import Json, now_us

router = APIRouter(tags=["campaigns"])

_LEADERS = 100

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=64,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Chosen by the client; the same key does the same thing once.",
    ),
]
CampaignKey = Annotated[
    str, Path(pattern=ID_PATTERN, max_length=64, description="The campaign's id or its slug.")
]


async def _campaign(context: Context, key: str, player: Json | None) -> m.Campaign:
    row = await context.shared(f"campaign:{key}", arena.campaign_detail, key, context.settings, now_us())
    return answer(m.Campaign, {**row, "can_manage": arena.may_manage(row, player)})


@router.get("/campaigns")
async def list_campaigns(context: ContextDep) -> m.Campaigns:
    """List all campaigns."""
    rows = await context.shared("campaigns", arena.list_campaigns, now_us())
    return answer(m.Campaigns, {"campaigns": rows})


@router.post("/campaigns", status_code=201)
async def create_campaign(body: m.CampaignCreate, player: PlayerDep, context: ContextDep) -> m.Campaign:
    """Create a campaign paid from the player's wallet; it warms up until its first champion is trained."""
    order = arena.CampaignOrder(**body.model_dump())
    campaign_id = await context.write(arena.create_campaign, order, player["id"], now_us())
    context.forget_shared()
    return await _campaign(context, campaign_id, player)


@router.get("/campaigns/{campaign_id}")
async def read_campaign(campaign_id: CampaignKey, context: ContextDep, player: MaybePlayerDep) -> m.Campaign:
    """Read one campaign with its history, escrow, lot and the judge's state."""
    return await _campaign(context, campaign_id, player)


@router.post("/campaigns/{campaign_id}/fund")
async def fund_campaign(
    campaign_id: CampaignKey,
    body: m.CampaignFund,
    key: IdempotencyKey,
    player: PlayerDep,
    context: ContextDep,
) -> m.Campaign:
    """Top up the escrow from the player's wallet, once per key; anybody may.

    What is left when the campaign closes goes to its funder.
    """
    order = arena.TopUp(campaign_id, player["id"], body.amount_micro, key)
    await context.write(arena.fund_campaign, order, now_us())
    context.forget_shared()
    return await _campaign(context, campaign_id, player)


@router.post("/campaigns/{campaign_id}/close")
async def close_campaign(campaign_id: CampaignKey, player: PlayerDep, context: ContextDep) -> m.Campaign:
    """Stop assignments; what is pending is judged and paid, then the rest of the escrow is refunded."""
    await context.write(arena.close_campaign, campaign_id, player, now_us())
    context.forget_shared()
    return await _campaign(context, campaign_id, player)


@router.get("/campaigns/{campaign_id}/verdicts")
async def list_verdicts(
    campaign_id: CampaignKey, context: ContextDep, cursor: CursorQuery = None
) -> Verdicts:
    """List a campaign's verdicts, newest first."""
    key = f"verdicts:{campaign_id}:{cursor}"
    rows = await context.shared(key, arena.campaign_verdicts, campaign_id, cursor, PAGE_SIZE)
    return answer(Verdicts, rows)


@router.get("/campaigns/{campaign_id}/players")
async def list_campaign_players(
    campaign_id: CampaignKey, context: ContextDep, cursor: CursorQuery = None
) -> m.CampaignPlayers:
    """List a campaign's players by net earnings."""
    key = f"players:{campaign_id}:{cursor}"
    rows = await context.shared(key, arena.campaign_players, campaign_id, cursor, PAGE_SIZE)
    return answer(m.CampaignPlayers, rows)


@router.get("/campaigns/{campaign_id}/lot")
async def read_lot(campaign_id: CampaignKey, context: ContextDep, cursor: CursorQuery = None) -> m.Lot:
    """Read the open lot."""
    rows = await context.shared(
        f"lot:{campaign_id}:{cursor}", arena.campaign_lot, campaign_id, cursor, PAGE_SIZE
    )
    return answer(m.Lot, rows)


@router.get(
    "/campaigns/{campaign_id}/export",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "JSON lines: first the licence and campaign, then one paid contribution a line.",
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        }
    },
)
async def export_campaign(
    campaign_id: CampaignKey, player: PlayerDep, context: ContextDep
) -> StreamingResponse:
    """Export the paid contributions of a campaign to its funder or an operator."""
    own_id, header = context.read(arena.export_header, campaign_id, player)
    return StreamingResponse(
        _export_lines(context, own_id, header),
        media_type="application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="{campaign_id}.jsonl"'},
    )


async def _export_lines(context: Context, campaign_id: str, header: str) -> AsyncIterator[str]:
    """Yield the export in batches, so that a large campaign never lies in memory at once."""
    yield header
    cursor: str | None = None
    while True:
        lines, cursor = await context.read_aside(arena.export_batch, campaign_id, cursor)
        yield "".join(lines)
        if cursor is None:
            return


@router.get("/leaderboard", tags=["players"])
async def read_leaderboard(context: ContextDep, player: MaybePlayerDep) -> Leaderboard:
    """Rank players by net earnings over all campaigns."""
    rows = await context.shared("leaderboard", arena.leaderboard, _LEADERS)
    own = await context.shared(f"rank:{player['id']}", arena.own_rank, player["id"]) if player else None
    return answer(Leaderboard, {"players": rows, "own_rank": own})
