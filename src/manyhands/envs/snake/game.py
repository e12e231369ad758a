"""One game in plain Python, as simple as the rules are: records are replayed with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from manyhands.envs.snake.board import DX, DY, TRIES, Board, drawn


@dataclass
class Game:
    """A game being played; `body` holds the snake's cells, the head first.

    ended: empty, or why: `wall`, `body`, `cap` or `full`.
    """

    board: Board
    seed: int
    body: list[int] = field(default_factory=list)
    heading: int = 0
    food: int = 0
    steps: int = 0
    eaten: int = 0
    ended: str = ""

    def __post_init__(self) -> None:
        """Place the snake and the first food."""
        if not self.body:
            self.body = self.board.start
            self.food = self._next_food()

    def neighbour(self, turn: int) -> int | None:
        """Cell ahead after a turn (0 straight, 1 right, -1 left); None for the wall."""
        heading = (self.heading + turn) % 4
        row, column = divmod(self.body[0], self.board.width)
        row, column = row + DY[heading], column + DX[heading]
        if 0 <= row < self.board.height and 0 <= column < self.board.width:
            return row * self.board.width + column
        return None

    def deadly(self, turn: int) -> bool:
        """Whether a turn ends the game at once. The tail still lies where it is while the head moves."""
        cell = self.neighbour(turn)
        return cell is None or cell in self.body

    def move(self, turn: int) -> bool:
        """Make one move and return whether the snake ate; the game must not have ended."""
        cell = self.neighbour(turn)
        self.steps += 1
        if cell is None or cell in self.body:
            self.ended = "wall" if cell is None else "body"
            return False
        self.heading = (self.heading + turn) % 4
        self.body.insert(0, cell)
        ate = cell == self.food
        if ate:
            self.eaten += 1
            if len(self.body) == self.board.cells:
                self.ended = "full"
                return True
            self.food = self._next_food()
        else:
            self.body.pop()
        if self.steps > self.board.cap * len(self.body):
            self.ended = "cap"
        return ate

    def _next_food(self) -> int:
        taken = set(self.body)
        for attempt in range(TRIES):
            cell = drawn(self.seed, self.eaten, attempt, self.board.cells)
            if cell not in taken:
                return cell
        free = [cell for cell in range(self.board.cells) if cell not in taken]
        return free[drawn(self.seed, self.eaten, TRIES, len(free))]
