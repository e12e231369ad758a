"""The board of a game, and the integer arithmetic that all implementations of the rules share.

Cells are numbered row by row from the upper left. Headings are 0 right, 1 down, 2 left, 3 up, so that a right
turn adds one. Food follows from the seed and the number of foods eaten alone: nobody can choose it, and a
replay in any language finds the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from manyhands.envs.hashing import WORD, mixed
from manyhands.envs.limits import require

DX = (1, 0, -1, 0)
DY = (0, 1, 0, -1)
TURNS = {"S": 0, "R": 1, "L": -1}
"""Characters of a recorded game, and what they add to the heading."""
TRIES = 4
"""Cells that are drawn for a food before the free ones are counted."""


@dataclass(frozen=True)
class Board:
    """Size and limits of a game.

    width, height: in cells; start_length: cells of the snake at the start; cap: a game ends after more than
    `cap` moves for each cell of the snake.
    """

    width: int = 32
    height: int = 24
    start_length: int = 3
    cap: int = 100

    def __post_init__(self) -> None:
        """Check the limits. Raises InputError naming the wrong one."""
        require("width", self.width, 4, 64, whole=True)
        require("height", self.height, 4, 64, whole=True)
        require("start_length", self.start_length, 2, self.width // 2, whole=True)
        require("cap", self.cap, 1, 1000, whole=True)

    @property
    def cells(self) -> int:
        """Number of cells."""
        return self.width * self.height

    @property
    def start(self) -> list[int]:
        """Cells of the snake at the start, the head first: in the middle, heading right."""
        head = self.height // 2 * self.width + self.width // 2
        return [head - place for place in range(self.start_length)]


ARCADE = Board()
"""The rules of the public reference experiment's evaluation: 32 by 24 cells, length 3, 100 moves a cell."""


def drawn(seed: int, eaten: int, attempt: int, count: int) -> int:
    """A number in [0, count), count at most 4,096, that follows from seed, foods eaten and attempt."""
    word = mixed(mixed(seed ^ mixed(eaten + 1)) + attempt & WORD)
    return (word >> 16) * count >> 16
