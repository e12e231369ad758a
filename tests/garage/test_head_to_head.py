"""Policies that race one another."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest
from typer.testing import CliRunner

from manyhands.cli import app
from manyhands.envs.racer import rules, tracks
from manyhands.envs.racer.obstacles import CAR_HALF_M, overlaps
from manyhands.envs.racer.time_trial import CENTRE_AHEAD_M
from manyhands.errors import InputError
from manyhands.garage import head_to_head, replays
from manyhands.garage.evaluation import Race
from manyhands.garage.head_to_head import HeadToHead
from manyhands.garage.race_rules import RaceRules
from manyhands.policies import files
from tiny_race import TRACK, steering

ROAD = tracks.track(TRACK)
RULES = RaceRules(laps=1, consecutive=1, limit_s=120)
POLICIES = [files.parse(steering(1.0 + 0.3 * number)) for number in range(8)]


@pytest.fixture(scope="module")
def eight() -> HeadToHead:
    return head_to_head.race(POLICIES, ROAD, RULES)


def test_a_replay_is_read_at_the_pace_of_the_racer() -> None:
    """The server shows a final without loading the rules of the racer, so it keeps their pace itself."""
    assert replays.TICKS_PER_S == rules.TICKS_PER_S


def test_eight_finish_a_lap_and_are_ranked(eight: HeadToHead) -> None:
    totals = [one.race.total_ms for one in eight.results]
    assert all(one.race.finished for one in eight.results)
    assert totals == sorted(total for total in totals if total is not None)
    assert sorted(one.entry for one in eight.results) == list(range(8))
    assert sum(one.race.crashes for one in eight.results) > 0


def test_the_grid_is_staggered_in_the_order_of_entry(eight: HeadToHead) -> None:
    first = eight.poses[0, :, :2].astype(float)
    apart = np.hypot(*(first[:, None] - first[None]).transpose(2, 0, 1)) + np.eye(8)
    assert apart.min() > 2.0 * np.hypot(*CAR_HALF_M)
    assert eight.shown[0].all()


def test_cars_that_can_be_touched_never_overlap(eight: HeadToHead) -> None:
    boxes = eight.poses.copy()
    boxes[..., :2] += CENTRE_AHEAD_M * boxes[..., 2:]
    each = jax.jit(jax.vmap(jax.vmap(lambda car, all_: overlaps(car, all_, CAR_HALF_M), (0, None))))
    met = np.asarray(each(boxes, boxes)) & ~np.eye(8, dtype=bool)
    assert not (met & eight.shown[:, :, None] & eight.shown[:, None, :]).any()


def test_a_car_waits_out_its_penalty_unseen(eight: HeadToHead) -> None:
    ticks = RULES.off_track_ms * 15 // 1000
    stays = (eight.poses[1:] == eight.poses[:-1]).all(-1)
    done = (eight.poses[1:] == eight.poses[-1]).all(-1)
    waits = stays & ~eight.shown[1:] & ~done
    resets = sum(one.race.off_tracks for one in eight.results)
    assert resets > 0
    assert waits.sum() == ticks * resets


def test_the_same_race_goes_the_same_again(eight: HeadToHead) -> None:
    again = head_to_head.race(POLICIES, ROAD, RULES)
    assert again.results == eight.results
    assert (again.poses == eight.poses).all()
    assert (again.shown == eight.shown).all()


def test_two_finish_a_lap() -> None:
    two = head_to_head.race(POLICIES[:2], ROAD, RULES)
    assert all(one.race.finished for one in two.results)
    assert two.poses.shape[1] == two.shown.shape[1] == 2


def raced(total_ms: int | None, progress: float = 100.0) -> Race:
    return Race(total_ms is not None, [], total_ms, None, None, 0, 0, progress)


def test_equal_milliseconds_share_a_place() -> None:
    races = [raced(None, 20.0), raced(900), raced(800), raced(900), raced(None, 60.0), raced(901)]
    found = head_to_head.ranked(races)
    assert [(one.place, one.entry) for one in found] == [(1, 2), (2, 1), (2, 3), (4, 5), (None, 4), (None, 0)]


@pytest.mark.parametrize("count", [1, 9])
def test_a_wrong_number_is_refused(count: int) -> None:
    with pytest.raises(InputError, match=f"{count} policies cannot race head to head"):
        head_to_head.race((POLICIES * 2)[:count], ROAD, RULES)


def test_a_policy_of_another_game_is_refused() -> None:
    snake = replace(POLICIES[0], environment="snake-v0")
    with pytest.raises(InputError, match="drives no car"):
        head_to_head.race([POLICIES[0], snake], ROAD, RULES)


def test_the_command_tells_places_and_writes_a_replay(tmp_path: Path) -> None:
    names = [str(tmp_path / f"{number}.safetensors") for number in range(2)]
    for number, name in enumerate(names):
        Path(name).write_bytes(steering(1.0 + 0.3 * number))
    replay = tmp_path / "replay.json"
    options = ["--track", TRACK, "--laps", "1", "--data", str(tmp_path), "--json"]
    done = CliRunner().invoke(
        app, ["race", "head-to-head", *names, *options, "--out", str(replay)], catch_exceptions=False
    )
    rows = json.loads(done.stdout)
    assert [row["place"] for row in rows] == [1, 2]
    assert {row["policy"] for row in rows} == set(names)
    written = json.loads(replay.read_text())
    assert written["results"] == rows
    assert len({len(column) for car in written["cars"] for column in car.values()}) == 1
    with pytest.raises(InputError, match="exists already"):
        CliRunner().invoke(
            app, ["race", "head-to-head", *names, *options, "--out", str(replay)], catch_exceptions=False
        )
    assert json.loads(replay.read_text()) == written
    with pytest.raises(InputError, match="1 policies cannot race"):
        CliRunner().invoke(app, ["race", "head-to-head", names[0], *options], catch_exceptions=False)
