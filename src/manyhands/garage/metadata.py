"""Sensors, networks and algorithms by the names of DeepRacer's `model_metadata.json`. No JAX."""

from __future__ import annotations

from typing import Any, Literal

from manyhands.errors import InputError
from manyhands.garage.hyperparameters import Algorithm
from manyhands.types import Json

Network = Literal["shallow", "deep", "deepracer-shallow", "deepracer-deep", "deepracer-deep-deep"]
_SHALLOW, _DEEP = "DEEP_CONVOLUTIONAL_NETWORK_SHALLOW", "DEEP_CONVOLUTIONAL_NETWORK"
NETWORKS: dict[Network, str] = {
    "shallow": _SHALLOW,
    "deep": _DEEP,
    "deepracer-shallow": _SHALLOW,
    "deepracer-deep": _DEEP,
    "deepracer-deep-deep": "DEEP_CONVOLUTIONAL_NETWORK_DEEP",
}
"""The first two are small and fast ones of our own; the others have the layers that DeepRacer's have."""
ALGORITHMS: dict[Algorithm, str] = {
    "ppo": "clipped_ppo",
    "sac": "sac",
    "policy-gradient": "policy_gradient",
}
"""The last is ours alone."""
SENSORS = (
    "lidar",
    "sector-lidar",
    "sector-lidar-8x4",
    "camera-48x32",
    "camera-160x120",
    "stereo-48x32",
    "stereo-160x120",
)
"""Sensors that are offered; `orders.sensor_of` reads others, too."""

# Our sensor for each of DeepRacer's; pictures have the size on which DeepRacer trains. Its cars may have a
# camera and a lidar, ours have one sensor: the first of this order.
_SENSORS = {
    "STEREO_CAMERAS": "stereo-160x120",
    "FRONT_FACING_CAMERA": "camera-160x120",
    "LEFT_CAMERA": "camera-160x120",
    "observation": "camera-160x120",
    "LIDAR": "lidar",
    "SECTOR_LIDAR": "sector-lidar",
    "DISCRETIZED_SECTOR_LIDAR": "sector-lidar-8x4",
}
_SPACES = {"discrete": list, "continuous": dict}


def terms_of(plain: Any) -> Json:
    """The terms of an order that a `model_metadata.json` of any version gives, or a bare list of actions.

    The keys are those of action_space, sensor, network and algorithm that the file has. DeepRacer's name of a
    network stands for ours and for its own layers; ours is taken, because it is quick. The action space is
    passed on unread. Raises InputError naming the field.
    """
    if isinstance(plain, list):
        return {"action_space": plain}
    if not isinstance(plain, dict) or "action_space" not in plain:
        raise InputError(
            "This is no model_metadata.json: it has no action_space.",
            field="action_space",
            remedy="Give the file that DeepRacer wrote, or a list of actions.",
        )
    space = plain["action_space"]
    terms: Json = {"action_space": space}
    if "action_space_type" in plain:
        form = _of(_SPACES, "action_space_type", plain["action_space_type"])
        if not isinstance(space, form):
            raise InputError(
                f"The action_space is not {plain['action_space_type']}, as its action_space_type says.",
                field="action_space_type",
                remedy="Give a list of actions for discrete, ranges for continuous.",
            )
    if plain.get("sensor"):
        told = plain["sensor"] if isinstance(plain["sensor"], list) else [plain["sensor"]]
        terms["sensor"] = next(ours for ours in _SENSORS.values() if ours in _sensors(told))
    if "neural_network" in plain:
        ours: dict[str, Network] = {theirs: name for name, theirs in reversed(NETWORKS.items())}
        terms["network"] = _of(ours, "neural_network", plain["neural_network"])
    if "training_algorithm" in plain:
        algorithms = {theirs: name for name, theirs in ALGORITHMS.items()}
        terms["algorithm"] = _of(algorithms, "training_algorithm", plain["training_algorithm"])
    return terms


def _sensors(told: list[Any]) -> list[str]:
    return [_of(_SENSORS, "sensor", name) for name in told]


def _of(known: dict[str, Any], field: str, value: Any) -> Any:
    """What one of DeepRacer's names stands for, in any case. Raises InputError listing all of them."""
    found = {name.lower(): ours for name, ours in known.items()}
    if str(value).lower() not in found:
        raise InputError(f"{field} is {value!r}.", field=field, remedy=f"Use {', '.join(known)}.")
    return found[str(value).lower()]
