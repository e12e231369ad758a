"""Races and trainings among boxes and bot cars."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from manyhands.envs.racer import tracks
from manyhands.envs.racer.actions import Choices
from manyhands.envs.racer.obstacles import CLEAR_M
from manyhands.envs.racer.race_types import Place, RaceType
from manyhands.envs.racer.sensors import Lidar
from manyhands.envs.racer.time_trial import CENTRE_AHEAD_M
from manyhands.garage import evaluation, training
from manyhands.garage.evaluation import Drive
from manyhands.garage.hyperparameters import Hyperparameters
from manyhands.garage.params import Trace, columns
from manyhands.garage.race_rules import RaceRules, parse
from manyhands.garage.training import Order
from manyhands.policies import files
from tiny_race import steering

ROAD = tracks.track("kidney")
BOX = RaceType("object_avoidance", 1, (Place(30.0, "outside"),))
BOTS = RaceType("head_to_bot", 2, speed_mps=0.3, changes=True)
RULES = RaceRules(laps=1, consecutive=1, limit_s=30, most_resets=3)
POLICY = files.parse(steering(1.0))


@pytest.fixture(scope="module")
def boxed() -> Drive:
    """A policy that knows no boxes runs into one until it is given up."""
    return evaluation.drive(POLICY, ROAD, replace(RULES, race=BOX))


def test_a_crash_costs_its_penalty_and_a_metre(boxed: Drive) -> None:
    assert boxed.race.crashes > 0
    assert {stop.ms for stop in boxed.stops if stop.crashed} == {RULES.crash_ms}
    first = next(stop for stop in boxed.stops if stop.crashed)
    put = boxed.poses[first.tick]  # a tick after it was put back, still all but at rest
    middle = put[:2] + CENTRE_AHEAD_M * put[2:]
    at = 0.3 * len(ROAD.centre)
    place = ROAD.centre[int(at)] + (at % 1) * ROAD.spacing_m * ROAD.tangent[int(at)]
    assert np.hypot(*(middle - place)) == pytest.approx(CLEAR_M, abs=0.05)


def test_the_way_tells_where_boxes_stood(boxed: Drive) -> None:
    assert boxed.objects.shape == (1, 1, 4)
    assert not boxed.moving


def test_bots_drive_and_the_same_race_goes_the_same_again() -> None:
    rules = replace(RULES, race=BOTS, seed=3)
    first, again = (evaluation.drive(POLICY, ROAD, rules) for _ in range(2))
    assert first.race == again.race
    assert (first.objects == again.objects).all()
    assert first.objects.shape == (len(first.poses), 2, 4)
    steps = np.hypot(*np.diff(first.objects[:, 0, :2], axis=0).T)
    assert np.median(steps) == pytest.approx(0.3 / 15, rel=0.25)
    other = evaluation.drive(POLICY, ROAD, replace(rules, seed=4))
    assert (other.objects[0] != first.objects[0]).any()


def test_rules_survive_being_stored() -> None:
    rules = replace(RULES, race=BOTS, seed=9)
    assert parse(rules.plain) == rules
    old = {name: value for name, value in rules.plain.items() if name not in ("race", "seed")}
    assert parse(old) == RULES


@pytest.mark.parametrize("race", [BOX, BOTS])
def test_a_training_tells_the_reward_of_what_is_on_the_road(race: RaceType) -> None:
    told: list[Trace] = []

    def reward(trace: Trace) -> NDArray[np.float64]:
        told.append(trace)
        return columns(trace).values["progress"]

    order = Order(
        track=ROAD,
        space=Choices(((-20.0, 1.2), (0.0, 0.7), (20.0, 1.2))),
        sensor=Lidar(beams=8),
        hyper=Hyperparameters(num_episodes_between_training=5, num_epochs=3, batch_size=32),
        trials=2,
        max_ticks=64,
        race=race,
    )
    training.train(order, reward, lambda history, _: not history)
    trace = told[0]
    assert trace.objects.shape[-2:] == (race.objects, 4)
    assert (trace.objects.ndim == 4) == race.moving
    assert (trace.objects[..., 3] == np.float32(race.speed_mps if race.moving else 0.0)).all()
    if not race.moving:
        assert (trace.objects[..., 2] == 0.0).all()
