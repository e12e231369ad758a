"""Closing takes the training back that creating asked for, and a day has a bound of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from arena_harness import SECOND, Stage
from sqlalchemy import select, update
from tiny_arena import TinyArena

from manyhands import ledger
from manyhands.arena import api as arena_api
from manyhands.arena.campaigns import A_DAY
from manyhands.errors import QuotaError
from manyhands.judging import bootstrap
from manyhands.storage.schema import campaigns, jobs, verdicts
from manyhands.types import Micros, now_us

CHEAP = arena_api.CampaignOrder("Cheap", None, "racer-v0", "lidar", 1, 0, 1.0)


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[TinyArena]:
    """A campaign that warms up, its bootstrap still to be done."""
    made = TinyArena.open(tmp_path)
    yield made
    made.database.close()


def close(arena: TinyArena) -> None:
    with arena.database.write() as connection:
        arena_api.close_campaign(connection, arena.campaign, None, now_us())


def job_state(arena: TinyArena) -> str:
    with arena.database.read() as connection:
        return str(connection.execute(select(jobs.c.state)).scalar_one())


def never(*_: object) -> None:
    raise AssertionError("It is trained although nobody wants it.")


def test_closing_a_warming_campaign_takes_its_training_out_of_the_queue(arena: TinyArena) -> None:
    close(arena)
    assert job_state(arena) == "cancelled"
    assert not arena.trainer.step()


def test_a_training_under_way_ends_at_its_next_step(
    arena: TinyArena, monkeypatch: pytest.MonkeyPatch
) -> None:
    def demonstrate(*_: object) -> SimpleNamespace:
        close(arena)
        return SimpleNamespace(network=None, blank=None)

    monkeypatch.setattr(bootstrap, "demonstrate", demonstrate)
    monkeypatch.setattr(arena.trainer, "_store", lambda *_: "cid")
    monkeypatch.setattr(bootstrap, "shorter", lambda _: [None])
    monkeypatch.setattr("manyhands.arena.trainer._plain_seed", lambda *_: {})
    monkeypatch.setattr(bootstrap, "teach", never)
    assert arena.trainer.step()
    assert job_state(arena) == "cancelled"
    with arena.database.read() as connection:
        assert connection.execute(select(verdicts.c.id)).first() is None


def test_a_bootstrap_whose_campaign_warms_no_more_does_nothing(
    arena: TinyArena, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "demonstrate", never)
    with arena.database.write() as connection:
        connection.execute(update(campaigns).values(state="closed"))
    assert arena.trainer.step()
    assert job_state(arena) == "done"


def test_a_campaign_whose_bootstrap_failed_can_be_closed(arena: TinyArena) -> None:
    with arena.database.write() as connection:
        connection.execute(update(jobs).values(state="failed"))
    close(arena)
    assert job_state(arena) == "failed"


def test_a_player_creates_so_many_campaigns_a_day(stage: Stage) -> None:
    funder = stage.guest()
    before = stage.connection.execute(select(campaigns.c.id)).all()
    for _ in range(A_DAY):
        made = arena_api.create_campaign(stage.connection, CHEAP, funder, Micros(stage.now))
        arena_api.close_campaign(stage.connection, made, None, Micros(stage.now))
        arena_api.settle_closing(stage.connection, Micros(stage.now))
        stage.now += SECOND
    with pytest.raises(QuotaError) as refused:
        arena_api.create_campaign(stage.connection, CHEAP, funder, Micros(stage.now))
    assert refused.value.retry_after_s == 86_400 - A_DAY + 1
    assert len(stage.connection.execute(select(campaigns.c.id)).all()) == len(before) + A_DAY
    arena_api.create_campaign(stage.connection, CHEAP, None, Micros(stage.now))  # the house is not bound
    arena_api.create_campaign(stage.connection, CHEAP, stage.guest("b"), Micros(stage.now))
    stage.now += refused.value.retry_after_s * SECOND
    arena_api.create_campaign(stage.connection, CHEAP, funder, Micros(stage.now))
    assert ledger.audit(stage.connection).faults == []
