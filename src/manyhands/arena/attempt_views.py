"""Attempts as pages read them: outcome in words, takeovers, replay."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, case, func, select

from manyhands.arena.attempts import encoded, human_ticks
from manyhands.arena.paging import page
from manyhands.arena.verdict_views import lot_promotion, verdict_of_round
from manyhands.errors import NotFoundError
from manyhands.storage.schema import assignments, attempts, campaigns, disputes, players, rounds
from manyhands.types import Json

# The next lot begins with the promotion that pays one, and with nothing else.
_LOT_STATE = case(
    (attempts.c.lot_number < campaigns.c.lot_number, "paid"),
    (campaigns.c.state == "closed", "closed"),
    else_="open",
).label("lot_state")
_SUMMARY = (
    attempts.c.id,
    attempts.c.campaign_id,
    campaigns.c.environment,
    attempts.c.status,
    attempts.c.ticks,
    attempts.c.actors,
    attempts.c.value,
    attempts.c.paid_micro,
    attempts.c.charged_micro,
    attempts.c.received_us,
    attempts.c.round_id,
    rounds.c.verdict_id,
    _LOT_STATE,
)
_SENTENCES = {
    "pending": ("waiting", "The replay has not been judged yet."),
    "valued": ("valued", "The attempt is valued and waits for its round."),
    "refused": ("refused", "The replay does not confirm the attempt, so it does not count."),
    "judged": ("judged", "The round is judged."),
    "withdrawn": ("withdrawn", "The player withdrew this attempt; it trains nothing any more."),
}


def _summaries() -> Select[Any]:
    return (
        select(*_SUMMARY)
        .join(campaigns, campaigns.c.id == attempts.c.campaign_id)
        .outerjoin(rounds, rounds.c.id == attempts.c.round_id)
    )


def _summary(row: Json) -> Json:
    actors = row["actors"]
    return {
        "id": row["id"],
        "campaign_id": row["campaign_id"],
        "environment": row["environment"],
        "status": row["status"],
        "ticks": row["ticks"],
        "human_ticks": human_ticks(actors),
        "actors": encoded(actors),
        "value": row["value"],
        "paid_micro": row["paid_micro"],
        "charged_micro": row["charged_micro"],
        "verdict_id": row["verdict_id"],
        "lot_state": row["lot_state"],
        "received_us": row["received_us"],
    }


def attempts_of(connection: Connection, player_id: str, cursor: str | None, size: int) -> Json:
    """Return a page of a player's attempts, newest first."""
    query = _summaries().where(attempts.c.player_id == player_id)
    rows, after = page(connection, query, (attempts.c.received_us, attempts.c.id), cursor, size)
    return {"attempts": [_summary(row) for row in rows], "next_cursor": after}


def _row(connection: Connection, attempt_id: str) -> Json:
    query = (
        select(
            attempts,
            players.c.name.label("player_name"),
            campaigns.c.environment,
            rounds.c.verdict_id,
            _LOT_STATE,
        )
        .join(players, players.c.id == attempts.c.player_id)
        .join(campaigns, campaigns.c.id == attempts.c.campaign_id)
        .outerjoin(rounds, rounds.c.id == attempts.c.round_id)
        .where(attempts.c.id == attempt_id)
    )
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError(
            f"There is no attempt {attempt_id}.",
            field="attempt_id",
            remedy="GET /api/me/attempts lists yours.",
        )
    return dict(row)


def attempt_detail(connection: Connection, attempt_id: str) -> Json:
    """Return an attempt with its outcome so far.

    Raises:
        NotFoundError: if there is none.
    """
    row = _row(connection, attempt_id)
    verdict = _verdict(connection, row)
    view = _summary(row)
    view |= {
        "verdict_id": verdict["id"] if verdict else None,
        "assignment_id": row["assignment_id"],
        "player_id": row["player_id"],
        "player_name": row["player_name"],
        "champion_cid": row["champion_cid"],
        "root": row["root"],
        "stake_micro": row["stake_micro"],
        "reason": _reason(row),
        "takeovers": _takeovers(row),
        "round_id": row["round_id"],
        "lot_number": row["lot_number"],
        "lot_contributions": _lot_size(connection, row),
        "round_contributions": _round_size(connection, row),
        "verdict": verdict,
        "dispute": _dispute(connection, row),
        "valued_us": row["valued_us"],
        "judged_us": row["judged_us"],
    }
    return view


def _verdict(connection: Connection, row: Json) -> Json | None:
    """Return the verdict that decided an attempt: the one that paid its lot, or else its round's."""
    own = verdict_of_round(connection, row["round_id"]) if row["round_id"] else None
    if own is None or own["pool_micro"]:
        return own
    return lot_promotion(connection, row["campaign_id"], row["lot_number"]) or own


def _reason(row: Json) -> Json:
    detail = row["detail"] or {}
    code, sentence = _SENTENCES[row["status"]]
    if row["status"] == "judged" and human_ticks(row["actors"]) == 0:
        code, sentence = "no_takeover", "Nobody took the wheel, so there is nothing to pay or charge."
    if row["charged_micro"]:
        code = "charged"
        sentence = "Over this player's recent attempts the model alone would have done better."
    elif row["paid_micro"]:
        code, sentence = "paid", "The champion improved with this lot, and this attempt has its share."
    return {
        "code": detail.get("code", code),
        "sentence": row["reason"] or sentence,
        "parts": detail.get("parts", {}),
    }


def _takeovers(row: Json) -> list[Json]:
    """Return the judge's record of the takeovers under the names of the wire."""
    return [
        {
            "first_tick": takeover["first"],
            "ticks": takeover["ticks"],
            "value": takeover["gain"],
            "alone_crash_s": takeover["alone_crash_s"],
            "yours_crash_s": takeover["hand_crash_s"],
            "alone_progress_m": takeover["alone_progress"],
            "yours_progress_m": takeover["hand_progress"],
        }
        for takeover in (row["detail"] or {}).get("takeovers", [])
    ]


def _lot_size(connection: Connection, row: Json) -> int | None:
    if row["lot_number"] is None:
        return None
    return connection.execute(
        select(func.count())
        .select_from(attempts)
        .where(attempts.c.campaign_id == row["campaign_id"], attempts.c.lot_number == row["lot_number"])
    ).scalar_one()


def _round_size(connection: Connection, row: Json) -> int | None:
    if row["round_id"] is None:
        return None
    return connection.execute(
        select(func.count()).select_from(attempts).where(attempts.c.round_id == row["round_id"])
    ).scalar_one()


def _dispute(connection: Connection, row: Json) -> Json | None:
    found = (
        connection.execute(select(disputes).where(disputes.c.attempt_id == row["id"]).limit(1))
        .mappings()
        .one_or_none()
    )
    return None if found is None else dispute_view(dict(found), row["player_name"])


def dispute_view(row: Json, player_name: str) -> Json:
    """Return a dispute as pages read it."""
    return {
        "id": row["id"],
        "attempt_id": row["attempt_id"],
        "verdict_id": row["verdict_id"],
        "player_id": row["player_id"],
        "player_name": player_name,
        "text": row["text"],
        "state": row["state"],
        "answer": row["answer"] or None,
        "created_us": row["created_us"],
    }


def attempt_replay(connection: Connection, attempt_id: str) -> Json:
    """Return what is needed to drive an attempt again.

    Raises:
        NotFoundError: if there is none.
    """
    row = _row(connection, attempt_id)
    given = connection.execute(
        select(assignments.c.start, assignments.c.seed, campaigns.c.environment, campaigns.c.config)
        .join(campaigns, campaigns.c.id == assignments.c.campaign_id)
        .where(assignments.c.id == row["assignment_id"])
    ).one()
    verdict = _verdict(connection, row)
    return {
        "attempt_id": row["id"],
        "campaign_id": row["campaign_id"],
        "environment": given.environment,
        "config": given.config,
        "sensor": given.config["sensor"]["kind"],
        "start": given.start,
        "seed": given.seed,
        "ticks": row["ticks"],
        "actions": encoded(row["actions"]),
        "actors": encoded(row["actors"]),
        "takeovers": _takeovers(row),
        "champion_before": row["champion_cid"],
        "champion_after": verdict["champion_after"] if verdict else None,
    }
