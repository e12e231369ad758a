"""Entries into races: policies and recorded hands, driven again by a steward."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, delete, insert, select

from manyhands import jobs
from manyhands.errors import (
    ConflictError,
    IdempotencyError,
    InputError,
    NotFoundError,
    PolicyFileError,
    TransitionError,
)
from manyhands.garage import api as garage
from manyhands.garage.replays import TICKS_PER_S
from manyhands.settings import Settings
from manyhands.storage.content import ContentStore, content_id
from manyhands.storage.quotas import check_day
from manyhands.storage.schema import jobs as job_table
from manyhands.storage.schema import players, race_entries, race_finals, races
from manyhands.types import Cid, Json, Micros, new_entry_id

ENTRY_JOB = "league.entry"
"""Kind of an entry's job; its payload is {entry_id}."""
A_DAY = 20
"""Entries that a player may make within 24 hours."""
TRIES = 5
PATH_COLUMNS = 3
"""of a path: x and y in millimetres, heading in milliradians; int32, little-endian, a row for each tick, in
which bot cars follow the car"""
_STATES = {"ready": "queued", "claimed": "running"}


@dataclass(frozen=True)
class EntryOrder:
    """What is entered: a policy by its content id, or the recorded actions of a hand.

    origin: where the policy came from. actions: int8 pairs of steering and throttle, one for each tick of
    driving; laps_ms: the laps that the page saw.
    """

    player_id: str
    idempotency_key: str
    race_id: str
    origin: Json
    policy_cid: str | None = None
    actions: bytes | None = None
    laps_ms: list[int] | None = None

    @property
    def kind(self) -> str:
        """Whether a policy or a hand drives."""
        return "hand" if self.policy_cid is None else "policy"

    def terms(self) -> Json:
        """What must be equal when an idempotency key is used again."""
        return {
            "race_id": self.race_id,
            "policy_cid": self.policy_cid,
            "actions": self.actions,
            "claimed": self.laps_ms,
        }


def with_policy(order: EntryOrder, data: bytes) -> EntryOrder:
    """The same order, of this policy file, wherever it lies."""
    return replace(order, policy_cid=content_id(data))


def store_policy(data: bytes, settings: Settings) -> Cid:
    """Put what says of itself that it is a racer's policy into the content store; a steward reads it in full.

    Raises:
        PolicyFileError: if it is no such file.
    """
    try:
        length = int.from_bytes(data[:8], "little")
        environment = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["policy"])["environment"]
    except (KeyError, TypeError, ValueError) as fault:
        raise PolicyFileError("This is no policy file.", field="policy") from fault
    if environment != "racer-v0":
        raise PolicyFileError(
            f"A policy of {str(environment)[:32]} drives no car.",
            field="policy",
            remedy="Enter a policy of racer-v0.",
        )
    return ContentStore(settings.content).put(data)


def check_open(connection: Connection, order: EntryOrder, now: Micros) -> str | None:
    """Return None where a player may enter a race now; what was entered under the order's key has an id.

    Raises:
        IdempotencyError: the key was used for another entry.
        NotFoundError: there is no such race.
        TransitionError: it is not open.
        QuotaError: the player has made all entries of a day.
    """
    known = _known(connection, order)
    if known is not None:
        if any(known._mapping[name] != value for name, value in order.terms().items()):
            raise IdempotencyError("This key was used for another entry.", field="Idempotency-Key")
        return str(known.id)
    race = connection.execute(select(races).where(races.c.id == order.race_id)).one_or_none()
    if race is None:
        raise NotFoundError(
            f"There is no race {order.race_id!r}.",
            field="race_id",
            remedy="List the races with GET /api/races.",
        )
    has_grid = select(race_finals.c.race_id).where(race_finals.c.race_id == order.race_id)
    # The clock alone does not tell: this may have waited to be written while the race closed and was settled.
    closed = race.state != "open" or connection.execute(has_grid).first() is not None
    if closed or not race.opens_us <= now < race.closes_us:
        raise TransitionError("The race takes no entries now.", remedy="Choose a race that is open.")
    whose = race_entries.c.player_id == order.player_id
    check_day(connection, whose, race_entries.c.created_us, A_DAY, "entries were made", now)
    return None


def enter(connection: Connection, order: EntryOrder, now: Micros) -> str:
    """Enter a race, once per key, and return the entry's id; a steward drives it.

    Raises:
        InputError: the actions are no pairs, or more than the race is long, or a hand enters head to head.
        ConflictError: the player has entered this policy into this race.
        IdempotencyError, NotFoundError, TransitionError, QuotaError: as `check_open`.
    """
    known = check_open(connection, order, now)
    if known is not None:
        return known
    if order.policy_cid is not None:
        _check_new(connection, order)
    else:
        _check_actions(connection, order)
    entry_id = new_entry_id()
    work = jobs.Work(ENTRY_JOB, {"entry_id": entry_id}, jobs.Rank.JUDGING, max_tries=TRIES)
    connection.execute(
        insert(race_entries).values(
            id=entry_id,
            player_id=order.player_id,
            idempotency_key=order.idempotency_key,
            kind=order.kind,
            origin=order.origin,
            job_id=jobs.post(connection, work, now),
            created_us=now,
            **order.terms(),
        )
    )
    return entry_id


def _known(connection: Connection, order: EntryOrder) -> Row[Any] | None:
    return connection.execute(
        select(race_entries).where(
            race_entries.c.player_id == order.player_id,
            race_entries.c.idempotency_key == order.idempotency_key,
        )
    ).one_or_none()


def _check_new(connection: Connection, order: EntryOrder) -> None:
    before = connection.execute(
        select(race_entries.c.id).where(
            race_entries.c.race_id == order.race_id,
            race_entries.c.player_id == order.player_id,
            race_entries.c.policy_cid == order.policy_cid,
        )
    ).first()
    if before is not None:
        raise ConflictError(
            "This policy was entered already; it would take the same time again.",
            remedy="Enter another policy.",
        )


def _check_actions(connection: Connection, order: EntryOrder) -> None:
    actions = order.actions or b""
    rules = garage.race_rules(
        connection.execute(select(races.c.rules).where(races.c.id == order.race_id)).scalar_one()
    )
    if rules.race.has_final:
        raise InputError(
            "Head to head policies race one another; no hand can.",
            field="hand",
            remedy="Enter a policy, or drive another race by hand.",
        )
    most = rules.limit_s * TICKS_PER_S
    if not actions or len(actions) % 2 or len(actions) > 2 * most:
        raise InputError(
            f"{len(actions)} bytes are no drive of this race.",
            field="actions",
            remedy=f"Send two bytes for each of 1 to {most} ticks.",
        )


def driven_of(connection: Connection, race_id: str, kind: str) -> list[Json]:
    """Return the entries of a kind that were driven and count: id, player_id, created_us and result."""
    rows = connection.execute(
        select(race_entries.c.id, race_entries.c.player_id, race_entries.c.created_us, race_entries.c.result)
        .where(race_entries.c.race_id == race_id, race_entries.c.kind == kind)
        .order_by(race_entries.c.created_us, race_entries.c.id)
    ).mappings()
    return [dict(row) for row in rows if row["result"] is not None and row["result"]["refused"] is None]


def is_pending(connection: Connection, race_id: str) -> bool:
    """Return whether an entry of a race has yet to be driven."""
    query = (
        select(race_entries.c.id)
        .join(job_table, job_table.c.id == race_entries.c.job_id)
        .where(race_entries.c.race_id == race_id, job_table.c.state.in_(tuple(_STATES)))
        .limit(1)
    )
    return connection.execute(query).first() is not None


_QUERY = (
    select(
        race_entries,
        job_table.c.state,
        job_table.c.note,
        players.c.name.label("racer"),
    )
    .join(job_table, job_table.c.id == race_entries.c.job_id)
    .join(players, players.c.id == race_entries.c.player_id)
)


def entry(connection: Connection, race_id: str, entry_id: str) -> Json:
    """Return one entry of a race.

    Raises:
        NotFoundError: if there is none.
    """
    return _view(_entry(connection, race_id, entry_id))


def entries_of(connection: Connection, race_id: str, player_id: str) -> list[Json]:
    """Return a player's own entries into a race, newest first."""
    query = _QUERY.where(race_entries.c.race_id == race_id, race_entries.c.player_id == player_id)
    newest = query.order_by(race_entries.c.created_us.desc(), race_entries.c.id)
    return [_view(row) for row in connection.execute(newest)]


def path(connection: Connection, race_id: str, entry_id: str, settings: Settings) -> Json:
    """Return the way that an entry was driven, a sample for each tick of driving, for replays.

    Returns:
        ticks_per_s, x_mm, y_mm, heading_mrad; stops: where the car was put back, and for how long it stood;
        boxes: one sample of each; bots: as many samples of each as of the car.

    Raises:
        NotFoundError: there is no such entry.
        TransitionError: it has not been driven, or was refused.
    """
    row = _entry(connection, race_id, entry_id)
    if row.result is None or row.result["refused"] is not None:
        raise TransitionError(
            "The entry has not been driven.", field="entry_id", remedy="Wait until it is done."
        )
    data = ContentStore(settings.content).get(Cid(row.result["path_cid"]))
    driving = row.result.get("driving", 0)
    places = np.frombuffer(data, "<i4").reshape(-1, 1 + driving, PATH_COLUMNS)
    own, *bots = (_samples(places[:, number]) for number in range(1 + driving))
    boxes = [_samples(np.array([box])) for box in row.result.get("objects", ())]
    return {
        "ticks_per_s": TICKS_PER_S,
        **own,
        "stops": row.result["stops"],
        "boxes": boxes,
        "bots": bots,
    }


def _samples(places: NDArray[np.int32]) -> Json:
    """Places (N, PATH_COLUMNS) column by column."""
    x, y, heading = places.T.tolist()
    return {"x_mm": x, "y_mm": y, "heading_mrad": heading}


def of_player(connection: Connection, player_id: str) -> list[Json]:
    """Return everything stored about a player's entries, for the player's own export.

    final: how an entry went in its race's final, once that is closed.
    """
    query = _QUERY.where(race_entries.c.player_id == player_id).order_by(race_entries.c.created_us)
    found = [_view(row) for row in connection.execute(query)]
    driven = (
        select(race_finals.c.result)
        .join(races, races.c.id == race_finals.c.race_id)
        .where(races.c.state == "closed", races.c.id.in_({view["race_id"] for view in found}))
    )
    results = [result for result in connection.execute(driven).scalars() if result is not None]
    cars = {car["entry_id"]: car for result in results for car in result.get("cars", ())}
    return [{**view, "final": cars.get(view["id"])} for view in found]


def withdraw(connection: Connection, player_id: str, now: Micros) -> int:
    """Delete a player's entries into races that are still open and return how many they were.

    Those of races that have closed or have a final stay: prizes are paid for what they drove.
    """
    found = connection.execute(
        select(race_entries.c.id, race_entries.c.job_id, job_table.c.state)
        .join(job_table, job_table.c.id == race_entries.c.job_id)
        .join(races, races.c.id == race_entries.c.race_id)
        .outerjoin(race_finals, race_finals.c.race_id == races.c.id)
        .where(
            race_entries.c.player_id == player_id, races.c.state == "open", race_finals.c.race_id.is_(None)
        )
    ).all()
    for row in found:
        if row.state in _STATES:
            jobs.cancel(connection, row.job_id, now)
        connection.execute(delete(race_entries).where(race_entries.c.id == row.id))
    return len(found)


def _entry(connection: Connection, race_id: str, entry_id: str) -> Row[Any]:
    query = _QUERY.where(race_entries.c.id == entry_id, race_entries.c.race_id == race_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFoundError(
            f"There is no entry {entry_id!r} in this race.",
            field="entry_id",
            remedy="The race's leaderboard names its entries.",
        )
    return row


def _view(row: Row[Any]) -> Json:
    result = row.result or {}
    refused = result.get("refused")
    return {
        "id": row.id,
        "race_id": row.race_id,
        "player_id": row.player_id,
        "racer": row.racer,
        "kind": row.kind,
        "origin": row.origin,
        "state": "refused" if refused else _STATES.get(row.state, row.state),
        "note": refused or row.note or "",
        "result": None if refused or not result else _outcome(result),
        "created_us": row.created_us,
    }


def _outcome(result: Json) -> Json:
    hidden = ("refused", "path_cid", "stops", "objects", "driving")
    return {name: value for name, value in result.items() if name not in hidden}
