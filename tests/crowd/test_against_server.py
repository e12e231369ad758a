"""Scripted players against the real server with its real judges, as `manyhands up` starts them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from manyhands import ledger
from manyhands.arena import api as arena
from manyhands.crowd import run as crowds
from manyhands.crowd.scripted import Habits
from manyhands.storage import open_database
from manyhands.storage.schema import attempts
from manyhands.types import credits, now_us


@dataclass(frozen=True)
class Served:
    """Where the server is and what it stores in."""

    address: str
    database: str


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server whose only campaign is a lidar one with small rounds."""
    url = f"sqlite:///{tmp_path / 'manyhands.db'}"
    database = open_database(url)
    order = arena.CampaignOrder(
        "Small rounds", "small", "racer-v0", "lidar", credits(1000.0), credits(1.0), 1.0
    )
    with database.write() as connection:
        arena.create_campaign(connection, order, None, now_us())
    database.close()
    environment = os.environ | {"MANYHANDS_ROUND_SIZE": "4", "MANYHANDS_ROUND_WAIT_S": "2"}
    command = [sys.executable, "-m", "manyhands.cli", "up", "--no-open", "--json", "--port", "0"]
    with subprocess.Popen(
        [*command, "--data", str(tmp_path)], stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield Served(json.loads(process.stdout.readline())["url"], url)
        finally:
            process.terminate()
            process.wait(60)


# Four programs compile beside each other on few cores.
@pytest.mark.timeout(900)
def test_every_stored_attempt_is_judged_and_the_books_agree(served: Served):
    orders = crowds.Orders(
        url=served.address,
        players=6,
        mix={"skilled": 0.5, "casual": 0.3, "idle": 0.2},
        seconds=600.0,
        attempts=16,  # whoever does nothing ends soonest: the first few are all theirs
        settle_s=600.0,
        listeners=6,
        habits=Habits(think_s=0.2),
    )
    result = asyncio.run(crowds.run(orders, lambda line: None))
    report = result.report
    assert report["settled"]
    assert report["errors"] == {}
    assert len(set(result.acknowledged)) == len(result.acknowledged) >= 16
    assert report["latencies_s"]["valued"]["count"] == len(result.acknowledged)
    assert report["latencies_s"]["value"]["count"] == len(result.acknowledged)
    assert report["rounds"] >= 1
    assert report["latencies_s"]["verdict"]["count"] > 0
    contributions = sum(sums["contributions"] for sums in report["players"].values())
    assert 0 < contributions <= len(result.acknowledged)
    assert report["players"]["idle"]["contributions"] == 0
    assert report["players"]["idle"]["net"] == 0.0
    database = open_database(served.database)
    with database.read() as connection:
        statuses = dict(connection.execute(select(attempts.c.id, attempts.c.status)).all())
        audit = ledger.audit(connection)
    database.close()
    assert statuses.keys() == set(result.acknowledged)
    assert set(statuses.values()) == {"judged"}
    assert audit.faults == []
