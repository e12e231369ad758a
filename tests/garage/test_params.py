"""Params as DeepRacer's simulator makes them: geometry, waypoints, objects, fresh objects for each call."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely.geometry import LineString, Point

from drives import drive
from manyhands.envs.racer import npy, tracks
from manyhands.garage.params import FRONT_AHEAD_M, Trace, columns
from manyhands.garage.rewards.jail import calls
from manyhands.garage.rewards.jail.calls import FIRST

KEYS = {
    "all_wheels_on_track": bool,
    "x": float,
    "y": float,
    "heading": float,
    "distance_from_center": float,
    "projection_distance": float,
    "progress": float,
    "steps": int,
    "speed": float,
    "steering_angle": float,
    "track_width": float,
    "track_length": float,
    "waypoints": list,
    "closest_waypoints": list,
    "is_left_of_center": bool,
    "is_reversed": bool,
    "is_offtrack": bool,
    "is_crashed": bool,
    "closest_objects": list,
    "objects_location": list,
    "objects_distance": list,
    "objects_left_of_center": list,
    "objects_heading": list,
    "objects_speed": list,
    "objects_distance_from_center": list,
    "object_in_camera": bool,
    "sim_time": float,
}
ROAD = tracks.track("gen-1")


@pytest.fixture
def file_road(tmp_path: Path) -> tracks.Track:
    """A road read from a file whose coordinates begin far from the origin, 60 uneven rows."""
    rows = npy.export(ROAD.centre, ROAD.tangent, ROAD.half_width)[:-1] + 50.0
    kept = rows[np.sort(np.random.default_rng(0).choice(len(rows), 60, replace=False))]
    np.save(tmp_path / "far.npy", np.vstack([kept, kept[:1]]))
    return tracks.named(str(tmp_path / "far.npy"), None)


def test_every_key_has_its_type() -> None:
    params = columns(drive(ROAD, 3, 2)).params(1, 1)
    assert {name: type(value) for name, value in params.items()} == KEYS


def test_waypoints_are_closed_tuples_of_the_file(file_road: tracks.Track) -> None:
    assert file_road.rows is not None
    params = columns(drive(file_road, 3, 2)).params(0, 0)
    points = params["waypoints"]
    assert points[0] == points[-1]
    assert isinstance(points[0], tuple)
    assert np.array_equal(np.array(points), file_road.rows[:, :2])
    back = columns(drive(file_road, 3, 2, backwards=True)).params(0, 0)
    assert back["waypoints"] == points[::-1]
    assert back["is_reversed"] is True


@pytest.mark.parametrize("backwards", [False, True])
def test_geometry_is_shapelys(file_road: tracks.Track, backwards: bool) -> None:
    trace = drive(file_road, 50, 4, backwards=backwards)
    told = columns(trace)
    rows = file_road.rows
    assert rows is not None
    rows = rows[::-1] if backwards else rows
    centre, inner, outer = (LineString(rows[:, at : at + 2]) for at in (0, 2, 4))
    arcs = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(rows[:, :2], axis=0).T))])
    for tick in range(0, 50, 7):
        for car in range(4):
            params = told.params(tick, car)
            front = Point(params["x"], params["y"])
            model = np.array([trace.x[tick, car], trace.y[tick, car]], float) - file_road.origin_m
            assert np.hypot(params["x"] - model[0], params["y"] - model[1]) == pytest.approx(FRONT_AHEAD_M)
            along = centre.project(front)
            near = centre.interpolate(along)
            sides = [border.interpolate(border.project(near)) for border in (inner, outer)]
            assert params["projection_distance"] == pytest.approx(along)
            assert params["distance_from_center"] == pytest.approx(front.distance(near))
            assert params["track_width"] == pytest.approx(sides[0].distance(sides[1]))
            before, ahead = params["closest_waypoints"]
            assert arcs[before] <= along <= arcs[ahead]
            ring = np.array(params["waypoints"])
            step, away = ring[ahead] - ring[before], np.array([params["x"], params["y"]]) - ring[before]
            if params["distance_from_center"] > 0.02:
                assert params["is_left_of_center"] == (step[0] * away[1] - step[1] * away[0] > 0.0)
    assert told.track_length == pytest.approx(centre.length)


def test_the_waypoint_after_the_last_is_the_first() -> None:
    trace = drive(ROAD, 200, 1)
    told = columns(trace)
    pairs = {tuple(told.params(tick, 0)["closest_waypoints"]) for tick in range(200)}
    count = len(told.waypoints)
    assert all(ahead in (before + 1, 0) for before, ahead in pairs)
    assert max(before for before, _ in pairs) >= count - 3


def test_commands_are_told_as_they_were_given() -> None:
    trace = drive(ROAD, 2, 1)
    trace = replace(trace, speed=np.full((2, 1), 1.1), steering=np.full((2, 1), -17.3))
    params = columns(trace).params(0, 0)
    assert (params["speed"], params["steering_angle"]) == (1.1, -17.3)


def test_objects_ahead_and_behind() -> None:
    told = columns(drive(ROAD, 30, 2, boxes=3))
    for tick in range(0, 30, 3):
        params = told.params(tick, 0)
        behind, ahead = params["closest_objects"]
        gaps = [
            (d - params["projection_distance"]) % params["track_length"] for d in params["objects_distance"]
        ]
        assert gaps[ahead] == min(gaps)
        assert gaps[behind] == max(gaps)
        assert len(params["objects_location"]) == len(params["objects_left_of_center"]) == 3
        assert params["objects_distance_from_center"] == pytest.approx([0.0] * 3, abs=1e-5)
    assert any(told.params(tick, 0)["object_in_camera"] for tick in range(30))


def test_without_objects_lists_are_empty_and_indices_zero() -> None:
    params = columns(drive(ROAD, 1, 1)).params(0, 0)
    assert params["closest_objects"] == [0, 0]
    assert all(value == [] for name, value in params.items() if name.startswith("objects_"))


def test_the_first_step_is_one_and_two() -> None:
    told = columns(drive(ROAD, 3, 1))
    first, second = told.params(0, 0)["steps"], told.params(1, 0)["steps"]
    assert (first, second) == (FIRST, 3)
    assert type(second) is int


@pytest.mark.parametrize(
    "resets",
    [
        *("steps == 1", "steps == 2", "1 == steps", "2.0 == steps", "steps <= 1", "steps < 2", "steps <= 2"),
        *(
            "steps < 3",
            "steps in (1, 2)",
            "not steps > 1",
            "not steps != 2",
            "not steps > 2",
            "not steps >= 2",
        ),
    ],
)
def test_every_idiom_of_a_reset_holds_at_the_first_call_alone(resets: str) -> None:
    steps: Any = FIRST
    assert eval(resets, {"steps": steps})
    assert not eval(resets, {"steps": 3})


def test_the_first_step_calculates_as_two() -> None:
    assert (FIRST + 1, FIRST / 4, f"{FIRST}", json.dumps(FIRST), list(range(FIRST))) == (
        3,
        0.5,
        "2",
        "2",
        [0, 1],
    )
    assert np.array([FIRST]).dtype.kind == "i"
    assert hash(FIRST) == hash(2)


def moving(ticks: int, cars: int) -> Trace:
    """A drive beside two bot cars that run ahead, the second from behind the line."""
    trace = drive(ROAD, ticks, cars)
    at = (
        np.array([20, 250])[None, None] + 2 * np.arange(ticks)[:, None, None] + np.arange(cars)[:, None]
    ) % 256
    heading = np.arctan2(ROAD.tangent[at, 1], ROAD.tangent[at, 0])
    speed = np.full(heading.shape, 0.7)
    objects = np.concatenate([ROAD.centre[at], heading[..., None], speed[..., None]], -1).astype(np.float32)
    return replace(trace, objects=objects)


def test_moving_objects_are_elsewhere_in_each_call() -> None:
    trace = moving(20, 3)
    told = columns(trace)
    for tick, car in ((0, 0), (7, 2), (19, 1)):
        params = told.params(tick, car)
        x, y = np.array(params["objects_location"]).T
        assert np.allclose(np.stack([x, y], -1), trace.objects[tick, car, :, :2], atol=1e-5)
        # Radians, as DeepRacer's simulator has them for bot cars.
        assert params["objects_heading"] == pytest.approx(trace.objects[tick, car, :, 2].tolist())
        assert params["objects_speed"] == pytest.approx([0.7, 0.7])
        gaps = [
            (d - params["projection_distance"]) % params["track_length"] for d in params["objects_distance"]
        ]
        assert params["closest_objects"] == [int(np.argmax(gaps)), int(np.argmin(gaps))]
    assert told.params(0, 0)["objects_distance"] != told.params(1, 0)["objects_distance"]


def test_calls_of_ended_episodes_take_their_objects_with_them() -> None:
    trace = moving(6, 2)
    alive = np.ones((6, 2), np.bool_)
    alive[3:, 0] = False
    told = columns(replace(trace, alive=alive))
    batch = calls.unpack(told.packed(0, 2), 2, 2)
    found = [list(calls.rows(batch, car, first, end)) for car, first, end in calls.spans(batch)]
    assert [len(one) for one in found] == [3, 6]
    assert [params["objects_distance"] for params in found[1]] == [
        told.params(tick, 1)["objects_distance"] for tick in range(6)
    ]
