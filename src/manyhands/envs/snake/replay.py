"""Recorded games, played again to the last move: what they say is believed only where the rules agree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from manyhands.envs.hashing import WORD
from manyhands.envs.limits import require
from manyhands.envs.snake import sight
from manyhands.envs.snake.board import TURNS, Board
from manyhands.envs.snake.game import Game
from manyhands.errors import InputError

MOST_MOVES = 100_000


@dataclass(frozen=True)
class Record:
    """A game as it travels: seed, one of S, R, L for each move, and how it stood at the end."""

    seed: int
    moves: str
    score: int
    length: int

    def __post_init__(self) -> None:
        """Check the form. Raises InputError naming the wrong field."""
        require("seed", self.seed, 0, WORD, whole=True)
        if not isinstance(self.moves, str) or not re.fullmatch("[SRL]+", self.moves):
            raise InputError("The moves are not a text of S, R and L.", field="moves")
        if len(self.moves) > MOST_MOVES:
            raise InputError(f"The game has more than {MOST_MOVES:,} moves.", field="moves")
        require("score", self.score, 0, 64 * 64, whole=True)
        require("length", self.length, 2, 64 * 64, whole=True)


@dataclass(frozen=True)
class Transitions:
    """Moves of N states in the order of the games: all 256 numbers of `sight` before and after each."""

    seen: NDArray[np.float32]  # (N, 256)
    turn: NDArray[np.int8]  # (N,) -1 left, 0 straight, 1 right
    ate: NDArray[np.bool_]  # (N,)
    died: NDArray[np.bool_]  # (N,) the move ended the game, not by its length or a full board
    after: NDArray[np.float32]  # (N, 256)
    game: NDArray[np.int32]  # (N,) number of the game

    def first(self, count: int) -> Transitions:
        """The first `count` moves."""
        return Transitions(*(leaf[:count] for leaf in vars(self).values()))


def replay(board: Board, records: Sequence[Record]) -> Transitions:
    """Play the games again.

    Raises InputError naming the game where moves go on after the end, or where score or length at the end are
    not those that the record says.
    """
    seen, turns, ate, died, after, numbers = [], [], [], [], [], []
    for number, record in enumerate(records):
        game = Game(board, record.seed)
        now = sight.of_game(game)
        for place, letter in enumerate(record.moves):
            if game.ended:
                raise InputError(
                    f"Game {number + 1} ended with move {place}, and has {len(record.moves)} moves.",
                    field="moves",
                    remedy="Hand in a game as it was played.",
                )
            seen.append(now)
            turns.append(TURNS[letter])
            ate.append(game.move(TURNS[letter]))
            died.append(game.ended in ("wall", "body"))
            now = sight.of_game(game)
            after.append(now)
            numbers.append(number)
        _check_end(number, record, game)
    return Transitions(
        np.array(seen, np.float32).reshape(-1, sight.length_of("grid")),
        np.array(turns, np.int8),
        np.array(ate, bool),
        np.array(died, bool),
        np.array(after, np.float32).reshape(-1, sight.length_of("grid")),
        np.array(numbers, np.int32),
    )


def _check_end(number: int, record: Record, game: Game) -> None:
    for name, told, found in (
        ("score", record.score, game.eaten),
        ("length", record.length, len(game.body)),
    ):
        if told != found:
            raise InputError(
                f"Game {number + 1} ends with a {name} of {found}, not {told}.",
                field=name,
                remedy="Play by the present rules: reload the page.",
            )
