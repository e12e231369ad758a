"""Server-sent events: one poller for the whole process reads new rows and hands them to every listener.

A listener is a bounded queue. One that does not keep up is dropped: its browser reconnects with the number
of the last event it saw and reads the rest from the database, so nothing is lost by being slow. One that is
too far behind to be told is greeted instead, and reads again what its page shows.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, cast, get_args

from manyhands.server.messages.events import Event as EventMessage
from manyhands.server.messages.events import EventKind
from manyhands.server.render import time_of
from manyhands.storage import Database, events
from manyhands.storage.events import Event

log = logging.getLogger("manyhands.server")

QUEUE_LENGTH = 256
POLL_S = 0.1
RETRY_S = 1.0
HEARTBEAT_S = 15.0
FARTHEST_BEHIND = 10_000
"""Events that a stream reads again at most, private ones of others included."""
_KINDS = frozenset(get_args(EventKind))
_PRIVATE = "player:"


class Frame(NamedTuple):
    """An event as it goes over the wire, written once for all who hear it."""

    seq: int
    text: str


def frame(event: Event) -> Frame:
    """Return one event as a server-sent event; `hello` carries no number to resume from."""
    message = EventMessage(
        seq=event.seq,
        kind=cast(EventKind, event.kind),
        payload=event.payload,
        created_at=time_of(event.created_us),
    )
    number = f"id: {event.seq}\n" if event.kind != "hello" else ""
    return Frame(event.seq, f"{number}event: {event.kind}\ndata: {message.model_dump_json()}\n\n")


@dataclass(eq=False)
class Listener:
    """One open stream: the player it belongs to, if any, and what waits to be sent."""

    player_id: str | None
    queue: asyncio.Queue[Frame | None] = field(default_factory=lambda: asyncio.Queue(QUEUE_LENGTH))
    dropped: bool = False

    def hears(self, event: Event) -> bool:
        """Return whether the event is for this listener: private events go to their player alone."""
        return not event.audience.startswith(_PRIVATE) or event.audience == f"{_PRIVATE}{self.player_id}"


class Broadcaster:
    """Reads new events once and fans them out."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: set[Listener] = set()
        self._by_audience: dict[str, set[Listener]] = defaultdict(set)
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
                if event.kind in _KINDS:
                    self._hand_out(event)
            if len(new) < QUEUE_LENGTH:
                return

    def _read(self, after: int) -> list[Event]:
        with self._database.read() as connection:
            return events.poll(connection, after, limit=QUEUE_LENGTH)

    def _hand_out(self, event: Event) -> None:
        private = event.audience.startswith(_PRIVATE)
        hearing: Iterable[Listener] = (
            self._by_audience.get(event.audience, ()) if private else self._listeners
        )
        written = frame(event) if hearing else None
        for listener in list(hearing):
            try:
                listener.queue.put_nowait(written)
            except asyncio.QueueFull:
                listener.dropped = True
                self._leave(listener)

    def _join(self, listener: Listener) -> None:
        self._listeners.add(listener)
        if listener.player_id is not None:
            self._by_audience[f"{_PRIVATE}{listener.player_id}"].add(listener)

    def _leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        audience = f"{_PRIVATE}{listener.player_id}"
        if audience in self._by_audience:
            self._by_audience[audience].discard(listener)
            if not self._by_audience[audience]:
                del self._by_audience[audience]

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        for listener in list(self._listeners):
            listener.dropped = True
            self._leave(listener)
            while not listener.queue.empty():
                listener.queue.get_nowait()
            listener.queue.put_nowait(None)

    def resumes(self, after: int) -> bool:
        """Return whether all events after number `after` can still be told, and are not too many.

        A number of before a restored backup may be above all there are.
        """
        if not self.seq - FARTHEST_BEHIND <= after <= self.seq:
            return False
        with self._database.read() as connection:
            return after + 1 >= events.first(connection)

    async def stream(self, player_id: str | None, after: int | None) -> AsyncIterator[Frame | None]:
        """Yield the events after number `after` (from now on if None), and None as a heartbeat.

        `after` is a number that `resumes`.
        Ends when the listener fell too far behind or the server stops.
        """
        listener = Listener(player_id)
        self._join(listener)
        seen = self.seq if after is None else after
        try:
            # Joined first, then read: what is committed in between arrives twice, told by its number.
            while after is not None and (missed := self._read(seen)):
                for event in missed:
                    seen = event.seq
                    if event.kind in _KINDS and listener.hears(event):
                        yield frame(event)
                await asyncio.sleep(0)
            while not listener.dropped or not listener.queue.empty():
                try:
                    written = await asyncio.wait_for(listener.queue.get(), HEARTBEAT_S)
                except TimeoutError:
                    yield None
                    continue
                if written is None:
                    return
                if written.seq > seen:
                    yield written
        finally:
            self._leave(listener)
