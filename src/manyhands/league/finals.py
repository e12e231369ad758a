"""Finals: once a head-to-head race has closed, the best of qualifying race one another, and all watch.

The server posts the job, a steward computes it in less time than it takes to drive, and the server sets a
moment at which every page begins to show it. Nothing is closed or paid before that show is over.

    posted ──steward──▶ result ──server──▶ starts_us ──ticks──▶ over
       └─ its workers died, or it cannot be driven: qualifying counts
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from manyhands import jobs
from manyhands.errors import TransitionError
from manyhands.garage import api as garage
from manyhands.garage import replays
from manyhands.garage.replays import TICKS_PER_S
from manyhands.league.entries import driven_of
from manyhands.league.standings import final_table, grid_of, table
from manyhands.settings import Settings
from manyhands.storage import events
from manyhands.storage.content import ContentStore
from manyhands.storage.schema import jobs as job_table
from manyhands.storage.schema import race_finals
from manyhands.types import MICROS_PER_SECOND, Cid, Json, Micros

FINAL_JOB = "league.final"
"""Kind of a final's job; its payload is {race_id}."""
TRIES = 5
NOTICE_US = 8 * MICROS_PER_SECOND
"""From when a final is announced to its start: pages fetch it meanwhile."""
_WAITS = {"ready": "queued", "claimed": "running"}
_FAILED = "Its computation failed each time."


def find(connection: Connection, race_id: str) -> Row[Any] | None:
    """Return a race's final with the state of its job, None where there is none."""
    query = (
        select(race_finals, job_table.c.state)
        .join(job_table, job_table.c.id == race_finals.c.job_id)
        .where(race_finals.c.race_id == race_id)
    )
    return connection.execute(query).one_or_none()


def is_awaited(connection: Connection, race: Row[Any], now: Micros) -> bool:
    """Take the final of a race that has ended a step further; return whether it is still to come or on.

    Args:
        connection: the writing transaction.
        race: its row.
        now: the moment.
    """
    if not garage.race_rules(race.rules).race.has_final:
        return False
    final = find(connection, race.id)
    if final is None:
        qualified = table(driven_of(connection, race.id, "policy"), race.ranking)
        return _post(connection, race.id, grid_of(qualified), now)
    if final.result is None:
        return final.state in _WAITS
    if final.result["refused"] is not None:
        return False
    if final.starts_us is None:
        starts_us = now + NOTICE_US
        connection.execute(
            update(race_finals).where(race_finals.c.race_id == race.id).values(starts_us=starts_us)
        )
        tell(connection, race.id, now)
        return True
    return now < _ends_us(final)


def tell(connection: Connection, race_id: str, now: Micros) -> None:
    """Let every page that shows a race read it again."""
    events.append(connection, events.ALL, "race", {"race_id": race_id}, now)


def _post(connection: Connection, race_id: str, grid: list[str], now: Micros) -> bool:
    if not grid:
        return False
    key = f"{FINAL_JOB}:{race_id}"
    work = jobs.Work(FINAL_JOB, {"race_id": race_id}, jobs.Rank.JUDGING, unique_key=key, max_tries=TRIES)
    job_id = jobs.post(connection, work, now)
    connection.execute(insert(race_finals).values(race_id=race_id, job_id=job_id, grid=grid, created_us=now))
    tell(connection, race_id, now)
    return True


def _ends_us(final: Row[Any]) -> Micros:
    return Micros(final.starts_us + final.result["ticks"] * MICROS_PER_SECOND // TICKS_PER_S)


def cars_of(final: Row[Any] | None) -> list[Json]:
    """Return the results of a final in the order of the grid; none where it was not driven."""
    driven = final is not None and final.result is not None and final.result["refused"] is None
    return list(final.result["cars"]) if driven and final is not None else []


def standings(rows: list[Json], final: Row[Any] | None) -> list[Json]:
    """Return what counts in the end: the final's order, or qualifying where there was no final."""
    cars = cars_of(final)
    return final_table(rows, cars) if cars else rows


def is_over(final: Row[Any] | None, now: Micros) -> bool:
    """Return whether pages have shown a final to its end, so that its result may be told."""
    return final is not None and final.starts_us is not None and now >= _ends_us(final)


def view(final: Row[Any] | None, *, over: bool) -> Json | None:
    """Return what is told of a final, its results once it is `over`."""
    if final is None:
        return None
    cars = cars_of(final)
    state = _WAITS.get(final.state, "failed")
    if cars:
        state = "running" if final.starts_us is None else "done" if over else "live"
    refused = None if final.result is None else final.result["refused"]
    return {
        "state": state,
        "note": refused or (_FAILED if state == "failed" else ""),
        "starts_us": final.starts_us,
        "ends_us": None if final.starts_us is None else _ends_us(final),
        "ticks_per_s": TICKS_PER_S,
        "grid": list(final.grid),
        "results": cars if state == "done" else None,
    }


def replay(connection: Connection, race_id: str, settings: Settings) -> Json:
    """Return the way of every car of a final, a sample for each tick of the race's clock.

    Returns:
        ticks_per_s; length_m of a lap; cars in the order of the grid, each with entry_id and columns as in
        `replays.COLUMNS`.

    Raises:
        TransitionError: there is none to be shown yet.
    """
    final = find(connection, race_id)
    if final is None or final.starts_us is None:
        raise TransitionError(
            "The race has no final that can be shown.",
            field="race_id",
            remedy="Wait until the race's final has a start.",
        )
    data = ContentStore(settings.content).get(Cid(final.result["replay_cid"]))
    found = replays.plain(data, len(final.grid))
    cars = [{"entry_id": entry, **car} for entry, car in zip(final.grid, found["cars"], strict=True)]
    return {**found, "cars": cars, "length_m": final.result["length_m"]}
