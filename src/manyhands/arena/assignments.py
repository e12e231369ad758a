"""Assignments: a start where the champion fails, a locked stake, an expiry."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from manyhands import ledger
from manyhands.arena import gauges
from manyhands.arena.campaigns import find_campaign
from manyhands.arena.environments import environment_spec
from manyhands.arena.players import existing_player, open_assignment
from manyhands.errors import (
    ConflictError,
    CreditError,
    IdempotencyError,
    JudgeBehindError,
    NotFoundError,
    QuotaError,
    TransitionError,
)
from manyhands.settings import Settings
from manyhands.storage import events
from manyhands.storage.schema import assignments, campaigns, starts
from manyhands.types import Json, Micros, PlayerId, new_assignment_id

NO_START_RETRY_S = 3
# Statements of every request are composed once; composing costs more than running them.
_BY_KEY = select(assignments).where(
    assignments.c.player_id == bindparam("player"), assignments.c.idempotency_key == bindparam("key")
)
_OWN = (
    select(assignments, campaigns.c.environment)
    .join(campaigns, campaigns.c.id == assignments.c.campaign_id)
    .where(assignments.c.id == bindparam("assignment"), assignments.c.player_id == bindparam("player"))
)
_UNUSED_START = (
    select(starts.c.id, starts.c.state)
    .where(
        starts.c.campaign_id == bindparam("campaign"),
        starts.c.champion_cid == bindparam("champion"),
        starts.c.used_us.is_(None),
    )
    .limit(1)
)
_USE_START = update(starts).where(starts.c.id == bindparam("start")).values(used_us=bindparam("now"))
_INSERT = insert(assignments)


@dataclass(frozen=True)
class AssignmentOrder:
    """A player's request for something to play."""

    campaign_id: str
    player_id: str
    idempotency_key: str
    now: Micros


def assign(connection: Connection, order: AssignmentOrder, settings: Settings) -> Json:
    """Draw an unused start of the champion, lock the stake and return the assignment.

    The same key gives the same assignment again, whatever its state by then.

    Raises:
        IdempotencyError: the key was used for another campaign.
        ConflictError: another assignment of this player is open.
        TransitionError: the campaign gives out none.
        QuotaError: the player is slowed down after refused replays.
        JudgeBehindError: too much judging is pending, or no start is stored.
        CreditError: the wallet does not hold the stake.
    """
    campaign = find_campaign(connection, order.campaign_id)
    repeated = _by_key(connection, order)
    if repeated is not None:
        if repeated["campaign_id"] != campaign["id"]:
            raise IdempotencyError("This key was used for another campaign.", field="Idempotency-Key")
        return _view(repeated, campaign)
    if campaign["state"] not in ("open", "warming"):
        raise TransitionError(
            f"The campaign is {campaign['state']}.", field="campaign_id", remedy="Choose an open campaign."
        )
    _check_player(connection, order)
    _check_judge(connection, campaign, settings)
    start_id, start = _take_start(connection, campaign, order.now)
    row = {
        "id": new_assignment_id(),
        "player_id": order.player_id,
        "campaign_id": campaign["id"],
        "start_id": start_id,
        "start": start,
        "champion_cid": campaign["champion_cid"],
        "seed": secrets.randbits(32),
        "stake_micro": campaign["stake_micro"],
        "state": "open",
        "idempotency_key": order.idempotency_key,
        "created_us": order.now,
        "expires_us": order.now + round(settings.assignment_ttl_s * 1e6),
    }
    connection.execute(_INSERT, row)
    _lock(connection, row, order.now)
    return _view(row, campaign)


def _by_key(connection: Connection, order: AssignmentOrder) -> Json | None:
    key = {"player": order.player_id, "key": order.idempotency_key}
    row = connection.execute(_BY_KEY, key).mappings().one_or_none()
    return None if row is None else dict(row)


def _check_player(connection: Connection, order: AssignmentOrder) -> None:
    player = existing_player(connection, order.player_id)
    wait_us = player["slow_until_us"] - order.now
    if wait_us > 0:
        raise QuotaError(
            "Replays of this player's attempts were refused, so the next assignment has to wait.",
            retry_after_s=wait_us // 1_000_000 + 1,
            remedy="Wait, and reload the page so that it runs the present rules.",
        )
    open_id = open_assignment(connection, order.player_id)
    if open_id is not None:
        raise ConflictError(
            f"The assignment {open_id} is still open.",
            field="Idempotency-Key",
            remedy=f"Play it, or give it back with DELETE /api/assignments/{open_id}.",
        )


def _check_judge(connection: Connection, campaign: Json, settings: Settings) -> None:
    if campaign["champion_cid"] is None:
        raise JudgeBehindError(
            "The first champion is still being trained.", retry_after_s=NO_START_RETRY_S, field="campaign_id"
        )
    readings = gauges.read_gauges(connection)
    pending_s = gauges.pending_s(gauges.pending_attempts(connection), readings)
    if pending_s > settings.backlog_limit_s:
        raise JudgeBehindError(
            f"About {pending_s:.0f} s of judging is pending.",
            retry_after_s=max(1, round(pending_s - settings.backlog_limit_s) + 1),
        )


def _take_start(connection: Connection, campaign: Json, now: Micros) -> tuple[str, Json]:
    mine = {"campaign": campaign["id"], "champion": campaign["champion_cid"]}
    row = connection.execute(_UNUSED_START, mine).one_or_none()
    if row is None:
        raise JudgeBehindError(
            "No start is ready for the present champion.", retry_after_s=NO_START_RETRY_S, field="campaign_id"
        )
    connection.execute(_USE_START, {"start": row.id, "now": now})
    return str(row.id), dict(row.state)


def _lock(connection: Connection, row: Json, now: Micros) -> None:
    try:
        ledger.lock_stake(
            connection, row["player_id"], row["campaign_id"], row["id"], row["stake_micro"], now
        )
    except CreditError as error:
        raise CreditError(
            f"The stake is {row['stake_micro'] / 1e6:.2f} cr and the wallet holds less.",
            field="stake_micro",
            remedy="Choose a campaign with a lower stake, or wait until pending stakes return.",
        ) from error


def own_assignment(connection: Connection, assignment_id: str, player_id: str) -> Json:
    """Return the row of one of the player's own assignments, with its campaign's environment.

    Raises:
        NotFoundError: if there is none; another player's is not told apart from none.
    """
    own = {"assignment": assignment_id, "player": player_id}
    row = connection.execute(_OWN, own).mappings().one_or_none()
    if row is None:
        raise NotFoundError(
            f"This player has no assignment {assignment_id}.",
            field="assignment_id",
            remedy="Ask for an assignment with POST /api/campaigns/{id}/assignments.",
        )
    return dict(row)


def read_assignment(connection: Connection, assignment_id: str, player_id: str) -> Json:
    """Return one of the player's own assignments as it was given out."""
    row = own_assignment(connection, assignment_id, player_id)
    return _view(row, find_campaign(connection, row["campaign_id"]))


def _view(row: Json, campaign: Json) -> Json:
    return {
        "id": row["id"],
        "campaign": row["campaign_id"],
        "environment": campaign["environment"],
        "config": campaign["config"],
        "sensor": campaign["config"]["sensor"]["kind"],
        "start": row["start"],
        "champion_cid": row["champion_cid"],
        "seed": row["seed"],
        "stake_micro": row["stake_micro"],
        "created_us": row["created_us"],
        "expires_us": row["expires_us"],
        "max_ticks": environment_spec(campaign["environment"])["max_ticks"],
    }


def cancel_assignment(connection: Connection, assignment_id: str, player_id: str, now: Micros) -> None:
    """Give an open assignment back; doing it again changes nothing.

    Raises:
        NotFoundError: if it is not the player's.
        TransitionError: if it was played.
    """
    row = own_assignment(connection, assignment_id, player_id)
    if row["state"] == "played":
        raise TransitionError(f"The assignment {assignment_id} was played.", field="assignment_id")
    if row["state"] == "open":
        _end(connection, row, "cancelled", now)


def expire_assignments(connection: Connection, now: Micros, limit: int = 200) -> int:
    """Expire open assignments past their time, return their stakes, and return how many there were."""
    rows = connection.execute(
        select(assignments).where(assignments.c.state == "open", assignments.c.expires_us <= now).limit(limit)
    ).mappings()
    expired = [dict(row) for row in rows]
    for row in expired:
        _end(connection, row, "expired", now)
        audience = events.player_audience(PlayerId(row["player_id"]))
        events.append(connection, audience, "balance", {}, now)
    return len(expired)


def _end(connection: Connection, row: Json, state: str, now: Micros) -> None:
    connection.execute(update(assignments).where(assignments.c.id == row["id"]).values(state=state))
    ledger.return_stake(connection, row["id"], now)


def starts_ready(connection: Connection, campaign: Json) -> int:
    """Return how many unused starts the present champion has, counting no further than 1,000."""
    rows = connection.execute(
        select(starts.c.id)
        .where(
            starts.c.campaign_id == campaign["id"],
            starts.c.champion_cid == campaign["champion_cid"],
            starts.c.used_us.is_(None),
        )
        .limit(1000)
    ).all()
    return len(rows)
