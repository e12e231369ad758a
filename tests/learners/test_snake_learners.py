"""Learners of recorded Snake games, on few steps: the same by seed, resumable, and better than nothing."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from manyhands.envs.snake import scripted
from manyhands.envs.snake.board import ARCADE
from manyhands.envs.snake.game import Game
from manyhands.envs.snake.replay import Transitions, replay
from manyhands.envs.snake.sight import of_game
from manyhands.envs.snake.task import SnakeTask
from manyhands.errors import InputError
from manyhands.learners import cloning, conservative, dqn, finetuning, snake_rows, snake_study
from manyhands.learners.snake_rows import Rows, Snapshot, Step, Tell, Trained
from manyhands.policies import files, network

CLONING = cloning.CloningConfig(steps=400, batch=128, hidden=(32,))
CONSERVATIVE = conservative.ConservativeConfig(steps=200, batch=64, hidden=(32,))
FINETUNING = finetuning.FinetuningConfig(games=8, moves=60, steps=40, batch=32, validation=16)


@pytest.fixture(scope="module")
def data() -> Transitions:
    return replay(ARCADE, scripted.play(ARCADE, scripted.greedy, 0, 400))


@pytest.fixture(scope="module")
def base() -> files.Policy:
    spec = snake_rows.spec_of("features", (16,))
    return snake_rows.policy_of("features", spec, network.init(spec, jax.random.key(0)))


def quiet(_: Step) -> None:
    """Step that nobody reads."""


def run(name: str, data: Transitions, base: files.Policy, tell: Tell = quiet, resume: Any = None) -> Trained:
    if name == "cloning":
        return cloning.train(data, CLONING, 3, tell, resume)
    if name == "conservative":
        return conservative.train(data, CONSERVATIVE, 3, tell, resume)
    return finetuning.train(base, data, FINETUNING, 3, tell, resume)


NAMES = ["cloning", "conservative", "finetuning"]


@pytest.mark.parametrize("name", NAMES)
def test_a_cancelled_training_resumes_to_the_same_policy(
    name: str, data: Transitions, base: files.Policy
) -> None:
    told: list[Step] = []

    class Stopped(Exception):
        pass

    def stop(progress: Step) -> None:
        told.append(progress)
        if len(told) == 4:
            raise Stopped

    whole = run(name, data, base)
    with pytest.raises(Stopped):
        run(name, data, base, stop)
    rest: list[Step] = []
    again = run(name, data, base, rest.append, told[-1].snapshot)
    assert len(told) + len(rest) == snake_rows.PARTS
    assert rest[-1].step == rest[-1].steps
    assert again.curves == whole.curves
    for key, array in whole.policy.params.items():
        np.testing.assert_array_equal(array, again.policy.params[key])


@pytest.mark.parametrize("name", NAMES)
def test_too_few_moves_and_foreign_snapshots_are_refused(
    name: str, data: Transitions, base: files.Policy
) -> None:
    few = replay(ARCADE, scripted.play(ARCADE, scripted.greedy, 0, 20))
    with pytest.raises(InputError, match="20 moves"):
        run(name, few, base)
    with pytest.raises(InputError, match="another training"):
        run(name, data, base, resume=Snapshot(1, (np.zeros(3),), {}))


def test_a_clone_does_what_the_player_does(data: Transitions) -> None:
    other = replay(ARCADE, scripted.play(ARCADE, scripted.greedy, 1, 400))
    config = cloning.CloningConfig(steps=1500, hidden=(64,))
    policy = files.parse(files.dump(cloning.train(data, config, 0, quiet).policy))
    assert snake_study.agreement(policy, other).share > 0.9
    found = snake_study.evaluate(policy, games=20, seed=5)
    assert found.low < found.mean < found.high
    assert found.mean > 3.0
    # The recorded game is a real one: the replay confirms its end.
    assert len(replay(ARCADE, [found.example]).turn) == len(found.example.moves)
    assert found.example.score == np.sort(found.foods)[10]


@pytest.mark.parametrize("count", [50, 80, 99, 100, 101, 399])
def test_few_moves_still_leave_some_held_out(data: Transitions, count: int) -> None:
    found = snake_rows.rows(data.first(count), "features")
    learned, held = snake_rows.split(found)
    assert len(learned.turn) + len(held.turn) == len(found.turn)
    assert len(held.turn) >= min(len(found.turn), 100) // 10


def test_a_control_learns_without_a_player(base: files.Policy) -> None:
    trained = finetuning.train(base, None, FINETUNING, 0, quiet)
    assert trained.policy.network == base.network


def test_symmetric_positions_are_those_of_the_turned_board() -> None:
    """A game on a square board, and the same game with all moves mirrored, see mirrored things."""
    board = scripted.Board(width=12, height=12, start_length=2)
    middle, food = 5 * 12 + 5, 2 * 12 + 8
    shapes = {
        "right": ([middle, middle - 1, middle - 13], 0, food),
        "down": (quarter([middle, middle - 1, middle - 13]), 1, quarter([food])[0]),
    }
    seen = {name: of_game(Game(board, 1, body, heading, at)) for name, (body, heading, at) in shapes.items()}
    one = np.zeros(1, np.float32)
    rows = Rows(seen["right"][None], np.array([2]), one, one > 1.0, seen["right"][None], one + 1.0)
    eight = snake_rows.symmetric(rows)
    assert eight.turn.tolist() == [2] * 4 + [0] * 4
    np.testing.assert_allclose(eight.seen[1], seen["down"], atol=1e-6)
    mirrored = of_game(Game(board, 1, mirror([middle, middle - 1, middle - 13]), 2, mirror([food])[0]))
    np.testing.assert_allclose(eight.seen[4], mirrored, atol=1e-6)


def quarter(cells: list[int]) -> list[int]:
    """Cells of a 12 by 12 board after a clockwise quarter turn."""
    return [cell % 12 * 12 + 11 - cell // 12 for cell in cells]


def mirror(cells: list[int]) -> list[int]:
    """Cells of a 12 by 12 board with left and right exchanged."""
    return [cell // 12 * 12 + 11 - cell % 12 for cell in cells]


def test_rare_turns_weigh_more_and_labels_are_shared(data: Transitions) -> None:
    rows = snake_rows.rows(data, "features", balance=1.0)
    sums = [rows.weight[rows.turn == turn].sum() for turn in range(3)]
    np.testing.assert_allclose(sums, len(rows.turn) / 3, rtol=1e-4)
    assert (snake_rows.rows(data, "features").weight == 1.0).all()
    target = cloning.targets(rows, CLONING)
    np.testing.assert_allclose(target.sum(axis=1), 1.0, atol=1e-6)
    assert (target[np.arange(len(target)), rows.turn] >= 1.0 - CLONING.shared).all()


def test_scripted_players_are_seeded_and_play_as_many_moves_as_asked() -> None:
    for player in scripted.PLAYERS.values():
        records = scripted.play(ARCADE, player, 4, 150)
        assert sum(len(record.moves) for record in records) == 150
        assert records == scripted.play(ARCADE, player, 4, 150)
        assert len(replay(ARCADE, records).turn) == 150


def test_an_interval_needs_two_games(base: files.Policy) -> None:
    with pytest.raises(InputError, match="two games"):
        snake_study.evaluate(base, games=1)


@pytest.mark.parametrize(
    ("means", "way", "asked"),
    [
        # All, half, a quarter, an eighth of the way, and none of it.
        ([61.0, 63.0, 62.0, 60.0, 60.0], 0.5, 3),
        ([62.5, 63.0, 62.0, 60.0, 60.0], 1.0, 3),
        ([50.0, 57.0, 57.0, 57.0, 60.0], 0.0, 1),
        # By 300 games the standard error is .58: the best is the base, and two steps could be.
        ([50.0, 57.0, 59.3, 59.2, 60.0], 0.125, 3),
        ([50.0, 57.0, 57.0, 58.5, 60.0], 0.0, 2),
    ],
)
def test_the_way_is_chosen_by_games(
    monkeypatch: pytest.MonkeyPatch, base: files.Policy, means: list[float], way: float, asked: int
) -> None:
    calls: list[tuple[float, int]] = []

    def scores(_task: Any, _spec: Any, params: Any, _key: Any, games: int) -> Any:
        here = float(np.ravel(params["head.b"] - base.params["head.b"])[0])
        calls.append((round(here, 3), games))
        # A hundred games whose mean has a standard error of 1.
        return means[finetuning.WAYS.index(calls[-1][0])] + np.tile([-10.0, 10.0], games // 2)

    monkeypatch.setattr(dqn, "scores", scores)
    learned = {name: leaf + 1.0 for name, leaf in base.params.items()}
    task = SnakeTask(ARCADE, "features")
    params, chosen = finetuning.choose_way(task, base, learned, 100, jax.random.key(0))
    assert chosen == way
    np.testing.assert_allclose(params["head.b"], base.params["head.b"] + way, atol=1e-6)
    # Only those play on that may still be the best.
    assert [games for _, games in calls] == [100] * 5 + [200] * (asked if asked > 1 else 0)


def test_closed_ways_are_those_that_were_not_taken(data: Transitions) -> None:
    rows = snake_rows.rows(data, "features")
    found = cloning.narrowed(rows)
    count = len(rows.turn)
    assert len(found.turn) == 4 * count
    flags = np.array(cloning.DANGERS)
    for part, closed in enumerate([(), (1,), (2,), (1, 2)]):
        seen = found.seen[part * count : (part + 1) * count]
        for step in (1, 2):
            other = seen[np.arange(count), flags[(rows.turn + step) % 3]]
            assert step not in closed or other.all()
        made = flags[rows.turn]
        np.testing.assert_array_equal(seen[np.arange(count), made], rows.seen[np.arange(count), made])
        np.testing.assert_array_equal(seen[:, 3:], rows.seen[:, 3:])
