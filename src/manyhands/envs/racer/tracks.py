"""Closed roads: geometry, the seeded generator and the distance grid that every sensor reads.

Plain numpy, no JAX: the server serves tracks to the page from here. A track is a centre line of K evenly
spaced points with half widths; its grid holds, for each 4 cm cell, the signed distance to the nearest road
edge in steps of 5 mm (positive on the road), clipped to one byte. The same bytes are read by the Python and
the TypeScript simulator, so the two cannot disagree about where the road ends.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

CELL_M = 0.04
DISTANCE_STEP_M = 0.005
MARGIN_M = 0.7  # ground kept around the road, more than the byte can express

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Track:
    """One closed road.

    centre: (K, 2) float32, metres, in driving order, evenly spaced, the last point does not repeat the first.
    half_width: (K,) float32, metres. tangent: (K, 2) float32 unit vectors. spacing_m: distance of neighbours.
    distance: (GX, GY) int8, signed distance to the edge in DISTANCE_STEP_M at the centre of each cell; the
    cell of a point is floor(point / CELL_M).
    """

    id: str
    name: str
    centre: F32
    tangent: F32
    half_width: F32
    spacing_m: float
    distance: NDArray[np.int8]

    @property
    def length_m(self) -> float:
        """Length of the centre line in metres."""
        return self.spacing_m * len(self.centre)


def resample(points: F64, values: F64, count: int) -> tuple[F64, F64, float]:
    """Resample a closed polyline (N, 2), given without its repeated end, evenly by arc length.

    Returns points (count, 2), values (count,) interpolated alike, and the spacing in metres.
    """
    closed = np.vstack([points, points[:1]])
    carried = np.append(values, values[0])
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    at = np.linspace(0.0, arc[-1], count, endpoint=False)
    even = np.column_stack([np.interp(at, arc, closed[:, 0]), np.interp(at, arc, closed[:, 1])])
    return even, np.interp(at, arc, carried), float(arc[-1]) / count


def distance_grid(points: F64, half_width: F64, shape: tuple[int, int]) -> NDArray[np.int8]:
    """Signed distance to the road edge for every cell, (GX, GY) int8 in DISTANCE_STEP_M.

    The road is the union of discs of the local half width along the centre line, so roads may cross.
    """
    dense, width, _ = resample(points, half_width, 4 * len(points))
    tree = cKDTree(dense)
    ix, iy = np.meshgrid(np.arange(shape[0]), np.arange(shape[1]), indexing="ij")
    cells = (np.column_stack([ix.ravel(), iy.ravel()]) + 0.5) * CELL_M
    # Beyond what a byte can express nothing needs to be searched; unreached cells come back as infinity.
    reach = width.max() + 128 * DISTANCE_STEP_M
    gap, nearest = tree.query(cells, workers=-1, distance_upper_bound=reach)
    signed = (np.append(width, 0.0)[nearest] - gap) / DISTANCE_STEP_M
    return np.clip(np.floor(signed + 0.5), -127, 127).astype(np.int8).reshape(shape)


def build(
    track_id: str,
    name: str,
    points: F64,
    half_width: F64,
    count: int = 256,
    shape: tuple[int, int] | None = None,
) -> Track:
    """Make a track from a closed centre line (N, 2) and half widths (N,), both in metres.

    Moves the road so that every coordinate is positive. `shape` fixes the grid; by default it is as large as
    the road needs. Raises ValueError when the road does not fit into `shape`.
    """
    even, width, spacing = resample(points, half_width, count)
    even = even - even.min(axis=0) + width.max() + MARGIN_M
    needed = np.ceil((even.max(axis=0) + width.max() + MARGIN_M) / CELL_M).astype(int)
    size = (int(needed[0]), int(needed[1])) if shape is None else shape
    if needed[0] > size[0] or needed[1] > size[1]:
        raise ValueError(
            f"Track {track_id} needs a grid of {needed[0]}x{needed[1]} cells, not {size[0]}x{size[1]}."
        )
    ahead = np.roll(even, -1, axis=0) - np.roll(even, 1, axis=0)
    tangent = ahead / np.hypot(ahead[:, 0], ahead[:, 1])[:, None]
    return Track(
        id=track_id,
        name=name,
        centre=even.astype(np.float32),
        tangent=tangent.astype(np.float32),
        half_width=width.astype(np.float32),
        spacing_m=float(np.float32(spacing)),
        distance=distance_grid(even, width, size),
    )


GENERATED_SHAPE = (336, 272)


def generate(seed: int) -> Track:
    """A random road, the same for the same seed: about 20 to 30 m long, .36 to .52 m half width, no crossing."""
    rng = np.random.default_rng([0x7AC3, seed])
    angle = np.linspace(0.0, 2.0 * np.pi, 1024, endpoint=False)
    while True:
        radius = np.full_like(angle, rng.uniform(2.6, 3.3))
        for harmonic in range(2, 7):
            radius += rng.uniform(-0.55, 0.55) * np.cos(harmonic * angle + rng.uniform(0.0, 2.0 * np.pi))
        points = np.column_stack([1.3 * radius * np.cos(angle), radius * np.sin(angle)])
        wave = np.cos(rng.integers(1, 4) * angle + rng.uniform(0.0, 2.0 * np.pi))
        width = rng.uniform(0.38, 0.48) + rng.uniform(0.0, 0.04) * wave
        if rng.integers(2):
            points = points[::-1]
        if _drivable(points, width):
            try:
                return build(f"gen-{seed}", f"Generated {seed}", points, width, shape=GENERATED_SHAPE)
            except ValueError:
                continue


def _drivable(points: F64, width: F64) -> bool:
    """No bend tighter than the road is wide plus a hand, and no place where the road touches itself."""
    even, half, spacing = resample(points, width, 256)
    ahead = np.roll(even, -1, axis=0) - even
    turn = np.angle(np.exp(1j * np.diff(np.angle(ahead[:, 0] + 1j * ahead[:, 1]), append=np.nan)))
    turn[-1] = 0.0
    if np.abs(turn).max() / spacing > 1.0 / (half.max() + 0.12):
        return False
    far = np.abs((np.arange(256)[:, None] - np.arange(256)[None] + 128) % 256 - 128) * spacing > 2.5
    gap = np.hypot(*(even[:, None] - even[None]).transpose(2, 0, 1))
    return bool(gap[far].min() > 2.0 * half.max() + 0.15)
