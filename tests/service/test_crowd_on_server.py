"""Scripted players against the real server with its real judges, as `manyhands up` starts them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select

from manyhands import ledger
from manyhands.arena import api as arena
from manyhands.crowd import run as crowds
from manyhands.crowd.scripted import Habits
from manyhands.settings import Settings
from manyhands.storage import open_database
from manyhands.storage.schema import attempts
from manyhands.types import credits, now_us


@pytest.fixture
def small(site: str, data: Path) -> str:
    """A new lidar campaign on the running server."""
    database = open_database(Settings(data=data).url)
    order = arena.CampaignOrder(
        "Small rounds", "small", "racer-v0", "lidar", credits(1000.0), credits(1.0), 1.0
    )
    with database.write() as connection:
        found = arena.create_campaign(connection, order, None, now_us())
    database.close()
    return str(found)


# A first champion is waited for, beside whatever else the machine does.
@pytest.mark.timeout(2400)
@pytest.mark.usefixtures("champion")
def test_every_stored_attempt_is_judged_and_the_books_agree(small: str, site: str, data: Path) -> None:
    orders = crowds.Orders(
        url=site,
        campaign=small,
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
    database = open_database(Settings(data=data).url)
    with database.read() as connection:
        query = select(attempts.c.id, attempts.c.status).where(attempts.c.campaign_id == small)
        statuses = dict(connection.execute(query).all())
        audit = ledger.audit(connection)
    database.close()
    assert statuses.keys() == set(result.acknowledged)
    assert set(statuses.values()) == {"judged"}
    assert audit.faults == []
