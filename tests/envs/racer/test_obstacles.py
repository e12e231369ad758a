"""Boxes and bot cars: lanes, overlap to the edge, speed and changes of lanes, where a car may be put."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.affinity import rotate, translate
from shapely.geometry import Polygon, box

from manyhands.envs.racer import obstacles, time_trial, tracks
from manyhands.envs.racer.obstacles import BOX_HALF_M, CAR_HALF_M, CLEAR_M, LANE
from manyhands.envs.racer.race_types import Place, RaceType
from manyhands.envs.racer.rules import TICKS_PER_S
from manyhands.envs.racer.sensors import Camera, Lidar
from manyhands.envs.racer.task import seen
from manyhands.envs.racer.time_trial import CENTRE_AHEAD_M, Status, TimeTrial
from manyhands.envs.racer.tracks import Track

ROAD = tracks.track("kidney")
BANK = time_trial.bank_of(ROAD)
BOXES = RaceType("object_avoidance", 2, (Place(20.0, "inside"), Place(60.0, "outside")))


def trial(race: RaceType, road: Track = ROAD) -> TimeTrial:
    shape = road.distance.shape
    return time_trial.make(time_trial.bank_of(road), (shape[0], shape[1]), 600, race=race)


def aside(road: Track, pose: NDArray[np.float32]) -> float:
    """Metres that a pose (4,) is left of the centre line."""
    nearest = np.hypot(*(road.centre - pose[:2]).T).argmin()
    ahead, away = road.tangent[nearest], pose[:2] - road.centre[nearest]
    return float(away[1] * ahead[0] - away[0] * ahead[1])


@pytest.mark.parametrize("backwards", [False, True])
def test_boxes_stand_in_the_middle_of_their_lanes(backwards: bool) -> None:
    road = tracks.turned(ROAD) if backwards else ROAD
    objects = obstacles.placed(BOXES, road, 0)
    poses = np.asarray(obstacles.poses(BOXES, time_trial.bank_of(road), objects))
    assert np.allclose(objects.along, np.array([0.2, 0.6]) * road.length_m, atol=1e-4)
    # Kidney runs anticlockwise, so its inside is on the left, turned on the right.
    inside = -1.0 if backwards else 1.0
    wide = [road.half_width[int(share * len(road.half_width))] for share in (0.2, 0.6)]
    assert aside(road, poses[0]) == pytest.approx(inside * LANE * wide[0], abs=0.02)
    assert aside(road, poses[1]) == pytest.approx(-inside * LANE * wide[1], abs=0.02)
    assert np.allclose(np.hypot(*poses[:, 2:].T), 1.0, atol=1e-3)


def polygon(pose: NDArray[np.float32], half: tuple[float, float]) -> Polygon:
    turned = rotate(box(-half[0], -half[1], half[0], half[1]), np.arctan2(pose[3], pose[2]), (0, 0), True)
    return translate(turned, pose[0], pose[1])


def test_overlap_is_that_of_the_rectangles() -> None:
    rng = np.random.default_rng(0)
    x, y, yaw, turn = rng.uniform([-0.6, -0.6, -3.1, -3.1], [0.6, 0.6, 3.1, 3.1], (2000, 4)).T
    cars = np.stack([np.ones(2000), np.full(2000, 2.0), np.cos(yaw), np.sin(yaw)], -1).astype(np.float32)
    boxes = np.stack([1.0 + x, 2.0 + y, np.cos(turn), np.sin(turn)], -1).astype(np.float32)
    found = np.asarray(
        jax.vmap(lambda car, one: obstacles.overlaps(car, one[None], BOX_HALF_M)[0])(cars, boxes)
    )
    both = [
        (polygon(car, CAR_HALF_M), polygon(one, BOX_HALF_M)) for car, one in zip(cars, boxes, strict=True)
    ]
    apart = np.array([one.distance(two) > 1e-5 for one, two in both])
    over = np.array([one.intersection(two).area > 1e-5 for one, two in both])
    assert not found[apart].any()
    assert found[over].all()
    assert apart.sum() > 400
    assert over.sum() > 400


@pytest.mark.parametrize(("gap_m", "hit"), [(-1e-4, True), (1e-4, False)])
def test_a_crash_is_where_car_and_box_touch(gap_m: float, hit: bool) -> None:
    rules = trial(BOXES)
    begun = rules.begin(jnp.float32(0.1), obstacles.placed(BOXES, ROAD, 0))
    motion = begun.state.motion
    ahead = CENTRE_AHEAD_M + CAR_HALF_M[0] + BOX_HALF_M[0] + gap_m
    place = jnp.stack([motion.x + ahead * motion.c, motion.y + ahead * motion.s, motion.c, motion.s])
    state = begun.state._replace(boxes=begun.state.boxes.at[0].set(place))
    assert bool(rules.hits(state).any()) == hit


def test_running_into_a_box_ends_the_episode_as_a_crash() -> None:
    rules = trial(RaceType("object_avoidance", 1, (Place(20.0, "inside"),)))
    objects = obstacles.placed(rules.race, ROAD, 0)
    episode = rules.begin(jnp.float32(0.17), objects)
    tick = jax.jit(rules.tick)
    for _ in range(40):
        episode = tick(episode, jnp.array([0.02, -0.5], jnp.float32))
        if episode.status != Status.IN_PROGRESS:
            break
    assert Status(int(episode.status)) == Status.CRASHED


def drive(race: RaceType, ticks: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Metres along and sides (ticks, K) of the bots of a race."""

    def tick(objects: obstacles.Objects, _: None) -> tuple[obstacles.Objects, tuple[jax.Array, jax.Array]]:
        moved = obstacles.driven(race, BANK, objects)
        return moved, (jnp.asarray(moved.along), jnp.asarray(moved.side))

    begun = jax.tree.map(jnp.asarray, obstacles.placed(race, ROAD, 3))
    _, (along, side) = jax.lax.scan(tick, begun, None, ticks)
    return np.asarray(along), np.asarray(side)


def test_bots_drive_at_their_speed_around_the_lap() -> None:
    race = RaceType("head_to_bot", 3, speed_mps=2.0)
    along, side = drive(race, 300)
    steps = np.diff(along, axis=0) % ROAD.length_m
    assert np.allclose(steps, 2.0 / TICKS_PER_S, atol=1e-4)
    assert (along < ROAD.length_m).all()
    assert (np.abs(side) == 1.0).all()


def test_bots_change_lanes_as_often_as_they_are_told() -> None:
    race = RaceType("head_to_bot", 4, speed_mps=4.0, changes=True, change_s=(1.0, 2.0))
    _, side = drive(race, 1500)
    assert (np.abs(side) <= 1.0).all()
    for one in side.T:
        leaves = np.flatnonzero((np.abs(one[:-1]) == 1.0) & (np.abs(one[1:]) < 1.0))
        gaps = np.diff(leaves)
        # A wait of 15 to 30 ticks is counted down to 0, and the change itself takes one more.
        assert gaps.min() >= 15
        assert gaps.max() <= 31
        assert len(set(gaps.tolist())) > 5
    again = drive(race, 1500)[1]
    assert (again == side).all()


def test_sensors_see_a_box() -> None:
    race = RaceType("object_avoidance", 1, (Place(20.0, "inside"),))
    rules = trial(race)
    before = rules.begin(jnp.float32(0.2 - 1.0 / ROAD.length_m), obstacles.placed(race, ROAD, 0))
    none = before.state._replace(boxes=before.state.boxes.at[:, 0].set(-100.0))
    for sensor, name in ((Lidar(beams=64, spread_rad=2.618), "vector"), (Camera(), "image")):
        see = jax.jit(partial(seen, rules.racer, sensor))
        look, empty = (np.asarray(see(one)[name]) for one in (before.state, none))
        assert (look != empty).any()
    see = jax.jit(partial(seen, rules.racer, Lidar(beams=3, spread_rad=0.2)))
    beams = np.asarray(see(before.state)["vector"])[:3]
    nearest = (beams / (1.0 - beams)).min()
    # From near the rear axle to the near side of what is seen of it.
    assert nearest == pytest.approx(1.0 + CENTRE_AHEAD_M - obstacles.BOX_SEEN_HALF_M[0], abs=0.06)


@settings(deadline=None)
@given(st.floats(0.0, 0.999), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_a_car_is_put_clear_of_everything(share: float, count: int, word: int) -> None:
    race = RaceType("object_avoidance", count)
    along = np.asarray(obstacles.placed(race, ROAD, word).along)
    start = share * ROAD.length_m
    found = obstacles.cleared(start, along, ROAD.length_m)
    ahead = (along - found) % ROAD.length_m
    assert ahead.min() > CLEAR_M - 2e-3
    assert found <= start
    assert found == start or ahead.min() == pytest.approx(CLEAR_M, abs=2e-3)
