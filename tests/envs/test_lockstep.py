"""A batch is computed on all processors, and comes out as if it were not."""

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
from manyhands.envs.snake.task import SnakeTask
from manyhands.learners import dqn
from manyhands.policies import reference, simulate

ROWS = 2 * LEAST_ROWS


def on(processors: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockstep, "_processors", lambda: processors)


@pytest.mark.parametrize(
    ("processors", "rows", "parts"),
    [(1, 4096, 1), (2, 1000, 2), (2, ROWS - 1, 1), (2, ROWS, 2), (2, ROWS + 1, 1), (3, 512, 2), (64, 1, 1)],
)
def test_parts_are_equal_and_not_too_small(
    processors: int, rows: int, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(processors, monkeypatch)
    assert lockstep.parts_of(rows) == parts


def test_rows_come_back_where_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    @jax.jit
    def run(states: Any, added: Any) -> Any:
        sizes.append(len(added))  # while it is traced: once, for all parts have one size
        return {"sum": states["place"] + added}, jnp.stack([added, -added])

    on(4, monkeypatch)
    place, added = np.arange(4 * ROWS), np.arange(4 * ROWS)[::-1].copy()
    together, stacked = lockstep.spread(run, ({"place": place}, added), (0, 1))
    assert (together["sum"] == 4 * ROWS - 1).all()
    assert np.array_equal(stacked, [added, -added])
    assert sizes == [ROWS]


def test_a_fault_in_a_part_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(rows: Any) -> Any:
        if rows[0]:
            raise ValueError("of a later part")
        return (rows,)

    on(2, monkeypatch)
    with pytest.raises(ValueError, match="of a later part"):
        lockstep.spread(run, (np.arange(ROWS),), (0,))


def test_drives_are_the_same_on_any_number_of_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    task, (spec, params) = tiny_course.task(), tiny_course.bad(0.3)
    states = simulate.fresh_starts(task, jax.random.key(3), ROWS)
    found = []
    for processors in (1, 2):
        on(processors, monkeypatch)
        found.append(simulate.drive(task, spec, params, states, np.ones(ROWS, bool), 60))
    for one, other in zip(*found, strict=True):
        assert np.array_equal(one, other)
    assert 0 < found[0][1][-1].sum() < ROWS


def test_games_are_the_same_on_any_number_of_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    policy, task = reference.driver("snake-features-base"), SnakeTask(Board(8, 6, cap=5), "features")
    found = []
    for processors in (1, 2):
        on(processors, monkeypatch)
        found.append(dqn.play(task, policy.network, policy.params, jax.random.key(4), ROWS))
    assert np.array_equal(found[0].foods, found[1].foods)
    assert np.array_equal(found[0].steps, found[1].steps)
    assert all(np.array_equal(found[0].turns(game), found[1].turns(game)) for game in range(ROWS))
