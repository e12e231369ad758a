"""Pages of rows, newest first, by a cursor that stays right while rows are added."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Column, Connection, Select, and_, or_

from manyhands.errors import InputError
from manyhands.types import Json

_NUMBER = re.compile(r"[0-9]{1,18}")
_CURSOR = re.compile(rf"({_NUMBER.pattern})\.([A-Za-z0-9_]{{1,64}})")


def page(
    connection: Connection,
    query: Select[Any],
    keys: tuple[Column[Any], Column[Any]],
    cursor: str | None,
    size: int,
) -> tuple[list[Json], str | None]:
    """Return one page of a query as plain rows, and the cursor of the next.

    Args:
        connection: any transaction.
        query: the rows; its answer must contain both keys under their own names.
        keys: (a number to sort by, newest largest; an id that tells ties apart).
        cursor: where the page before ended; None for the first.
        size: rows a page.

    Raises:
        InputError: for a cursor that no answer carried.
    """
    number, name = keys
    if cursor is not None:
        match = _CURSOR.fullmatch(cursor)
        if match is None:
            raise _foreign()
        last, last_name = int(match[1]), match[2]
        query = query.where(or_(number < last, and_(number == last, name < last_name)))
    query = query.order_by(number.desc(), name.desc()).limit(size + 1)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    if len(rows) <= size:
        return rows, None
    final = rows[size - 1]
    return rows[:size], f"{final[_key(number)]}.{final[_key(name)]}"


def number_of(cursor: str | None) -> int | None:
    """Return the number that a cursor is where rows have numbers of their own, None without a cursor.

    Raises:
        InputError: for a cursor that no answer carried.
    """
    if cursor is not None and not _NUMBER.fullmatch(cursor):
        raise _foreign()
    return None if cursor is None else int(cursor)


def _foreign() -> InputError:
    return InputError(
        "The cursor is not one that an answer carried.",
        field="cursor",
        remedy="Start without a cursor, then pass next_cursor.",
    )


def _key(column: Column[Any]) -> str:
    return str(column.key)
