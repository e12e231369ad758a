"""What a training leaves in its folder, in the forms that DeepRacer's users know."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from manyhands.envs.racer.actions import Choices
from manyhands.envs.racer.sensors import Camera, Lidar, SectorLidar, StereoCamera
from manyhands.envs.racer.task import plain_sensor
from manyhands.garage import trace_files
from manyhands.garage.metadata import ALGORITHMS, NETWORKS
from manyhands.garage.training import Order, Training
from manyhands.policies.files import Policy, dump

POLICY, METADATA = "policy.safetensors", "model_metadata.json"
HYPERPARAMETERS, HISTORY, TRACE = "hyperparameters.json", "history.json", "simtrace.zip"
METADATA_VERSION = "5"


def policy_of(training: Training, which: Literal["best", "latest"] = "best") -> Policy:
    """The best policy of a training, or its present one."""
    order, weights = training.order, training.best if which == "best" else training.weights
    sensor, spec = plain_sensor(order.sensor), training.driver.spec
    return Policy("racer-v0", sensor, spec, weights["policy"], order.space.plain)


def sensor_name(sensor: Lidar | Camera) -> str:
    """DeepRacer's name of a sensor."""
    match sensor:
        case SectorLidar(levels=1):
            return "SECTOR_LIDAR"
        case SectorLidar():
            return "DISCRETIZED_SECTOR_LIDAR"
        case Lidar():
            return "LIDAR"
        case StereoCamera():
            return "STEREO_CAMERAS"
        case _:
            return "FRONT_FACING_CAMERA"


def metadata_of(order: Order) -> dict[str, Any]:
    """`model_metadata.json` of an order."""
    return {
        "action_space": order.space.plain,
        "sensor": [sensor_name(order.sensor)],
        "neural_network": NETWORKS[order.network],
        "training_algorithm": ALGORITHMS[order.hyper.algorithm],
        "action_space_type": "discrete" if isinstance(order.space, Choices) else "continuous",
        "version": METADATA_VERSION,
    }


def write(training: Training, folder: Path) -> None:
    """Write best policy, metadata, hyperparameters, history and drives into a folder made for them."""
    folder.mkdir(parents=True)
    (folder / POLICY).write_bytes(dump(policy_of(training)))
    order = training.order
    (folder / TRACE).write_bytes(
        trace_files.pack(training.recording.parts(order.track, order.reversed), "csv")
    )
    for name, plain in (
        (METADATA, metadata_of(order)),
        (HYPERPARAMETERS, order.hyper.plain),
        (HISTORY, [asdict(iteration) for iteration in training.history]),
    ):
        (folder / name).write_text(json.dumps(plain, indent=1) + "\n")
