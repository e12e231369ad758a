"""Worker processes: what is begun once, and who waits for what."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from manyhands import jobs, work
from manyhands.garage import api as garage
from manyhands.league import api as league
from manyhands.settings import Settings
from manyhands.storage import ContentStore, Database
from manyhands.types import now_us


def test_what_is_begun_once_is_begun_by_one_thread() -> None:
    begun: list[int] = []
    once = work.Once(lambda: begun.append(1))
    threads = [threading.Thread(target=once) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert begun == [1]


@pytest.mark.parametrize("kind", [league.ENTRY_JOB, league.FINAL_JOB])
def test_coach_and_steward_wake_for_their_own_work(database: Database, tmp_path: Path, kind: str) -> None:
    woken: list[str] = []
    content = ContentStore(tmp_path / "content")
    post = work.Post("coach", "coach-1", database, content, Settings(data=tmp_path))
    coach, steward = work.coach(post)
    assert isinstance(coach, work.Dormant)
    assert isinstance(steward, work.Dormant)

    class Woken:
        def __init__(self, name: str) -> None:
            woken.append(name)

        def step(self) -> bool:
            return True

    coach._make, steward._make = lambda: Woken("coach"), lambda: Woken("steward")
    assert not coach.step()
    assert not steward.step()
    with database.write() as connection:
        jobs.post(connection, jobs.Work(kind, {}), now_us())
    assert not coach.step()
    assert steward.step()
    with database.write() as connection:
        jobs.post(connection, jobs.Work(garage.RUN_JOB, {}), now_us())
    assert coach.step()
    assert woken == ["steward", "coach"]
