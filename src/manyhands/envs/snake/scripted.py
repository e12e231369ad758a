"""Players that stand in for a person: one who runs at the food, and one who looks where that leads."""

from __future__ import annotations

import random
from collections.abc import Callable

from manyhands.envs.snake import leads
from manyhands.envs.snake.board import ARCADE, TURNS, Board
from manyhands.envs.snake.game import Game
from manyhands.envs.snake.replay import Record, position

Player = Callable[[Game, random.Random], int]
"""Turn (0 straight, 1 right, -1 left) of a game that has not ended."""

LETTERS = {turn: letter for letter, turn in TURNS.items()}
SLIP = 0.01  # chance of a random turn
NOWHERE = -1


def greedy(game: Game, chance: random.Random) -> int:
    """The turn that comes nearest to the food and is not deadly at once; now and then any turn."""
    if chance.random() < SLIP:
        return chance.choice((0, 1, -1))
    safe = [turn for turn in (0, 1, -1) if not game.deadly(turn)]
    return min(safe, key=lambda turn: _away(game, game.neighbour(turn)), default=0)


def searching(game: Game, _chance: random.Random) -> int:
    """Two moves ahead: the way to the food that leaves as much room as the snake is long."""
    best, chosen = (-1, 0.0), 0
    for first in (0, 1, -1):
        if game.deadly(first):
            continue
        then = _moved(game, first)
        worth = max(
            (_worth(_moved(then, turn)) for turn in (0, 1, -1) if not then.deadly(turn)), default=(0, 0.0)
        )
        if then.eaten > game.eaten and worth[0] >= len(then.body):
            worth = (worth[0], 1.0)
        if worth > best:
            best, chosen = worth, first
    return chosen


def aimless(_game: Game, chance: random.Random) -> int:
    """Any turn: what a learner makes of nobody's moves."""
    return chance.choice((0, 1, -1))


PLAYERS: dict[str, Player] = {"greedy": greedy, "searching": searching, "aimless": aimless}


def play(board: Board, player: Player, seed: int, moves: int) -> list[Record]:
    """Games of a player, one after the other, until `moves` moves are made; the last may be unfinished."""
    chance, records, left = random.Random(seed), [], moves
    while left:
        number = chance.getrandbits(32)
        game = Game(board, number)
        made = _played(game, player, chance, left)
        records.append(Record(number, made, game.eaten, len(game.body)))
        left -= len(made)
    return records


def take_over(player: Player, seed: int, moves: int) -> list[Record]:
    """Stretches of a player in the agent's games on the arcade board, until `moves` moves are made."""
    records: list[Record] = []
    chance, left = random.Random(seed), moves
    while left:
        lead = leads.chosen(f"{seed}:{len(records)}")
        game = position(ARCADE, lead.seed, lead.moves)
        before = game.eaten
        made = _played(game, player, chance, min(left, leads.STRETCH))
        records.append(Record(lead.seed, made, game.eaten - before, len(game.body), lead.moves))
        left -= len(made)
    return records


def _played(game: Game, player: Player, chance: random.Random, most: int) -> str:
    """Up to `most` moves of a player, which the game is left after."""
    letters: list[str] = []
    while not game.ended and len(letters) < most:
        turn = player(game, chance)
        game.move(turn)
        letters.append(LETTERS[turn])
    return "".join(letters)


def _away(game: Game, cell: int | None) -> int:
    """Moves from a cell to the food on an empty board."""
    width = game.board.width
    at = game.body[0] if cell is None else cell
    return abs(at % width - game.food % width) + abs(at // width - game.food // width)


def _moved(game: Game, turn: int) -> Game:
    """The game after a move, the original untouched."""
    board, body = game.board, list(game.body)
    copy = Game(board, game.seed, body, game.heading, game.food, game.steps, game.eaten)
    copy.move(turn)
    return copy


def _worth(game: Game) -> tuple[int, float]:
    """Room around the head, as far as the snake needs it, then nearness to the food."""
    return _room(game), -float(_away(game, game.body[0]))


def _room(game: Game) -> int:
    """Cells that the head can reach, counted up to the snake's length; the tail's cell will be free."""
    width, height = game.board.width, game.board.height
    taken, wanted = set(game.body[:-1]), len(game.body)
    seen, open_cells = {game.body[0]}, [game.body[0]]
    while open_cells and len(seen) < wanted:
        cell = open_cells.pop()
        row, column = divmod(cell, width)
        for near in (
            cell + 1 if column + 1 < width else NOWHERE,
            cell - 1 if column else NOWHERE,
            cell + width if row + 1 < height else NOWHERE,
            cell - width if row else NOWHERE,
        ):
            if near != NOWHERE and near not in taken and near not in seen:
                seen.add(near)
                open_cells.append(near)
    return min(len(seen), wanted)
