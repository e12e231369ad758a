"""How much of something one player may make within 24 hours."""

from __future__ import annotations

from sqlalchemy import Column, ColumnElement, Connection, func, select

from manyhands.errors import QuotaError
from manyhands.types import MICROS_PER_SECOND, Micros

_DAY_US = 86_400 * MICROS_PER_SECOND


def check_day(
    connection: Connection,
    whose: ColumnElement[bool],
    made_us: Column[int],
    most: int,
    what: str,
    now: Micros,
) -> None:
    """Raise QuotaError, with the wait, where `most` rows were made within a day.

    whose: tells the player's rows; made_us: when each was made; what: of the sentence, `entries were made`.
    """
    made, first_us = connection.execute(
        select(func.count(), func.min(made_us)).where(whose, made_us > now - _DAY_US)
    ).one()
    if made < most:
        return
    wait_s = 1 + (first_us + _DAY_US - now) // MICROS_PER_SECOND
    raise QuotaError(
        f"{made} {what} within a day.",
        retry_after_s=wait_s,
        remedy=f"Wait {wait_s} s before the next one.",
    )
