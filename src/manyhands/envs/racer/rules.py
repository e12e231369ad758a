"""The rules of `racer-v0`: starts, one control tick, progress, crash, observations. Pure functions in JAX.

A start materialises all randomness of an attempt: track, pose, boxes, slippery patches, light and texture.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from manyhands.envs.limits import require
from manyhands.envs.racer import sensors
from manyhands.envs.racer.car import PRESETS, CarParams, Motion, drive
from manyhands.envs.racer.tracks import Track
from manyhands.errors import InputError

TICKS_PER_S = 15
MAX_TICKS = 300
BOXES = 8
PATCHES = 3
WINDOW_BACK, WINDOW_AHEAD = 2, 10


class Bank(NamedTuple):
    """Tracks of one shape, stacked for gathers: N tracks, K waypoints, G cells each."""

    centre: Array  # (N, K, 2) float32 m
    tangent: Array  # (N, K, 2) float32
    half_width: Array  # (N, K) float32 m
    spacing: Array  # (N,) float32 m
    grid: Array  # (N * GX * GY,) int8
    shape: Array  # (2,) int32: GX, GY


class State(NamedTuple):
    """All of a running attempt that the rules need."""

    track: Array  # () int32, index into the bank
    waypoint: Array  # () int32, nearest point of the centre line
    along: Array  # () float32, metres past that point along its tangent
    motion: Motion
    boxes: Array  # (BOXES, 4) float32: x, y, cos, sin
    patches: Array  # (PATCHES, 4) float32: x, y, radius, grip factor
    light: Array  # (4,) float32: gain, bias, texture phase, texture contrast


def stack(tracks: list[Track]) -> Bank:
    """Make a bank; all tracks must share waypoint count and grid shape. Raises ValueError otherwise."""
    shapes = {(t.centre.shape[0], t.distance.shape) for t in tracks}
    if len(shapes) != 1:
        raise ValueError(
            f"Tracks of one bank must share waypoint count and grid shape, not {sorted(shapes)}."
        )
    return Bank(
        centre=jnp.asarray(np.stack([t.centre for t in tracks])),
        tangent=jnp.asarray(np.stack([t.tangent for t in tracks])),
        half_width=jnp.asarray(np.stack([t.half_width for t in tracks])),
        spacing=jnp.asarray(np.array([t.spacing_m for t in tracks], np.float32)),
        grid=jnp.asarray(np.concatenate([t.distance.ravel() for t in tracks])),
        shape=jnp.asarray(tracks[0].distance.shape, jnp.int32),
    )


@dataclass(frozen=True)
class Conditions:
    """How hard the road is; part of a campaign's configuration."""

    car: str = "sport"
    boxes: int = BOXES
    patch_grip: float = 0.6
    light: float = 1.0  # 0 switches the variation of light and texture off

    def __post_init__(self) -> None:
        if self.car not in list(PRESETS):
            raise InputError(
                f"There is no car {self.car!r}.",
                field="conditions.car",
                remedy=f"Choose {' or '.join(PRESETS)}.",
            )
        require("conditions.boxes", self.boxes, 0, BOXES, whole=True)
        require("conditions.patch_grip", self.patch_grip, 0.05, 1.0)
        require("conditions.light", self.light, 0.0, 1.0)


def quantise(action: Array) -> Array:
    """Commanded action in [-1, 1] to the int8 the simulator executes and the record stores."""
    return jnp.floor(jnp.clip(action, -1.0, 1.0) * 127.0 + 0.5).astype(jnp.int8)


@dataclass(frozen=True)
class Racer:
    """The environment for one bank of tracks and one set of conditions; every method is pure.

    Methods work on a single state; callers add `jax.vmap`.
    """

    bank: Bank
    grid_shape: tuple[int, int]
    conditions: Conditions = Conditions()
    seen_half_m: tuple[float, float] = sensors.SQUARE_M  # half length and width of boxes, as sensors see them
    car: CarParams = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "car", PRESETS[self.conditions.car])

    def start(self, key: Array) -> State:
        """A fresh start: anywhere on any track of the bank, the first box at least a ninth of a lap ahead."""
        keys = jax.random.split(key, 8)
        count, points = self.bank.half_width.shape
        track = jax.random.randint(keys[0], (), 0, count)
        waypoint = jax.random.randint(keys[1], (), 0, points)
        jitter = jax.random.uniform(keys[2], (3,), minval=-1.0, maxval=1.0)
        centre, tangent = self.bank.centre[track, waypoint], self.bank.tangent[track, waypoint]
        turn = 0.2 * jitter[1]
        heading = tangent + turn * jnp.stack([-tangent[1], tangent[0]])
        heading = heading / jnp.sqrt((heading**2).sum())
        x = centre[0] - tangent[1] * 0.12 * jitter[0]
        y = centre[1] + tangent[0] * 0.12 * jitter[0]
        zero = jnp.zeros((), jnp.float32)
        motion = Motion(x, y, heading[0], heading[1], 1.2 + 0.3 * jitter[2], zero, zero)
        state = State(
            track=track.astype(jnp.int32),
            waypoint=waypoint.astype(jnp.int32),
            along=zero,
            motion=motion,
            boxes=self._place_boxes(keys[3], track, waypoint),
            patches=self._place_patches(keys[4], track),
            light=self._draw_light(keys[5]),
        )
        return state

    def _place_boxes(self, key: Array, track: Array, waypoint: Array) -> Array:
        first, second = jax.random.split(key)
        points = self.bank.half_width.shape[1]
        order = jnp.arange(BOXES)
        gap = points / (BOXES + 1.0)
        at = waypoint + ((order + 1.0) * gap + jax.random.uniform(first, (BOXES,)) * 0.5 * gap).astype(
            jnp.int32
        )
        at = at % points
        tangent = self.bank.tangent[track, at]
        side = jax.random.uniform(second, (BOXES,), minval=-1.0, maxval=1.0)
        # Never closer to the middle than .3 of the half width, so that one side always has room to pass.
        side = jnp.sign(side) * (0.3 + 0.45 * jnp.abs(side)) * self.bank.half_width[track, at]
        centre = self.bank.centre[track, at]
        x = centre[:, 0] - tangent[:, 1] * side
        y = centre[:, 1] + tangent[:, 0] * side
        # Boxes that the conditions leave out stand far outside the grid.
        x = jnp.where(order < self.conditions.boxes, x, -100.0)
        return jnp.stack([x, y, tangent[:, 0], tangent[:, 1]], axis=-1)

    def _place_patches(self, key: Array, track: Array) -> Array:
        first, second = jax.random.split(key)
        at = jax.random.randint(first, (PATCHES,), 0, self.bank.half_width.shape[1])
        radius = jax.random.uniform(second, (PATCHES,), minval=0.25, maxval=0.6)
        grip = jnp.full(PATCHES, self.conditions.patch_grip, jnp.float32)
        return jnp.concatenate([self.bank.centre[track, at], radius[:, None], grip[:, None]], axis=-1)

    def _draw_light(self, key: Array) -> Array:
        draw = jax.random.uniform(key, (4,))
        vary = self.conditions.light
        gain = 1.0 + vary * (0.5 * draw[0] - 0.25)
        bias = vary * (0.16 * draw[1] - 0.08)
        return jnp.stack([gain, bias, jnp.floor(draw[2] * 32.0), vary * 0.16 * draw[3]])

    def step(self, state: State, action: Array) -> tuple[State, Array, Array]:
        """One control tick with an executed action (2,) int8.

        Returns the next state, the progress along the centre line in metres (float32) and whether the car has
        left the road or hit a box (bool).
        """
        return self.advance(state, action.astype(jnp.float32) * (1.0 / 127.0))

    def advance(self, state: State, command: Array) -> tuple[State, Array, Array]:
        """`step` with the command (2,) float32 itself, for actions that are recorded as an index."""
        moved, passed = self.follow(state, self.roll(state, command))
        return moved, passed, self.crashed(moved)

    def roll(self, state: State, command: Array) -> Motion:
        """How the car moves in a tick by the command (2,) float32, whatever is in its way."""
        motion = state.motion
        away = (state.patches[:, 0] - motion.x) ** 2 + (state.patches[:, 1] - motion.y) ** 2
        slippery = away < state.patches[:, 2] * state.patches[:, 2]
        grip = jnp.where(slippery, state.patches[:, 3], 1.0).min()
        return drive(self.car, motion, command, grip)

    def follow(self, state: State, motion: Motion) -> tuple[State, Array]:
        """The state whose car has moved to `motion`, and the progress made in metres (float32)."""
        waypoint, along, passed = self._project(state, motion)
        return state._replace(motion=motion, waypoint=waypoint, along=along), passed

    def _project(self, state: State, motion: Motion) -> tuple[Array, Array, Array]:
        """Nearest waypoint within a window of the last one, metres past it, and the progress made."""
        bank = self.bank
        shift = jnp.arange(-WINDOW_BACK, WINDOW_AHEAD)
        near = (state.waypoint + shift) % bank.half_width.shape[1]
        points = bank.centre[state.track, near]
        gap = (motion.x - points[:, 0]) ** 2 + (motion.y - points[:, 1]) ** 2
        best = jnp.argmin(gap)
        waypoint = near[best]
        point, tangent = points[best], bank.tangent[state.track, waypoint]
        along = (motion.x - point[0]) * tangent[0] + (motion.y - point[1]) * tangent[1]
        passed = (best - WINDOW_BACK).astype(jnp.float32) * bank.spacing[state.track] + along - state.along
        return waypoint, along, passed

    def crashed(self, state: State) -> Array:
        """Whether the car's middle is off the road or its disc touches a box."""
        return ~self.on_road(state, state.motion.x, state.motion.y) | self.touches(state)

    def on_road(self, state: State, x: Array, y: Array) -> Array:
        """Whether points, in metres and of any shape, lie on the road of this state's track."""
        base, stride = self._cells(state)
        ix = (x * sensors.CELLS_PER_M).astype(jnp.int32)
        iy = (y * sensors.CELLS_PER_M).astype(jnp.int32)
        return self.bank.grid.at[base + ix * stride + iy].get(mode="clip") > 0

    def touches(self, state: State) -> Array:
        """Whether the car's disc touches a box."""
        motion = state.motion
        px, py = motion.x - state.boxes[:, 0], motion.y - state.boxes[:, 1]
        c, s = state.boxes[:, 2], state.boxes[:, 3]
        gap_x = jnp.maximum(jnp.abs(px * c + py * s) - sensors.BOX_HALF_M, 0.0)
        gap_y = jnp.maximum(jnp.abs(py * c - px * s) - sensors.BOX_HALF_M, 0.0)
        return (gap_x * gap_x + gap_y * gap_y < self.car.radius_m * self.car.radius_m).any()

    def _cells(self, state: State) -> tuple[Array, int]:
        columns, stride = self.grid_shape
        return state.track * (columns * stride), stride

    def proprio(self, state: State) -> Array:
        """What the car feels of itself, (3,) float32 of about 1: speed, steering tangent, yaw rate."""
        motion = state.motion
        return jnp.stack([motion.v * 0.3, motion.steer * 2.0, motion.yaw * 0.2])

    def lidar(self, state: State, sensor: sensors.Lidar) -> Array:
        """Observation of a lidar policy, (told + 3,) float32."""
        base, stride = self._cells(state)
        pose = (state.motion.x, state.motion.y, state.motion.c, state.motion.s)
        beams = sensors.scan(sensor, self.bank.grid, base, stride, pose, state.boxes, self.seen_half_m)
        return jnp.concatenate([sensor.tell(beams), self.proprio(state)])

    def camera(self, state: State, sensor: sensors.Camera) -> Array:
        """Picture (height, width) uint8, or (height, width, 2) of a stereo camera."""
        base, _ = self._cells(state)
        x, y, c, s = state.motion.x, state.motion.y, state.motion.c, state.motion.s
        scene = (state.boxes, state.patches, state.light)

        def look(left_m: float) -> Array:
            pose = (x - s * left_m, y + c * left_m, c, s) if left_m else (x, y, c, s)
            return sensors.picture(
                sensor, self.bank.grid, base, self.grid_shape, pose, scene, self.seen_half_m
            )

        if isinstance(sensor, sensors.StereoCamera):
            return jnp.stack([look(0.5 * sensor.baseline_m), look(-0.5 * sensor.baseline_m)], axis=-1)
        return look(0.0)


def make(tracks: list[Track], conditions: Conditions = Conditions()) -> Racer:
    """The environment over the given tracks."""
    shape = tracks[0].distance.shape
    return Racer(stack(tracks), (shape[0], shape[1]), conditions)
