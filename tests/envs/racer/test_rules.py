"""Starts, crashes, grip and the two sensors of the racer."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from manyhands.envs.racer import tracks
from manyhands.envs.racer.car import PRESETS, SUBSTEP_S, Motion, drive
from manyhands.envs.racer.rules import BOXES, Conditions, Racer, State, make, quantise
from manyhands.envs.racer.sensors import BOX_HALF_M, Camera, Lidar, field_of_view_rad
from manyhands.errors import InputError

COUNT = 256


@pytest.fixture(scope="module")
def racer() -> Racer:
    return make([tracks.track("meadow-oval"), tracks.track("gen-5")])


@pytest.fixture(scope="module")
def starts(racer: Racer) -> State:
    return jax.jit(jax.vmap(racer.start))(jax.random.split(jax.random.key(3), COUNT))


def one(states: State, index: int) -> State:
    return jax.tree.map(lambda leaf: np.asarray(leaf)[index], states)


def behind_box(state: State, ahead_m: float) -> State:
    """The state with its first box that far straight ahead of the car."""
    motion, boxes = state.motion, np.array(state.boxes)
    boxes[0] = motion.x + motion.c * ahead_m, motion.y + motion.s * ahead_m, motion.c, motion.s
    return state._replace(boxes=boxes)


def test_starts_are_on_the_road_with_room_ahead(racer: Racer, starts: State) -> None:
    assert not np.asarray(jax.jit(jax.vmap(racer.crashed))(starts)).any()
    assert set(np.unique(starts.track)) == {0, 1}
    motion = starts.motion
    np.testing.assert_allclose(np.hypot(motion.c, motion.s), 1.0, atol=1e-6)
    gap = np.hypot(motion.x[:, None] - starts.boxes[:, :, 0], motion.y[:, None] - starts.boxes[:, :, 1])
    assert gap.min() > 1.0


def test_every_box_leaves_room_on_one_side(racer: Racer, starts: State) -> None:
    for index in range(32):
        state = one(starts, index)
        centre = np.asarray(racer.bank.centre[state.track])
        gap = np.hypot(*(np.asarray(state.boxes)[:, None, :2] - centre[None]).transpose(2, 0, 1))
        room = (
            np.asarray(racer.bank.half_width)[state.track][gap.argmin(axis=1)] + gap.min(axis=1) - BOX_HALF_M
        )
        assert (room > 2.5 * racer.car.radius_m).all()


def test_boxes_left_out_by_the_conditions(racer: Racer) -> None:
    few = Racer(racer.bank, racer.grid_shape, Conditions(boxes=3))
    boxes = np.asarray(jax.jit(few.start)(jax.random.key(0)).boxes)
    assert np.count_nonzero(boxes[:, 0] > 0.0) == 3
    assert boxes.shape == (BOXES, 4)


def test_a_box_crashes_at_the_radius_of_the_car(racer: Racer, starts: State) -> None:
    state = one(starts, 0)
    crashed = jax.jit(racer.crashed)

    def with_box(ahead_m: float) -> bool:
        return bool(crashed(behind_box(state, ahead_m)))

    touching = BOX_HALF_M + racer.car.radius_m
    assert with_box(touching - 0.002)
    assert not with_box(touching + 0.002)


def test_lidar_sees_the_edge_and_boxes(racer: Racer, starts: State) -> None:
    state = one(starts, 1)
    sensor = Lidar(beams=3, spread_rad=1.5707963)
    look = jax.jit(partial(racer.lidar, sensor=sensor))
    seen = np.asarray(look(state))[:3]
    metres = seen / (1.0 - seen)
    width = float(racer.bank.half_width[state.track, state.waypoint])
    # The beams to both sides together span the road, give or take cells and the heading.
    assert metres[0] + metres[2] == pytest.approx(2.0 * width, rel=0.2)
    blocked = np.asarray(look(behind_box(state, 0.5)))[1]
    assert blocked / (1.0 - blocked) == pytest.approx(0.5 - BOX_HALF_M, abs=0.01)


def test_camera_shows_road_edge_and_box(racer: Racer, starts: State) -> None:
    clear = one(starts, 2)
    clear = clear._replace(
        light=np.array([1.0, 0.0, 0.0, 0.0], np.float32),
        boxes=np.full((BOXES, 4), -100.0, np.float32),
        patches=np.zeros_like(clear.patches),
    )
    look = jax.jit(partial(racer.camera, sensor=Camera()))
    picture = np.asarray(look(clear))
    assert set(np.unique(picture)) <= {77, 140, 235}
    assert picture[-1, 24] == 77
    with_box = np.asarray(look(behind_box(clear, 0.8)))
    assert (with_box == 10).any()
    assert (with_box[:, 23:25] == 10).any()


def test_slippery_patches_widen_a_bend() -> None:
    car = PRESETS["sport"]
    zero = jnp.zeros(())
    motion = Motion(zero, zero, jnp.ones(()), zero, 2.0 * jnp.ones(()), zero, zero)
    step = jax.jit(lambda motion, grip: drive(car, motion, jnp.array([1.0, 0.0]), grip))
    turned = []
    for grip in (1.0, 0.3):
        moved = motion
        for _ in range(15):
            moved = step(moved, grip)
        turned.append(float(jnp.arctan2(moved.s, moved.c)))
    assert 0.0 < turned[1] < turned[0]


@pytest.mark.parametrize("car", PRESETS)
def test_car_obeys_its_limits(car: str) -> None:
    params = PRESETS[car]
    zero = jnp.zeros(())
    motion = Motion(zero, zero, jnp.ones(()), zero, jnp.float32(params.min_speed_mps), zero, zero)
    step = jax.jit(lambda motion, command: drive(params, motion, command, jnp.ones(())))
    speeds = [params.min_speed_mps]
    for _ in range(90):
        motion = step(motion, jnp.array([0.0, 1.0]))
        speeds.append(float(motion.v))
    assert speeds[-1] == pytest.approx(params.max_speed_mps, rel=0.01)
    assert np.diff(speeds).max() <= params.max_accel_mps2 * 4 * SUBSTEP_S + 1e-5
    assert float(motion.y) == 0.0
    for _ in range(90):
        motion = step(motion, jnp.array([1.0, -1.0]))
    assert float(motion.v) == pytest.approx(params.min_speed_mps, rel=0.02)
    assert float(motion.yaw) * float(motion.v) <= params.grip_mps2 * 1.01
    assert float(motion.c) ** 2 + float(motion.s) ** 2 == pytest.approx(1.0, abs=1e-5)


def test_quantisation_rounds_to_the_nearest_step() -> None:
    found = quantise(jnp.array([0.0, 1.0, -1.0, 0.5 / 127.0, 0.499 / 127.0, 7.0]))
    np.testing.assert_array_equal(found, [0, 127, -127, 1, 0, 127])


def test_field_of_view() -> None:
    assert np.degrees(field_of_view_rad(Camera())) == pytest.approx(83.3, abs=0.1)


@pytest.mark.parametrize(
    ("make_it", "field"),
    [
        (lambda: Camera(width=161), "sensor.width"),
        (lambda: Camera(height=True), "sensor.height"),
        (lambda: Camera(focal=float("inf")), "sensor.focal"),
        (lambda: Lidar(beams=1), "sensor.beams"),
        (lambda: Lidar(beams=24.0), "sensor.beams"),  # type: ignore[arg-type]
        (lambda: Lidar(spread_rad=4.0), "sensor.spread_rad"),
        (lambda: Conditions(car="tank"), "conditions.car"),
        (lambda: Conditions(boxes=-1), "conditions.boxes"),
        (lambda: Conditions(light=2.0), "conditions.light"),
    ],
)
def test_settings_out_of_range(make_it: object, field: str) -> None:
    with pytest.raises(InputError) as caught:
        make_it()  # type: ignore[operator]
    assert caught.value.field == field
