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
    """A game as it travels: seed, one of S, R, L for each move, and how it stood at the end.

    score: foods that the moves ate; lead: moves before them, which were not the player's.
    """

    seed: int
    moves: str
    score: int
    length: int
    lead: str = ""

    def __post_init__(self) -> None:
        """Check the form. Raises InputError naming the wrong field."""
        require("seed", self.seed, 0, WORD, whole=True)
        for field, moves, form in (("moves", self.moves, "[SRL]+"), ("lead", self.lead, "[SRL]*")):
            if not isinstance(moves, str) or not re.fullmatch(form, moves):
                raise InputError("The moves are not a text of S, R and L.", field=field)
            if len(moves) > MOST_MOVES:
                raise InputError(f"The game has more than {MOST_MOVES:,} moves.", field=field)
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


def position(board: Board, seed: int, lead: str) -> Game:
    """The game that a player takes up after a lead. Raises InputError if it has ended by then."""
    game = Game(board, seed)
    for letter in lead:
        if game.ended:
            break
        game.move(TURNS[letter])
    if game.ended:
        raise InputError("The game ends before the player's first move.", field="lead")
    return game


def replay(board: Board, records: Sequence[Record]) -> Transitions:
    """Play the games again; the moves of a lead are not among what is returned.

    Raises InputError naming the game where moves go on after the end, or where score or length at the end are
    not those that the record says.
    """
    seen, turns, ate, died, after, numbers = [], [], [], [], [], []
    for number, record in enumerate(records):
        game = position(board, record.seed, record.lead)
        before = game.eaten
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
        _check_end(number, record, game, game.eaten - before)
    return Transitions(
        np.array(seen, np.float32).reshape(-1, sight.length_of("grid")),
        np.array(turns, np.int8),
        np.array(ate, bool),
        np.array(died, bool),
        np.array(after, np.float32).reshape(-1, sight.length_of("grid")),
        np.array(numbers, np.int32),
    )


def _check_end(number: int, record: Record, game: Game, eaten: int) -> None:
    for name, told, found in (
        ("score", record.score, eaten),
        ("length", record.length, len(game.body)),
    ):
        if told != found:
            raise InputError(
                f"Game {number + 1} ends with a {name} of {found}, not {told}.",
                field=name,
                remedy="Play by the present rules: reload the page.",
            )
