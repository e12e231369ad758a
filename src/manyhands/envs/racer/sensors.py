"""What the car sees: `lidar` beams and a first-person grey `camera`, both read from the track's byte grid.

Every image row is a fixed distance ahead and every column a fixed slope to the side (a camera whose film is
upright), so the ground costs one gather per pixel and a box one slab test per column.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from manyhands.envs.limits import require
from manyhands.envs.racer.tracks import CELL_M, DISTANCE_STEP_M
from manyhands.errors import InputError

BOX_HALF_M = 0.12
SQUARE_M = (BOX_HALF_M, BOX_HALF_M)
CELLS_PER_M = 1.0 / CELL_M
CELLS_PER_STEP = DISTANCE_STEP_M / CELL_M
MOST_CELLS = 2**27
"""of a bank; an index and 32 kinds of speckle share a word"""
BLOCK = 32
"""most pictures that are drawn together, so that what one pass leaves for the next stays in the cache"""


@dataclass(frozen=True)
class Lidar:
    """`beams` rays spread evenly over +-`spread_rad`; a value is t / (1 + t) of the distance t in metres."""

    beams: int = 24
    spread_rad: float = 1.2
    marches: int = 14

    def __post_init__(self) -> None:
        require("sensor.beams", self.beams, 2, 256, whole=True)
        require("sensor.spread_rad", self.spread_rad, 0.01, math.pi)
        require("sensor.marches", self.marches, 1, 64, whole=True)

    def directions(self) -> tuple[np.ndarray, np.ndarray]:
        """Cosine and sine of each beam against the heading, (beams,) float32."""
        angles = np.linspace(-self.spread_rad, self.spread_rad, self.beams)
        return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)

    @property
    def told(self) -> int:
        """Length of what a policy is told."""
        return self.beams

    def tell(self, values: Array) -> Array:
        """What a policy is told (told,) of the beams (beams,)."""
        return values


@dataclass(frozen=True)
class SectorLidar(Lidar):
    """A lidar of which a policy is told the nearest distance in each of `sectors`, coarsely.

    With one level: 1 for a sector in which something is nearer than `within_m`, else 0. With more: as many
    numbers for each sector, of which the one of its distance's band is 1; bands are equally wide up to
    `within_m`, and the last one holds what is farther, too.
    """

    beams: int = 64
    spread_rad: float = 2.618
    sectors: int = 8
    levels: int = 1
    within_m: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        require("sensor.sectors", self.sectors, 1, self.beams, whole=True)
        require("sensor.levels", self.levels, 1, 16, whole=True)
        require("sensor.within_m", self.within_m, 0.1, 12.0)
        if self.beams % self.sectors:
            raise InputError(
                f"{self.beams} beams are not shared evenly by {self.sectors} sectors.",
                field="sensor.sectors",
                remedy="Give a number that divides the beams.",
            )

    @property
    def told(self) -> int:
        """Length of what a policy is told."""
        return self.sectors * self.levels

    def borders(self) -> np.ndarray:
        """Values t / (1 + t) between which the bands lie, (max(1, levels - 1),) float32."""
        count = max(1, self.levels - 1)
        metres = self.within_m * (np.arange(count) + 1.0) / self.levels
        return (metres / (1.0 + metres)).astype(np.float32)

    def tell(self, values: Array) -> Array:
        """What a policy is told (told,) of the beams (beams,)."""
        nearest = values.reshape(self.sectors, -1).min(axis=-1)
        band = (nearest[:, None] >= self.borders()).sum(axis=-1)
        if self.levels == 1:
            return (band == 0).astype(jnp.float32)
        return jax.nn.one_hot(band, self.levels).ravel()


@dataclass(frozen=True)
class Camera:
    """Grey picture of `height` x `width` pixels, uint8; the top row looks one row below the horizon."""

    width: int = 48
    height: int = 32
    focal: float = 0.5625  # focal length over picture width: a field of view of 83 degrees
    mount_m: float = 0.35
    box_height_m: float = 0.25

    def __post_init__(self) -> None:
        require("sensor.width", self.width, 8, 160, whole=True)
        require("sensor.height", self.height, 8, 120, whole=True)
        require("sensor.focal", self.focal, 0.1, 4.0)
        require("sensor.mount_m", self.mount_m, 0.05, 2.0)
        require("sensor.box_height_m", self.box_height_m, 0.0, 2.0)

    def rows(self) -> np.ndarray:
        """Distance ahead of the ground seen by each row, (height,) float32 metres."""
        focal_px = self.focal * self.width
        return (self.mount_m * focal_px / (np.arange(self.height) + 1.0)).astype(np.float32)

    def columns(self) -> np.ndarray:
        """Metres to the left per metre ahead for each column, (width,) float32."""
        centre = 0.5 * (self.width - 1)
        return ((centre - np.arange(self.width)) / (self.focal * self.width)).astype(np.float32)


@dataclass(frozen=True)
class StereoCamera(Camera):
    """Two such cameras side by side; a picture is (height, width, 2), left and right."""

    baseline_m: float = 0.06  # as the two cameras of DeepRacer's car

    def __post_init__(self) -> None:
        super().__post_init__()
        require("sensor.baseline_m", self.baseline_m, 0.0, 1.0)


def slab(
    origin_x: Array, origin_y: Array, dir_x: Array, dir_y: Array, half: tuple[float, float] = SQUARE_M
) -> Array:
    """Distance along a ray, in units of its direction, at which it enters the box |x|, |y| <= half.

    Returns 1e9 where the ray misses or the box lies behind.
    """
    dx = jnp.where(jnp.abs(dir_x) < 1e-6, 1e-6, dir_x)
    dy = jnp.where(jnp.abs(dir_y) < 1e-6, 1e-6, dir_y)
    ix, iy = 1.0 / dx, 1.0 / dy
    ax, bx = (-half[0] - origin_x) * ix, (half[0] - origin_x) * ix
    ay, by = (-half[1] - origin_y) * iy, (half[1] - origin_y) * iy
    enter = jnp.maximum(jnp.minimum(ax, bx), jnp.minimum(ay, by))
    leave = jnp.minimum(jnp.maximum(ax, bx), jnp.maximum(ay, by))
    return jnp.where((enter <= leave) & (leave > 0.0), jnp.maximum(enter, 0.0), 1e9)


def nearest_box(
    boxes: Array,
    origin: tuple[Array, Array],
    direction: tuple[Array, Array],
    half: tuple[float, float] = SQUARE_M,
) -> Array:
    """Smallest `slab` distance of each ray (R,) to any of the boxes (B, 4): x, y, cos, sin.

    half: half length and half width of the boxes in metres.
    """
    (x, y), (dir_x, dir_y) = origin, direction
    # A row for each box, so that the rays, of which there are more, lie side by side.
    px, py = x - boxes[:, :1], y - boxes[:, 1:2]
    c, s = boxes[:, 2:3], boxes[:, 3:]
    local_x, local_y = px * c + py * s, py * c - px * s
    ray_x, ray_y = dir_x * c + dir_y * s, dir_y * c - dir_x * s
    return slab(local_x, local_y, ray_x, ray_y, half).min(axis=0)


def look_up(grid: Array, cells: Array) -> Array:
    """Grid values at indices that are not negative."""
    return grid.at[cells].get(mode="clip", wrap_negative_indices=False)


def scan(
    sensor: Lidar,
    grid: Array,
    base: Array,
    stride: int,
    pose: tuple[Array, ...],
    boxes: Array,
    half: tuple[float, float] = SQUARE_M,
) -> Array:
    """Lidar values (beams,) float32 in [0, 1).

    grid: flat int8 of all tracks; base: index of this track's first cell; stride: cells per column of the
    grid; pose: x, y, c, s. Rays march by the distance the grid promises until it falls to 2 cm.
    """
    x, y, c, s = pose
    beam_c, beam_s = sensor.directions()
    dir_x, dir_y = c * beam_c - s * beam_s, s * beam_c + c * beam_s
    cell_x, cell_y = x * CELLS_PER_M, y * CELLS_PER_M

    def cell(far: Array) -> Array:
        ix = (cell_x + dir_x * far).astype(jnp.int32)
        iy = (cell_y + dir_y * far).astype(jnp.int32)
        return base + ix * stride + iy

    # The next cell travels with the distance: within one pass the compiler would fuse its arithmetic into the
    # gather and run both one ray at a time, which takes twice as long.
    def march(_: int, ray: tuple[Array, Array]) -> tuple[Array, Array]:
        far, at = ray
        free = look_up(grid, at).astype(jnp.float32)
        far = far + jnp.where(free > 4.0, free * CELLS_PER_STEP, 0.0)
        return far, cell(far)

    start = jnp.zeros(sensor.beams, jnp.float32)
    far, _ = jax.lax.fori_loop(0, sensor.marches, march, (start, cell(start)))
    wall = far * CELL_M
    far = jnp.minimum(wall, nearest_box(boxes, (x, y), (dir_x, dir_y), half))
    return far / (1.0 + far)


def picture(
    sensor: Camera,
    grid: Array,
    base: Array,
    shape: tuple[int, int],
    pose: tuple[Array, ...],
    scene: tuple[Array, ...],
    half: tuple[float, float] = SQUARE_M,
) -> Array:
    """Camera picture (height, width) uint8.

    grid: flat int8 of all tracks, at most 2^27 cells; base: index of this track's first cell. shape: cells of
    one track's grid; ground beyond it looks like its border, never like the bank's next track. pose: x, y, c,
    s. scene: boxes (B, 4), patches (P, 4) as x, y, radius, grip, and light (4,): gain, bias, texture phase,
    contrast. Raises ValueError for a larger grid.
    """
    if grid.shape[0] > MOST_CELLS:
        raise ValueError(f"A camera reads banks of at most {MOST_CELLS} cells, not of {grid.shape[0]}.")
    seen: Array = _drawing(sensor, shape, half)(grid, base, pose, scene)
    return seen


@cache
def _drawing(sensor: Camera, shape: tuple[int, int], half: tuple[float, float]) -> Callable[..., Array]:
    """`picture` of what is not fixed. A batch is drawn in blocks, so that all of one stays in the cache."""
    draw = partial(_pictures, sensor, shape, half)

    @jax.custom_batching.custom_vmap
    def one(grid: Array, *rest: Any) -> Array:
        return draw(grid, *jax.tree.map(lambda leaf: leaf[None], rest))[0]

    @one.def_vmap
    def batch(size: int, batched: list[Any], grid: Array, *rest: Any) -> tuple[Array, bool]:
        if batched[0]:
            raise ValueError("Pictures of one batch are of one bank of tracks.")
        block = next(count for count in range(min(BLOCK, size), 0, -1) if size % count == 0)

        def cut(leaf: Array, mapped: bool) -> Array:
            rows = leaf if mapped else jnp.broadcast_to(leaf, (size, *leaf.shape))
            return rows.reshape(size // block, block, *rows.shape[1:])

        blocks = jax.tree.map(cut, rest, tuple(batched[1:]))
        seen = jax.lax.map(lambda part: draw(grid, *part), blocks)
        return seen.reshape(size, *seen.shape[2:]), True

    made: Callable[..., Array] = one
    return made


def _pictures(
    sensor: Camera,
    shape: tuple[int, int],
    half: tuple[float, float],
    grid: Array,
    base: Array,
    pose: tuple[Array, ...],
    scene: tuple[Array, ...],
) -> Array:
    """Pictures (N, height, width) uint8 of stacked arguments."""
    boxes, patches, light = scene
    words = jax.vmap(partial(_words, sensor, shape))(base, pose, light)
    hits = jax.vmap(partial(_hits, sensor, half))(pose, boxes)
    # A loop over a few parts keeps the gather and the search for boxes apart from the arithmetic of pixels,
    # as in `scan`; no other border stays while the program is compiled.
    both = math.gcd(words.size // sensor.width, hits.size)
    parts = next((count for count in range(2, both + 1) if both % count == 0), 1)
    # Rows stay rows, or the place in its picture would be worked out for each pixel anew.
    split = (words.reshape(parts, -1, sensor.width), hits.reshape(parts, -1))
    looks, seen = jax.lax.map(lambda part: (_looks(grid, part[0]), part[1]), split)
    looks, seen = looks.reshape(words.shape), seen.reshape(hits.shape)
    return jax.vmap(partial(_shades, sensor))(looks, seen, pose, patches, light)


def _words(
    sensor: Camera, shape: tuple[int, int], base: Array, pose: tuple[Array, ...], light: Array
) -> Array:
    """Index of the cell that each pixel shows, times 32, and its speckle: (height, width) uint32.

    In one word, for turning a float into an integer takes seven operations: no pixel's place is found twice.
    """
    x, y, c, s = pose
    ahead = sensor.rows()[:, None]
    aside = ahead * sensor.columns()[None, :]
    row_x, row_y = (x + c * ahead) * CELLS_PER_M, (y + s * ahead) * CELLS_PER_M
    ix = (row_x - s * CELLS_PER_M * aside).astype(jnp.int32)
    iy = (row_y + c * CELLS_PER_M * aside).astype(jnp.int32)
    cell = base + jnp.clip(ix, 0, shape[0] - 1) * shape[1] + jnp.clip(iy, 0, shape[1] - 1)
    # 9 (ix - iy) + 19 (ix ^ iy), of 32 values.
    apart, mixed = ix - iy, ix ^ iy
    hashed = apart + (apart << 3) + mixed + (mixed << 1) + (mixed << 4) + light[2].astype(jnp.int32)
    words: Array = ((cell << 5) | (hashed & 31)).astype(jnp.uint32)
    return words


def _hits(sensor: Camera, half: tuple[float, float], pose: tuple[Array, ...], boxes: Array) -> Array:
    """Distance ahead of the nearest box in each column, (width,) float32 metres."""
    x, y, c, s = pose
    directions = (c - s * sensor.columns(), s + c * sensor.columns())
    return nearest_box(boxes, (x, y), directions, half)


def _looks(grid: Array, words: Array) -> Array:
    """Grid value times 32 and the speckle, int16, of `_words`."""
    # Unsigned indices are compared with one end of the grid only.
    inside = grid.at[words >> 5].get(mode="promise_in_bounds", wrap_negative_indices=False)
    return (inside.astype(jnp.int16) << 5) | (words & 31).astype(jnp.int16)


def _shades(
    sensor: Camera, looks: Array, hit: Array, pose: tuple[Array, ...], patches: Array, light: Array
) -> Array:
    """Picture (height, width) uint8 of what each pixel shows and of the distances to boxes (width,)."""
    ahead = sensor.rows()[:, None]
    aside = ahead * sensor.columns()[None, :]
    looks = looks.astype(jnp.int32)
    inside = looks >> 5
    speckle = ((looks & 31).astype(jnp.float32) * (1.0 / 31.0) - 0.5) * light[3]
    tone = jnp.where(inside > 0, 0.30, 0.55) + speckle
    wet = (inside > 0) & _within(patches, pose, ahead, aside)
    tone = jnp.where(wet, tone - 0.12, tone)
    tone = jnp.where(jnp.abs(inside) <= 8, 0.92, tone)
    top = ahead * (1.0 - sensor.box_height_m / sensor.mount_m)
    tone = jnp.where((hit < ahead) & (hit >= top), 0.04, tone)
    lit = tone * (light[0] * 255.0) + (light[1] * 255.0 + 0.5)
    # `clip` would take care of NaN and a conversion of what is out of range, for half of this pass's time.
    lit = jnp.where(lit > 0.0, lit, 0.0)
    lit = jnp.where(lit < 255.0, lit, 255.0)
    # Beyond 2^23 the last byte of a float32 is that of the whole number.
    return jax.lax.bitcast_convert_type(jnp.floor(lit) + 2.0**23, jnp.int32).astype(jnp.uint8)


def _within(
    patches: Array, pose: tuple[Array, ...], ahead: Array | np.ndarray, aside: Array | np.ndarray
) -> Array:
    """Whether the ground seen by pixels lies in any of the patches.

    Measured from the car, where each row's distance ahead is taken off the radius once.
    """
    x, y, c, s = pose
    px, py = patches[:, 0] - x, patches[:, 1] - y
    patch_ahead, patch_aside = px * c + py * s, py * c - px * s
    found = jnp.zeros((), bool)
    for index in range(patches.shape[0]):
        off = ahead - patch_ahead[index]
        room = patches[index, 2] * patches[index, 2] - off * off
        beside = aside - patch_aside[index]
        found = found | (beside * beside < room)
    return found


def field_of_view_rad(sensor: Camera) -> float:
    """Horizontal field of view."""
    return 2.0 * math.atan(0.5 / sensor.focal)
