"""Racing lines: the closed line of least curvature within a road's borders, and how fast it can be driven.

The line moves each point of the centre line along its normal so that the sum of squared curvatures over the
lap is least, as in Heilmeier et al., "Minimum curvature trajectory planning and control for an autonomous
race car", Vehicle System Dynamics 58 (2020): a quadratic programme with bounds, made anew from each solution
until the line stays where it is. The programme is solved by a primal-dual interior point method (Nocedal and
Wright, Numerical Optimization, chapter 16.6). Speeds follow by a pass forward and one backward under a
limit of lateral acceleration, which what is left for speeding up and braking shares as an ellipse.

Plain numpy and scipy, no JAX.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manyhands.envs.limits import require
from manyhands.envs.racer import tracks
from manyhands.envs.racer.tracks import Track

F64 = NDArray[np.float64]

SPACING_M = 0.1
POINTS = (120, 600)
SAFETY_M = 0.01  # the road's edge is drawn in cells
INSIDE = 0.9
"""of the radius of a bend, how far a point may move towards its middle: beyond it, normals cross"""
ROUNDS, SETTLED_M = 12, 3e-3
LONGEST_MOVE_M = 0.25
"""of a point in one round, because curvature is linear only near the line that it was made from"""
NEWTON_STEPS, CENTRING, TO_BORDER, SOLVED = 60, 0.15, 0.99, 1e-9
STIFFNESS = 1e-6  # against the least stiffness of the programme; decides where any line is as good


@dataclass(frozen=True)
class Limits:
    """What a car may do. lateral, acceleration, braking: m/s2; the defaults are those of the fitted car of
    `benchmarks/calibration.py`, lateral as the 99th percentile of recorded drives.
    """

    speed_mps: float = 4.0
    lateral_mps2: float = 3.6
    acceleration_mps2: float = 4.5
    braking_mps2: float = 4.5
    half_width_m: float = 0.1

    def __post_init__(self) -> None:
        require("speed", self.speed_mps, 0.1, 10.0)
        for name in ("lateral_mps2", "acceleration_mps2", "braking_mps2"):
            require(name.removesuffix("_mps2"), getattr(self, name), 0.1, 50.0)
        require("half_width", self.half_width_m, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class RacingLine:
    """A closed line in driving order; the first point is not repeated.

    points: (N, 2) metres of the track. speed: (N,) m/s. curvature: (N,) 1/m, positive to the left. lap_s:
    with these speeds. centre_lap_s, centre_curvature: of the centre line under the same limits.
    """

    track: Track
    points: F64
    speed: F64
    curvature: F64
    lap_s: float
    centre_lap_s: float
    centre_curvature: F64

    @property
    def offset_m(self) -> tuple[float, float]:
        """What was added to the coordinates of the track's file, in which reward functions are told."""
        return self.track.origin_m if self.track.rows is not None else (0.0, 0.0)

    @property
    def plain(self) -> dict[str, Any]:
        """JSON form; points (x, y, m/s) in the coordinates of reward functions, the first repeated last."""
        at = self.points - np.asarray(self.offset_m)
        rows = np.column_stack([np.round(at, 3), np.round(self.speed, 2)]).tolist()
        return {
            "track": self.track.id,
            "length_m": round(float(_lengths(self.points).sum()), 3),
            "lap_s": round(self.lap_s, 3),
            "centre_lap_s": round(self.centre_lap_s, 3),
            "max_curvature": round(float(np.abs(self.curvature).max()), 3),
            "centre_max_curvature": round(float(np.abs(self.centre_curvature).max()), 3),
            "offset_m": list(self.offset_m),
            "points": [*rows, rows[0]],
        }


def racing_line(track: Track, limits: Limits, *, backwards: bool = False) -> RacingLine:
    """The line of least curvature around a road, or around the road driven in the other direction."""
    road = tracks.turned(track) if backwards else track
    count = int(np.clip(round(road.length_m / SPACING_M), *POINTS))
    centre, half_width, _ = tracks.resample(
        road.centre.astype(np.float64), road.half_width.astype(np.float64), count
    )
    points = _least_curvature(centre, half_width - limits.half_width_m - SAFETY_M)
    bend, centre_bend = curvature(points), curvature(centre)
    speed, lap_s = drive(points, bend, limits)
    _, centre_lap_s = drive(centre, centre_bend, limits)
    return RacingLine(track, points, speed, bend, lap_s, centre_lap_s, centre_bend)


def curvature(points: F64) -> F64:
    """Signed curvature (N,) in 1/m of a closed line (N, 2): of circles through a point and its neighbours."""
    into, out = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
    across = np.hypot(*(into + out).T)
    turn = into[:, 0] * out[:, 1] - into[:, 1] * out[:, 0]
    product = np.maximum(np.hypot(*into.T) * np.hypot(*out.T) * across, 1e-12)
    return np.asarray(2.0 * turn / product, np.float64)


def drive(points: F64, bend: F64, limits: Limits) -> tuple[F64, float]:
    """Highest speeds (N,) along a closed line of given curvature, and the seconds of a lap."""
    steps = _lengths(points)
    speed = np.minimum(limits.speed_mps, np.sqrt(limits.lateral_mps2 / np.maximum(np.abs(bend), 1e-9)))
    # From the slowest point on, which no neighbour can slow down, one pass in each direction is enough.
    slowest = int(speed.argmin())
    speed, bend_from = np.roll(speed, -slowest), np.abs(np.roll(bend, -slowest))
    lengths = np.roll(steps, -slowest)
    count = len(speed)
    for at in range(count):
        after = (at + 1) % count
        push = limits.acceleration_mps2 * _left(speed[at], bend_from[at], limits)
        speed[after] = min(speed[after], np.sqrt(speed[at] ** 2 + 2.0 * push * lengths[at]))
    for at in range(count, 0, -1):
        here, before = at % count, at - 1
        push = limits.braking_mps2 * _left(speed[here], bend_from[here], limits)
        speed[before] = min(speed[before], np.sqrt(speed[here] ** 2 + 2.0 * push * lengths[before]))
    lap_s = float((2.0 * lengths / (speed + np.roll(speed, -1))).sum())
    return np.roll(speed, slowest), lap_s


def _left(speed: float, bend: float, limits: Limits) -> float:
    """Share of the acceleration that a bend leaves."""
    used = min(1.0, speed * speed * bend / limits.lateral_mps2)
    return float(np.sqrt(1.0 - used * used))


def _lengths(points: F64) -> F64:
    return np.asarray(np.hypot(*(np.roll(points, -1, axis=0) - points).T), np.float64)


def _least_curvature(centre: F64, room: F64) -> F64:
    """Points (N, 2), each at most `room` (N,) metres beside that of the centre line."""
    from scipy import sparse

    normal = _normals(centre)
    bend = curvature(centre)
    room = np.maximum(room, 1e-6)
    towards = np.minimum(room, INSIDE / np.maximum(np.abs(_smooth(bend)), 1e-9))
    low, high = -np.where(bend < 0.0, towards, room), np.where(bend > 0.0, towards, room)
    aside, reach = np.zeros(len(centre)), LONGEST_MOVE_M
    bends, bent = _linear(centre, normal)
    for _ in range(ROUNDS):
        square = (bends.T @ bends + STIFFNESS * sparse.identity(len(centre))).tocsc()
        found = _bounded(
            square,
            bends.T @ (bent - bends @ aside),
            np.maximum(low, aside - reach),
            np.minimum(high, aside + reach),
        )
        moved = float(np.abs(found - aside).max())
        next_bends, next_bent = _linear(centre + found[:, None] * normal, normal)
        if next_bent @ next_bent > bent @ bent:
            reach *= 0.5  # the line was left too far behind for what was linear there
        else:
            aside, bends, bent = found, next_bends, next_bent
        if min(moved, reach) < SETTLED_M:
            break
    return np.asarray(centre + aside[:, None] * normal, np.float64)


def _linear(line: F64, normal: F64) -> tuple[Any, F64]:
    """Curvature by the root of length at each point of a line (N, 2), and its change (N, N) with moves.

    Points move along `normal`. A move u changes curvature k by n·u'' - 2k t·u' and length ds by t·u' ds, with
    t and n the line's own tangent and normal.
    """
    from scipy import sparse

    count = np.arange(len(line))
    after, own = _lengths(line), _normals(line)
    before = np.roll(after, 1)
    span = before + after
    ahead = np.column_stack([own[:, 1], -own[:, 0]])
    bend, root = curvature(line), np.sqrt(0.5 * span)
    second = (2.0 / (before * span), -2.0 / (before * after), 2.0 / (after * span))
    first = (-1.0 / span, np.zeros(len(line)), 1.0 / span)
    others = [(count + shift) % len(line) for shift in (-1, 0, 1)]
    values = [
        root * (curved * (own * normal[at]).sum(1) - 1.5 * bend * along * (ahead * normal[at]).sum(1))
        for at, curved, along in zip(others, second, first, strict=True)
    ]
    where = (np.tile(count, 3), np.concatenate(others))
    change = sparse.csc_matrix((np.concatenate(values), where), shape=(len(line), len(line)))
    return change, bend * root


def _bounded(square: Any, linear: F64, low: F64, high: F64) -> F64:
    """The x within [low, high] that makes x·square·x / 2 + linear·x least, by Newton steps towards it."""
    from scipy import sparse
    from scipy.sparse.linalg import splu

    x = 0.5 * (low + high)
    size = float(np.abs(linear).max()) + 1.0
    lower, upper = np.full(len(x), size), np.full(len(x), size)
    for _ in range(NEWTON_STEPS):
        above, below = x - low, high - x
        gap = float(lower @ above + upper @ below) / (2 * len(x))
        slope = square @ x + linear
        if gap < SOLVED * size and float(np.abs(slope - lower + upper).max()) < 1e-6 * size:
            break
        aim = CENTRING * gap
        diagonal = lower / above + upper / below
        step = splu((square + sparse.diags(diagonal)).tocsc()).solve(-slope + aim / above - aim / below)
        step_lower = aim / above - lower - lower / above * step
        step_upper = aim / below - upper + upper / below * step
        moves = ((above, step), (below, -step), (lower, step_lower), (upper, step_upper))
        share = min(1.0, *(_share(value, move) for value, move in moves))
        x, lower, upper = x + share * step, lower + share * step_lower, upper + share * step_upper
    return x


def _share(value: F64, move: F64) -> float:
    """Share of a move after which values stay positive."""
    falling = move < 0.0
    return (
        TO_BORDER * float((-value[falling] / move[falling]).min(initial=np.inf)) if falling.any() else np.inf
    )


def _normals(points: F64) -> F64:
    """Unit vectors (N, 2) to the left of a closed line."""
    ahead = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    left = np.column_stack([-ahead[:, 1], ahead[:, 0]])
    return np.asarray(left / np.maximum(np.hypot(*left.T), 1e-12)[:, None], np.float64)


def _smooth(values: F64) -> F64:
    """Means of a value and its neighbours, twice over."""
    for _ in range(2):
        values = (np.roll(values, 1) + values + np.roll(values, -1)) / 3.0
    return values
