"""A map of a running attempt as an RGB picture, in plain numpy."""

import numpy as np
from numpy.typing import NDArray

from manyhands.envs.racer.sensors import BOX_HALF_M
from manyhands.envs.racer.tracks import CELL_M, DISTANCE_STEP_M, Track

Picture = NDArray[np.uint8]

GROUND = (126, 148, 112)
ROAD = (74, 78, 84)
EDGE = (236, 232, 220)
WET = (62, 92, 112)
BOX = (214, 120, 62)
CAR = (222, 60, 62)
NOSE = (250, 214, 90)
EDGE_M = 0.04
CAR_LENGTH_M, CAR_WIDTH_M = 0.36, 0.2


def draw(
    track: Track, pose: NDArray[np.float64], boxes: NDArray[np.float64], patches: NDArray[np.float64]
) -> Picture:
    """Map (GY, GX, 3) uint8 of one pixel per grid cell, north up.

    pose: (4,) x, y, cos, sin; boxes: (B, 4) x, y, cos, sin; patches: (P, 4) x, y, radius, grip.
    """
    distance = track.distance.astype(np.int32)
    shape = distance.shape
    x = (np.arange(shape[0])[:, None] + 0.5) * CELL_M
    y = (np.arange(shape[1])[None, :] + 0.5) * CELL_M
    picture = np.array([GROUND, ROAD], np.uint8)[(distance > 0).astype(np.intp)]
    for px, py, radius, _ in patches:
        picture[((x - px) ** 2 + (y - py) ** 2 < radius * radius) & (distance > 0)] = WET
    picture[np.abs(distance) * DISTANCE_STEP_M <= EDGE_M] = EDGE
    for bx, by, c, s in boxes:
        ahead, aside = _local(x - bx, y - by, c, s)
        picture[(np.abs(ahead) <= BOX_HALF_M) & (np.abs(aside) <= BOX_HALF_M)] = BOX
    ahead, aside = _local(x - pose[0], y - pose[1], pose[2], pose[3])
    body = (np.abs(ahead) <= 0.5 * CAR_LENGTH_M) & (np.abs(aside) <= 0.5 * CAR_WIDTH_M)
    picture[body] = CAR
    picture[body & (ahead > 0.25 * CAR_LENGTH_M)] = NOSE
    return np.ascontiguousarray(picture.transpose(1, 0, 2)[::-1])


def _local(
    dx: NDArray[np.float64], dy: NDArray[np.float64], c: float, s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Offsets along and across a heading."""
    return dx * c + dy * s, dy * c - dx * s
