"""What the garage's form offers: defaults, ranges and reward functions to begin with."""

from __future__ import annotations

from importlib import resources

from manyhands.envs.racer.actions import STEERING_GRANULARITIES
from manyhands.garage.hyperparameters import BATCH_SIZES, LOSSES, Hyperparameters
from manyhands.types import Json

SENSORS = ("lidar", "camera-48x32", "camera-160x120")
RANGES: Json = {
    "batch_size": list(BATCH_SIZES),
    "num_epochs": [3, 10],
    "lr": [1e-8, 1e-3],
    "beta_entropy": [0.0, 1.0],
    "discount_factor": [0.0, 1.0],
    "loss_type": list(LOSSES),
    "num_episodes_between_training": [5, 100],
}
"""Least and most of each hyperparameter, or all its values."""
_EXAMPLES = {
    "centre_line": "Follow the centre line",
    "inside_borders": "Stay inside the borders",
    "steady_hands": "Steer without zigzag",
    "fast_progress": "Make progress fast",
}


def options() -> Json:
    """All of it, as the wire has it."""
    folder = resources.files("manyhands.garage") / "examples"
    return {
        "hyperparameters": Hyperparameters().plain,
        "ranges": RANGES,
        "sensors": list(SENSORS),
        "steering_granularities": list(STEERING_GRANULARITIES),
        "examples": [
            {"name": name, "source": (folder / f"{stem}.py").read_text()} for stem, name in _EXAMPLES.items()
        ],
    }
