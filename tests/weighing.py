"""How much a query fetches: what lists leave in the database, nobody has to parse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Executable, Result

T = TypeVar("T")


class _Weighing:
    """Executes as its connection does, and counts the characters of all that is fetched."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.characters = 0

    def execute(self, query: Executable) -> Result[Any]:
        kept = self._connection.execute(query).freeze()
        self.characters += len(repr([tuple(row) for row in kept()]))
        return kept()


def weighed(connection: Connection, ask: Callable[[Connection], T]) -> tuple[T, int]:
    """What is asked of a connection, and how many characters it fetched for that; it may only execute."""
    weighing = _Weighing(connection)
    return ask(cast(Connection, weighing)), weighing.characters
