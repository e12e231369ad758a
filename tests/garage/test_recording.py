"""Drives that a training keeps: bounded, stored, and read as SIM_TRACE in the words of params."""

from __future__ import annotations

import numpy as np
import pytest

from drives import drive
from manyhands.envs.racer import tracks
from manyhands.garage import recording
from manyhands.garage.params import columns
from manyhands.garage.recording import DRIVEN, Drives, Recording, driven

ROAD = tracks.track("gen-1")
CARS, TICKS = 3, 12


def drives(backwards: bool = False) -> Drives:
    """Three lanes of which the last is a trial; the first one leaves the road at its fifth tick."""
    trace = drive(ROAD, ticks=TICKS, cars=CARS, backwards=backwards)
    trace.alive[5:, 0] = False
    status = np.zeros((TICKS, CARS), np.int64)
    status[4, 0] = 1
    actions = np.arange(TICKS * CARS).reshape(TICKS, CARS) % 10
    starts = np.column_stack([trace.x[0], trace.y[0], trace.yaw[0], np.full(CARS, 0.5)])
    return Drives(trace, status, actions, np.full((TICKS, CARS - 1), 2.0), starts.astype(np.float64))


@pytest.mark.parametrize("backwards", [False, True])
def test_rows_say_what_reward_functions_are_told(backwards: bool) -> None:
    kept = Recording(CARS - 1)
    made = drives(backwards)
    kept.add(4, True, driven(4, made))
    training, trials = Recording.load(kept.dump()).parts(ROAD, backwards)
    assert [(part.phase, part.iteration) for part in (training, trials)] == [
        ("training", 4),
        ("evaluation", 4),
    ]
    assert np.unique(training.rows["episode"]).tolist() == [8, 9]
    assert np.unique(trials.rows["episode"]).tolist() == [4]
    told = columns(made.trace)
    rows = training.rows[training.rows["episode"] == 8]
    assert rows["episode_status"].tolist() == ["prepare", *["in_progress"] * 4, "off_track"]
    assert rows["steps"].tolist() == [1, 2, 3, 4, 5, 6]
    assert rows["done"].tolist() == [False] * 5 + [True]
    assert rows["reward"].tolist() == [0.0] + [2.0] * 5
    assert rows["action"][1:].tolist() == made.action[:5, 0].tolist()
    for name, key in (("X", "x"), ("Y", "y"), ("yaw", "heading"), ("steer", "steering_angle")):
        np.testing.assert_allclose(rows[name][1:], told.values[key][:5, 0], atol=2e-4)
    near = [
        min(
            (told.values["before"][t, 0], told.values["ahead"][t, 0]),
            key=lambda at: np.hypot(*(told.waypoints[at] - (rows["X"][t + 1], rows["Y"][t + 1]))),
        )
        for t in range(5)
    ]
    assert rows["closest_waypoint"][1:].tolist() == [at % (len(told.waypoints) - 1) for at in near]
    assert (np.diff(training.rows["tstamp"]) > 0.0).all()
    assert not trials.rows["reward"].any()


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MOST_STEPS", 1000)
    kept = Recording(1)
    best = 77
    for number in range(200):
        if kept.wants(number, number == best):
            rows = np.zeros(100, DRIVEN)
            rows["iteration"] = number
            kept.add(number, number == best, rows)
    stored = np.unique(np.concatenate(list(kept._kept.values()))["iteration"]).tolist()
    assert len(stored) <= 10
    assert {0, best} <= set(stored)
    assert max(stored) >= 128
    again = Recording.load(kept.dump(small=True))
    assert not again.wants(max(stored) + 1, False)
    again.forget(best)
    assert max(again._kept) < best
