"""Campaigns: creating, funding, closing. What their pages show is in `campaign_views`."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select, update

from manyhands import jobs, ledger
from manyhands.arena.environments import default_config
from manyhands.errors import (
    ConflictError,
    ForbiddenError,
    InputError,
    NotFoundError,
    TransitionError,
)
from manyhands.settings import Settings
from manyhands.storage import events
from manyhands.storage.quotas import check_day
from manyhands.storage.schema import assignments, attempts, campaigns, rounds
from manyhands.storage.schema import jobs as job_table
from manyhands.types import (
    CampaignId,
    JobId,
    Json,
    Micro,
    Micros,
    PlayerId,
    new_campaign_id,
)

BOOTSTRAP_JOB = "arena.bootstrap"
"""Kind of the job posted with every campaign: train its first champion, store starts, set it `open`."""
SMALLEST_BUDGET_STAKES = 5
OPEN_CAMPAIGNS_PER_FUNDER = 5
A_DAY = 20
"""Campaigns that a player may create within 24 hours: closing refunds its escrow, but not what it trained."""
LIVE_STATES = ("warming", "open", "closing")
# Statements of every request are composed once; composing costs more than running them.
_BY_ID = select(campaigns).where(campaigns.c.id == bindparam("key"))
_BY_SLUG = select(campaigns).where(campaigns.c.slug == bindparam("key"))


@dataclass(frozen=True)
class CampaignOrder:
    """What a new campaign is to be; amounts in micro-credits, the score in fractions of the reference.

    sensor: one that the environment has; None leaves the choice to it.
    """

    name: str
    slug: str | None
    environment: str
    sensor: str | None
    budget_micro: int
    stake_micro: int
    target_score: float
    withdrawable: bool = False
    config: Json | None = None


def slug_of(name: str) -> str:
    """Return a name as part of an address."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:36].strip("-") or "campaign"


def find_campaign(connection: Connection, key: str) -> Json:
    """Return the campaign with this id or slug.

    Raises:
        NotFoundError: if there is none.
    """
    query = _BY_ID if key.startswith("cmp_") else _BY_SLUG
    row = connection.execute(query, {"key": key}).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"There is no campaign {key!r}.", field="campaign_id")
    return dict(row)


def create_campaign(
    connection: Connection, order: CampaignOrder, funder_id: str | None, now: Micros
) -> CampaignId:
    """Create a campaign in state `warming`; the trainer makes its first champion and opens it.

    Args:
        connection: the writing transaction.
        order: what it is to be.
        funder_id: whose wallet pays the escrow; None lets the house issue it.
        now: the moment.

    Raises:
        NotFoundError: for an unknown environment.
        InputError: for a budget too small for its stake, or a sensor that the environment does not have.
        ConflictError: for a slug that is taken, or a funder with too many open campaigns.
        QuotaError: for a funder that created A_DAY within a day.
        CreditError: if the wallet does not hold the budget.
    """
    if order.budget_micro < SMALLEST_BUDGET_STAKES * order.stake_micro:
        raise InputError(
            f"The budget covers fewer than {SMALLEST_BUDGET_STAKES} stakes.",
            field="budget_micro",
            remedy="Raise the budget or lower the stake.",
        )
    if funder_id is not None:
        _check_funder(connection, funder_id, now)
    campaign_id = new_campaign_id()
    connection.execute(
        insert(campaigns).values(
            id=campaign_id,
            slug=_free_slug(connection, order),
            name=order.name,
            environment=order.environment,
            config=order.config or default_config(order.environment, order.sensor),
            stake_micro=order.stake_micro,
            target_score=order.target_score,
            withdrawable=order.withdrawable,
            funder_id=funder_id,
            created_us=now,
        )
    )
    created = {"id": campaign_id, "withdrawable": order.withdrawable}
    _pay_in(connection, created, funder_id, order.budget_micro, f"fund:{campaign_id}:first", now)
    work = jobs.Work(BOOTSTRAP_JOB, {}, jobs.Rank.TRAINING, campaign_id, _bootstrap_key(campaign_id))
    jobs.post(connection, work, now)
    _announce(connection, campaign_id, "warming", now)
    return campaign_id


def _bootstrap_key(campaign_id: str) -> str:
    """Unique key of the one bootstrap job that a campaign has."""
    return f"{BOOTSTRAP_JOB}:{campaign_id}"


def _check_funder(connection: Connection, funder_id: str, now: Micros) -> None:
    running = connection.execute(
        select(func.count())
        .select_from(campaigns)
        .where(campaigns.c.funder_id == funder_id, campaigns.c.state.in_(LIVE_STATES))
    ).scalar_one()
    if running >= OPEN_CAMPAIGNS_PER_FUNDER:
        raise ConflictError(
            f"{running} of this player's campaigns are running already.",
            remedy="Close one of them before creating another.",
        )
    whose = campaigns.c.funder_id == funder_id
    check_day(connection, whose, campaigns.c.created_us, A_DAY, "campaigns were created", now)


def _free_slug(connection: Connection, order: CampaignOrder) -> str:
    wanted = order.slug or slug_of(order.name)
    taken = connection.execute(select(campaigns.c.id).where(campaigns.c.slug == wanted)).first()
    if taken is None:
        return wanted
    if order.slug is not None:
        raise ConflictError(f"The slug {wanted!r} is taken.", field="slug", remedy="Choose another slug.")
    return f"{wanted[:31]}-{secrets.token_hex(2)}"


def _pay_in(
    connection: Connection, campaign: Json, funder_id: str | None, amount: int, key: str, now: Micros
) -> None:
    campaign_id = campaign["id"]
    if funder_id is not None:
        ledger.fund(
            connection,
            PlayerId(funder_id),
            campaign_id,
            Micro(amount),
            key,
            now,
            withdrawable=campaign["withdrawable"],
        )
    else:
        ledger.issue(connection, ledger.escrow(campaign_id), Micro(amount), key, now)


@dataclass(frozen=True)
class TopUp:
    """Credits for a campaign's escrow; the payer None lets the house issue them.

    key: chosen by who pays; the same key pays once.
    """

    campaign_id: str
    player_id: str | None
    amount_micro: int
    key: str


def fund_campaign(connection: Connection, order: TopUp, now: Micros) -> None:
    """Top up a campaign's escrow, once per payer and key; what is left at its close goes to its funder.

    Raises:
        NotFoundError: without such a campaign.
        TransitionError: when it is closing or closed, or has earned all it can.
        CreditError: if the wallet does not hold the amount.
        IdempotencyError: if the key was used for another amount or campaign.
    """
    campaign = find_campaign(connection, order.campaign_id)
    if campaign["state"] not in ("warming", "open"):
        raise TransitionError(
            f"The campaign is {campaign['state']} and takes no more credits.",
            remedy="Choose an open campaign.",
        )
    if campaign["paid_fraction"] >= 1.0:
        raise TransitionError(
            "The campaign has paid for its whole target; more credits would never be paid.",
            field="campaign_id",
            remedy="Create a campaign with a higher target.",
        )
    key = f"fund:{order.player_id or 'house'}:{order.key}"
    _pay_in(connection, campaign, order.player_id, order.amount_micro, key, now)
    _announce(connection, campaign["id"], campaign["state"], now)


def close_campaign(connection: Connection, campaign_id: str, player: Json | None, now: Micros) -> None:
    """Begin to close: no more assignments; `settle_closing` ends it when all that is pending is judged.

    One that was still warming needs no first champion any more: its training is cancelled.

    Args:
        connection: the writing transaction.
        campaign_id: id or slug.
        player: who asks; None is the operator at the command line.
        now: the moment.

    Raises:
        ForbiddenError: unless the player funds it or is an operator.
    """
    campaign = find_campaign(connection, campaign_id)
    if player is not None and not may_manage(campaign, player):
        raise ForbiddenError("Only its funder or an operator closes a campaign.")
    if campaign["state"] in ("closing", "closed"):
        return
    connection.execute(update(campaigns).where(campaigns.c.id == campaign["id"]).values(state="closing"))
    if campaign["state"] == "warming":
        _cancel_bootstrap(connection, campaign["id"], now)
    _announce(connection, campaign["id"], "closing", now)


def _cancel_bootstrap(connection: Connection, campaign_id: str, now: Micros) -> None:
    job = connection.execute(
        select(job_table.c.id).where(
            job_table.c.unique_key == _bootstrap_key(campaign_id),
            job_table.c.state.in_(("ready", "claimed")),
        )
    ).scalar()
    if job is not None:
        jobs.cancel(connection, JobId(job), now)


def may_manage(campaign: Json, player: Json | None) -> bool:
    """Return whether a player may fund, close and export a campaign as its own."""
    return player is not None and (player["role"] == "operator" or player["id"] == campaign["funder_id"])


def settle_closing(connection: Connection, now: Micros) -> int:
    """Close and refund the closing campaigns that nothing is pending in; return how many there were."""
    rows = connection.execute(
        select(campaigns.c.id, campaigns.c.funder_id, campaigns.c.withdrawable).where(
            campaigns.c.state == "closing"
        )
    ).all()
    closed = 0
    for campaign_id, funder_id, withdrawable in rows:
        if _anything_pending(connection, campaign_id):
            continue
        ledger.refund(connection, campaign_id, funder_id, now, withdrawable=withdrawable)
        connection.execute(
            update(campaigns).where(campaigns.c.id == campaign_id).values(state="closed", closed_us=now)
        )
        _announce(connection, campaign_id, "closed", now)
        closed += 1
    return closed


def _anything_pending(connection: Connection, campaign_id: str) -> bool:
    queries = (
        select(assignments.c.id).where(
            assignments.c.campaign_id == campaign_id, assignments.c.state == "open"
        ),
        select(attempts.c.id).where(attempts.c.campaign_id == campaign_id, attempts.c.status == "pending"),
        select(rounds.c.id).where(rounds.c.campaign_id == campaign_id, rounds.c.state == "closed"),
        # A round is always open; it is pending once a contribution has entered it.
        select(rounds.c.id)
        .join(attempts, attempts.c.round_id == rounds.c.id)
        .where(rounds.c.campaign_id == campaign_id, rounds.c.state == "open"),
    )
    return any(connection.execute(query.limit(1)).first() is not None for query in queries)


def ensure_ready_made(connection: Connection, settings: Settings, now: Micros) -> list[CampaignId]:
    """Create the two ready-made campaigns in a database without any, and return their ids."""
    if connection.execute(select(campaigns.c.id).limit(1)).first() is not None:
        return []
    return [
        create_campaign(
            connection,
            CampaignOrder(
                name=f"Crowd Circuit, by {sensor}",
                slug=f"crowd-circuit-{sensor}",
                environment="racer-v0",
                sensor=sensor,
                budget_micro=settings.budget_micro,
                stake_micro=settings.stake_micro,
                target_score=1.0,
            ),
            None,
            now,
        )
        for sensor in ("camera", "lidar")
    ]


def _announce(connection: Connection, campaign_id: CampaignId, state: str, now: Micros) -> None:
    payload = {"campaign_id": campaign_id, "state": state}
    events.append(connection, events.ALL, "campaign", payload, now)


def sweep_needed(connection: Connection, now: Micros) -> bool:
    """Return whether an assignment has expired or a campaign is closing, without waiting to write."""
    expired = select(assignments.c.id).where(assignments.c.state == "open", assignments.c.expires_us <= now)
    closing = select(campaigns.c.id).where(campaigns.c.state == "closing")
    return any(connection.execute(query.limit(1)).first() is not None for query in (expired, closing))
