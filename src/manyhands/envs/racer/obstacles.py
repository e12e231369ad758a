"""Boxes and bot cars on a road: where they are, how bots drive, whether a car overlaps one. Pure, in JAX.

Only + - * / and comparisons are used, as in `car`, so that TypeScript repeats every step to the bit.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from manyhands.envs.hashing import mixed, mixed_words
from manyhands.envs.racer.race_types import RaceType
from manyhands.envs.racer.rules import TICKS_PER_S, Bank
from manyhands.envs.racer.tracks import Track

F32 = NDArray[np.float32]

Half = tuple[float, float]
CAR_HALF_M: Half = (0.16176, 0.09805)
"""half length and width of the car's box (DeepRacer's simulator: .32352 x .1961 m)"""
BOX_HALF_M: Half = (0.25, 0.2)
"""of a box as crashes count it, .5 x .4 m with a buffer of .1 m"""
BOX_SEEN_HALF_M: Half = (0.2, 0.15)
"""of what is seen of it"""
LANE = 0.5
"""distance of a lane's middle from the centre line, as a share of the half width"""
CHANGE_PER_M = 1.0
"""of the way between the lanes, -1 to 1, that a bot makes on each metre"""
CLEAR_M = 1.0
"""way that is left before an object where a car is put on the road, middle to middle"""
BESIDE_M = 0.55
"""a car that is put less far past the middle of an object might overlap it"""


class Objects(NamedTuple):
    """What is on the road beside the car; K objects. Boxes keep all of it."""

    along: Array | F32  # (K,) float32, metres from waypoint 0 along the centre line
    side: Array | F32  # (K,) float32, 1 in the middle of the left lane, -1 of the right one
    target: Array | F32  # (K,) float32, lane that a bot keeps or changes to
    wait: Array | NDArray[np.int32]  # (K,) int32, ticks until it changes lanes
    word: Array | NDArray[np.uint32]  # (K,) uint32, of which waits are drawn


_NONE = np.zeros(0, np.float32)
NOTHING = Objects(_NONE, _NONE, _NONE, np.zeros(0, np.int32), np.zeros(0, np.uint32))


def placed(race: RaceType, track: Track, word: int) -> Objects:
    """Objects at the start of an episode, drawn from a 32-bit word, as numpy arrays.

    track: as it is driven.
    """
    places = race.drawn(word)
    if not places:
        return NOTHING
    x, y = track.centre.astype(np.float64).T
    left_inside = np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) > 0.0
    side = [1.0 if (lane == "inside") == left_inside else -1.0 for _, lane in places]
    own = [mixed(word ^ mixed(number)) for number in range(len(places))]
    shares = np.array([percent for percent, _ in places], np.float32) * np.float32(0.01)
    first = np.array(own, np.uint32)
    return Objects(
        along=shares * np.float32(track.length_m),
        side=np.array(side, np.float32),
        target=np.array(side, np.float32),
        wait=_wait(race, first),
        word=first,
    )


def _wait(race: RaceType, words: Any) -> Any:
    """Ticks between two changes of lanes (K,) int32, of uint32 words (K,), of numpy or traced."""
    least, most = (round(TICKS_PER_S * seconds) for seconds in race.change_s)
    return (least + (mixed_words(words) >> 8) % np.uint32(most - least + 1)).astype(np.int32)


def driven(race: RaceType, bank: Bank, objects: Objects) -> Objects:
    """The same a tick later; boxes stay."""
    if not race.moving:
        return objects
    length = bank.spacing[0] * bank.half_width.shape[1]
    step = race.speed_mps / TICKS_PER_S
    along = objects.along + step
    along = jnp.where(along >= length, along - length, along)
    change = step * CHANGE_PER_M
    side = objects.side + jnp.clip(objects.target - objects.side, -change, change)
    if not race.changes:
        return objects._replace(along=along, side=side)
    due = objects.wait <= 0
    word = jnp.where(due, objects.word + np.uint32(0x9E3779B9), objects.word)
    return Objects(
        along=along,
        side=side,
        target=jnp.where(due, -objects.target, objects.target),
        wait=jnp.where(due, _wait(race, word), objects.wait - 1),
        word=word,
    )


def poses(race: RaceType, bank: Bank, objects: Objects) -> Array:
    """Middles and headings (K, 4) float32: x, y, cos, sin."""
    points = bank.half_width.shape[1]
    # Written as the compiler would have it: it divides an array by a scalar in this way, and less exactly.
    at = objects.along * (1.0 / bank.spacing[0])
    whole = jnp.floor(at)
    waypoint = whole.astype(jnp.int32) % points
    following = (waypoint + 1) % points
    into = (at - whole)[:, None]
    centre, tangent = bank.centre[0, waypoint], bank.tangent[0, waypoint]
    place = centre + into * (bank.centre[0, following] - centre)
    ahead = _unit(tangent + into * (bank.tangent[0, following] - tangent))
    left = jnp.stack([-ahead[:, 1], ahead[:, 0]], axis=-1)
    wide = LANE * bank.half_width[0, waypoint]
    place = place + (objects.side * wide)[:, None] * left
    if race.changes:
        over = jnp.clip(objects.target - objects.side, -1.0, 1.0)
        lean = jnp.where(over > 0.0, CHANGE_PER_M, jnp.where(over < 0.0, -CHANGE_PER_M, 0.0))
        ahead = _unit(_unit(ahead + (lean * wide)[:, None] * left))
    return jnp.concatenate([place, ahead], axis=-1)


def _unit(vectors: Array) -> Array:
    """Vectors (K, 2) of about length 1, by a Newton step nearer to it."""
    return vectors * (1.5 - 0.5 * (vectors * vectors).sum(-1, keepdims=True))


def overlaps(car: Array, boxes: Array, half: Half) -> Array:
    """Which of the boxes (K, 4), of half length and width `half`, a car's box with the pose (4,) overlaps.

    Two rectangles are apart if they are so along an axis of one of them (separating axes); touching is
    overlapping.
    """
    dx, dy = boxes[:, 0] - car[0], boxes[:, 1] - car[1]
    cos = jnp.abs(car[2] * boxes[:, 2] + car[3] * boxes[:, 3])
    sin = jnp.abs(car[2] * boxes[:, 3] - car[3] * boxes[:, 2])
    length, width = CAR_HALF_M
    far, wide = half
    apart = jnp.abs(dx * car[2] + dy * car[3]) > length + far * cos + wide * sin
    apart |= jnp.abs(dy * car[2] - dx * car[3]) > width + far * sin + wide * cos
    apart |= jnp.abs(dx * boxes[:, 2] + dy * boxes[:, 3]) > far + length * cos + width * sin
    apart |= jnp.abs(dy * boxes[:, 2] - dx * boxes[:, 3]) > wide + length * sin + width * cos
    return ~apart


def halves(race: RaceType) -> tuple[Half, Half]:
    """Half sizes of the objects: as crashes count them, and as they are seen."""
    return (CAR_HALF_M, CAR_HALF_M) if race.moving else (BOX_HALF_M, BOX_SEEN_HALF_M)


def cleared(start_m: float, along: F32, length_m: float) -> float:
    """Where a car's middle may be put on the centre line, metres from waypoint 0, nearest behind `start_m`.

    That is `start_m` itself, unless an object is beside it or less than CLEAR_M ahead: then CLEAR_M behind.
    """
    at = start_m
    for _ in along:
        ahead = (along.astype(np.float64) - at) % length_m
        near = np.where(ahead > length_m - BESIDE_M, ahead - length_m, ahead)
        if near.min() >= CLEAR_M - 1e-3:
            break
        at += float(near.min()) - CLEAR_M
    return at
