"""`racer-v0` as the judge sees it: one bank of tracks, one set of conditions, one sensor."""

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import jax
import numpy as np
from jax import Array

from manyhands.envs.core import Plain
from manyhands.envs.racer import rules, tracks
from manyhands.envs.racer.car import Motion
from manyhands.envs.racer.rules import Conditions, Racer, State
from manyhands.envs.racer.sensors import Camera, Lidar, SectorLidar, StereoCamera
from manyhands.errors import InputError

# Generated tracks by purpose; no track serves two. Players drive on `play`, gate and payment measure on
# `gate`, scores that are shown and the roll-back come from `heldout`.
SUITES = {"play": range(64), "gate": range(1000, 1064), "heldout": range(2000, 2032)}
TOLERANCE_M = 0.05
_KINDS: dict[str, type[Lidar] | type[Camera]] = {
    "lidar": Lidar,
    "sector-lidar": SectorLidar,
    "camera": Camera,
    "stereo": StereoCamera,
}


@dataclass(frozen=True)
class RacerTask:
    """See `manyhands.envs.core.Task`. State is `rules.State`; progress is in metres."""

    track_ids: tuple[str, ...]
    sensor: Lidar | Camera
    conditions: Conditions = field(default_factory=Conditions)
    bins: tuple[int, ...] = (15, 7)
    head: Literal["bins", "choice"] = "bins"
    environment: str = "racer-v0"
    ticks_per_s: int = rules.TICKS_PER_S
    max_ticks: int = rules.MAX_TICKS
    progress_clip: float = 2.5
    _numbers: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_numbers", {name: number for number, name in enumerate(self.track_ids)})

    @cached_property
    def racer(self) -> Racer:
        """The rules over this task's tracks."""
        # The first use may be inside a traced function; the bank itself is made of constants.
        with jax.ensure_compile_time_eval():
            return rules.make([tracks.track(name) for name in self.track_ids], self.conditions)

    @property
    def vector(self) -> int:
        """Three proprioceptive numbers, after the beams of a lidar."""
        return vector_of(self.sensor)

    @property
    def image(self) -> tuple[int, int] | None:
        """Picture height and width of a camera."""
        return image_of(self.sensor)

    def start(self, key: Array) -> State:
        """Anywhere on any of the tracks; see `Racer.start`."""
        return self.racer.start(key)

    def observe(self, state: State) -> dict[str, Array]:
        """`vector`: beams and proprioception; `image` for cameras."""
        return seen(self.racer, self.sensor, state)

    def quantise(self, action: Array) -> Array:
        """(2,) floats to (2,) int8."""
        return rules.quantise(action)

    def step(self, state: State, action: Array) -> tuple[State, Array, Array]:
        """See `Racer.step`."""
        return self.racer.step(state, action)

    def to_plain(self, state: State) -> Plain:
        """The track by its id, everything else as numbers that are exact in float32."""
        return {
            "track": self.track_ids[int(state.track)],
            "waypoint": int(state.waypoint),
            "along": float(state.along),
            "motion": {name: float(value) for name, value in state.motion._asdict().items()},
            "boxes": np.asarray(state.boxes, np.float64).tolist(),
            "patches": np.asarray(state.patches, np.float64).tolist(),
            "light": np.asarray(state.light, np.float64).tolist(),
        }

    def from_plain(self, plain: Plain) -> State:
        """Inverse of `to_plain`. Raises InputError when a field is missing, malformed or of another task."""
        try:
            # Judges read hundreds of starts a second: arrays of numpy, which cost a twentieth of JAX's.
            whole, real = np.int32, np.float32
            with np.errstate(over="ignore"):
                motion: dict[str, Any] = {name: real(plain["motion"][name]) for name in Motion._fields}
                leaves: dict[str, Any] = {
                    "track": whole(self._numbers[plain["track"]]),
                    "waypoint": whole(plain["waypoint"]),
                    "along": real(plain["along"]),
                    "motion": Motion(**motion),
                    "boxes": np.asarray(plain["boxes"], real).reshape(rules.BOXES, 4),
                    "patches": np.asarray(plain["patches"], real).reshape(rules.PATCHES, 4),
                    "light": np.asarray(plain["light"], real).reshape(4),
                }
            state = State(**leaves)
        except (KeyError, TypeError, ValueError, OverflowError) as fault:
            raise InputError(
                f"This is no state of racer-v0 on these tracks: {fault}.", field="start"
            ) from fault
        points = self.racer.bank.half_width.shape[1]
        finite = all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(state))
        if not finite or not 0 <= int(state.waypoint) < points:
            raise InputError(
                f"This is no state of racer-v0: it takes finite numbers and a waypoint below {points}.",
                field="start",
            )
        return state

    def final_of(self, state: State) -> Plain:
        """Position, heading and speed."""
        motion = state.motion
        names = {"x": motion.x, "y": motion.y, "cos": motion.c, "sin": motion.s, "speed": motion.v}
        return {name: float(value) for name, value in names.items()}

    def deviation(self, state: State, final: Plain) -> float:
        """Distance of the positions in units of 5 cm; infinite where the client sent no position."""
        try:
            gap = np.hypot(
                float(final["x"]) - float(state.motion.x), float(final["y"]) - float(state.motion.y)
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            return float("inf")
        return float(gap) / TOLERANCE_M if np.isfinite(gap) else float("inf")


def vector_of(sensor: Lidar | Camera) -> int:
    """Length of an observation's vector part."""
    return 3 + (sensor.told if isinstance(sensor, Lidar) else 0)


def image_of(sensor: Lidar | Camera) -> tuple[int, int] | None:
    """Picture height and width of a camera."""
    return None if isinstance(sensor, Lidar) else (sensor.height, sensor.width)


def depth_of(sensor: Lidar | Camera) -> int:
    """Values of a pixel."""
    return 2 if isinstance(sensor, StereoCamera) else 1


def seen(racer: Racer, sensor: Lidar | Camera, state: State) -> dict[str, Array]:
    """Observation of a state by a sensor."""
    if isinstance(sensor, Lidar):
        return {"vector": racer.lidar(state, sensor)}
    return {"vector": racer.proprio(state), "image": racer.camera(state, sensor)}


def make(config: Plain, suite: str) -> RacerTask:
    """Task of a campaign's configuration for one of the SUITES.

    config: `sensor` ({"kind": "lidar" | "camera", ...sizes}) and optionally `conditions` and, for the suite
    `play`, `tracks` (a list of ids). Raises InputError naming the field.
    """
    own = config.get("tracks") if suite == "play" else None
    names = tuple(own) if own else tuple(f"gen-{seed}" for seed in SUITES[suite])
    try:
        conditions = Conditions(**config.get("conditions", {}))
    except TypeError as fault:
        raise InputError(f"These conditions do not fit racer-v0: {fault}.", field="conditions") from fault
    return RacerTask(names, parse_sensor(config.get("sensor", {"kind": "lidar"})), conditions)


def parse_sensor(plain: Plain) -> Lidar | Camera:
    """Sensor from its JSON form. Raises InputError naming the field."""
    if not isinstance(plain, dict):
        raise InputError(f"A sensor is an object, not {plain!r}.", field="sensor")
    sizes = {name: value for name, value in plain.items() if name != "kind"}
    try:
        return _KINDS[plain["kind"]](**sizes)
    except KeyError as fault:
        raise InputError(
            f"There is no sensor {fault}; choose one of {sorted(_KINDS)}.", field="sensor.kind"
        ) from fault
    except TypeError as fault:
        raise InputError(f"These sizes do not fit the sensor: {fault}.", field="sensor") from fault


def plain_sensor(sensor: Lidar | Camera) -> Plain:
    """JSON form of a sensor, as in a campaign's configuration and a policy's file."""
    kind = next(name for name, made in _KINDS.items() if type(sensor) is made)
    return {"kind": kind, **asdict(sensor)}


def with_sensor(task: RacerTask, sensor: Plain) -> RacerTask:
    """The same task seen through another sensor."""
    return replace(task, sensor=parse_sensor(sensor))


def reference_driver(config: Plain) -> str:
    """Name of the packaged driver that defines score 1.0."""
    kind = "lidar" if isinstance(parse_sensor(config.get("sensor", {"kind": "lidar"})), Lidar) else "camera"
    return f"racer-{kind}-reference"
