"""What a policy sees of a game: thirteen features, or these and a window of cells.

The features, in their order: a move straight, right or left would be deadly; the heading is left, right, up,
down; the food is to the left, right, above, below; the angle to it in turns, 0 to the right and growing
clockwise, in (-.5, .5]; its distance in units of the board's diagonal.

The window is 9 by 9 cells around the head, turned so that the heading points up, row by row, in three layers:
what is deadly there (walls and body), for how many moves it still is (its stamp, at most 64, over 64; 1 for
walls), and the food.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from manyhands.envs.snake.board import DX, DY
from manyhands.envs.snake.game import Game

FEATURES = 13
REACH = 4
SIDE = 2 * REACH + 1
WINDOW = 3 * SIDE * SIDE
LONGEST = 64
HEADINGS = (2, 0, 3, 1)  # left, right, up, down, in the features' order


@functools.cache
def offsets() -> NDArray[np.int32]:
    """Columns and rows from the head of the window's cells for each heading, (4, SIDE * SIDE, 2)."""
    found = np.zeros((4, SIDE * SIDE, 2), np.int32)
    for heading in range(4):
        right = (heading + 1) % 4
        for place in range(SIDE * SIDE):
            forward, aside = REACH - place // SIDE, place % SIDE - REACH
            found[heading, place] = (
                forward * DX[heading] + aside * DX[right],
                forward * DY[heading] + aside * DY[right],
            )
    return found


def length_of(sensor: str) -> int:
    """Length of `observe`."""
    return FEATURES if sensor == "features" else FEATURES + WINDOW


def of_game(game: Game) -> NDArray[np.float32]:
    """All 256 numbers of a `Game`, as `observe` with `grid` gives them for the same position."""
    board, head = game.board, game.body[0]
    column, row = head % board.width, head // board.width
    right, down = game.food % board.width - column, game.food // board.width - row
    near = [
        *(game.deadly(turn) for turn in (0, 1, -1)),
        *(game.heading == heading for heading in HEADINGS),
        *(right < 0, right > 0, down < 0, down > 0),
        math.atan2(down, right) * (0.5 / math.pi),
        math.hypot(right, down) / math.hypot(board.width, board.height),
    ]
    lasts, food = np.zeros(SIDE * SIDE), np.zeros(SIDE * SIDE)
    place_of = {cell: len(game.body) - place for place, cell in enumerate(game.body)}
    for place, (dx, dy) in enumerate(offsets()[game.heading]):
        x, y = column + int(dx), row + int(dy)
        if 0 <= x < board.width and 0 <= y < board.height:
            cell = y * board.width + x
            lasts[place] = min(place_of.get(cell, 0), LONGEST) / LONGEST
            food[place] = cell == game.food
        else:
            lasts[place] = 1.0
    return np.concatenate([near, lasts > 0.0, lasts, food]).astype(np.float32)
