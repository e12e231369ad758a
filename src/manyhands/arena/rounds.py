"""Rounds: the contributions that are judged together. Every campaign has one open; its secret is committed
before any of them was made."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, func, insert, select, update

from manyhands import jobs
from manyhands.judging import seeds
from manyhands.settings import Settings
from manyhands.storage import events
from manyhands.storage.database import Database
from manyhands.storage.schema import attempts, campaigns, rounds
from manyhands.types import CampaignId, Json, Micros, RoundId, new_round_id, now_us

ROUND_JOB = "arena.round"
"""Kind of the job posted with every closed round; its payload is {round_id}."""
ROUND_MOST = 16
"""Sizes to which a round may grow while the one before it is being judged."""

# Statements of every contribution and every look are composed once; composing costs more than running them.
_OPEN = (
    select(rounds.c.id, campaigns.c.lot_number)
    .join(campaigns, campaigns.c.id == rounds.c.campaign_id)
    .where(rounds.c.campaign_id == bindparam("campaign"), rounds.c.state == "open")
)
_WAITS = (
    select(rounds.c.id)
    .where(rounds.c.campaign_id == bindparam("campaign"), rounds.c.state == "closed")
    .limit(1)
)
_ENTERED = select(func.count(), func.min(attempts.c.valued_us)).where(
    attempts.c.round_id == bindparam("round")
)
_UNDER_WAY = (
    select(rounds.c.campaign_id, rounds.c.id, func.count(), func.min(attempts.c.valued_us))
    .join(attempts, attempts.c.round_id == rounds.c.id)
    .where(rounds.c.state == "open")
    .group_by(rounds.c.campaign_id, rounds.c.id)
)


def open_round(connection: Connection, campaign_id: CampaignId, now: Micros) -> RoundId:
    """Open a campaign's next round with a fresh secret; only its hash is shown until the round is judged."""
    last = connection.execute(
        select(func.max(rounds.c.number)).where(rounds.c.campaign_id == campaign_id)
    ).scalar()
    secret, round_id = seeds.new_secret(), new_round_id()
    connection.execute(
        insert(rounds).values(
            id=round_id,
            campaign_id=campaign_id,
            number=(last or 0) + 1,
            opened_us=now,
            secret=secret,
            secret_commit=seeds.commitment(secret),
        )
    )
    return round_id


def join(
    connection: Connection, campaign_id: CampaignId, settings: Settings, now: Micros
) -> tuple[RoundId, int]:
    """The open round and lot that a contribution enters; closes the round first if it can hold no more.

    Call it before storing the contribution under the returned ids.
    """
    row = connection.execute(_OPEN, {"campaign": campaign_id}).one()
    if _entered(connection, row.id)[0] >= _room(connection, campaign_id, settings):
        return close(connection, campaign_id, row.id, now), row.lot_number
    return row.id, row.lot_number


def _room(connection: Connection, campaign_id: str, settings: Settings) -> int:
    """Contributions at which the campaign's open round is full.

    While an earlier round waits for its verdict, closing another would only make it wait as well; a larger
    round teaches more in the same time.
    """
    busy = connection.execute(_WAITS, {"campaign": campaign_id}).one_or_none() is not None
    return settings.round_size * (ROUND_MOST if busy else 1)


def _entered(connection: Connection, round_id: str) -> tuple[int, Micros | None]:
    """Contributions of a round and the moment of its first."""
    count, first = connection.execute(_ENTERED, {"round": round_id}).one()
    return count, first


def close(connection: Connection, campaign_id: CampaignId, round_id: str, now: Micros) -> RoundId:
    """Close a round, post its judging, and return the round that follows it."""
    connection.execute(update(rounds).where(rounds.c.id == round_id).values(state="closed", closed_us=now))
    work = jobs.Work(
        ROUND_JOB,
        {"round_id": round_id},
        campaign=campaign_id,
        unique_key=f"{ROUND_JOB}:{round_id}",
        max_tries=jobs.UNLIMITED,
    )
    jobs.post(connection, work, now)
    announce(connection, round_id, now)
    return open_round(connection, campaign_id, now)


def announce(connection: Connection, round_id: str, now: Micros) -> None:
    """Tell the pages that watch the campaign how a round stands."""
    row = connection.execute(select(rounds).where(rounds.c.id == round_id)).one()
    payload: Json = {
        "campaign_id": row.campaign_id,
        "round_id": round_id,
        "number": row.number,
        "state": row.state,
        "contributions": _entered(connection, round_id)[0],
    }
    events.append(connection, events.campaign_audience(row.campaign_id), "round", payload, now)


def close_due(database: Database, settings: Settings) -> None:
    """Close the open rounds that are full or whose first contribution has waited long enough.

    A round closes for its age only when no earlier one of the campaign waits for its verdict.
    """
    now = now_us()
    due = _due(database, settings, now)
    if not due:
        return
    with database.write() as connection:
        for campaign_id, round_id in due:
            state = connection.execute(select(rounds.c.state).where(rounds.c.id == round_id)).scalar_one()
            # Another referee may have closed it since.
            if state == "open":
                close(connection, campaign_id, round_id, now)


def _due(database: Database, settings: Settings, now: Micros) -> list[tuple[CampaignId, RoundId]]:
    latest = now - round(settings.round_wait_s * 1e6)
    with database.read() as connection:
        rows = connection.execute(_UNDER_WAY).all()
        return [
            (campaign_id, round_id)
            for campaign_id, round_id, count, first in rows
            if count >= (room := _room(connection, campaign_id, settings))
            or (first <= latest and room == settings.round_size)
        ]
