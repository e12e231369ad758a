from __future__ import annotations

import asyncio
import base64
from typing import Any

import jax
import numpy as np
import pytest

import tiny_course
from manyhands.crowd.players import KINDS
from manyhands.crowd.simulation import Play, Seat, Simulator
from manyhands.judging import value
from manyhands.judging.records import Attempt
from manyhands.policies import files
from manyhands.policies.files import Policy


@pytest.fixture(scope="module")
def champion() -> Policy:
    """A policy that errs everywhere."""
    return Policy("racer-v0", {"kind": "lidar"}, *tiny_course.bad())


@pytest.fixture(scope="module")
def played(champion: Policy) -> list[tuple[Seat, Play]]:
    """One attempt of every kind."""
    seats = []
    for number, kind in enumerate(sorted(KINDS)):
        start = tiny_course.task().to_plain(tiny_course.task().start(jax.random.key(number)))
        given = {
            "environment": "racer-v0",
            "config": tiny_course.CONFIG,
            "start": start,
            "champion_cid": "cid",
        }
        seats.append(Seat(given, kind, driver=0))

    async def play() -> list[Play]:
        fetched: list[str] = []

        async def fetch(cid: str) -> bytes:
            fetched.append(cid)
            return files.dump(champion)

        simulator = Simulator(fetch, size=8, seed=1)
        await simulator.prepare("racer-v0", tiny_course.CONFIG, "cid")
        running = asyncio.create_task(simulator.run())
        found = await asyncio.gather(*(simulator.play(seat) for seat in seats))
        running.cancel()
        assert fetched == ["cid"]
        return found

    return list(zip(seats, asyncio.run(play()), strict=True))


def attempt(seat: Seat, play: Play) -> Attempt:
    """A play as the judge reads it from the wire."""
    body: dict[str, Any] = play.body
    actions = np.frombuffer(base64.b64decode(body["actions"]), np.int8).reshape(-1, 2)
    actors = np.frombuffer(base64.b64decode(body["actors"]), np.uint8)
    assert len(actions) == len(actors) == body["ticks"]
    start = seat.assignment["start"]
    return Attempt(seat.kind, seat.kind, "cid", start, actions, actors, body["final"])


def test_the_replay_confirms_what_every_kind_plays(champion: Policy, played: list[tuple[Seat, Play]]):
    judged = value.value(
        tiny_course.task(), champion.network, champion.params, [attempt(seat, play) for seat, play in played]
    )
    assert {one.attempt: one.refusal for one in judged} == {kind: "" for kind in KINDS}
    assert {one.attempt: one.human_ticks for one in judged} == {
        seat.kind: play.human_ticks for seat, play in played
    }


def test_the_idle_never_touch_the_wheel_and_demonstrators_never_let_go(played: list[tuple[Seat, Play]]):
    by_kind = {seat.kind: play for seat, play in played}
    assert by_kind["idle"].human_ticks == 0
    assert by_kind["demonstrator"].human_ticks == by_kind["demonstrator"].body["ticks"]


def test_an_attempt_lasts_as_long_as_its_ticks(played: list[tuple[Seat, Play]]):
    for _, play in played:
        assert play.seconds == play.body["ticks"] / 15
        assert set(play.body["final"]) == {"x", "y", "cos", "sin", "speed"}
