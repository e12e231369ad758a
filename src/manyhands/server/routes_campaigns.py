"""Campaigns: lists, details, history, and what their funders do with them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse

from manyhands.arena import api as arena
from manyhands.server import messages as m
from manyhands.server.auth import ContextDep, MaybePlayerDep, PlayerDep
from manyhands.server.render import answer
from manyhands.server.routes_session import CursorQuery
from manyhands.types import now_us

router = APIRouter(tags=["campaigns"])

CampaignKey = Annotated[
    str, Path(pattern=m.ID_PATTERN, max_length=64, description="The campaign's id or its slug.")
]


@router.get("/campaigns")
async def list_campaigns(context: ContextDep) -> m.Campaigns:
    """List all campaigns."""
    return answer(m.Campaigns, {"campaigns": context.read(arena.list_campaigns, now_us())})


@router.post("/campaigns", status_code=201)
async def create_campaign(body: m.CampaignCreate, player: PlayerDep, context: ContextDep) -> m.Campaign:
    """Create a campaign paid from the player's wallet; it warms up until its first champion is trained."""
    order = arena.CampaignOrder(**body.model_dump(), withdrawable=False, config=None)
    campaign_id = await context.write(arena.create_campaign, order, player["id"], now_us())
    return answer(m.Campaign, context.read(arena.campaign_detail, campaign_id, player, now_us()))


@router.get("/campaigns/{campaign_id}")
async def read_campaign(
    campaign_id: CampaignKey, context: ContextDep, player: MaybePlayerDep
) -> m.Campaign:
    """Read one campaign with its history, escrow, lot and the judge's state."""
    return answer(m.Campaign, context.read(arena.campaign_detail, campaign_id, player, now_us()))


@router.post("/campaigns/{campaign_id}/fund")
async def fund_campaign(
    campaign_id: CampaignKey, body: m.CampaignFund, player: PlayerDep, context: ContextDep
) -> m.Campaign:
    """Top up the escrow from the player's wallet."""
    await context.write(arena.fund_campaign, campaign_id, player["id"], body.amount_micro, now_us())
    return answer(m.Campaign, context.read(arena.campaign_detail, campaign_id, player, now_us()))


@router.post("/campaigns/{campaign_id}/close")
async def close_campaign(campaign_id: CampaignKey, player: PlayerDep, context: ContextDep) -> m.Campaign:
    """Stop assignments; what is pending is judged and paid, then the rest of the escrow is refunded."""
    await context.write(arena.close_campaign, campaign_id, player, now_us())
    return answer(m.Campaign, context.read(arena.campaign_detail, campaign_id, player, now_us()))


@router.get("/campaigns/{campaign_id}/verdicts")
async def list_verdicts(
    campaign_id: CampaignKey, context: ContextDep, cursor: CursorQuery = None
) -> m.Verdicts:
    """List a campaign's verdicts, newest first."""
    return answer(m.Verdicts, context.read(arena.campaign_verdicts, campaign_id, cursor, m.PAGE_SIZE))


@router.get("/campaigns/{campaign_id}/players")
async def list_campaign_players(
    campaign_id: CampaignKey, context: ContextDep, cursor: CursorQuery = None
) -> m.CampaignPlayers:
    """List a campaign's players by net earnings."""
    return answer(m.CampaignPlayers, context.read(arena.campaign_players, campaign_id, cursor, m.PAGE_SIZE))


@router.get("/campaigns/{campaign_id}/lot")
async def read_lot(campaign_id: CampaignKey, context: ContextDep, cursor: CursorQuery = None) -> m.Lot:
    """Read the open lot."""
    return answer(m.Lot, context.read(arena.campaign_lot, campaign_id, cursor, m.PAGE_SIZE))


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
    lines = await context.read_aside(arena.export_campaign, campaign_id, player)
    return StreamingResponse(
        lines,
        media_type="application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="{campaign_id}.jsonl"'},
    )


@router.get("/leaderboard", tags=["players"])
async def read_leaderboard(context: ContextDep, player: MaybePlayerDep) -> m.Leaderboard:
    """Rank players by net earnings over all campaigns."""
    own = player["id"] if player else None
    return answer(m.Leaderboard, context.read(arena.leaderboard, own, 100))
