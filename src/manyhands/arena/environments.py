"""The environments a campaign can be made of, as plain data, and the configuration a new one gets."""

from __future__ import annotations

import copy
from typing import Any

from manyhands.errors import InputError, NotFoundError
from manyhands.types import Json

SPECS: tuple[Json, ...] = (
    {
        "id": "racer-v0",
        "title": "Racer",
        "summary": "A small car on a closed road with boxes and slippery patches: get far without a crash.",
        "tick_s": 1 / 15,
        "substeps": 4,
        "max_ticks": 300,
        "actions": [
            {"name": "steer", "low": -127, "high": 127, "meaning": "full right to full left"},
            {"name": "throttle", "low": -127, "high": 127, "meaning": "lowest to highest wanted speed"},
        ],
        "sensors": [
            {"name": "camera", "kind": "camera", "width": 48, "height": 32, "channels": 1},
            {"name": "lidar", "kind": "lidar", "beams": 24, "spread_rad": 1.2},
        ],
        "presets": ["sport", "deepracer"],
    },
    {
        "id": "snake-v0",
        "title": "Snake",
        "summary": "A snake on a board of cells, in the middle of a game: eat, and leave yourself a way out.",
        "tick_s": 1 / 8,
        "substeps": 1,
        "max_ticks": 160,
        "actions": [
            {"name": "turn", "low": -127, "high": 127, "meaning": "-127 left, 0 straight, 127 right"}
        ],
        "sensors": [
            {"name": "grid", "kind": "grid", "numbers": 256},
            {"name": "features", "kind": "features", "numbers": 13},
        ],
        "presets": [],
    },
)
MOST_TICKS = max(spec["max_ticks"] for spec in SPECS)
MOST_AXES = max(len(spec["actions"]) for spec in SPECS)

_CAR: dict[str, Any] = {"car": "sport", "boxes": 8, "patch_grip": 0.6, "light": 1.0}
_BOARD: dict[str, Any] = {"width": 32, "height": 24, "start_length": 3, "cap": 100, "longest": 96}
_CAMERA: dict[str, Any] = {
    "kind": "camera",
    "width": 48,
    "height": 32,
    "focal": 0.5625,
    "mount_m": 0.35,
    "box_height_m": 0.25,
}
_LIDAR: dict[str, Any] = {"kind": "lidar", "beams": 24, "spread_rad": 1.2, "marches": 14}
# The first sensor of an environment is the one of a campaign for which none is named.
_CONFIGS: dict[str, dict[str, Json]] = {
    "racer-v0": {
        "lidar": {"sensor": _LIDAR, "conditions": _CAR},
        "camera": {"sensor": _CAMERA, "conditions": _CAR},
    },
    "snake-v0": {kind: {"sensor": {"kind": kind}, "conditions": _BOARD} for kind in ("grid", "features")},
}


def environment_spec(environment: str) -> Json:
    """Return what SPECS says of an environment.

    Raises:
        NotFoundError: if there is none of that id.
    """
    found = next((spec for spec in SPECS if spec["id"] == environment), None)
    if found is None:
        known = ", ".join(str(spec["id"]) for spec in SPECS)
        raise NotFoundError(
            f"There is no environment {environment!r}.", field="environment", remedy=f"Choose one of {known}."
        )
    return found


def default_config(environment: str, sensor: str | None = None) -> Json:
    """Return the configuration of a new campaign; without a sensor, with the environment's first one.

    Raises:
        NotFoundError: if there is no such environment.
        InputError: if it has no such sensor.
    """
    environment_spec(environment)
    configs = _CONFIGS[environment]
    if sensor is not None and sensor not in configs:
        raise InputError(
            f"{environment} has no sensor {sensor!r}.",
            field="sensor",
            remedy=f"Choose {' or '.join(sorted(configs))}.",
        )
    return copy.deepcopy(configs[sensor or next(iter(configs))])
