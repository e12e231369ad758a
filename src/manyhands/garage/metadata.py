"""What a car is made of, by the names of DeepRacer's `model_metadata.json`. No JAX."""

from __future__ import annotations

from typing import Literal

from manyhands.garage.hyperparameters import Algorithm

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
