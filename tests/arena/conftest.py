"""A stage in either kind of database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from arena_harness import Stage

from manyhands.storage import Database


@pytest.fixture
def stage(database: Database) -> Iterator[Stage]:
    """An open campaign inside one writing transaction, in SQLite and PostgreSQL in turn."""
    with database.write() as connection:
        made = Stage(connection)
        made.set_up()
        yield made
