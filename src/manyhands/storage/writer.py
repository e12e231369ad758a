"""Group commit: many small changes become durable with one write to the disk.

A commit costs a flush of the disk whatever it contains. So changes queue, one thread runs those that wait
inside a single transaction, each in a SAVEPOINT of its own, and answers them after the commit. There are two
queues: what people have already done goes before what they ask for next, of which fewer may wait.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

from manyhands.errors import DatabaseLockedError, DiskError, OverloadedError
from manyhands.storage.database import Database

T = TypeVar("T")
# Changes of one transaction, which who comes next waits for; pressing ones may fill what others leave.
_BATCH, _OTHERS = 24, 12


@dataclass(slots=True)
class _Item:
    change: Callable[[Connection], Any]
    future: Future[Any]


class GroupWriter:
    """A thread that commits queued changes in groups.

    A change is a function of the transaction's connection. One that raises is rolled back alone; a
    commit that fails fails the whole group, of which nothing is kept.
    """

    def __init__(self, database: Database, capacity: int = 2048, patience: int = 2048) -> None:
        """Prepare the writer; `start` begins the work.

        Args:
            database: where the changes go.
            capacity: pressing changes that may wait; more are refused.
            patience: other changes that may wait.
        """
        self._database = database
        self._limits = {True: capacity, False: patience}
        self._queues: dict[bool, deque[_Item]] = {True: deque(), False: deque()}
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="group-writer", daemon=True)
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many changes wait for a commit."""
        return sum(map(len, self._queues.values()))

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Refuse new changes, commit those that wait, and return when the thread has ended."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def submit(self, change: Callable[[Connection], T], *, pressing: bool = False) -> Future[T]:
        """Queue a change; its future holds the result once the change is durable.

        From asyncio: `await asyncio.wrap_future(writer.submit(change))`. Cancelling the future drops a
        change that has not begun. A pressing change goes before all others.

        Raises:
            OverloadedError: if the queue is full or closing; the change is not queued.
        """
        future: Future[T] = Future()
        with self._changed:
            if self._closed:
                raise OverloadedError("The server is stopping.", retry_after_s=5)
            if len(self._queues[pressing]) >= self._limits[pressing]:
                raise OverloadedError(
                    f"{self._limits[pressing]} writes already wait for the disk.", retry_after_s=2
                )
            self._queues[pressing].append(_Item(change, future))
            self._changed.notify()
        return future

    def _run(self) -> None:
        while batch := self._next():
            batch = [item for item in batch if item.future.set_running_or_notify_cancel()]
            if batch:
                self._commit(batch)

    def _next(self) -> list[_Item]:
        """What the next transaction holds, as soon as there is any; empty when there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self.waiting or self._closed)
            batch: list[_Item] = []
            for pressing, most in ((True, _BATCH), (False, _OTHERS)):
                waiting = self._queues[pressing]
                while waiting and len(batch) < most:
                    batch.append(waiting.popleft())
            return batch

    def _commit(self, batch: list[_Item]) -> None:
        outcomes: list[tuple[bool, Any]] = []
        try:
            with self._database.write() as connection:
                outcomes = [_attempt(connection, item.change) for item in batch]
        except Exception as error:  # noqa: BLE001 - every waiting caller must hear of it
            outcomes = [(False, error)] * len(batch)
        for item, (ok, value) in zip(batch, outcomes, strict=True):
            if ok:
                item.future.set_result(value)
            else:
                item.future.set_exception(value)


def _attempt(connection: Connection, change: Callable[[Connection], Any]) -> tuple[bool, Any]:
    savepoint = connection.begin_nested()
    try:
        value = change(connection)
    except (DiskError, DatabaseLockedError):
        raise  # the database has ended the whole transaction, so the group fails
    except Exception as error:  # noqa: BLE001 - the caller of this one change gets it
        savepoint.rollback()
        return False, error
    savepoint.commit()
    return True, value
