"""What cars did, and the `params` that DeepRacer's simulator would have made of it. Plain numpy, no JAX.

Keys and meanings follow that simulator's source (`set_reward_and_metrics`, `TrackData`): x and y are the
front of the car, speed and steering what was commanded, distances along the road count from the first
waypoint.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manyhands.envs.racer import npy
from manyhands.envs.racer.tracks import Track
from manyhands.garage.rewards.jail import calls

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Flags = NDArray[np.bool_]

FRONT_AHEAD_M = 0.14
TICKS_PER_S = 15.0
HALF_SIGHT_RAD = 0.565  # half the camera's horizontal field of view
SAMPLE_M = 0.025
SAME_POINT_M = 1e-4


@dataclass(frozen=True)
class Trace:
    """What N cars did in T ticks; arrays (T, N) unless said. Row t is the state after the action of tick t.

    track: in the driving direction; reversed: whether that is against the file's order. x, y: centre of the
    car model in the track's metres. yaw: rad. speed, steering: commanded, m/s and degrees, + is left.
    progress: 0 to 100 of the lap since the episode's start. step: from 1 within the episode. alive: whether
    the row is a tick of an episode; others are no calls. objects: (N, K, 4) x, y, heading in rad and speed,
    or (T, N, K, 4) where they move; K may be 0.
    """

    track: Track
    reversed: bool
    x: F32
    y: F32
    yaw: F32
    speed: NDArray[np.float64]
    steering: NDArray[np.float64]
    progress: F32
    step: NDArray[np.int32]
    offtrack: Flags
    crashed: Flags
    done: Flags
    wheels_on_track: Flags
    alive: Flags
    objects: F32


@dataclass(frozen=True)
class Columns:
    """Params of T x N calls, column by column.

    waypoints: (W, 2), the first one repeated last. values: (T, N) by the names of `jail.calls`, float64,
    int32 or bool. alive: (T, N). objects: (N, 7, K) by `jail.calls.OBJECT_FLOATS`, (T, N, 7, K) where
    they move.
    """

    waypoints: F64
    track_length: float
    is_reversed: bool
    values: dict[str, NDArray[Any]]
    alive: Flags
    objects: F64

    @property
    def moving(self) -> bool:
        """Whether objects are elsewhere in each row."""
        return self.objects.ndim == 4

    def packed(self, first: int, end: int) -> bytes:
        """The calls of the cars [first, end), car after car, as the jailed process reads them."""
        alive = self.alive[:, first:end].T
        counts = alive.sum(axis=1).astype("<u4")
        sizes, flags = (len(self.waypoints), int(counts.sum())), (self.is_reversed, self.moving)
        head = calls.HEAD.pack(*sizes, self.track_length, *map(int, flags))
        parts = [head, self.waypoints.astype("<f8").tobytes(), counts.tobytes()]
        for names, form in ((calls.FLOATS, "<f8"), (calls.INTEGERS, "<i4"), (calls.FLAGS, "?")):
            parts += [self.values[name][:, first:end].T[alive].astype(form).tobytes() for name in names]
        told = self.objects[:, first:end].swapaxes(0, 1)[alive] if self.moving else self.objects[first:end]
        parts.append(told.astype("<f8").tobytes())
        return b"".join(parts)

    def params(self, tick: int, car: int) -> dict[str, Any]:
        """The params object of one call."""
        one = replace(
            self,
            values={name: column[tick : tick + 1, car : car + 1] for name, column in self.values.items()},
            alive=np.ones((1, 1), np.bool_),
            objects=self.objects[tick : tick + 1, car : car + 1]
            if self.moving
            else self.objects[car : car + 1],
        )
        batch = calls.unpack(one.packed(0, 1), 1, self.objects.shape[-1])
        return next(calls.rows(batch, 0, 0, 1))


class _Line:
    """A closed polyline (W, 2), its first point repeated last, that points are projected on."""

    def __init__(self, points: F64) -> None:
        from scipy.spatial import cKDTree

        self.start, self.step = points[:-1], np.diff(points, axis=0)
        lengths = np.hypot(*self.step.T)
        self.arc = np.concatenate([[0.0], np.cumsum(lengths)])
        self.square = np.maximum(lengths * lengths, 1e-12)
        pieces = np.maximum(np.ceil(lengths / SAMPLE_M).astype(int), 1)
        self._segment = np.repeat(np.arange(len(pieces)), pieces)
        share = (np.arange(len(self._segment)) - np.repeat(np.cumsum(pieces) - pieces, pieces)) / np.repeat(
            pieces, pieces
        )
        self._samples = cKDTree(self.start[self._segment] + share[:, None] * self.step[self._segment])

    def project(self, points: F64) -> tuple[F64, F64]:
        """Nearest points (M, 2) of the line and their distances along it (M,), of points (M, 2).

        The nearest of samples 2.5 cm apart names the segment, and both of its neighbours are tried.
        """
        _, sample = self._samples.query(points)
        segment = (self._segment[sample][:, None] + np.array([0, -1, 1])) % len(self.start)
        start, step = self.start[segment], self.step[segment]
        away = points[:, None] - start
        share = np.clip((away * step).sum(-1) / self.square[segment], 0.0, 1.0)
        near = start + share[..., None] * step
        best = ((near - points[:, None]) ** 2).sum(-1).argmin(1)
        rows = np.arange(len(points))
        chosen = segment[rows, best]
        along = self.arc[chosen] + share[rows, best] * (self.arc[chosen + 1] - self.arc[chosen])
        return near[rows, best], along


@dataclass(frozen=True)
class _Road:
    """A track as params tell of it: waypoints and borders in the coordinates of its file."""

    shift: F64
    points: F64
    centre: _Line
    inner: _Line
    outer: _Line
    length: float
    counterclockwise: bool


class _Key:
    """A track by identity: it holds arrays, so it has no hash."""

    def __init__(self, track: Track) -> None:
        self.track = track

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.track is self.track

    def __hash__(self) -> int:
        return id(self.track)


@lru_cache(maxsize=16)
def _road(key: _Key, backwards: bool) -> _Road:
    track = key.track
    rows, shift = _file_rows(track, backwards), np.zeros(2)
    if track.rows is not None:
        shift = np.asarray(track.origin_m)
    if rows is None:
        rows = npy.export(track.centre, track.tangent, track.half_width) - np.tile(shift, 3)
    x, y = rows[:, 0], rows[:, 1]
    enclosed = float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))
    centre = _Line(rows[:, :2])
    return _Road(
        shift=shift,
        points=rows[:, :2],
        centre=centre,
        inner=_Line(rows[:, 2:4]),
        outer=_Line(rows[:, 4:6]),
        length=float(centre.arc[-1]),
        counterclockwise=enclosed > 0.0,
    )


def _file_rows(track: Track, backwards: bool) -> F64 | None:
    """The file's rows in driving order, the first one repeated last; None for a road that is not its file's.

    A road with two ends is driven on a lane back that its file does not have.
    """
    if track.rows is None:
        return None
    rows = track.rows[np.isfinite(track.rows).all(axis=1)]
    rows = rows[::-1] if backwards else rows
    steps = np.hypot(*np.diff(rows[:, :2], axis=0).T)
    gap = float(np.hypot(*(rows[-1, :2] - rows[0, :2])))
    if gap > max(1.0, 3.0 * float(steps.max())):
        return None
    return rows if gap < SAME_POINT_M else np.vstack([rows, rows[:1]])


def columns(trace: Trace) -> Columns:
    """The params of every row of a trace."""
    road = _road(_Key(trace.track), trace.reversed)
    shape = trace.x.shape
    yaw = trace.yaw.astype(np.float64)
    ahead = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    model = np.stack([trace.x, trace.y], axis=-1).astype(np.float64) - road.shift
    front = model + FRONT_AHEAD_M * ahead
    near, along = road.centre.project(front.reshape(-1, 2))
    inner, outer = road.inner.project(near)[0], road.outer.project(near)[0]
    flat = front.reshape(-1, 2)
    nearer_inner = _apart(flat, inner) < _apart(flat, outer)
    # As in DeepRacer: the waypoint passed last and the next one, which is 0 again at the end of the lap.
    following = np.searchsorted(road.centre.arc, along, side="right")
    following = np.where(following >= len(road.centre.arc), 0, following)
    values: dict[str, NDArray[Any]] = {
        "x": front[..., 0],
        "y": front[..., 1],
        "heading": np.degrees(np.arctan2(ahead[..., 1], ahead[..., 0])),
        "distance_from_center": _apart(flat, near).reshape(shape),
        "projection_distance": along.reshape(shape),
        "progress": np.clip(trace.progress, 0.0, 100.0).astype(np.float64),
        "speed": trace.speed,
        "steering_angle": trace.steering,
        "track_width": _apart(inner, outer).reshape(shape),
        "sim_time": trace.step / TICKS_PER_S,
        # DeepRacer does not reward the first action of an episode, so the first call has step 2.
        "steps": trace.step + 1,
        "before": np.maximum(np.where(following == 0, len(road.points) - 1, following - 1), 0).reshape(shape),
        "ahead": following.reshape(shape),
        "all_wheels_on_track": trace.wheels_on_track,
        "is_left_of_center": (nearer_inner == road.counterclockwise).reshape(shape),
        "is_offtrack": trace.offtrack,
        "is_crashed": trace.crashed,
    }
    objects, seen = _objects(road, trace, front, ahead, along.reshape(shape))
    return Columns(road.points, road.length, trace.reversed, values | seen, trace.alive, objects)


def _apart(points: F64, others: F64) -> F64:
    return np.asarray(np.hypot(*(points - others).T), np.float64)


def _objects(
    road: _Road, trace: Trace, front: F64, ahead: F64, along: F64
) -> tuple[F64, dict[str, NDArray[Any]]]:
    """Objects (N, 7, K), or (T, N, 7, K) where they move, and what each row (T, N) says of them.

    A row says which object is next behind, which is next ahead, and whether that one is in the camera.
    """
    shape, lanes, count = trace.x.shape, trace.objects.shape[:-2], trace.objects.shape[-2]
    if count == 0:
        none = np.zeros(shape, np.int32)
        seen = {"object_behind": none, "object_ahead": none, "object_in_camera": np.zeros(shape, np.bool_)}
        return np.zeros((shape[1], len(calls.OBJECT_FLOATS), 0)), seen
    told = trace.objects.astype(np.float64)
    places = told[..., :2] - road.shift
    flat = places.reshape(-1, 2)
    near, distance = road.centre.project(flat)
    left = (_apart(flat, road.inner.project(near)[0]) < _apart(flat, road.outer.project(near)[0])) == (
        road.counterclockwise
    )
    rows = [places[..., 0], places[..., 1], distance, left, told[..., 2], told[..., 3], _apart(flat, near)]
    objects = np.stack([np.asarray(row, np.float64).reshape(*lanes, count) for row in rows], axis=-2)
    gap = (objects[..., 2, :] - along[..., None]) % road.length
    nearest = gap.argmin(-1)
    where = np.broadcast_to(places, (*shape, count, 2))
    aim = np.take_along_axis(where, nearest[..., None, None], axis=2)[..., 0, :] - front
    forward = (aim * ahead).sum(-1)
    sideways = aim[..., 1] * ahead[..., 0] - aim[..., 0] * ahead[..., 1]
    return objects, {
        "object_behind": gap.argmax(-1).astype(np.int32),
        "object_ahead": nearest.astype(np.int32),
        "object_in_camera": np.abs(np.arctan2(sideways, forward)) < HALF_SIGHT_RAD,
    }
