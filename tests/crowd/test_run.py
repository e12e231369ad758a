from __future__ import annotations

import asyncio
import json
import math
import random
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from fake_arena import FakeArena, hang_up, serving

from manyhands.crowd import run as crowds
from manyhands.crowd.browser import Place, Shift
from manyhands.crowd.roles import parse_mix
from manyhands.crowd.scripted import Habits
from manyhands.crowd.simulation import Play, Seat
from manyhands.crowd.spectator import Spectator
from manyhands.crowd.tally import Tally
from manyhands.errors import InputError, RemoteError


class QuickSimulator:
    """Plays every seat at once; notes who sat where."""

    def __init__(self, fetch: Any, size: int, seed: int) -> None:
        self.seats: list[Seat] = []
        QuickSimulator.latest = self

    latest: QuickSimulator

    async def prepare(self, environment: str, config: Any, cid: str) -> None:
        self.prepared = (environment, config, cid)

    async def play(self, seat: Seat) -> Play:
        self.seats.append(seat)
        return Play({"ticks": 1}, 0.0, int(seat.kind != "idle"))

    async def run(self) -> None:
        await asyncio.Event().wait()


@pytest.fixture
def arena(monkeypatch: pytest.MonkeyPatch) -> FakeArena:
    """A fake arena, whose players are not simulated."""
    monkeypatch.setattr(crowds, "Simulator", QuickSimulator)
    return FakeArena()


def orders(mix: str, players: int = 4, **changes: Any) -> crowds.Orders:
    """Orders for a quick crowd."""
    values: dict[str, Any] = {
        "seconds": 0.5,
        "join_s": 0.0,
        "settle_s": 1.0,
        "habits": Habits(think_s=0.02),
    }
    return crowds.Orders("http://arena/", players, parse_mix(mix), **values | changes)


def report_of(
    arena: FakeArena, ordered: crowds.Orders, tell: Callable[[str], None] = lambda line: None
) -> crowds.Result:
    """What comes of a crowd in a fake arena."""

    async def play() -> crowds.Result:
        async with serving(arena.answer) as url:
            return await crowds.run(replace(ordered, url=f"{url}/"), tell)

    return asyncio.run(play())


def test_the_report_has_what_the_command_promises(arena: FakeArena):
    result = report_of(arena, orders("skilled=.5,troll=.5"))
    report = json.loads(json.dumps(result.report))
    assert report["players"].keys() == {"skilled", "troll"}
    assert report["players"]["troll"] == {
        "accounts": 2,
        "attempts": report["players"]["troll"]["attempts"],
        "contributions": 2,
        "paid": 3.0,
        "charged": 1.0,
        "net": 2.0,
    }
    assert (report["rounds"], report["promotions"]) == (1, 1)
    assert (report["score_first"], report["score_last"]) == (0.25, 0.5)
    for name in ("post_attempt", "valued", "verdict", "verdict_after_close"):
        assert report["latencies_s"][name].keys() == {"count", "p50", "p95", "p99"}
        assert report["latencies_s"][name]["count"] > 0
    assert report["latencies_s"]["verdict"]["p50"] == 4.0
    assert report["latencies_s"]["verdict_after_close"]["p50"] == 3.0
    assert (report["errors"], report["settled"]) == ({}, True)
    assert report["url"].startswith("http://127.0.0.1:")


def test_the_players_are_prepared_for_the_champion(arena: FakeArena):
    report_of(arena, orders("casual=1"))
    assert QuickSimulator.latest.prepared == ("racer-v0", {"sensor": {"kind": "lidar"}}, "cid")


def test_everything_that_was_stored_is_reported(arena: FakeArena):
    result = report_of(arena, orders("casual=1"))
    assert sorted(result.acknowledged) == sorted(arena.attempts)
    assert len(set(arena.keys)) == len(arena.keys) == len(arena.assignments)


def test_a_crowd_goes_home_when_enough_is_played(arena: FakeArena):
    result = report_of(arena, orders("casual=1", seconds=60.0, attempts=5))
    assert len(result.acknowledged) >= 5
    assert result.report["seconds"] < 30.0


def test_listeners_hear_of_their_values(arena: FakeArena):
    report = report_of(arena, orders("casual=1", listeners=4)).report
    assert report["latencies_s"]["value"]["count"] == len(arena.attempts)


def test_nobody_listens_if_nobody_is_to(arena: FakeArena):
    report = report_of(arena, orders("casual=1", listeners=0)).report
    assert report["latencies_s"]["value"]["count"] == 0


def test_sybils_use_an_account_once_or_twice(arena: FakeArena):
    report = report_of(arena, orders("sybils=1", players=2)).report
    per_account = [sum(card["player_id"] == one for card in arena.attempts.values()) for one in arena.players]
    assert max(per_account) <= 2
    assert report["players"]["sybils"]["accounts"] == len(arena.players) > 2


def test_colluders_take_both_parts(arena: FakeArena):
    report_of(arena, orders("colluders=1", players=2))
    assert {seat.kind for seat in QuickSimulator.latest.seats} == {"danger", "skilled"}


def test_a_ruined_player_goes_home(arena: FakeArena):
    arena.wallet_micro = 0
    report = report_of(arena, orders("troll=1", seconds=60.0)).report
    assert report["errors"] == {"insufficient_credits": 4}
    assert report["seconds"] < 30.0
    assert report["players"]["troll"]["attempts"] == 0


def test_what_kept_players_from_playing_is_named(arena: FakeArena):
    arena.wallet_micro = 0
    arena.refusals["/api/session"] = [(429, "quota", "1")]
    told: list[str] = []
    report_of(arena, orders("troll=1", seconds=60.0), told.append)
    assert any("MANYHANDS_LOAN_ADDRESS_DAY_MICRO" in line for line in told)
    assert any("MANYHANDS_SESSIONS_PER_HOUR" in line for line in told)


def test_a_refused_attempt_is_given_back(arena: FakeArena):
    arena.refusals["/api/assignments/asg_0/attempt"] = [(422, "invalid_input", "")]
    result = report_of(arena, orders("casual=1", players=1))
    assert "asg_0" in arena.cancelled
    assert "asg_0" not in {card["assignment"] for card in arena.attempts.values()}
    assert result.report["errors"] == {"invalid_input": 1}


def test_an_attempt_in_progress_at_the_end_is_given_back(arena: FakeArena, monkeypatch: pytest.MonkeyPatch):
    async def play(self: QuickSimulator, seat: Seat) -> Play:
        return Play({"ticks": 300}, 20.0, 0)

    monkeypatch.setattr(QuickSimulator, "play", play)
    report = report_of(arena, orders("casual=1", players=3, seconds=0.2)).report
    assert sorted(arena.cancelled) == ["asg_0", "asg_1", "asg_2"]
    assert report["acknowledged"] == 0


def test_a_server_that_is_not_there_is_one_sentence():
    absent = replace(orders("casual=1"), url="http://127.0.0.1:1/")
    with pytest.raises(RemoteError, match="Nothing answers at http://127"):
        asyncio.run(crowds.run(absent, lambda line: None))


def test_a_server_that_goes_away_ends_the_crowd(arena: FakeArena):
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return await (hang_up if arena.attempts else arena.answer)(request)

    async def play() -> None:
        async with serving(answer) as url:
            gone = orders("casual=1", settle_s=0.1, patience_s=0.0)
            await crowds.run(replace(gone, url=url), lambda line: None)

    with pytest.raises(RemoteError, match="Nothing answers at http://127"):
        asyncio.run(play())


def test_verdicts_of_a_server_that_went_away_are_not_waited_for():
    async def wait() -> bool:
        async with serving(hang_up) as url:
            spectator = Spectator(Place(url, Tally(), Shift()), random.Random(0), math.inf)
            try:
                return await spectator.judged("lidar", 0.05)
            finally:
                await spectator.close()

    assert not asyncio.run(wait())


def test_who_waits_for_verdicts_can_interrupt_it(arena: FakeArena):
    def tell(line: str) -> None:
        if "last verdicts" in line:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        report_of(arena, orders("casual=1", seconds=0.1), tell)


def test_an_unknown_campaign_is_one_sentence(arena: FakeArena):
    with pytest.raises(RemoteError, match="Nothing is there"):
        report_of(arena, orders("casual=1", campaign="other"))


def test_a_champion_that_cannot_be_read_ends_the_crowd(arena: FakeArena, monkeypatch: pytest.MonkeyPatch):
    async def fail(self: QuickSimulator) -> None:
        raise RemoteError("The server does not give out the policy.")

    monkeypatch.setattr(QuickSimulator, "run", fail)
    with pytest.raises(RemoteError, match="does not give out"):
        report_of(arena, orders("casual=1"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"players": 0}, "players"), ({"seconds": float("nan")}, "seconds"), ({"seconds": 0.0}, "seconds")],
)
def test_impossible_orders_are_refused(changes: dict[str, Any], field: str):
    with pytest.raises(InputError) as caught:
        orders("casual=1", **changes)
    assert caught.value.field == field


def test_an_address_must_be_one():
    with pytest.raises(InputError, match="not a server's address"):
        crowds.Orders("localhost:8000", 1, {"idle": 1.0}, 1.0)


@pytest.mark.parametrize(("players", "size"), [(1, 8), (16, 8), (17, 32), (200, 32), (1000, 64)])
def test_a_larger_crowd_is_simulated_in_larger_batches(players: int, size: int):
    assert crowds.batch_size(players) == size
