"""Campaigns as lists and pages show them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from manyhands import ledger
from manyhands.arena import gauges
from manyhands.arena.assignments import starts_ready
from manyhands.arena.boards import lot_summary
from manyhands.arena.campaigns import find_campaign
from manyhands.arena.players import find_player
from manyhands.settings import Settings
from manyhands.storage.schema import attempts, campaigns, entries, policies, transfers, verdicts
from manyhands.types import CampaignId, Json, Micros

_DAY_US = 24 * 3600 * 1_000_000
_STATE_ORDER = {"open": 0, "warming": 1, "closing": 2, "closed": 3}


@dataclass(frozen=True)
class _Money:
    """An escrow's history in micro-credits."""

    budget: int
    paid: int
    paid_today: int


def _money(connection: Connection, campaign_id: str, now: Micros) -> _Money:
    """Sum the transfers of a campaign's escrow by kind; `pay` debits it, `fund` and `issue` credit it."""
    escrow = ledger.escrow(CampaignId(campaign_id))
    base = (
        select(transfers.c.kind, func.sum(entries.c.amount_micro))
        .join(entries, entries.c.transfer_number == transfers.c.number)
        .where(entries.c.account == escrow)
        .group_by(transfers.c.kind)
    )
    sums = {kind: int(amount) for kind, amount in connection.execute(base).all()}
    recent = connection.execute(
        base.where(transfers.c.created_us > now - _DAY_US, transfers.c.kind == "pay")
    ).all()
    return _Money(
        budget=sums.get("fund", 0) + sums.get("issue", 0),
        paid=-sums.get("pay", 0),
        paid_today=-sum(int(amount) for _, amount in recent),
    )


def _summary(connection: Connection, campaign: Json, now: Micros) -> tuple[Json, _Money]:
    money = _money(connection, campaign["id"], now)
    played = connection.execute(
        select(
            func.count().label("attempts"), func.count(attempts.c.player_id.distinct()).label("players")
        ).where(attempts.c.campaign_id == campaign["id"])
    ).one()
    view = {
        "id": campaign["id"],
        "slug": campaign["slug"],
        "name": campaign["name"],
        "environment": campaign["environment"],
        "sensor": campaign["config"]["sensor"]["kind"],
        "state": campaign["state"],
        "champion_cid": campaign["champion_cid"],
        "score": campaign["score_now"],
        "score_low": campaign["score_low"],
        "score_high": campaign["score_high"],
        "score_first": campaign["score_first"],
        "target_score": campaign["target_score"],
        "stake_micro": campaign["stake_micro"],
        "escrow_micro": ledger.balance(connection, ledger.escrow(campaign["id"])),
        "paid_micro": money.paid,
        "paid_today_micro": money.paid_today,
        "players": played.players,
        "attempts": played.attempts,
        "withdrawable": campaign["withdrawable"],
        "created_us": campaign["created_us"],
    }
    return view, money


def list_campaigns(connection: Connection, now: Micros) -> list[Json]:
    """Return all campaigns: open ones first, newest first within a state."""
    rows = [dict(row) for row in connection.execute(select(campaigns)).mappings()]
    rows.sort(key=lambda row: (_STATE_ORDER[row["state"]], -row["created_us"]))
    return [_summary(connection, row, now)[0] for row in rows]


def campaign_detail(connection: Connection, key: str, settings: Settings, now: Micros) -> Json:
    """Return all that a campaign's page shows, without what depends on who looks.

    Raises:
        NotFoundError: if there is no such campaign.
    """
    campaign = find_campaign(connection, key)
    view, money = _summary(connection, campaign, now)
    funder = find_player(connection, campaign["funder_id"]) if campaign["funder_id"] else None
    charged = connection.execute(
        select(func.coalesce(func.sum(attempts.c.charged_micro), 0)).where(
            attempts.c.campaign_id == campaign["id"]
        )
    ).scalar_one()
    view |= {
        "config": campaign["config"],
        "funder_id": campaign["funder_id"],
        "funder_name": funder["name"] if funder else None,
        "reference_score": campaign["reference_score"],
        "charged_micro": int(charged),
        "budget_micro": money.budget,
        "history": _history(connection, campaign),
        "lot": lot_summary(connection, campaign),
        "pay": _pay_figures(campaign, view, money, settings),
        "judge": judge_view(connection, campaign, now),
        "closed_us": campaign["closed_us"],
    }
    return view


def _pay_figures(campaign: Json, view: Json, money: _Money, settings: Settings) -> Json:
    return {
        "stake_micro": campaign["stake_micro"],
        "round_contributions": settings.round_size,
        "round_wait_s": settings.round_wait_s,
        "budget_micro": money.budget,
        "escrow_micro": view["escrow_micro"],
        "paid_fraction": campaign["paid_fraction"],
        "gain_sum": campaign["sum_gain"],
        "gain_variance": campaign["sum_variance"],
        "score_first": campaign["score_first"],
        "target_score": campaign["target_score"],
    }


def judge_view(connection: Connection, campaign: Json, now: Micros) -> Json:
    """Return what the judges are doing for a campaign."""
    readings = gauges.read_gauges(connection)
    # Attempts are valued by referees; a trainer that compiles for another campaign delays nothing here.
    state = gauges.judge_state(readings, now, "referee")
    warmup = readings.get(gauges.WARMUP + campaign["id"])
    warming = campaign["state"] == "warming"
    pending = gauges.pending_attempts(connection)
    return {
        "state": "warming" if warming and state == "ready" else state,
        "starts_ready": starts_ready(connection, campaign),
        "pending_attempts": pending,
        "pending_s": round(gauges.pending_s(pending, readings), 1),
        "note": warmup.note if warmup and warming else "",
        "progress": min(1.0, max(0.0, warmup.value)) if warmup and warming else None,
    }


def _history(connection: Connection, campaign: Json) -> list[Json]:
    """Return one point per verdict, oldest first, with the score of the champion after it."""
    judged = (
        select(attempts.c.round_id, func.count().label("attempts"))
        .where(attempts.c.campaign_id == campaign["id"], attempts.c.round_id.is_not(None))
        .group_by(attempts.c.round_id)
        .subquery()
    )
    after = (policies.c.cid == verdicts.c.champion_after) & (policies.c.campaign_id == campaign["id"])
    rows = connection.execute(
        select(
            verdicts.c.id.label("verdict_id"),
            verdicts.c.number,
            verdicts.c.kind,
            verdicts.c.champion_after.label("champion_cid"),
            func.coalesce(verdicts.c.body["pool_micro"].as_integer(), 0).label("paid_micro"),
            verdicts.c.created_us,
            policies.c.score,
            policies.c.low.label("score_low"),
            policies.c.high.label("score_high"),
            func.coalesce(judged.c.attempts, 0).label("attempts"),
        )
        .outerjoin(policies, after)
        .outerjoin(judged, judged.c.round_id == verdicts.c.round_id)
        .where(verdicts.c.campaign_id == campaign["id"])
        .order_by(verdicts.c.number)
    ).mappings()
    points = []
    total = 0
    for row in rows:
        total += row["attempts"]
        points.append({**row, "attempts": total})
    return points
