"""Drives past entries and finals again, and compares every figure with what was written down then."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

from manyhands.errors import ManyhandsError
from manyhands.league import driving
from manyhands.league.driving import Driven
from manyhands.ledger import Fault
from manyhands.storage.content import ContentStore
from manyhands.storage.database import Database
from manyhands.storage.schema import race_entries, race_finals, races
from manyhands.types import Json

_Again = Callable[[], Driven]


def sample(
    database: Database, content: ContentStore, folder: Path, count: int, seed: int
) -> tuple[int, list[Fault]]:
    """Drive up to `count` entries and finals of closed races again; return how many, and the faults.

    Args:
        database: where results are.
        content: where policies are.
        folder: of imported tracks.
        count: entries and finals, together.
        seed: chooses which.
    """
    with database.read() as connection:
        closed = races.c.state == "closed"
        rows = connection.execute(driving.ENTRIES.where(closed).order_by(race_entries.c.id)).all()
        found: list[tuple[str, Json, _Again]] = [
            (row.id, row.result, partial(driving.entry, row, content, folder))
            for row in rows
            if row.result is not None
        ]
        for row in connection.execute(driving.FINALS.where(closed).order_by(race_finals.c.race_id)):
            if row.result is not None:
                cids = driving.policies_of(connection, row)
                found.append((row.race_id, row.result, partial(driving.final, row, cids, content, folder)))
    chosen = random.Random(seed).sample(found, min(count, len(found)))
    faults = [_fault(where, result, again) for where, result, again in chosen]
    return len(chosen), [fault for fault in faults if fault is not None]


def _fault(where: str, result: Json, again: _Again) -> Fault | None:
    try:
        # As it would come back from the database, which knows no tuples.
        driven = json.loads(json.dumps(again().result))
    except ManyhandsError as error:
        return Fault("storage", where, f"It cannot be driven again: {error.sentence()}")
    differ = sorted(name for name in driven.keys() | result.keys() if driven.get(name) != result.get(name))
    if not differ:
        return None
    return Fault("drive", where, f"Driven again, it comes to another {', '.join(differ)}.")
