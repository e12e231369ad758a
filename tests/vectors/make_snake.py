"""Writes `snake-games.json`: whole games of the plain rules, for every other implementation to repeat.

python tests/vectors/make_snake.py
"""

import json
import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

from manyhands.envs.snake import sight
from manyhands.envs.snake.board import ARCADE, Board
from manyhands.envs.snake.game import Game

FILE = Path(__file__).with_name("snake-games.json")
BOARDS = (ARCADE, Board(width=8, height=6, start_length=3, cap=12), Board(4, 4, 2, 60))
GAMES = 6
EVERY = 37  # moves between two observations that are written down
LETTERS = {0: "S", 1: "R", -1: "L"}


def turn_of(game: Game, chance: random.Random) -> int:
    """Mostly to the food, rarely into death."""
    safe = [turn for turn in (0, 1, -1) if not game.deadly(turn)]
    if not safe or chance.random() < 0.01:
        return chance.choice((0, 1, -1))
    width = game.board.width

    def far(turn: int) -> int:
        cell = game.neighbour(turn)
        assert cell is not None
        return abs(cell % width - game.food % width) + abs(cell // width - game.food // width)

    return min(safe, key=far)


def played(board: Board, seed: int) -> dict[str, Any]:
    """One game to its end, or 1,000 moves."""
    game, chance, moves, seen = Game(board, seed), random.Random(seed), "", []
    foods = [game.food]
    while not game.ended and len(moves) < 1000:
        if len(moves) % EVERY == 0:
            seen.append([round(float(number), 6) for number in sight.of_game(game)])
        turn = turn_of(game, chance)
        moves += LETTERS[turn]
        if game.move(turn):
            foods.append(game.food)
    return {
        "board": asdict(board),
        "seed": seed,
        "moves": moves,
        "foods": foods,
        "seen": seen,
        "every": EVERY,
        "body": game.body,
        "heading": game.heading,
        "ended": game.ended,
    }


def main() -> None:
    """Write the file."""
    games = [played(board, 0x9E3779B1 * (n + 1) & 0xFFFFFFFF) for board in BOARDS for n in range(GAMES)]
    FILE.write_text(json.dumps({"games": games}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
