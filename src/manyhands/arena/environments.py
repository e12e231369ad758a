"""The environments a campaign can be made of, as plain data, and the configuration a new one gets."""

from __future__ import annotations

from typing import Any

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
)

_SENSORS: dict[str, dict[str, Any]] = {
    "camera": {
        "kind": "camera",
        "width": 48,
        "height": 32,
        "focal": 0.5625,
        "mount_m": 0.35,
        "box_height_m": 0.25,
    },
    "lidar": {"kind": "lidar", "beams": 24, "spread_rad": 1.2, "marches": 14},
}
_CONDITIONS: dict[str, Any] = {"car": "sport", "boxes": 8, "patch_grip": 0.6, "light": 1.0}


def default_config(sensor: str) -> Json:
    """Return the configuration of a new racer campaign with that sensor, `camera` or `lidar`."""
    return {"sensor": dict(_SENSORS[sensor]), "conditions": dict(_CONDITIONS)}
