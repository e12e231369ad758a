"""Drives past entries and finals again, and compares every figure with what was written down then."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from sqlalchemy import Column, Connection, select

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
        known = [*_driven(connection, race_entries.c.id), *_driven(connection, race_finals.c.race_id)]
        chosen = random.Random(seed).sample(known, min(count, len(known)))
        # Rows hold what hands did and how cars finished, so only the chosen ones are read.
        drives = [_drive(connection, key, name, content, folder) for key, name in chosen]
    faults = [_fault(*drive) for drive in drives]
    return len(chosen), [fault for fault in faults if fault is not None]


def _driven(connection: Connection, key: Column[str]) -> Iterator[tuple[Column[str], str]]:
    """Keys of a table's results of closed races, with the column that they are of."""
    table = key.table.c
    query = select(key).join(races, races.c.id == table.race_id).where(races.c.state == "closed")
    for name in connection.execute(query.where(table.result.is_not(None)).order_by(key)).scalars():
        yield key, name


def _drive(
    connection: Connection, key: Column[str], name: str, content: ContentStore, folder: Path
) -> tuple[str, Json, _Again]:
    """A key, its result, and what drives it again."""
    if key is race_entries.c.id:
        row = connection.execute(driving.ENTRIES.where(key == name)).one()
        return name, row.result, partial(driving.entry, row, content, folder)
    row = connection.execute(driving.FINALS.where(key == name)).one()
    cids = driving.policies_of(connection, row)
    return name, row.result, partial(driving.final, row, cids, content, folder)


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
