"""DeepRacer's form of a track: an .npy array (points, 6) of centre, inner and outer border in metres.

Rows follow the driving direction, are unevenly spaced, may slant across the road and usually repeat the first
row last. A road here is a centre line with half widths, so each centre point is moved to the middle between
the nearest points of the two borders and takes half their distance. A road with two ends gets a second lane
beside the first, joined by a half circle at either end. Plain numpy; files are never unpickled.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from manyhands.errors import TrackError

F64 = NDArray[np.float64]

MAX_FILE_BYTES = 4_000_000
WAYPOINT_COUNTS = (128, 256, 512, 1024)
WIDEST_SPACING_M = 0.15
LENGTH_M = (4.0, 200.0)
HALF_WIDTH_M = (0.12, 2.0)
EXTENT_M = 60.0
FEWEST_ROWS = 8
SAME_POINT_M = 1e-4
SHARPEST_TURN_RAD = 2.1
STRAY_STEP_M = 0.3
LANE_GAP_M = 0.2  # half the ground left between a road with two ends and its way back
UNITS = "Give metres: roads are {} to {} m long and {} to {} m wide.".format(
    *(f"{value:g}" for value in (*LENGTH_M, 2.0 * HALF_WIDTH_M[0], 2.0 * HALF_WIDTH_M[1]))
)


@dataclass(frozen=True)
class Drawing:
    """A checked road: centre line (N, 2) without a repeated end, half widths (N,), number of waypoints.

    rows: the file's (M, 6), as they stand there.
    """

    points: F64
    half_width: F64
    waypoints: int
    rows: F64


def parse(data: bytes) -> Drawing:
    """Read the bytes of an .npy file. Raises TrackError with the reason and the remedy."""
    if len(data) > MAX_FILE_BYTES:
        raise TrackError(f"The file has {len(data)} bytes, more than the {MAX_FILE_BYTES} of any track.")
    try:
        rows = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, OSError, EOFError) as fault:
        raise TrackError("The file is not a readable .npy array.") from fault
    return drawing(rows)


def drawing(rows: NDArray[np.generic]) -> Drawing:
    """Check an array (points, 6) and turn it into a road. Raises TrackError with reason and remedy."""
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or rows.shape[1] != 6:
        shape = rows.shape if isinstance(rows, np.ndarray) else "no single array"
        raise TrackError(f"A track has shape (points, 6), this one {shape}.")
    if rows.dtype.kind not in "fiu":
        raise TrackError(f"A track holds numbers, this one {rows.dtype}.")
    given = rows.astype(np.float64)
    table = _distinct(given)
    points, half_width = _middle(table)
    _check_width(half_width)
    if _has_ends(points):
        points, half_width = _with_return_lane(points, half_width)
    _check_line(points)
    length = _lengths(points).sum()
    waypoints = next((n for n in WAYPOINT_COUNTS if length / n <= WIDEST_SPACING_M), WAYPOINT_COUNTS[-1])
    return Drawing(points, half_width, waypoints, given)


def export(centre: NDArray[np.float32], tangent: NDArray[np.float32], half_width: NDArray[np.float32]) -> F64:
    """The .npy form (K + 1, 6) of a road: centre, inner and outer border, the first row repeated last.

    Inner is the side that the loop encloses.
    """
    middle, ahead = centre.astype(np.float64), tangent.astype(np.float64)
    left = np.column_stack([-ahead[:, 1], ahead[:, 0]]) * half_width.astype(np.float64)[:, None]
    x, y = middle.T
    enclosed = np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)
    inward = left if enclosed > 0.0 else -left
    rows = np.column_stack([middle, middle + inward, middle - inward])
    return np.vstack([rows, rows[:1]])


def read(path: Path) -> Drawing:
    """Read and check a file. Raises TrackError, also when it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise TrackError(f"The file {path.name} cannot be read: {fault.strerror}.") from fault
    return parse(data)


def _distinct(table: F64) -> F64:
    """Rows less those not finite, repeat their neighbour (the first follows the last) or step back."""
    kept = table[np.isfinite(table).all(axis=1)]
    if len(kept) and np.abs(kept).max() > 1e5:
        raise TrackError(f"The track lies {np.abs(kept).max():.3g} m from the origin.", remedy=UNITS)
    kept = kept[_lengths(kept[:, :2]) > SAME_POINT_M]
    for _ in range(len(kept) // 10):
        steps = np.minimum(_lengths(kept[:, :2]), np.roll(_lengths(kept[:, :2]), 1))
        stray = (_turns(kept[:, :2]) > SHARPEST_TURN_RAD) & (steps < STRAY_STEP_M)
        if not stray.any():
            break
        kept = np.delete(kept, int(stray.argmax()), axis=0)
    if len(kept) < FEWEST_ROWS:
        raise TrackError(f"The track has {len(kept)} distinct usable rows; it takes {FEWEST_ROWS}.")
    return kept


def _lengths(points: F64) -> F64:
    """Distance (N,) from each point of a closed line to the next."""
    ahead = np.roll(points, -1, axis=0) - points
    return np.asarray(np.hypot(ahead[:, 0], ahead[:, 1]), np.float64)


def _turns(points: F64) -> F64:
    """Absolute change of heading (N,) at each point of a closed line, in rad."""
    ahead = np.roll(points, -1, axis=0) - points
    heading = np.arctan2(ahead[:, 1], ahead[:, 0])
    return np.asarray(np.abs((heading - np.roll(heading, 1) + np.pi) % (2.0 * np.pi) - np.pi), np.float64)


def _has_ends(points: F64) -> bool:
    """Whether the line is a road with two ends. Raises TrackError for a loop with a piece missing."""
    steps = _lengths(points)
    if steps[-1] <= max(1.0, 3.0 * float(steps[:-1].max())):
        return False
    if steps[-1] >= 0.25 * float(steps[:-1].sum()):
        return True
    raise TrackError(
        f"The track does not close: {steps[-1]:.2f} m lie between its last and its first point.",
        remedy="Add the missing rows, so that the last one meets the first.",
    )


def _with_return_lane(points: F64, half_width: F64) -> tuple[F64, F64]:
    """Close a road with two ends by a lane back on its left."""
    ahead = np.gradient(points, axis=0)
    ahead = ahead / np.maximum(np.hypot(*ahead.T), SAME_POINT_M)[:, None]
    left = np.column_stack([-ahead[:, 1], ahead[:, 0]])
    radius = float(half_width.max()) + LANE_GAP_M
    swing = np.linspace(0.0, np.pi, 24)[1:-1, None]
    far = points[-1] + radius * (left[-1] * (1.0 - np.cos(swing)) + ahead[-1] * np.sin(swing))
    back = (points + 2.0 * radius * left)[::-1]
    near = points[0] + radius * (left[0] * (1.0 + np.cos(swing)) - ahead[0] * np.sin(swing))
    ends = [np.full(len(swing), half_width[index]) for index in (-1, 0)]
    return (
        np.vstack([points, far, back, near]),
        np.concatenate([half_width, ends[0], half_width[::-1], ends[1]]),
    )


def _middle(table: F64) -> tuple[F64, F64]:
    """Centre points (N, 2) and half widths (N,) from the nearest points of both borders.

    Only the border within an eighth of the rows is searched: further along, another stretch may come close.
    """
    centre = table[:, :2]
    near_inner = _nearest(centre, table[:, 2:4])
    near_outer = _nearest(centre, table[:, 4:6])
    gap = near_outer - near_inner
    chord = np.roll(centre, -1, axis=0) - np.roll(centre, 1, axis=0)
    normal = (
        np.column_stack([-chord[:, 1], chord[:, 0]]) / np.maximum(np.hypot(*chord.T), SAME_POINT_M)[:, None]
    )
    # Only sideways: along the road the points stay where they are.
    aside = ((0.5 * (near_inner + near_outer) - centre) * normal).sum(axis=1)
    return centre + aside[:, None] * normal, 0.5 * np.hypot(gap[:, 0], gap[:, 1])


def _nearest(points: F64, border: F64) -> F64:
    """For each point (N, 2) the nearest point of the border polyline (N, 2) around the same row."""
    count = len(points)
    reach = max(2, count // 16)
    segment = (np.arange(count)[:, None] + np.arange(-reach, reach)) % count
    start = border[segment]
    line = border[(segment + 1) % count] - start
    square = np.maximum((line * line).sum(axis=2), 1e-12)
    share = np.clip((((points[:, None] - start) * line).sum(axis=2)) / square, 0.0, 1.0)
    candidates = start + share[:, :, None] * line
    gap = candidates - points[:, None]
    best = (gap * gap).sum(axis=2).argmin(axis=1)
    return np.asarray(candidates[np.arange(count), best], np.float64)


def _check_width(half_width: F64) -> None:
    narrow, wide = float(half_width.min()), float(half_width.max())
    if narrow < HALF_WIDTH_M[0] or wide > HALF_WIDTH_M[1]:
        raise TrackError(f"The road is {2.0 * narrow:.3g} to {2.0 * wide:.3g} m wide.", remedy=UNITS)


def _check_line(points: F64) -> None:
    length = float(_lengths(points).sum())
    if not LENGTH_M[0] <= length <= LENGTH_M[1]:
        raise TrackError(f"The centre line is {length:.3g} m long.", remedy=UNITS)
    if np.ptp(points, axis=0).max() > EXTENT_M:
        raise TrackError(f"The track extends over more than {EXTENT_M:g} m.", remedy=UNITS)
    turns = _turns(points)
    if turns.max() > SHARPEST_TURN_RAD:
        raise TrackError(
            f"The centre line turns back on itself near point {int(turns.argmax()) + 1}.",
            remedy="Sort the rows in driving order and remove the stray one.",
        )
