"""Calls of a reward function: a fresh params dict each, made from packed columns."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, repeat
from typing import Any

Function = Callable[[dict[str, Any]], Any]

HEAD = struct.Struct("<IIdBB")
"""waypoints, calls, length of the track in metres, whether it is driven backwards, whether objects move"""
FLOATS = (
    "x",
    "y",
    "heading",
    "distance_from_center",
    "projection_distance",
    "progress",
    "speed",
    "steering_angle",
    "track_width",
    "sim_time",
)
INTEGERS = ("steps", "before", "ahead", "object_behind", "object_ahead")
FLAGS = ("all_wheels_on_track", "is_left_of_center", "is_offtrack", "is_crashed", "object_in_camera")
OBJECT_FLOATS = ("x", "y", "distance", "left", "heading", "speed", "distance_from_center")


class FirstStep(int):
    """`steps` of an episode's first call: 2, as in DeepRacer, that passes for 1 as well.

    There the first action is not rewarded, so functions reset on `steps == 2`; but many reset on
    `steps == 1`, as the documentation counts. It equals both, orders as 1 and calculates as 2.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return other in (1, 2)

    def __ne__(self, other: object) -> bool:
        return other not in (1, 2)

    def __lt__(self, other: float) -> bool:
        return other > 1

    def __le__(self, other: float) -> bool:
        return other >= 1

    def __gt__(self, other: float) -> bool:
        return other < 1

    def __ge__(self, other: float) -> bool:
        return other <= 1

    __hash__ = int.__hash__


FIRST = FirstStep(2)
FIRST_STEPS = 2


@dataclass(frozen=True)
class Batch:
    """Rows of some cars, car after car: counts of calls by car, columns by name, objects.

    objects: of each car, or of each call where they move.
    """

    counts: tuple[int, ...]
    length: float
    backwards: bool
    waypoints: tuple[tuple[float, float], ...]
    columns: dict[str, list[Any]]
    moving: bool
    objects: list[list[list[float]]]


@lru_cache(maxsize=4)
def _points(data: bytes) -> tuple[tuple[float, float], ...]:
    return tuple(struct.iter_unpack("<dd", data))


def unpack(body: bytes, cars: int, objects: int) -> Batch:
    """Read what `params.Columns.packed` wrote."""
    count, calls, length, backwards, moving = HEAD.unpack_from(body)
    view, at = memoryview(body), HEAD.size

    def take(form: str, size: int) -> list[Any]:
        nonlocal at
        part: Any = view[at : at + size]
        at += size
        return list(part.cast(form).tolist())

    waypoints = _points(bytes(view[at : at + 16 * count]))
    at += 16 * count
    counts = tuple(take("I", 4 * cars))
    columns: dict[str, list[Any]] = {name: take("d", 8 * calls) for name in FLOATS}
    columns |= {name: take("i", 4 * calls) for name in INTEGERS}
    columns |= {name: take("?", calls) for name in FLAGS}
    columns["steps"] = [FIRST if step <= FIRST_STEPS else step for step in columns["steps"]]
    told = calls if moving else cars
    boxes = [[take("d", 8 * objects) if objects else [] for _ in OBJECT_FLOATS] for _ in range(told)]
    return Batch(counts, length, bool(backwards), waypoints, columns, bool(moving), boxes)


def spans(batch: Batch) -> Iterator[tuple[int, int, int]]:
    """Car, first row and the row after its last one, for each car with calls."""
    ends = list(accumulate(batch.counts))
    for car, (count, end) in enumerate(zip(batch.counts, ends, strict=True)):
        if count:
            yield car, end - count, end


def rows(batch: Batch, car: int, first: int, end: int) -> Iterator[dict[str, Any]]:
    """A new params dict for each call, its lists new as well: functions delete, sort and append."""
    order = (*FLOATS, *INTEGERS, *FLAGS)
    columns = [batch.columns[name][first:end] for name in order]
    points, length, backwards = list(batch.waypoints), batch.length, batch.backwards
    objects = batch.objects[first:end] if batch.moving else repeat(batch.objects[car], end - first)
    for (xs, ys, distances, lefts, headings, speeds, asides), (
        x, y, heading, aside, along, progress, speed, steering, width, seconds,
        steps, before, ahead, behind, front,
        wheels, left, offtrack, crashed, in_camera,
    ) in zip(objects, zip(*columns, strict=True), strict=True):  # fmt: skip
        yield {
            "all_wheels_on_track": wheels,
            "x": x,
            "y": y,
            "closest_objects": [behind, front],
            "closest_waypoints": [before, ahead],
            "distance_from_center": aside,
            "projection_distance": along,
            "is_crashed": crashed,
            "is_left_of_center": left,
            "is_offtrack": offtrack,
            "is_reversed": backwards,
            "heading": heading,
            "objects_distance": distances[:],
            "objects_distance_from_center": asides[:],
            "objects_heading": headings[:],
            "objects_left_of_center": [left > 0.0 for left in lefts],
            "objects_location": [[*place] for place in zip(xs, ys, strict=True)],
            "objects_speed": speeds[:],
            "object_in_camera": in_camera,
            "progress": progress,
            "sim_time": seconds,
            "speed": speed,
            "steering_angle": steering,
            "steps": steps,
            "track_length": length,
            "track_width": width,
            "waypoints": points[:],
        }
