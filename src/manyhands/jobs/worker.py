"""A worker's step: claim a job, run its function, keep the lease alive, report."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from manyhands.errors import JobCancelledError, LeaseLostError, ManyhandsError
from manyhands.jobs import queue
from manyhands.jobs.duties import Duties
from manyhands.jobs.queue import Job
from manyhands.storage.database import Database
from manyhands.types import Json, now_us

_log = logging.getLogger(__name__)
_LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class WorkerTerms:
    """How a worker behaves."""

    name: str
    lease_s: float
    poll_s: float


class Context:
    """What a job's function gets: the job, the database, and the ways to report."""

    def __init__(self, database: Database, job: Job, lease_s: float) -> None:
        self.database = database
        self.job = job
        self._lease_s = lease_s
        self._recorded = False
        self._trouble: ManyhandsError | None = None

    @property
    def recorded(self) -> bool:
        """Whether the function has committed its outcome itself."""
        return self._recorded

    def check(self) -> None:
        """Return if the work should go on; call it between steps.

        Raises:
            LeaseLostError, JobCancelledError: as soon as the heartbeat has learned of it.
        """
        if self._trouble is not None:
            raise self._trouble

    def report(self, progress: float, note: str = "", checkpoint: Json | None = None) -> None:
        """Record how far the work is, and from where another worker could go on.

        Raises:
            LeaseLostError, JobCancelledError: if the work should stop.
        """
        with self.database.touch() as connection:
            queue.heartbeat(
                connection,
                self.job,
                now_us(),
                lease_s=self._lease_s,
                progress=progress,
                note=note,
                checkpoint=checkpoint,
            )

    @contextlib.contextmanager
    def outcome(self, result: Json) -> Iterator[Connection]:
        """A writing transaction that records the outcome and sets the job done, both or neither.

        Raises:
            LeaseLostError: if another worker holds the job by now; nothing is recorded.
        """
        with self.database.write() as connection:
            queue.finish(connection, self.job, result, now_us())
            yield connection
        self._recorded = True

    def beat(self, ended: threading.Event) -> None:
        """Extend the lease until `ended`; keeps what ended it early for `check`."""
        while not ended.wait(self._lease_s / 3):
            try:
                with self.database.touch() as connection:
                    queue.heartbeat(connection, self.job, now_us(), lease_s=self._lease_s)
            except (LeaseLostError, JobCancelledError) as error:
                self._trouble = error
                return
            except ManyhandsError as error:
                # A database that is busy now may answer the next beat, before the lease runs out.
                _log.warning("heartbeat of %s failed: %s", self.job.id, error)


def run_one(database: Database, duties: Duties, terms: WorkerTerms) -> bool:
    """Claim one job and run it to its end; returns False if none was waiting.

    A function that raises has its try recorded, never stops the worker.
    """
    with database.touch() as connection:
        claimed = queue.claim(connection, list(duties), terms.name, now_us(), lease_s=terms.lease_s)
    if not claimed:
        return False
    context = Context(database, claimed[0], terms.lease_s)
    ended = threading.Event()
    pulse = threading.Thread(target=context.beat, args=(ended,), name="heartbeat", daemon=True)
    pulse.start()
    try:
        _run(duties, context)
    finally:
        ended.set()
        pulse.join()
    return True


def _run(duties: Duties, context: Context) -> None:
    job = context.job
    try:
        result = duties.function(job.kind)(context)
        if not context.recorded:
            with context.outcome(result or {}):
                pass
    except LeaseLostError:
        _log.warning("dropped %s: its lease was lost", job.id)
    except JobCancelledError:
        with contextlib.suppress(LeaseLostError), context.database.touch() as connection:
            queue.stop(connection, job, now_us())
    except Exception as error:  # noqa: BLE001 - one bad job must not stop the worker
        _log.exception("job %s (%s) failed", job.id, job.kind)
        note = f"{type(error).__name__}: {error}"[:_LONGEST_NOTE]
        with contextlib.suppress(LeaseLostError), context.database.touch() as connection:
            queue.fail(connection, job, note, now_us())
