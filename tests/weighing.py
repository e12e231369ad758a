"""How much a query fetches: what lists leave in the database, nobody has to parse."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Executable, Result


class Weighing:
    """Executes as its connection does, and counts the characters of all that is fetched."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.characters = 0

    def execute(self, query: Executable) -> Result[Any]:
        kept = self._connection.execute(query).freeze()
        self.characters += len(repr([tuple(row) for row in kept()]))
        return kept()
