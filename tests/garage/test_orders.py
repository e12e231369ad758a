"""Sensors and networks by their short forms, and DeepRacer's names for them."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from manyhands.envs.racer import task, tracks
from manyhands.envs.racer.actions import Choices
from manyhands.envs.racer.sensors import Camera, Lidar, SectorLidar, StereoCamera
from manyhands.errors import InputError, PolicyFileError
from manyhands.garage import driving, networks, orders, outputs
from manyhands.garage.metadata import SENSORS, Network
from manyhands.policies import network
from manyhands.policies.files import Policy

SPACE = Choices(((-20.0, 1.0), (20.0, 1.0)))


@pytest.mark.parametrize(
    ("text", "sensor", "name"),
    [
        ("lidar", Lidar(beams=64, spread_rad=2.618), "LIDAR"),
        ("sector-lidar", SectorLidar(), "SECTOR_LIDAR"),
        ("sector-lidar-8x4", SectorLidar(levels=4, within_m=2.0), "DISCRETIZED_SECTOR_LIDAR"),
        ("camera", Camera(), "FRONT_FACING_CAMERA"),
        ("stereo-160x120", StereoCamera(width=160, height=120), "STEREO_CAMERAS"),
    ],
)
def test_a_short_form_is_a_sensor_with_a_name_of_theirs(text: str, sensor: Lidar | Camera, name: str) -> None:
    assert orders.sensor_of(text) == sensor
    assert outputs.sensor_name(sensor) == name


@pytest.mark.parametrize("text", ["lidar-8x4", "stereo-160", "sonar", "sector-lidar-8", "camera-48x32x2"])
def test_another_text_is_no_sensor(text: str) -> None:
    with pytest.raises(InputError) as fault:
        orders.sensor_of(text)
    assert fault.value.field == "sensor"


def test_every_sensor_that_is_offered_has_a_network() -> None:
    for text in SENSORS:
        networks.spec_of(orders.sensor_of(text), SPACE, "shallow")


@pytest.mark.parametrize(
    ("name", "count"),
    # The first is the 5.8 million that DeepRacer's has.
    [("deepracer-shallow", 5_840_552), ("deepracer-deep", 3_649_704), ("deepracer-deep-deep", 1_107_266)],
)
def test_their_networks_have_their_layers(name: Network, count: int) -> None:
    spec = networks.spec_of(orders.sensor_of("camera-160x120"), SPACE, name)
    shapes = jax.eval_shape(lambda: network.init(spec, jax.random.key(0)))
    assert sum(int(np.prod(shape.shape)) for shape in shapes.values()) == count


def test_their_networks_need_a_picture_that_is_large_enough() -> None:
    for sensor, words in (("lidar", "reads pictures"), ("camera-48x32", "too small")):
        with pytest.raises(InputError, match=words) as fault:
            networks.spec_of(orders.sensor_of(sensor), SPACE, "deepracer-shallow")
        assert fault.value.field == "network"


def test_a_policy_whose_sensor_does_not_fit_its_network_drives_nothing() -> None:
    for own, other in (("camera-48x32", "stereo-48x32"), ("lidar", "sector-lidar")):
        spec = networks.spec_of(orders.sensor_of(own), SPACE, "shallow")
        sensor = task.plain_sensor(orders.sensor_of(other))
        policy = Policy("racer-v0", sensor, spec, network.init(spec, jax.random.key(0)), SPACE.plain)
        with pytest.raises(PolicyFileError, match="sensor"):
            driving.driver_of(policy, tracks.track("kidney"), 10, 1)
