"""Closed roads: geometry, the seeded generator and the distance grid that every sensor reads.

Plain numpy, no JAX: the server serves tracks to the page from here. A track is a centre line of K evenly
spaced points with half widths; its grid holds, for each 4 cm cell, the signed distance to the nearest road
edge in steps of 5 mm (positive on the road), clipped to one byte. The same bytes are read by the Python and
the TypeScript simulator, so the two cannot disagree about where the road ends.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from manyhands.envs.racer import npy
from manyhands.envs.racer.catalogue import ROADS
from manyhands.errors import NotFoundError, TrackError

CELL_M = 0.04
DISTANCE_STEP_M = 0.005
REACH_M = 127.5 * DISTANCE_STEP_M
WAYPOINTS = 256
UNREACHED = np.iinfo(np.int64).max
MARGIN_M = 0.7  # ground kept around the road, more than the byte can express

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Track:
    """One closed road.

    centre: (K, 2) float32, metres, in driving order, evenly spaced, the last point does not repeat the first.
    half_width: (K,) float32, metres. tangent: (K, 2) float32 unit vectors. spacing_m: distance of neighbours.
    distance: (GX, GY) int8, signed distance to the edge in DISTANCE_STEP_M at the centre of each cell; the
    cell of a point is floor(point / CELL_M). origin_m: what was added to the drawing's coordinates.
    rows: (N, 6) of the .npy file that the road was read from, as they stand there; None for other roads.
    """

    id: str
    name: str
    centre: F32
    tangent: F32
    half_width: F32
    spacing_m: float
    distance: NDArray[np.int8]
    origin_m: tuple[float, float] = (0.0, 0.0)
    rows: F64 | None = None

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

    The road is the union of discs of the local half width along the closed polyline (N, 2), so roads may
    cross. Each cell measures from the two segments that meet in its nearest vertex.
    """
    count = len(points)
    # Beyond REACH_M a byte is clipped anyway: each vertex only looks at a window of cells around it.
    reach = (half_width + REACH_M)[:, None]
    first = np.maximum(np.floor((points - reach) / CELL_M).astype(int), 0)
    size = int((np.ceil((points + reach) / CELL_M).astype(int) - first).max())
    first = np.minimum(first, np.array(shape) - size)
    away = (first[:, :, None] + np.arange(size) + 0.5) * CELL_M - points[:, :, None]
    # One integer carries the squared distance (1e-9 m2) and, below it, the vertex: a minimum finds both.
    keys = np.floor(away * away * 1e9 + 0.5).astype(np.int64) * count
    keys[:, 0] += np.arange(count)[:, None]
    nearest = np.full(shape, UNREACHED)
    for (along_x, along_y), (ix, iy) in zip(keys, first, strict=True):
        window = nearest[ix : ix + size, iy : iy + size]
        np.minimum(window, along_x[:, None] + along_y, out=window)
    ix, iy = np.nonzero(nearest != UNREACHED)
    signed = _signed_distance(points, half_width, (ix, iy), nearest[ix, iy] % count)
    grid = np.full(shape, -127, np.int8)
    grid[ix, iy] = np.clip(np.floor(signed / DISTANCE_STEP_M + 0.5), -127, 127).astype(np.int8)
    return grid


def _signed_distance(
    points: F64,
    half_width: F64,
    cells: tuple[NDArray[np.int64], NDArray[np.int64]],
    vertex: NDArray[np.int64],
) -> F64:
    """Metres from cells (M,), (M,) to the edge, by the nearer of the segments at `vertex` (M,)."""
    ahead_x, ahead_y = np.roll(points, -1, axis=0).T - points.T
    per_square = 1.0 / (ahead_x * ahead_x + ahead_y * ahead_y)
    widening = np.roll(half_width, -1) - half_width
    middle_x, middle_y = (cells[0] + 0.5) * CELL_M, (cells[1] + 0.5) * CELL_M
    found = []
    for segment in ((vertex - 1) % len(points), vertex):
        line_x, line_y = ahead_x[segment], ahead_y[segment]
        x, y = middle_x - points[segment, 0], middle_y - points[segment, 1]
        share = np.clip((x * line_x + y * line_y) * per_square[segment], 0.0, 1.0)
        x, y = x - share * line_x, y - share * line_y
        found.append((np.sqrt(x * x + y * y), half_width[segment] + share * widening[segment]))
    (gap_before, width_before), (gap_after, width_after) = found
    signed: F64 = np.where(gap_before < gap_after, width_before - gap_before, width_after - gap_after)
    return signed


def build(
    label: tuple[str, str],
    points: F64,
    half_width: F64,
    count: int = WAYPOINTS,
    shape: tuple[int, int] | None = None,
) -> Track:
    """Make a track from a closed centre line (N, 2) and half widths (N,), both in metres.

    label: id and name. Moves the road so that every coordinate is positive. `shape` fixes the grid; by
    default it is as large as the road needs. Raises ValueError when the road does not fit into `shape`.
    """
    even, width, spacing = resample(points, half_width, count)
    origin = width.max() + MARGIN_M - even.min(axis=0)
    even = even + origin
    needed = np.ceil((even.max(axis=0) + width.max() + MARGIN_M) / CELL_M).astype(int)
    size = (int(needed[0]), int(needed[1])) if shape is None else shape
    if needed[0] > size[0] or needed[1] > size[1]:
        raise ValueError(
            f"Track {label[0]} needs a grid of {needed[0]}x{needed[1]} cells, not {size[0]}x{size[1]}."
        )
    ahead = np.roll(even, -1, axis=0) - np.roll(even, 1, axis=0)
    tangent = ahead / np.hypot(ahead[:, 0], ahead[:, 1])[:, None]
    return Track(
        id=label[0],
        name=label[1],
        centre=even.astype(np.float32),
        tangent=tangent.astype(np.float32),
        half_width=width.astype(np.float32),
        spacing_m=float(np.float32(spacing)),
        distance=distance_grid(even, width, size),
        origin_m=(float(origin[0]), float(origin[1])),
    )


def turned(track: Track) -> Track:
    """The same road in the other direction; the start line stays where it is."""

    def back(values: F32) -> F32:
        return np.roll(values[::-1], 1, axis=0)

    return replace(
        track, centre=back(track.centre), tangent=-back(track.tangent), half_width=back(track.half_width)
    )


GENERATED_SHAPE = (336, 272)
GENERATED_ID = re.compile(r"gen-(0|[1-9]\d{0,8})")
IMPORTED_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# Steps along the loop between any two of 256 points.
APART = np.abs((np.arange(256)[:, None] - np.arange(256) + 128) % 256 - 128)


def generate(seed: int) -> Track:
    """A random road, the same for the same seed: 20 to 30 m long, .36 to .52 m half width, no crossing."""
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
                return build((f"gen-{seed}", f"Generated {seed}"), points, width, shape=GENERATED_SHAPE)
            except ValueError:
                continue


class Entry(NamedTuple):
    """One line of the catalogue."""

    id: str
    name: str
    length_m: float


@lru_cache(maxsize=1)
def catalogue() -> tuple[Entry, ...]:
    """The project's own roads, without building their grids."""
    entries = []
    for track_id, road in ROADS.items():
        outline = road.outline()
        _, _, spacing = resample(outline, np.zeros(len(outline)), WAYPOINTS)
        entries.append(Entry(track_id, road.name, spacing * WAYPOINTS))
    return tuple(entries)


@lru_cache(maxsize=512)
def track(track_id: str, folder: Path | None = None) -> Track:
    """The road with this id: of the catalogue, `gen-SEED` for a generated one, NAME for NAME.npy in `folder`.

    Raises NotFoundError for any other id and TrackError for a file that holds no road.
    """
    own = ROADS.get(track_id)
    if own is not None:
        outline = own.outline()
        even, _, _ = resample(outline, np.zeros(len(outline)), 2048)
        return build((track_id, own.name), even, own.half_widths(2048), shape=GENERATED_SHAPE)
    seed = GENERATED_ID.fullmatch(track_id)
    if seed is not None:
        return generate(int(seed[1]))
    if folder is not None and track_id in imported(folder):
        drawing = npy.read(folder / f"{track_id}.npy")
        name = track_id.replace("_", " ").replace("-", " ")
        road = build((track_id, name), drawing.points, drawing.half_width, drawing.waypoints)
        return replace(road, rows=drawing.rows)
    raise NotFoundError(
        f"There is no track {track_id!r}.",
        field="track",
        remedy=f"Choose gen-SEED or one of {', '.join([*ROADS, *imported(folder)])}.",
    )


def named(name: str, folder: Path | None) -> Track:
    """The road of an .npy file, given by its path, or of an id as in `track`. Raises what `track` does."""
    path = Path(name)
    if path.suffix != ".npy":
        return track(name, folder)
    if not path.is_file():
        raise NotFoundError(f"There is no file {name}.", field="track", remedy="Name an .npy file.")
    if not IMPORTED_ID.fullmatch(path.stem):
        raise TrackError(
            f"The name {path.stem!r} cannot be the id of a track.",
            remedy="Rename the file: at most 64 letters, digits, - and _.",
        )
    return track(path.stem, path.parent)


def imported(folder: Path | None) -> list[str]:
    """Ids of the imported roads in a folder, sorted; none when there is no folder."""
    if folder is None or not folder.is_dir():
        return []
    return sorted(file.stem for file in folder.glob("*.npy") if IMPORTED_ID.fullmatch(file.stem))


def install(source: Path, folder: Path) -> Track:
    """Check an .npy file and copy it into `folder`; its id is the file's name. Returns the road.

    Raises TrackError when the file holds no road, or when its name is no free id.
    """
    track_id = source.stem
    if not IMPORTED_ID.fullmatch(track_id) or GENERATED_ID.fullmatch(track_id) or track_id in ROADS:
        raise TrackError(
            f"The name {track_id!r} cannot be the id of an imported track.",
            remedy="Rename the file: at most 64 letters, digits, - and _, and no name from the catalogue.",
        )
    npy.read(source)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{track_id}.partial"
    try:
        partial.write_bytes(source.read_bytes())
        partial.replace(folder / f"{track_id}.npy")
    finally:
        partial.unlink(missing_ok=True)
    track.cache_clear()
    return track(track_id, folder)


def _drivable(points: F64, width: F64) -> bool:
    """No bend tighter than the road is wide plus a hand, and no place where the road touches itself."""
    even, half, spacing = resample(points, width, 256)
    ahead = np.roll(even, -1, axis=0) - even
    turn = np.angle(np.exp(1j * np.diff(np.angle(ahead[:, 0] + 1j * ahead[:, 1]), append=np.nan)))
    turn[-1] = 0.0
    if np.abs(turn).max() / spacing > 1.0 / (half.max() + 0.12):
        return False
    gap_x, gap_y = even[:, :1] - even[:, 0], even[:, 1:] - even[:, 1]
    square = gap_x * gap_x + gap_y * gap_y
    nearest = square[APART * spacing > 2.5].min()
    return bool(nearest > (2.0 * half.max() + 0.15) ** 2)
