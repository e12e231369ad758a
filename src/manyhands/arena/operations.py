"""Disputes, bans and the operator's overview."""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, select, update

from manyhands import ledger
from manyhands.arena import gauges
from manyhands.arena.attempt_views import dispute_view
from manyhands.arena.players import existing_player
from manyhands.errors import ConflictError, NotFoundError, TransitionError
from manyhands.storage import events
from manyhands.storage.schema import attempts, disputes, incidents, jobs, players, rounds
from manyhands.types import Json, Micros, PlayerId, new_dispute_id

_DAY_US = 24 * 3600 * 1_000_000
_ROWS = 100


def dispute(connection: Connection, attempt_id: str, player_id: str, text: str, now: Micros) -> Json:
    """Record a player's objection to the outcome of one of its own attempts.

    Raises:
        NotFoundError: the attempt is not this player's.
        TransitionError: it has no outcome yet.
        ConflictError: it is disputed already.
    """
    row = connection.execute(
        select(attempts.c.status, rounds.c.verdict_id)
        .outerjoin(rounds, rounds.c.id == attempts.c.round_id)
        .where(attempts.c.id == attempt_id, attempts.c.player_id == player_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError(
            f"This player has no attempt {attempt_id}.",
            field="attempt_id",
            remedy="GET /api/me/attempts lists them.",
        )
    if row.status == "pending":
        raise TransitionError(
            "The attempt has no outcome yet.", field="attempt_id", remedy="Wait until it is valued."
        )
    known = connection.execute(select(disputes.c.id).where(disputes.c.attempt_id == attempt_id)).scalar()
    if known is not None:
        raise ConflictError(
            "The attempt is disputed already.", field="attempt_id", remedy="Wait for the operator's answer."
        )
    dispute_id = new_dispute_id()
    connection.execute(
        insert(disputes).values(
            id=dispute_id,
            attempt_id=attempt_id,
            verdict_id=row.verdict_id,
            player_id=player_id,
            text=text,
            created_us=now,
        )
    )
    return _dispute(connection, dispute_id)


def _dispute(connection: Connection, dispute_id: str) -> Json:
    row = (
        connection.execute(
            select(disputes, players.c.name.label("player_name"))
            .join(players, players.c.id == disputes.c.player_id)
            .where(disputes.c.id == dispute_id)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError(
            f"There is no dispute {dispute_id}.",
            field="dispute_id",
            remedy="GET /api/operator/overview lists them.",
        )
    return dispute_view(dict(row), row["player_name"])


def answer_dispute(connection: Connection, dispute_id: str, answer: str, now: Micros) -> Json:
    """Answer a dispute, or correct the answer given before.

    Raises:
        NotFoundError: if there is none.
    """
    connection.execute(
        update(disputes)
        .where(disputes.c.id == dispute_id)
        .values(state="answered", answer=answer, answered_us=now)
    )
    view = _dispute(connection, dispute_id)
    payload = {"dispute_id": dispute_id, "attempt_id": view["attempt_id"]}
    events.append(connection, events.player_audience(view["player_id"]), "dispute", payload, now)
    return view


def ban(connection: Connection, player_id: str, until_us: int, reason: str, now: Micros) -> Json:
    """Keep a player from changing anything until a moment; a later ban replaces an earlier one.

    Raises:
        NotFoundError: without such a player.
        ConflictError: for an operator.
    """
    player = existing_player(connection, player_id)
    if player["role"] == "operator":
        raise ConflictError("Operators cannot be banned.", field="player_id", remedy="Name a player.")
    connection.execute(
        update(players).where(players.c.id == player_id).values(banned_until_us=until_us, ban_reason=reason)
    )
    events.append(connection, events.player_audience(PlayerId(player_id)), "ban", {"until_us": until_us}, now)
    return {
        "player_id": player_id,
        "name": player["name"],
        "banned_until_us": until_us,
        "forged_count": player["forged_count"],
    }


def lift_ban(connection: Connection, player_id: str, operator: str, now: Micros) -> None:
    """Let a player play again; lifting twice changes nothing.

    Raises:
        NotFoundError: without such a player.
    """
    existing_player(connection, player_id)
    connection.execute(
        update(players)
        .where(players.c.id == player_id)
        .values(banned_until_us=0, ban_reason=f"lifted by {operator}", slow_until_us=0)
    )
    events.append(connection, events.player_audience(PlayerId(player_id)), "ban", {"until_us": 0}, now)


def overview(connection: Connection, now: Micros) -> Json:
    """Return the operator's page: queue, processes, errors, bans, disputes."""
    readings = gauges.read_gauges(connection)
    speed = readings.get(gauges.JUDGED_PER_S)
    return {
        "queue": _queue(connection),
        "pending_attempts": gauges.pending_attempts(connection),
        "judged_per_s": speed.value if speed else None,
        "processes": [
            {
                "name": name,
                "heartbeat_age_s": max(0.0, (now - gauge.updated_us) / 1e6),
                "note": gauge.note,
            }
            for name, gauge in gauges.living(readings, now).items()
        ],
        "incidents": _incidents(connection),
        "bans": _bans(connection, now),
        "disputes": _open_disputes(connection),
        "players": connection.execute(select(func.count()).select_from(players)).scalar_one(),
        "attempts_24h": connection.execute(
            select(func.count()).select_from(attempts).where(attempts.c.received_us > now - _DAY_US)
        ).scalar_one(),
        "credits_issued_micro": -ledger.balance(connection, ledger.ISSUER),
    }


def _queue(connection: Connection) -> list[Json]:
    rows = connection.execute(
        select(
            jobs.c.kind,
            jobs.c.state,
            func.count().label("jobs"),
            func.min(jobs.c.created_us).label("oldest_us"),
        )
        .group_by(jobs.c.kind, jobs.c.state)
        .order_by(jobs.c.kind, jobs.c.state)
    ).mappings()
    return [dict(row) for row in rows]


def _incidents(connection: Connection) -> list[Json]:
    rows = connection.execute(select(incidents).order_by(incidents.c.id.desc()).limit(_ROWS)).mappings()
    return [{**row, "id": str(row["id"])} for row in rows]


def _bans(connection: Connection, now: Micros) -> list[Json]:
    rows = connection.execute(
        select(
            players.c.id.label("player_id"), players.c.name, players.c.banned_until_us, players.c.forged_count
        )
        .where(players.c.banned_until_us > now)
        .order_by(players.c.banned_until_us)
    ).mappings()
    return [dict(row) for row in rows]


def _open_disputes(connection: Connection) -> list[Json]:
    rows = connection.execute(
        select(disputes, players.c.name.label("player_name"))
        .join(players, players.c.id == disputes.c.player_id)
        .where(disputes.c.state == "open")
        .order_by(disputes.c.created_us)
        .limit(_ROWS)
    ).mappings()
    return [dispute_view(dict(row), row["player_name"]) for row in rows]


def record_incident(connection: Connection, source: str, kind: str, message: str, now: Micros) -> None:
    """Keep something that went wrong for the operator's page."""
    connection.execute(
        insert(incidents).values(source=source, kind=kind, message=message[:2000], created_us=now)
    )


def service_figures(connection: Connection, now: Micros) -> Json:
    """Return what health and metrics say: judge state and age, pending attempts, jobs by state."""
    readings = gauges.read_gauges(connection)
    by_state = connection.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state)).all()
    return {
        "judge": gauges.judge_state(readings, now),
        "judge_heartbeat_age_s": gauges.heartbeat_age_s(readings, now),
        "pending_attempts": gauges.pending_attempts(connection),
        "jobs": {state: count for state, count in by_state},
    }
