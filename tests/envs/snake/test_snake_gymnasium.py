"""The Gymnasium forms of Snake: checkers, restarts, starts and refusals."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import manyhands  # noqa: F401 - registers the environments
from manyhands.errors import InputError

NAME = "manyhands/Snake-v0"


@pytest.mark.parametrize("sensor", ["features", "grid"])
def test_check_env(sensor: str) -> None:
    env = gymnasium.make(NAME, sensor=sensor, render_mode="rgb_array")
    check_env(env.unwrapped)
    env.close()


def test_vector_restarts_in_the_step_after_the_end() -> None:
    env = gymnasium.make_vec(NAME, num_envs=3, sensor="features", width=6, height=4, start_length=2)
    seen, info = env.reset(seed=1)
    assert seen in env.observation_space
    assert info["score"].tolist() == [0.0] * 3
    straight = np.zeros(3, np.int64)
    endings = [env.step(straight)[2].tolist() for _ in range(4)]
    assert endings == [[False] * 3, [False] * 3, [True] * 3, [False] * 3]
    env.close()


def test_a_start_is_played_again() -> None:
    env = gymnasium.make(NAME)
    first, info = env.reset(seed=5)
    env.step(1)
    again, _ = env.reset(options={"start": info["start"]})
    np.testing.assert_array_equal(first, again)
    env.close()


@pytest.mark.parametrize("wrong", [{"sensor": "radar"}, {"width": 2}, {"max_ticks": 0}])
def test_refusals(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        gymnasium.make(NAME, disable_env_checker=True, **wrong)
