"""What the server does by itself: expiring assignments, settling campaigns and races, deleting leftovers."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from manyhands.arena import api as arena
from manyhands.errors import ManyhandsError
from manyhands.garage import api as garage
from manyhands.lab import api as lab
from manyhands.league import api as league
from manyhands.storage import events
from manyhands.storage.desk import Desk
from manyhands.types import Micros, now_us

if TYPE_CHECKING:
    from manyhands.server.context import Context

log = logging.getLogger("manyhands.server")

PERIOD_S = 1.0
PRUNE_EVERY = 600
EVENTS_KEPT_US = 24 * 3600 * 1_000_000


def sweep(connection: Connection, now: Micros) -> None:
    """Return the stakes of expired assignments; close campaigns and races that have nothing pending."""
    arena.expire_assignments(connection, now)
    arena.settle_closing(connection, now)
    league.settle(connection, now)


def prune(connection: Connection, now: Micros) -> None:
    """Drop the events that no page can still want to resume from."""
    events.prune(connection, Micros(now - EVENTS_KEPT_US))


def clear_desks(context: Context) -> None:
    """Delete what trainings left that were deleted, or killed between their end and their tidying up."""
    for folder, unfinished in (
        (context.settings.lessons, lab.unfinished),
        (context.settings.runs, garage.unfinished),
    ):
        desk = Desk(folder)
        if names := desk.names():
            for name in names - context.read(unfinished, names):
                desk.clear(name)


async def run(context: Context) -> None:
    """Sweep once a second until cancelled; a failure is logged and the next round tries again."""
    rounds = 0
    while True:
        await asyncio.sleep(PERIOD_S)
        try:
            # Looked at first, without waiting to write.
            is_race_due = context.read(league.is_settling_due, now_us())
            if is_race_due or context.read(arena.sweep_needed, now_us()):
                await context.write(sweep, now_us())
            if is_race_due:
                # Pages read at once what an event tells them of.
                context.forget_shared()
            if rounds % PRUNE_EVERY == 0:
                await context.write(prune, now_us())
                clear_desks(context)
        except ManyhandsError as error:
            log.warning("Housekeeping failed and is tried again: %s", error.sentence())
        except Exception:  # a fault in one race must not end the care for all others
            log.exception("Housekeeping failed and is tried again")
        rounds += 1
