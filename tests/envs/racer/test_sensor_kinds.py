"""Sector lidars and stereo cameras: what a policy is told of what they see, and their short forms."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from manyhands.envs.racer import task
from manyhands.envs.racer.rules import Conditions
from manyhands.envs.racer.sensors import Camera, Lidar, SectorLidar, StereoCamera
from manyhands.envs.racer.task import RacerTask
from manyhands.errors import InputError


def of_metres(*metres: float) -> jax.Array:
    far = jnp.asarray(metres, jnp.float32)
    return far / (1.0 + far)


def test_a_sector_says_whether_something_is_near() -> None:
    sensor = SectorLidar(beams=8, sectors=4)
    told = sensor.tell(of_metres(3.0, 0.4, 0.6, 9.0, 0.1, 0.1, 0.51, 0.52))
    assert told.tolist() == [1.0, 0.0, 1.0, 0.0]


def test_a_sector_says_in_which_band_the_nearest_thing_is() -> None:
    sensor = SectorLidar(beams=4, sectors=4, levels=3, within_m=1.5)
    told = sensor.tell(of_metres(0.2, 0.7, 1.2, 8.0)).reshape(4, 3)
    assert np.argmax(told, axis=-1).tolist() == [0, 1, 2, 2]
    assert (told.sum(axis=-1) == 1.0).all()


def test_beams_are_shared_evenly() -> None:
    with pytest.raises(InputError, match="shared evenly") as fault:
        SectorLidar(sectors=7)
    assert fault.value.field == "sensor.sectors"


def test_two_eyes_see_from_either_side_of_one() -> None:
    sizes = {"width": 48, "height": 32}
    pair, one = StereoCamera(**sizes, baseline_m=0.2), Camera(**sizes)
    course = RacerTask(("kidney",), pair, Conditions(boxes=0))
    state = course.start(jax.random.key(1))
    seen = np.asarray(course.observe(state)["image"])
    assert seen.shape == (32, 48, 2)
    motion = state.motion
    left = state._replace(motion=motion._replace(x=motion.x - 0.1 * motion.s, y=motion.y + 0.1 * motion.c))
    single = np.asarray(task.seen(course.racer, one, left)["image"])
    assert np.mean(seen[..., 0] != single) < 0.01
    assert np.mean(seen[..., 0] != seen[..., 1]) > 0.02


@pytest.mark.parametrize("count", [3, 64])
def test_a_picture_is_the_same_in_any_batch(count: int) -> None:
    course = RacerTask(("kidney", "gen-1"), Camera(width=24, height=16))
    states = jax.vmap(course.start)(jax.random.split(jax.random.key(2), count))
    look = jax.jit(lambda state: course.observe(state)["image"])
    together = np.asarray(jax.jit(jax.vmap(look))(states))
    alone = [look(jax.tree.map(lambda leaf, row=row: leaf[row], states)) for row in range(count)]
    # Where a product is rounded depends on how a program is compiled: a pixel may lie in the next cell.
    assert np.mean(together != np.stack(alone)) < 0.001


@pytest.mark.parametrize("sensor", [Lidar(), SectorLidar(levels=2), Camera(), StereoCamera()])
def test_the_plain_form_is_read_back(sensor: Lidar | Camera) -> None:
    assert task.parse_sensor(task.plain_sensor(sensor)) == sensor
