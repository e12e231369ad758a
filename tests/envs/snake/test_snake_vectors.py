"""The compiled rules repeat the games that every implementation shares."""

import json
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from manyhands.envs.snake import observation, rules, sight
from manyhands.envs.snake.board import TURNS, Board
from manyhands.envs.snake.rules import State

GAMES = json.loads((Path(__file__).parents[2] / "vectors" / "snake-games.json").read_text())["games"]


@partial(jax.jit, static_argnums=0)
def played(board: Board, seed: jax.Array, turns: jax.Array) -> Any:
    """Last state, then for every move: what was seen before it, food after it, whether it ended the game."""

    def tick(state: State, turn: jax.Array) -> tuple[State, Any]:
        after, _, ended = rules.move(board, state, turn)
        return after, (observation.observe(board, state, "grid"), after.food, ended)

    return jax.lax.scan(tick, rules.begin(board, seed), turns)


@pytest.mark.parametrize("game", GAMES, ids=range(len(GAMES)))
def test_games(game: dict[str, Any]) -> None:
    board = Board(**game["board"])
    turns = np.array([TURNS[letter] for letter in game["moves"]], np.int32)
    padded = np.zeros(1000, np.int32)
    padded[: len(turns)] = turns
    _, (seen, foods, ended) = played(board, jnp.uint32(game["seed"]), jnp.asarray(padded))
    seen = np.asarray(seen)[: len(turns) : game["every"]]
    np.testing.assert_allclose(seen, game["seen"], atol=2e-6)
    assert seen.shape[1] == sight.length_of("grid")
    ended = np.asarray(ended)[: len(turns)]
    assert not ended[:-1].any()
    assert bool(ended[-1]) == bool(game["ended"])
    foods = [game["foods"][0], *np.asarray(foods)[: len(turns)].tolist()]
    distinct = [foods[0], *(food for before, food in pairwise(foods) if food != before)]
    assert distinct == game["foods"][: len(distinct)]
    # A board that is full has no new food.
    assert len(game["foods"]) - len(distinct) == (game["ended"] == "full")
