"""Action spaces in degrees and metres a second: a list of pairs, or a range for each of both. Plain numpy.

Their JSON form is that of DeepRacer's `model_metadata.json`, so its files can be read as they are. Steering
is positive to the left; the speed is a target that the car approaches at its own rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from manyhands.envs.limits import require
from manyhands.errors import InputError

MOST_ACTIONS = 64
STEERING_GRANULARITIES = (3, 5, 7)
DEFAULT_GENERATOR = {
    "steering_granularity": 5,
    "max_steering": 30.0,
    "speed_granularity": 2,
    "max_speed": 1.0,
}


class CarLimits(Protocol):
    """What a car can be told; `car.CarParams` is one."""

    @property
    def max_steer_rad(self) -> float:
        """To either side."""

    @property
    def min_speed_mps(self) -> float:
        """Slowest target."""

    @property
    def max_speed_mps(self) -> float:
        """Fastest target."""


@dataclass(frozen=True)
class Choices:
    """A list of (degrees, m/s); an action is an index into it."""

    actions: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if not 2 <= len(self.actions) <= MOST_ACTIONS:
            raise InputError(
                f"The list has {len(self.actions)} actions.",
                field="actions",
                remedy=f"Give 2 to {MOST_ACTIONS}.",
            )

    @property
    def plain(self) -> list[dict[str, Any]]:
        """JSON form."""
        return [
            {"steering_angle": angle, "speed": speed, "index": index}
            for index, (angle, speed) in enumerate(self.actions)
        ]


@dataclass(frozen=True)
class Ranges:
    """Lowest and highest steering in degrees and speed in m/s; an action is any pair within."""

    steering_deg: tuple[float, float]
    speed_mps: tuple[float, float]

    def __post_init__(self) -> None:
        for name, (low, high) in (("steering_angle", self.steering_deg), ("speed", self.speed_mps)):
            if not low < high:
                raise InputError(
                    f"The range of {name} goes from {low:g} to {high:g}.",
                    field=f"action_space.{name}",
                    remedy="Give a low that is below the high.",
                )

    @property
    def plain(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "steering_angle": {"low": self.steering_deg[0], "high": self.steering_deg[1]},
            "speed": {"low": self.speed_mps[0], "high": self.speed_mps[1]},
        }


ActionSpace = Choices | Ranges


def generate(
    steering_granularity: int, max_steering: float, speed_granularity: int, max_speed: float
) -> Choices:
    """The list that DeepRacer's generator makes: every angle, from right to left, at every speed.

    Angles are even from -max_steering to max_steering degrees, speeds max_speed * k / speed_granularity.
    Raises InputError naming the value that is out of its range.
    """
    if steering_granularity not in STEERING_GRANULARITIES:
        raise InputError(
            f"steering_granularity is {steering_granularity!r}.",
            field="action_space.steering_granularity",
            remedy="Use 3, 5 or 7.",
        )
    require("action_space.max_steering", max_steering, 1.0, 30.0)
    require("action_space.speed_granularity", speed_granularity, 1, 3, whole=True)
    require("action_space.max_speed", max_speed, 0.1, 4.0)
    angles = np.linspace(-max_steering, max_steering, steering_granularity)
    speeds = [round(max_speed * (k + 1) / speed_granularity, 4) for k in range(speed_granularity)]
    return Choices(tuple((round(float(angle), 4), speed) for angle in angles for speed in speeds))


def parse(plain: Any) -> ActionSpace:
    """Action space of its JSON form, of the generator's four values, or of a whole `model_metadata.json`.

    Raises InputError naming the wrong field.
    """
    if isinstance(plain, dict) and "action_space" in plain:
        plain = plain["action_space"]
    if isinstance(plain, list):
        return Choices(tuple(_pair(at, action) for at, action in enumerate(plain)))
    if isinstance(plain, dict) and plain.keys() == DEFAULT_GENERATOR.keys():
        return generate(**plain)
    if isinstance(plain, dict) and plain.keys() == {"steering_angle", "speed"}:
        return Ranges(_range(plain, "steering_angle"), _range(plain, "speed"))
    raise InputError(
        "This is no action space.",
        field="action_space",
        remedy="Give a list of objects with steering_angle and speed; or both as objects with low and high; "
        f"or {', '.join(DEFAULT_GENERATOR)}.",
    )


def _pair(at: int, action: Any) -> tuple[float, float]:
    if not isinstance(action, dict) or not {"steering_angle", "speed"} <= action.keys():
        raise InputError(
            f"Action {at} is {action!r}.",
            field=f"action_space[{at}]",
            remedy="Give an object with steering_angle in degrees and speed in m/s.",
        )
    angle, speed = (
        _number(f"action_space[{at}].{name}", action[name]) for name in ("steering_angle", "speed")
    )
    return angle, speed


def _range(plain: dict[str, Any], name: str) -> tuple[float, float]:
    ends = plain[name]
    if not isinstance(ends, dict) or not {"low", "high"} <= ends.keys():
        raise InputError(
            f"The range of {name} is {ends!r}.",
            field=f"action_space.{name}",
            remedy="Give an object with low and high.",
        )
    low, high = (_number(f"action_space.{name}.{end}", ends[end]) for end in ("low", "high"))
    return low, high


def _number(field: str, value: Any) -> float:
    # Their files hold numbers as text now and then.
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{field} is {value!r}.", field=field, remedy="Give a number.")
    return number


def commands(space: ActionSpace, car: CarLimits) -> NDArray[np.float64]:
    """Steering and throttle in [-1, 1] for the rules' car: of every action (n, 2), or low and high (2, 2).

    Raises InputError for an action beyond the car.
    """
    pairs = (
        space.actions
        if isinstance(space, Choices)
        else tuple(zip(space.steering_deg, space.speed_mps, strict=True))
    )
    half_range = 0.5 * (car.max_speed_mps - car.min_speed_mps)
    found = []
    for angle_deg, speed_mps in pairs:
        steer = math.radians(angle_deg) / car.max_steer_rad
        throttle = (speed_mps - car.min_speed_mps) / half_range - 1.0
        if not (abs(steer) <= 1.0 + 1e-4 and abs(throttle) <= 1.0 + 1e-9):
            raise InputError(
                f"The action of {angle_deg} degrees and {speed_mps} m/s is beyond this car.",
                field="actions",
                remedy=f"Steer at most {math.degrees(car.max_steer_rad):.1f} degrees to either side, "
                f"at {car.min_speed_mps:g} to {car.max_speed_mps:g} m/s.",
            )
        found.append((steer, throttle))
    return np.array(found)


def degrees_and_speeds(command: NDArray[np.float32], car: CarLimits) -> NDArray[np.float64]:
    """Degrees and m/s (..., 2) of commands (..., 2) in [-1, 1], the inverse of what `commands` does."""
    steer, throttle = command[..., 0].astype(np.float64), command[..., 1].astype(np.float64)
    half_range = 0.5 * (car.max_speed_mps - car.min_speed_mps)
    return np.stack(
        [np.degrees(steer * car.max_steer_rad), car.min_speed_mps + half_range * (1.0 + throttle)], axis=-1
    )
