"""A worker process: `python -m manyhands.work ROLE`, started and watched by `manyhands up`.

Settings come from the environment, as for the server. It may be killed at any moment: what it had claimed is
claimed again when its lease runs out, and outcomes are written in one transaction or not at all.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from manyhands import jobs
from manyhands.arena import gauges
from manyhands.errors import ManyhandsError
from manyhands.garage import api as garage
from manyhands.lab import api as lab
from manyhands.league import api as league
from manyhands.settings import Settings, read_settings
from manyhands.storage import Database, open_database
from manyhands.storage.content import ContentStore
from manyhands.types import now_us

BEAT_S = 2.0

_log = logging.getLogger(__name__)


class Worker(Protocol):
    """Something that does one piece of work at a time."""

    def step(self) -> bool:
        """Do a piece; returns False if there was none."""


class Dormant:
    """A worker that is made as soon as there is work for it: its process needs little memory until then."""

    def __init__(self, waits: Callable[[], bool], make: Callable[[], Worker]) -> None:
        self._waits, self._make = waits, make
        self._worker: Worker | None = None

    def step(self) -> bool:
        """Do a piece of work, if there is any."""
        if self._worker is None:
            if not self._waits():
                return False
            self._worker = self._make()
        return self._worker.step()


class Once:
    """Something that happens at the first call, whichever thread makes it; the others wait for its end."""

    def __init__(self, begin: Callable[[], None]) -> None:
        self._begin, self._lock, self._begun = begin, threading.Lock(), False

    def __call__(self) -> None:
        """Make it happen, if it has not."""
        with self._lock:
            if not self._begun:
                self._begin()
                self._begun = True


@dataclass(frozen=True)
class Post:
    """Where a process works: its role, its name, and what it works on."""

    role: str
    name: str
    database: Database
    content: ContentStore
    settings: Settings


def referee(post: Post) -> tuple[Worker, ...]:
    """A referee, and beside it a scout: players wait for both, and neither waits for a round."""
    begin_computing(post)
    from manyhands.arena.referee import Referee
    from manyhands.arena.scout import Scout
    from manyhands.arena.shelf import Shelf

    shelf = Shelf(post.database, post.content, post.settings)
    return (Referee(shelf, post.name), Scout(shelf))


def trainer(post: Post) -> tuple[Worker, ...]:
    """A trainer."""
    begin_computing(post)
    from manyhands.arena.shelf import Shelf
    from manyhands.arena.trainer import Trainer

    return (Trainer(Shelf(post.database, post.content, post.settings), post.name),)


def tutor(post: Post) -> tuple[Worker, ...]:
    """A tutor, as soon as the first lesson is asked for."""

    def waits() -> bool:
        with post.database.read() as connection:
            return jobs.is_waiting(connection, lab.LESSON_JOB)

    def make() -> Worker:
        begin_computing(post)
        from manyhands.lab.tutor import Tutor

        terms = jobs.WorkerTerms(post.name, post.settings.lease_s, post.settings.poll_s)
        return Tutor(post.database, post.content, post.settings.lessons, terms)

    return (Dormant(waits, make),)


def coach(post: Post) -> tuple[Worker, ...]:
    """A coach and a steward, as soon as there is work for them; no entry into a race waits for a training."""
    terms = jobs.WorkerTerms(post.name, post.settings.lease_s, post.settings.poll_s)
    tracks = post.settings.tracks

    def waits(*kinds: str) -> Callable[[], bool]:
        def found() -> bool:
            with post.database.read() as connection:
                return any(jobs.is_waiting(connection, kind) for kind in kinds)

        return found

    begin = Once(lambda: begin_computing(post))

    def make_coach() -> Worker:
        begin()
        from manyhands.garage.checks import limits_of
        from manyhands.garage.coach import Coach

        folders = (post.settings.runs, tracks)
        return Coach(post.database, post.content, folders, limits_of(post.settings), terms)

    def make_steward() -> Worker:
        begin()
        from manyhands.league.steward import Steward

        return Steward(post.database, post.content, tracks, terms)

    return (
        Dormant(waits(garage.RUN_JOB), make_coach),
        Dormant(waits(league.ENTRY_JOB, league.FINAL_JOB), make_steward),
    )


ROLES: dict[str, Callable[[Post], tuple[Worker, ...]]] = {
    "referee": referee,
    "trainer": trainer,
    "tutor": tutor,
    "coach": coach,
}
# Where cores are few, requests go first, then what an attempt is worth, then rounds, then lessons.
NICENESS = {"referee": 10, "trainer": 15, "tutor": 17, "coach": 12}
LEISURELY = {"trainer", "tutor"}
"""Roles that the setting `spare_cores_only` is about."""


def begin_computing(post: Post) -> None:
    """Import JAX with what it has compiled before, giving way as the role asks."""
    from manyhands.computing import remember_compilations, yield_cores

    remember_compilations(post.settings.compiled)
    yield_cores(NICENESS[post.role], wholly=post.settings.spare_cores_only and post.role in LEISURELY)


class Crew:
    """Workers of one process, each in a thread of its own; the first one's thread is the caller's."""

    def __init__(self, workers: tuple[Worker, ...], poll_s: float) -> None:
        self._workers, self._poll_s = workers, poll_s
        self.stopping = threading.Event()
        self._fault: BaseException | None = None

    def run(self, idle: Callable[[], None]) -> None:
        """Work until `stopping` is set; call `idle` whenever the first worker finds nothing to do.

        Raises whatever a worker raised, after all have ended their present piece.
        """
        first, *others = self._workers
        threads = [threading.Thread(target=self._aside, args=(worker,), daemon=True) for worker in others]
        for thread in threads:
            thread.start()
        try:
            self._work(first, idle)
        finally:
            self.stopping.set()
            for thread in threads:
                thread.join()
        if self._fault is not None:
            raise self._fault

    def _work(self, worker: Worker, idle: Callable[[], None]) -> None:
        while not self.stopping.is_set():
            if not worker.step():
                idle()
                self.stopping.wait(self._poll_s)

    def _aside(self, worker: Worker) -> None:
        try:
            self._work(worker, lambda: None)
        except BaseException as fault:  # noqa: BLE001 - the process ends with it and is started again
            self._fault = fault
            self.stopping.set()


class Pulse:
    """Says every few seconds that the process lives, and whether it still compiles."""

    def __init__(self, database: Database, name: str) -> None:
        self._database, self._name = database, name
        self.ready = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more."""
        self._ended.set()
        self._thread.join()

    def beat(self) -> None:
        """One beat now."""
        note = "" if self.ready else "compiling"
        with self._database.touch() as connection:
            gauges.beat(connection, self._name, ready=self.ready, note=note, now=now_us())

    def _run(self) -> None:
        while not self._ended.wait(BEAT_S):
            try:
                self.beat()
            except ManyhandsError as fault:
                _log.warning("heartbeat failed: %s", fault.sentence())


def run(role: str, name: str, settings: Settings) -> None:
    """Work until asked to stop by SIGTERM or SIGINT."""
    database = open_database(settings.url)
    pulse = Pulse(database, name)
    pulse.beat()
    pulse.start()

    def idle() -> None:
        if not pulse.ready:
            pulse.ready = True
            pulse.beat()

    try:
        post = Post(role, name, database, ContentStore(settings.content), settings)
        crew = Crew(ROLES[role](post), settings.poll_s)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: crew.stopping.set())
        crew.run(idle)
    finally:
        pulse.stop()
        database.close()


def main() -> None:
    """Run one worker process."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("role", choices=sorted(ROLES))
    parser.add_argument("--data", type=Path, default=None, help="the server's data folder")
    parser.add_argument("--name", default=None, help="shown on the operator's page")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    given = {} if arguments.data is None else {"data": arguments.data}
    run(arguments.role, arguments.name or f"{arguments.role}-{os.getpid()}", read_settings(os.environ, given))


if __name__ == "__main__":
    main()
