"""Races: laps in whole milliseconds, penalties inside them, the same time again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from manyhands.envs.racer import tracks
from manyhands.envs.racer.actions import Choices
from manyhands.envs.racer.sensors import Lidar
from manyhands.envs.racer.task import plain_sensor
from manyhands.errors import InputError, PolicyFileError
from manyhands.garage import evaluation, networks
from manyhands.garage.evaluation import Race
from manyhands.garage.race_rules import RaceRules
from manyhands.policies import reference
from manyhands.policies.files import Policy, dump, parse

ROAD = tracks.track("kidney")
SPACE = Choices(((-30.0, 1.0), (0.0, 1.0), (30.0, 1.0)))
RULES = RaceRules(laps=2, consecutive=2, limit_s=200)


def steers(gain: float) -> Policy:
    """A policy of three actions that turns to where the outer beams see further, the stronger the larger."""
    spec = replace(networks.spec_of(Lidar(beams=8), SPACE, "shallow"), hidden=())
    weights = np.zeros((spec.vector, 3), np.float32)
    weights[:4, 0] = weights[4:8, 2] = gain
    params = {"head.w": weights, "head.b": np.array([0.0, 0.02, 0.0], np.float32)}
    return parse(dump(Policy("racer-v0", plain_sensor(Lidar(beams=8)), spec, params, SPACE.plain)))


@pytest.fixture(scope="module")
def clean() -> Race:
    return evaluation.race(steers(1.0), ROAD, RULES)


def test_a_policy_that_holds_the_road_takes_the_time_of_its_laps(clean: Race) -> None:
    assert clean.finished
    assert clean.off_tracks == 0
    assert len(clean.laps_ms) == 2
    assert clean.total_ms == sum(clean.laps_ms)
    assert clean.best_ms == min(clean.laps_ms)
    assert clean.average_ms == sum(clean.laps_ms) // 2
    # At 1 m/s, a little less for the start from rest and for what steering adds.
    assert all(0.8 * ROAD.length_m < lap / 1000 < 1.4 * ROAD.length_m for lap in clean.laps_ms)


def test_the_same_policy_takes_the_same_time_again(clean: Race) -> None:
    assert evaluation.race(steers(1.0), ROAD, RULES) == clean


def test_penalties_are_inside_the_laps() -> None:
    straight = steers(0.0)
    free = evaluation.race(straight, ROAD, replace(RULES, off_track_ms=0))
    fined = evaluation.race(straight, ROAD, replace(RULES, off_track_ms=1500))
    assert free.off_tracks == fined.off_tracks > 0
    assert free.finished
    assert fined.finished
    assert sum(fined.laps_ms) == sum(free.laps_ms) + 1500 * free.off_tracks


def test_a_race_is_given_up_after_the_last_reset() -> None:
    found = evaluation.race(steers(0.0), ROAD, replace(RULES, most_resets=1))
    assert not found.finished
    assert found.total_ms is None
    assert found.off_tracks == 2
    assert 0.0 < found.progress < 100.0


def test_a_crowd_taught_policy_races_too() -> None:
    found = evaluation.race(reference.driver("racer-lidar-reference"), ROAD, replace(RULES, limit_s=60))
    assert found.progress > 0.0


def test_a_policy_whose_actions_do_not_fit_is_refused() -> None:
    policy = steers(1.0)
    with pytest.raises(PolicyFileError, match="does not fit"):
        evaluation.race(replace(policy, action_space=SPACE.plain[:2]), ROAD, RULES)
    with pytest.raises(InputError, match="drives no car"):
        evaluation.race(replace(policy, environment="snake-v0"), ROAD, RULES)


@pytest.mark.parametrize(("name", "value"), [("laps", 0), ("consecutive", 4), ("off_track_ms", 0.5)])
def test_rules_out_of_range_are_named(name: str, value: object) -> None:
    with pytest.raises(InputError) as fault:
        RaceRules(**{name: value})  # type: ignore[arg-type]
    assert fault.value.field == name
