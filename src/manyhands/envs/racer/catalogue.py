"""The project's own roads, drawn as corners to be rounded or as a formula; every length is in metres.

All of them fit the grid of the generated roads, so that one bank of tracks may hold any mix of the two.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
STEP_M = 0.02


@dataclass(frozen=True)
class Road:
    """One drawing: `outline()` gives the centre line (N, 2); the half width swings `waves` times a lap."""

    name: str
    outline: Callable[[], F64]
    half_width_m: float = 0.45
    swing_m: float = 0.0
    waves: int = 2

    def half_widths(self, count: int) -> F64:
        """Half width at `count` points spread evenly over one lap."""
        lap = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
        return np.asarray(self.half_width_m + self.swing_m * np.cos(self.waves * lap), np.float64)


def rounded(*corners: tuple[float, float, float]) -> Callable[[], F64]:
    """Straights joined by circular arcs: a polygon whose corners (x, y, radius) are rounded off."""

    def outline() -> F64:
        arcs = [
            _arc(corners[index - 1], corner, corners[(index + 1) % len(corners)])
            for index, corner in enumerate(corners)
        ]
        return np.vstack(arcs)

    return outline


def _arc(
    before: tuple[float, float, float], corner: tuple[float, float, float], after: tuple[float, float, float]
) -> F64:
    """Points of the arc that rounds `corner`, from the straight before it to the straight after it."""
    tip, radius = np.array(corner[:2]), corner[2]
    into, out = tip - np.array(before[:2]), np.array(after[:2]) - tip
    into, out = into / np.linalg.norm(into), out / np.linalg.norm(out)
    turn = np.arctan2(into[0] * out[1] - into[1] * out[0], into @ out)
    begin = tip - into * radius * np.tan(abs(turn) / 2.0)
    angle = np.linspace(0.0, turn, max(2, int(np.ceil(abs(turn) * radius / STEP_M))))
    side = np.sign(turn) * np.array([-into[1], into[0]])
    forward, sideways = radius * np.sin(np.abs(angle)), radius * (1.0 - np.cos(angle))
    return np.asarray(begin + np.outer(forward, into) + np.outer(sideways, side), np.float64)


def wavy(radius: float, stretch: float, *harmonics: tuple[int, float, float]) -> Callable[[], F64]:
    """A circle whose radius swings: harmonics are (waves a lap, amplitude, phase in rad)."""

    def outline() -> F64:
        angle = np.linspace(0.0, 2.0 * np.pi, 2048, endpoint=False)
        swing = sum((amount * np.cos(waves * angle + phase) for waves, amount, phase in harmonics), radius)
        return np.column_stack([stretch * swing * np.cos(angle), swing * np.sin(angle)])

    return outline


ROADS: dict[str, Road] = {
    "meadow-oval": Road(
        "Meadow oval", rounded((0, 0, 1.8), (8, 0, 1.8), (8, 3.6, 1.8), (0, 3.6, 1.8)), half_width_m=0.5
    ),
    "kidney": Road(
        "Kidney",
        rounded(
            (0, 0, 1.5), (9, 0, 1.5), (9, 5, 1.3), (6.2, 5, 1.0), (4.5, 2.6, 1.2), (2.8, 5, 1.0), (0, 5, 1.3)
        ),
    ),
    "terraces": Road(
        "Terraces",
        rounded(
            (0, 0, 0.8),
            (8, 0, 0.8),
            (8, 1.6, 0.8),
            (1.8, 1.6, 0.8),
            (1.8, 3.2, 0.8),
            (8, 3.2, 0.8),
            (8, 4.8, 0.8),
            (0, 4.8, 0.8),
        ),
        half_width_m=0.42,
    ),
    "sluice": Road(
        "Sluice",
        rounded(
            (0, 0, 1.4),
            (9.5, 0, 1.4),
            (9.5, 4.4, 1.4),
            (6.6, 4.4, 0.8),
            (5.6, 3.0, 0.8),
            (4.0, 3.0, 0.8),
            (3.0, 4.4, 0.8),
            (0, 4.4, 1.4),
        ),
    ),
    "crossroads": Road("Crossroads", rounded((0, 0, 1.3), (9, 5, 1.3), (9, 0, 1.3), (0, 5, 1.3))),
    "clover": Road("Clover", wavy(3.1, 1.2, (3, 0.75, 0.4)), swing_m=0.04, waves=3),
    "boomerang": Road(
        "Boomerang",
        rounded((0, 0, 0.9), (5.0, 2.2, 1.6), (10, 0, 0.9), (10, 3.0, 0.9), (5.0, 5.6, 1.6), (0, 3.0, 0.9)),
    ),
    "needle": Road(
        "Needle",
        rounded((0, 0.8, 0.75), (10.4, 0, 0.9), (10.4, 2.4, 0.9), (0, 2.5, 0.75)),
        half_width_m=0.38,
    ),
    "spectacles": Road(
        "Spectacles",
        rounded(
            (0, 0, 1.5),
            (3.4, 0, 1.5),
            (4.4, 1.3, 0.9),
            (6.0, 1.3, 0.9),
            (7.0, 0, 1.5),
            (10.4, 0, 1.5),
            (10.4, 4.0, 1.5),
            (7.0, 4.0, 1.5),
            (6.0, 2.7, 0.9),
            (4.4, 2.7, 0.9),
            (3.4, 4.0, 1.5),
            (0, 4.0, 1.5),
        ),
        half_width_m=0.4,
    ),
    "harbour": Road(
        "Harbour",
        rounded(
            (0, 0, 1.0),
            (6.0, 0, 1.0),
            (6.0, 2.0, 0.9),
            (8.2, 2.0, 0.9),
            (8.2, 0, 0.8),
            (10.2, 0, 0.8),
            (10.2, 6.0, 1.2),
            (5.0, 6.0, 0.8),
            (5.0, 4.0, 0.8),
            (3.0, 4.0, 0.8),
            (3.0, 6.0, 0.8),
            (0, 6.0, 0.9),
        ),
        half_width_m=0.42,
    ),
    "lagoon": Road("Lagoon", wavy(3.2, 1.3, (2, 0.35, 0.9), (5, 0.32, 2.0)), half_width_m=0.48, swing_m=0.06),
    # The radius turns negative: the road crosses itself and makes a small loop within the large one.
    "curl": Road("Curl", wavy(1.4, 1.2, (1, 3.6, 0.0)), half_width_m=0.42),
    "ramparts": Road(
        "Ramparts",
        rounded(
            (0, 0, 0.8),
            (10, 0, 0.8),
            (10, 7.4, 0.8),
            (7.2, 7.4, 0.8),
            (7.2, 5.2, 0.8),
            (2.8, 5.2, 0.8),
            (2.8, 7.4, 0.8),
            (0, 7.4, 0.8),
        ),
        half_width_m=0.44,
        swing_m=0.05,
        waves=4,
    ),
}
