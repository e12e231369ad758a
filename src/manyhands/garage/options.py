"""What the garage's form offers: defaults, ranges and reward functions to begin with."""

from __future__ import annotations

from importlib import resources

from manyhands.envs.racer.actions import STEERING_GRANULARITIES
from manyhands.garage.hyperparameters import BATCH_SIZES, LOSSES, NAMES, Algorithm, defaults, ranges_of
from manyhands.garage.metadata import NETWORKS, SENSORS
from manyhands.types import Json

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
        "algorithms": [_algorithm(name) for name in NAMES],
        "sensors": list(SENSORS),
        "networks": list(NETWORKS),
        "steering_granularities": list(STEERING_GRANULARITIES),
        "examples": [
            {"name": name, "source": (folder / f"{stem}.py").read_text()} for stem, name in _EXAMPLES.items()
        ],
    }


def _algorithm(name: Algorithm) -> Json:
    """Defaults of what an algorithm is told, with least and most of each, or all its values."""
    numbers = {key: list(ends) for key, ends in ranges_of(name).items() if key in NAMES[name]}
    few = {"batch_size": list(BATCH_SIZES), "loss_type": list(LOSSES)}
    return {"name": name, "hyperparameters": defaults(name).plain, "ranges": few | numbers}
