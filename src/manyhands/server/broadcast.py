"""Server-sent events: one poller for the whole process reads new rows and hands them to every listener.

A listener is a bounded queue. One that does not keep up is dropped: its browser reconnects with the number
of the last event it saw and reads the rest from the database, so nothing is lost by being slow.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from manyhands.storage import Database, events
from manyhands.storage.events import Event

log = logging.getLogger("manyhands.server")

QUEUE_LENGTH = 256
POLL_S = 0.1
RETRY_S = 1.0
HEARTBEAT_S = 15.0


@dataclass(eq=False)
class Listener:
    """One open stream: the player it belongs to, if any, and what waits to be sent."""

    player_id: str | None
    queue: asyncio.Queue[Event | None] = field(default_factory=lambda: asyncio.Queue(QUEUE_LENGTH))
    dropped: bool = False

    def hears(self, event: Event) -> bool:
        """Return whether the event is for this listener: private events go to their player alone."""
        return not event.audience.startswith("player:") or event.audience == f"player:{self.player_id}"


class Broadcaster:
    """Reads new events once and fans them out."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: set[Listener] = set()
        self.seq = 0

    @property
    def count(self) -> int:
        """Number of open streams."""
        return len(self._listeners)

    async def run(self) -> None:
        """Poll until cancelled. A failing read is logged and tried again."""
        with self._database.read() as connection:
            self.seq = events.last(connection)
        while True:
            await asyncio.sleep(POLL_S)
            try:
                self.poll()
            except Exception:
                log.exception("Reading events failed; trying again.")
                await asyncio.sleep(RETRY_S)

    def poll(self) -> None:
        """Read what is new and hand it to the listeners."""
        while new := self._read(self.seq):
            self.seq = new[-1].seq
            for event in new:
                self._hand_out(event)
            if len(new) < QUEUE_LENGTH:
                return

    def _read(self, after: int) -> list[Event]:
        with self._database.read() as connection:
            return events.poll(connection, after, limit=QUEUE_LENGTH)

    def _hand_out(self, event: Event) -> None:
        for listener in list(self._listeners):
            if not listener.hears(event):
                continue
            try:
                listener.queue.put_nowait(event)
            except asyncio.QueueFull:
                self._drop(listener)

    def _drop(self, listener: Listener) -> None:
        listener.dropped = True
        self._listeners.discard(listener)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        for listener in list(self._listeners):
            self._drop(listener)
            while not listener.queue.empty():
                listener.queue.get_nowait()
            listener.queue.put_nowait(None)

    async def stream(self, player_id: str | None, after: int | None) -> AsyncIterator[Event | None]:
        """Yield the events after number `after` (from now on if None), and None as a heartbeat.

        Ends when the listener fell too far behind or the server stops.
        """
        listener = Listener(player_id)
        self._listeners.add(listener)
        seen = self.seq if after is None else after
        try:
            # Registered first, then read: what is committed in between arrives twice, told by its number.
            while after is not None and (missed := self._read(seen)):
                for event in missed:
                    seen = event.seq
                    if listener.hears(event):
                        yield event
                await asyncio.sleep(0)
            while not listener.dropped or not listener.queue.empty():
                try:
                    event_or_end = await asyncio.wait_for(listener.queue.get(), HEARTBEAT_S)
                except TimeoutError:
                    yield None
                    continue
                if event_or_end is None:
                    return
                if event_or_end.seq > seen:
                    yield event_or_end
        finally:
            self._listeners.discard(listener)
