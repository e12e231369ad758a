"""Group commit: many small changes become durable with one write to the disk.

A commit costs a flush of the disk whatever it contains. So changes queue, one thread runs all that wait
inside a single transaction, each in a SAVEPOINT of its own, and answers them after the commit.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

from manyhands.errors import DatabaseLockedError, DiskFullError, OverloadedError
from manyhands.storage.database import Database

T = TypeVar("T")
_BATCH = 256


@dataclass(slots=True)
class _Item:
    change: Callable[[Connection], Any]
    future: Future[Any]


class GroupWriter:
    """A thread that commits queued changes in groups.

    A change is a function of the transaction's connection. One that raises is rolled back alone; a
    commit that fails fails the whole group, of which nothing is kept.
    """

    def __init__(self, database: Database, capacity: int = 2048) -> None:
        """Prepare the writer; `start` begins the work.

        Args:
            database: where the changes go.
            capacity: changes that may wait; more are refused.
        """
        self._database = database
        self._capacity = capacity
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="group-writer", daemon=True)
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many changes wait for a commit."""
        return self._queue.qsize()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Refuse new changes, commit those that wait, and return when the thread has ended."""
        self._closed = True
        self._queue.put(None)
        self._thread.join()

    def submit(self, change: Callable[[Connection], T]) -> Future[T]:
        """Queue a change; its future holds the result once the change is durable.

        From asyncio: `await asyncio.wrap_future(writer.submit(change))`. Cancelling the future drops a
        change that has not begun.

        Raises:
            OverloadedError: if the queue is full or closing; the change is not queued.
        """
        if self._closed:
            raise OverloadedError("The server is stopping.", retry_after_s=5)
        if self._queue.qsize() >= self._capacity:
            raise OverloadedError(f"{self._capacity} writes already wait for the disk.", retry_after_s=2)
        future: Future[T] = Future()
        self._queue.put(_Item(change, future))
        return future

    def _run(self) -> None:
        going = True
        while going:
            item = self._queue.get()
            batch: list[_Item] = []
            while item is not None:
                if item.future.set_running_or_notify_cancel():
                    batch.append(item)
                if len(batch) == _BATCH or self._queue.empty():
                    break
                item = self._queue.get()
            going = item is not None
            if batch:
                self._commit(batch)

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
    except (DiskFullError, DatabaseLockedError):
        raise  # the database has ended the whole transaction, so the group fails
    except Exception as error:  # noqa: BLE001 - the caller of this one change gets it
        savepoint.rollback()
        return False, error
    savepoint.commit()
    return True, value
