"""Lessons: what a background job calls, on few steps, for every learner."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np
import pytest

from manyhands.envs.snake import scripted
from manyhands.envs.snake.board import Board
from manyhands.envs.snake.replay import Transitions, replay
from manyhands.errors import InputError
from manyhands.learners import snake_lessons, snake_rows, snake_study
from manyhands.learners.cloning import CloningConfig
from manyhands.learners.conservative import ConservativeConfig
from manyhands.learners.finetuning import FinetuningConfig
from manyhands.learners.snake_lessons import LEARNERS, Lesson, Progress, Settings
from manyhands.policies import files, network

BOARD = Board(width=10, height=8)
SETTINGS = Settings(
    CloningConfig(steps=100, batch=32, hidden=(16,)),
    ConservativeConfig(steps=100, batch=32, hidden=(16,)),
    FinetuningConfig(games=8, moves=60, steps=40, batch=32, validation=16),
)


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    spec = snake_rows.spec_of("features", (16,))
    base = snake_rows.policy_of("features", spec, network.init(spec, jax.random.key(0)))
    moves = replay(BOARD, scripted.play(BOARD, scripted.greedy, 0, 200))
    return Lesson(moves, BOARD, True, base, SETTINGS)


def test_the_last_fifth_is_held_out(lesson: Lesson) -> None:
    assert len(lesson.learned.turn) == 160
    assert len(lesson.held.turn) == 40
    np.testing.assert_array_equal(lesson.held.seen, lesson.moves.seen[160:])


@pytest.mark.parametrize("learner", LEARNERS)
def test_nothing_learns_from_what_is_held_out(lesson: Lesson, learner: str) -> None:
    other = Transitions(
        *(np.concatenate([leaf[:160], leaf[160:][::-1]]) for leaf in vars(lesson.moves).values())
    )
    taught, again = (
        snake_lessons.teach(learner, one, 1, lambda _: None)
        for one in (lesson, dataclasses.replace(lesson, moves=other))
    )
    assert files.dump(taught.policy) == files.dump(again.policy)
    assert files.dump(taught.control) == files.dump(again.control)


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("stopped", ["human", "control"])
def test_a_teaching_is_told_can_be_stopped_and_goes_on(lesson: Lesson, learner: str, stopped: str) -> None:
    class Stopped(Exception):
        pass

    told: list[Progress] = []

    def stop(progress: Progress) -> None:
        told.append(progress)
        if progress.stage == stopped and progress.share == 0.3:
            raise Stopped

    with pytest.raises(Stopped):
        snake_lessons.teach(learner, lesson, 2, stop)
    taught = snake_lessons.teach(learner, lesson, 2, told.append, told[-1].halfway)
    whole = snake_lessons.teach(learner, lesson, 2, lambda _: None)
    assert [(one.stage, one.share) for one in told] == [
        (stage, part / 10) for stage in ("human", "control") for part in range(1, 11)
    ]
    assert files.dump(taught.policy) == files.dump(whole.policy)
    assert files.dump(taught.control) == files.dump(whole.control)
    assert taught.curves == whole.curves
    assert taught.steps == told[0].halfway.snapshot.part * (100 if learner != "finetuned" else 40)


def test_a_teaching_stopped_during_its_games_is_what_it_was(lesson: Lesson) -> None:
    told: list[Progress] = []
    whole = snake_lessons.teach("supervised", lesson, 2, told.append)
    again = snake_lessons.teach("supervised", lesson, 2, told.append, told[-1].halfway)
    assert len(told) == 20
    assert files.dump(again.policy) == files.dump(whole.policy)
    assert files.dump(again.control) == files.dump(whole.control)
    assert (again.steps, again.curves, again.control_curves) == (100, whole.curves, whole.control_curves)


def test_a_report_compares_base_taught_and_control(lesson: Lesson) -> None:
    taught = snake_lessons.teach("supervised", lesson, 0, lambda _: None)
    told: list[Progress] = []
    report = snake_lessons.report(taught, lesson, 0, told.append, games=20)
    assert [one.stage for one in told] == ["games"] * 3
    assert [list(one.curve) for one in told] == [["base"], ["taught"], ["control"]]
    assert told[-1].share == 1.0
    for scores in report.scores.values():
        assert sum(scores.histogram) == 20
        assert scores.low <= scores.mean <= scores.high
        # The recorded game is a real one: the replay confirms its end.
        assert len(replay(BOARD, [scores.example]).turn) == len(scores.example.moves)
        assert scores.example.score == np.sort(scores.foods)[10]
    for agreement in report.agreements.values():
        assert 0.0 <= agreement.low <= agreement.share <= agreement.high <= 1.0
    assert report.agreements["taught"].share > report.agreements["control"].share
    again = snake_lessons.report(taught, lesson, 0, told.append, games=20, base=report.scores["base"])
    assert again.scores["base"] is report.scores["base"]


def test_unknown_learners_and_short_lessons_are_refused(lesson: Lesson) -> None:
    with pytest.raises(InputError, match="no learner 'magic'"):
        snake_lessons.teach("magic", lesson, 0, lambda _: None)
    none = dataclasses.replace(lesson, moves=replay(BOARD, []))
    for learner in LEARNERS:
        with pytest.raises(InputError, match="0 moves"):
            snake_lessons.teach(learner, none, 0, lambda _: None)
    with pytest.raises(InputError, match="no moves"):
        snake_study.agreement(lesson.base, none.moves)
