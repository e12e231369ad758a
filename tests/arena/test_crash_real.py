"""Judges are killed at random moments: each acknowledged attempt is judged once, and the books are clean."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tiny_arena import TinyArena

import tiny_course as tiny
from manyhands.arena import audit as auditing
from manyhands.errors import JudgeBehindError
from manyhands.storage.schema import attempts, campaigns, rounds, transfers

KILLS = 10
HERE = Path(__file__).parent
ENVIRONMENT = {
    "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}",
    "MANYHANDS_LEASE_S": "3",
    "MANYHANDS_POLL_S": "0.05",
    "MANYHANDS_ROUND_SIZE": str(tiny.ATTEMPTS),
    "MANYHANDS_ROUND_WAIT_S": "2",
}
PATIENCE_S = 900.0  # a busy machine takes its time to compile the judge


class Judges:
    """Both judge processes, each started again after it was killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = (folder / "judges.log").open("ab")
        self.running = {role: self._start(role) for role in ("referee", "trainer")}

    def _start(self, role: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(HERE / "crash_judge.py"), role, "--data", str(self._folder)]
        return subprocess.Popen(
            command, env=os.environ | ENVIRONMENT, stdout=self._log, stderr=subprocess.STDOUT
        )

    def kill(self, role: str) -> None:
        """SIGKILL, and a new one in its place."""
        self.check()
        self.running[role].kill()
        self.running[role].wait()
        self.running[role] = self._start(role)

    def check(self) -> None:
        """Fail with what they logged if one ended by itself."""
        for role, process in self.running.items():
            assert process.poll() is None, (
                f"{role} ended:\n" + (self._folder / "judges.log").read_text()[-3000:]
            )

    def stop(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()
        self._log.close()


@pytest.fixture
def judges(arena: TinyArena) -> Iterator[Judges]:
    made = Judges(arena.settings.data)
    yield made
    made.stop()


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[TinyArena]:
    made = TinyArena.open(tmp_path)
    yield made
    made.database.close()


def wait(condition: Callable[[], bool], what: str, judges: Judges) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        judges.check()
        assert time.monotonic() < end, f"{what} took longer than {PATIENCE_S} s"
        time.sleep(0.05)


def is_open(arena: TinyArena) -> bool:
    with arena.database.read() as connection:
        query = select(campaigns.c.state).where(campaigns.c.id == arena.campaign)
        return bool(connection.execute(query).scalar_one() == "open")


def is_idle(arena: TinyArena) -> bool:
    """Whether every attempt and every round with one is judged."""
    with arena.database.read() as connection:
        waiting = select(func.count()).where(attempts.c.status.in_(("pending", "valued")))
        closed = select(func.count()).where(rounds.c.state == "closed")
        return connection.execute(waiting).scalar_one() + connection.execute(closed).scalar_one() == 0


def hand_in(arena: TinyArena, judges: Judges, tag: str) -> list[str]:
    """Eight attempts by hands of different skill, as soon as starts are ready."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return arena.play(tag, tiny.hold(0, 150))
        except JudgeBehindError:
            judges.check()
            assert time.monotonic() < end, "no starts"
            time.sleep(0.2)


@pytest.mark.timeout(2000)
def test_killed_judges_lose_nothing_and_judge_nothing_twice(arena: TinyArena, judges: Judges) -> None:
    chance = random.Random(0)
    handed_in: list[str] = []
    wait(lambda: is_open(arena), "the first champion", judges)
    for number in range(KILLS):
        handed_in += hand_in(arena, judges, f"round-{number}")
        time.sleep(chance.uniform(0.0, 1.5))
        judges.kill(chance.choice(("referee", "trainer")))
    wait(lambda: is_idle(arena), "judging what was handed in", judges)
    judges.stop()
    with arena.database.read() as connection:
        rows = connection.execute(select(attempts)).mappings().all()
        settled = Counter(
            memo["assignment"]
            for memo in connection.execute(
                select(transfers.c.memo).where(transfers.c.kind.in_(("charge", "return")))
            ).scalars()
        )
    assert {row["id"] for row in rows} == set(handed_in)
    assert all(settled[row["assignment_id"]] == 1 for row in rows)
    assert {row["status"] for row in rows} <= {"judged", "refused"}
    report = auditing.audit(arena.shelf, sample=2)
    assert report.faults == []
    assert report.recomputed > 0
