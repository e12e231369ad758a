from __future__ import annotations

import jax
import numpy as np

import tiny_snake
from manyhands.judging import bootstrap


def test_ever_less_of_one_drive_is_learned_down_to_a_second() -> None:
    course = tiny_snake.course()
    drive = bootstrap.demonstrate(course, jax.random.key(0))
    pieces = list(bootstrap.shorter(drive))
    seconds = [piece.seed_ticks / course.play.ticks_per_s for piece in pieces]
    assert (seconds[0], seconds[-1]) == (bootstrap.SEED_S, bootstrap.SHORTEST_S)
    assert seconds == sorted(set(seconds), reverse=True)
    for piece in pieces:
        np.testing.assert_array_equal(piece.attempt.actions, drive.attempt.actions)
        assert piece.blank is drive.blank
