"""Stored replays of races head to head, read without JAX."""

from __future__ import annotations

import numpy as np

from manyhands.types import Json

TICKS_PER_S = 15
FEWEST, MOST = 2, 8
"""Cars of a race head to head."""
COLUMNS = ("x_mm", "y_mm", "heading_mrad", "along_mm", "contacts", "shown")
"""of a car after a tick: its place and heading, its front's way from the start line over all laps, contacts
begun so far, whether others could touch and see it. int32, little-endian, car after car of each tick."""


def plain(data: bytes, cars: int) -> Json:
    """JSON form of a replay: ticks_per_s and cars in the order of the grid, each with COLUMNS as lists."""
    places = np.frombuffer(data, "<i4").reshape(-1, cars, len(COLUMNS))
    found = [dict(zip(COLUMNS, car.T.tolist(), strict=True)) for car in np.moveaxis(places, 1, 0)]
    for car in found:
        car["shown"] = [bool(shown) for shown in car["shown"]]
    return {"ticks_per_s": TICKS_PER_S, "cars": found}
