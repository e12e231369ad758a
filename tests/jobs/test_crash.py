"""Judges and writers are killed at any moment; nothing acknowledged is lost, nothing is judged twice."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import crash_processes as crash
import pytest
from sqlalchemy import func, insert, select

from manyhands import ledger
from manyhands.storage import Database, events, open_database
from manyhands.storage.schema import attempts, campaigns, jobs, players, starts
from manyhands.types import Micro, Micros

KILLED = -signal.SIGKILL


class Nursery:
    """Speaks to the process that forks and kills the others."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, crash.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, *words: object) -> int:
        """Send a command and return its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self) -> None:
        """End the process, and with it whatever it started."""
        self.process.communicate()


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


def _prepare(database: Database) -> None:
    now = Micros(1)
    with database.write() as connection:
        for player in crash.PLAYERS:
            connection.execute(insert(players).values(id=player, name=player, created_us=now, consent_us=now))
            ledger.issue(connection, ledger.wallet(player), Micro(10**9), f"issue-{player}", now)
        connection.execute(
            insert(campaigns).values(
                id=crash.CAMPAIGN,
                slug="crash",
                name="Crash",
                environment="none",
                config={},
                stake_micro=crash.STAKE,
                target_score=1.0,
                created_us=now,
            )
        )
        connection.execute(
            insert(starts).values(
                id="sta_crash", campaign_id=crash.CAMPAIGN, champion_cid="bafkrei", state={}
            )
        )
        ledger.issue(connection, ledger.escrow(crash.CAMPAIGN), crash.ESCROW, "escrow", now)


def _kill_for_a_while(nursery: Nursery, url: str, acknowledged: Path, judge_kills: int) -> None:
    """Keep two judges and a writer running; kill a judge each time, the writer every fifth time."""
    chance = random.Random(7)
    judges = [nursery.ask("judge", url), nursery.ask("judge", url)]
    writer = nursery.ask("writer", url, acknowledged)
    for kill in range(judge_kills):
        time.sleep(chance.uniform(0.0, 0.12))
        which = chance.randrange(2)
        assert nursery.ask("kill", judges[which]) == KILLED
        judges[which] = nursery.ask("judge", url)
        if kill % 5 == 4:
            assert nursery.ask("kill", writer) == KILLED
            writer = nursery.ask("writer", url, acknowledged)
    while not acknowledged.exists() or len(acknowledged.read_text()) < 1000:
        time.sleep(0.01)
    assert nursery.ask("kill", writer) == KILLED
    for judge in judges:
        assert nursery.ask("kill", judge) == KILLED


def _finish(nursery: Nursery, url: str, database: Database) -> None:
    """Let one judge work until nothing waits."""
    judge = nursery.ask("judge", url)
    while True:
        with database.read() as connection:
            left = connection.execute(
                select(func.count()).select_from(jobs).where(jobs.c.state != "done")
            ).scalar_one()
        if left == 0:
            break
        time.sleep(0.02)
    assert nursery.ask("kill", judge) == KILLED


def _check(database: Database, acknowledged: set[str]) -> None:
    with database.read() as connection:
        stored = {row.id: row.status for row in connection.execute(select(attempts.c.id, attempts.c.status))}
        verdicts = Counter(
            event.payload["attempt"]
            for event in events.poll(connection, 0, limit=10**9)
            if event.kind == "judged"
        )
        found = ledger.audit(connection)
        held = {player: ledger.player_balances(connection, player) for player in crash.PLAYERS}
    assert acknowledged <= stored.keys()
    assert set(stored.values()) == {"judged"}
    assert verdicts == Counter(stored.keys())
    assert found.faults == []
    assert all(balance.stake_micro == 0 for balance in held.values())


@pytest.mark.parametrize(("url_fixture", "judge_kills"), [("sqlite_url", 200), ("postgres_url", 40)])
def test_no_acknowledged_attempt_is_lost_or_judged_twice(
    request: pytest.FixtureRequest, nursery: Nursery, tmp_path: Path, url_fixture: str, judge_kills: int
) -> None:
    url = request.getfixturevalue(url_fixture)
    database = open_database(url)
    _prepare(database)
    acknowledged = tmp_path / "acknowledged"
    _kill_for_a_while(nursery, url, acknowledged, judge_kills)
    _finish(nursery, url, database)
    # A killed writer may leave half a line, whose attempt counts as not acknowledged.
    lines = acknowledged.read_text().split("\n")
    ids = {line for line in lines if len(line) == len("att_") + 16}
    assert len(ids) > 40
    _check(database, ids)
    database.close()
