"""Recorded games are believed only where the rules agree."""

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from manyhands.envs.snake.board import ARCADE
from manyhands.envs.snake.game import Game
from manyhands.envs.snake.replay import Record, position, replay
from manyhands.errors import InputError

LETTERS = {0: "S", 1: "R", -1: "L"}


def played(seed: int, most: int = 200) -> Record:
    game, chance, moves = Game(ARCADE, seed), random.Random(seed), ""
    while not game.ended and len(moves) < most:
        safe = [turn for turn in (0, 1, -1) if not game.deadly(turn)] or [0]
        turn = chance.choice(safe)
        game.move(turn)
        moves += LETTERS[turn]
    return Record(seed, moves, game.eaten, len(game.body))


def test_games_become_transitions() -> None:
    records = [played(seed) for seed in (1, 2)]
    found = replay(ARCADE, records)
    count = sum(len(record.moves) for record in records)
    assert found.seen.shape == found.after.shape == (count, 256)
    assert found.seen.dtype == np.float32
    assert np.bincount(found.game).tolist() == [len(record.moves) for record in records]
    assert found.ate.sum() == sum(record.score for record in records)
    # What is seen after a move is what is seen before the next one of the same game.
    same = found.game[1:] == found.game[:-1]
    np.testing.assert_array_equal(found.after[:-1][same], found.seen[1:][same])
    # The state is from before the press: straight on was not deadly where somebody lived on by it.
    lived = (found.turn == 0) & ~found.died
    assert (found.seen[lived, 0] == 0.0).all()


def test_a_lead_is_played_and_not_returned() -> None:
    whole = played(1)
    lead, moves = whole.moves[:30], whole.moves[30:]
    eaten = position(ARCADE, 1, lead).eaten
    found = replay(ARCADE, [replace(whole, lead=lead, moves=moves, score=whole.score - eaten)])
    expected = replay(ARCADE, [whole])
    np.testing.assert_array_equal(found.seen, expected.seen[30:])
    np.testing.assert_array_equal(found.turn, expected.turn[30:])
    np.testing.assert_array_equal(found.died, expected.died[30:])


def test_nobody_takes_over_a_game_that_has_ended() -> None:
    with pytest.raises(InputError) as caught:
        replay(ARCADE, [replace(played(1), lead="S" * 40)])
    assert caught.value.field == "lead"


def test_no_games_are_no_transitions() -> None:
    assert len(replay(ARCADE, []).turn) == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [({"score": 99}, "score"), ({"length": 99}, "length"), ({"moves": "S" * 50}, "moves")],
)
def test_what_the_rules_do_not_confirm_is_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError, match="Game 2") as caught:
        replay(ARCADE, [played(1), replace(played(2), **change)])
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"seed": 2**32}, "seed"),
        ({"seed": 1.0}, "seed"),
        ({"moves": ""}, "moves"),
        ({"moves": "SSX"}, "moves"),
        ({"moves": "S\n"}, "moves"),
        ({"lead": "SX"}, "lead"),
        ({"lead": "S" * 100_001}, "lead"),
        ({"moves": "S" * 100_001}, "moves"),
        ({"score": -1}, "score"),
        ({"length": None}, "length"),
    ],
)
def test_malformed_records_are_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as caught:
        replace(played(1), **change)
    assert caught.value.field == field
