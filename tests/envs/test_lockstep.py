"""A batch is computed on all processors, and comes out the same on any number of them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tiny_course
from manyhands.envs import lockstep
from manyhands.envs.lockstep import LEAST_ROWS
from manyhands.envs.snake.board import Board
from manyhands.envs.snake.game import Game
from manyhands.envs.snake.task import SnakeTask
from manyhands.learners import dqn
from manyhands.policies import reference, simulate

ROWS = 2 * LEAST_ROWS
SMALL = Board(8, 6, cap=5)


@pytest.mark.parametrize(
    ("rows", "parts"),
    [(1, 1), (LEAST_ROWS, 1), (ROWS - 1, 1), (ROWS, 2), (ROWS + 1, 1), (512, 2), (1000, 2), (4096, 16)],
)
def test_parts_are_equal_and_not_too_small(rows: int, parts: int) -> None:
    assert lockstep.parts_of(rows) == parts


def test_rows_come_back_where_they_were() -> None:
    sizes = []

    @jax.jit
    def run(states: Any, added: Any) -> Any:
        sizes.append(len(added))  # while it is traced: once, for all parts have one size
        return {"sum": states["place"] + added}, jnp.stack([added, -added])

    place, added = np.arange(2 * ROWS), np.arange(2 * ROWS)[::-1].copy()
    together, stacked = lockstep.spread(run, ({"place": place}, added), (0, 1))
    assert (together["sum"] == 2 * ROWS - 1).all()
    assert np.array_equal(stacked, [added, -added])
    assert sizes == [LEAST_ROWS]


def test_a_fault_in_a_part_is_told() -> None:
    def run(rows: Any) -> Any:
        if rows[0]:
            raise ValueError("of a later part")
        return (rows,)

    with pytest.raises(ValueError, match="of a later part"):
        lockstep.spread(run, (np.arange(ROWS),), (0,))


def test_drives_are_the_same_one_part_after_the_other() -> None:
    task, (spec, params) = tiny_course.task(), tiny_course.bad(0.3)
    states, running = simulate.fresh_starts(task, jax.random.key(3), ROWS), np.ones(LEAST_ROWS, bool)
    found = simulate.drive(task, spec, params, states, np.ones(ROWS, bool), 60)
    for at in range(0, ROWS, LEAST_ROWS):
        rows = slice(at, at + LEAST_ROWS)
        part = simulate.drive(task, spec, params, simulate.pick(states, rows), running, 60)
        for one, other in zip(found, part, strict=True):
            assert np.array_equal(one[:, rows], other)
    assert 0 < found[1][-1].sum() < ROWS


def test_games_are_the_same_as_replayed_ones() -> None:
    policy, task = reference.driver("snake-features-base"), SnakeTask(SMALL, "features")
    found = dqn.play(task, policy.network, policy.params, jax.random.key(4), ROWS)
    for number in range(0, ROWS, 16):
        game = Game(SMALL, int(found.seeds[number]))
        for turn in found.turns(number):
            game.move(int(turn))
        assert (bool(game.ended), game.eaten) == (True, found.foods[number])
