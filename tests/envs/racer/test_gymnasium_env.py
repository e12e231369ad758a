"""The Gymnasium forms of the racer: checkers, spaces, actions, starts and refusals."""

import subprocess
import sys
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

import manyhands
from manyhands.errors import InputError, NotFoundError

NAME = "manyhands/Racer-v0"
SMALL = {"kind": "camera", "width": 16, "height": 8}
TURN_OR_GO = [(20.0, 1.0), (0.0, 2.0), (-20.0, 1.0)]
FORMS: dict[str, dict[str, Any]] = {
    "lidar": {},
    "camera": {"sensor": SMALL},
    "dict": {"sensor": SMALL, "as_dict": True},
    "discrete": {"actions": TURN_OR_GO, "car": "deepracer"},
}


@pytest.mark.parametrize("arguments", FORMS.values(), ids=FORMS.keys())
def test_check_env(arguments: dict[str, Any]) -> None:
    env = gymnasium.make(NAME, track="meadow-oval", render_mode="rgb_array", **arguments)
    check_env(env.unwrapped)
    env.close()


@pytest.mark.parametrize("form", ["lidar", "dict", "discrete"])
def test_vector(form: str) -> None:
    env = gymnasium.make_vec(NAME, num_envs=3, track="meadow-oval", max_ticks=4, **FORMS[form])
    assert env.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    first, _ = env.reset(seed=5)
    assert first in env.observation_space
    env.action_space.seed(5)
    actions = [env.action_space.sample() for _ in range(6)]

    def run() -> list[Any]:
        seen, _ = env.reset(seed=5)
        return [seen, *(env.step(action) for action in actions)]

    once, again = run(), run()
    np.testing.assert_equal(once, again)
    for seen, rewards, ended, truncated, info in once[1:]:
        assert seen in env.observation_space
        assert rewards.shape == ended.shape == truncated.shape == info["progress_m"].shape == (3,)
        assert not (ended & truncated).any()
    assert truncated_at(once) == [4]
    # The step after the end returns a new episode and no reward, whatever the action.
    assert (once[5][1] == 0.0).all()
    assert once[6][4]["progress_m"] == pytest.approx(once[6][1])
    env.close()


def truncated_at(steps: list[Any]) -> list[int]:
    return [tick for tick, step in enumerate(steps) if tick and step[3].all()]


def test_vector_and_single_agree() -> None:
    many = gymnasium.make_vec(NAME, num_envs=3, track="meadow-oval", max_ticks=4, render_mode="rgb_array")
    many.reset(seed=1)
    one = gymnasium.make(NAME, track="meadow-oval")
    states = many.unwrapped._running.state
    task = many.unwrapped.course.task
    start = task.to_plain(type(states)(*(pick(leaf) for leaf in states)))
    _, info = one.reset(options={"start": start})
    assert info["start"] == start
    actions = np.full((3, 2), 0.3, np.float32)
    for _ in range(4):
        seen, rewards, *_ = many.step(actions)
        single, reward, *_ = one.step(actions[0])
        np.testing.assert_allclose(seen[0], single, atol=1e-5)
        assert reward == pytest.approx(rewards[0], abs=1e-6)
    assert [frame.ndim for frame in many.render()] == [3, 3, 3]


def pick(leaf: Any) -> Any:
    return type(leaf)(*(part[0] for part in leaf)) if isinstance(leaf, tuple) else leaf[0]


def test_an_index_stands_for_exactly_its_pair() -> None:
    env = gymnasium.make(
        NAME, track="meadow-oval", actions=[(20.0, 1.0), (0.0, 1.0)], car="deepracer", boxes=0
    )
    env.reset(seed=0)
    for _ in range(60):
        env.step(0)
    motion = env.unwrapped._state.motion
    assert float(motion.v) == pytest.approx(1.0, abs=1e-4)
    assert float(motion.steer) == pytest.approx(np.tan(np.radians(20.0)), abs=1e-3)
    # Rounded to steps of 1/127 the wheel would stand elsewhere.
    rounded = np.round(20.0 / 30.0 * 127.0) / 127.0 * 30.0
    assert abs(np.tan(np.radians(rounded)) - np.tan(np.radians(20.0))) > 1.5e-3


def test_episode_ends_when_the_car_leaves_the_road() -> None:
    env = gymnasium.make(NAME, track="meadow-oval")
    env.reset(seed=3)
    ended = truncated = False
    while not (ended or truncated):
        _, _, ended, truncated, info = env.step(np.array([1.0, 1.0], np.float32))
    assert ended
    assert not truncated
    assert info["progress_m"] < 10.0


def test_map_shows_car_boxes_and_road() -> None:
    env = gymnasium.make(NAME, track="meadow-oval", render_mode="rgb_array")
    env.reset(seed=0)
    picture = env.render()
    assert picture.dtype == np.uint8
    assert picture.shape == (272, 336, 3)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) >= 6


WRONG = {
    "sensor": ({"sensor": "radar"}, InputError, "sensor.kind"),
    "sizes": ({"sensor": {"kind": "camera", "width": 4000}}, InputError, "sensor.width"),
    "car": ({"car": "tank"}, InputError, "conditions.car"),
    "boxes": ({"boxes": 9}, InputError, "conditions.boxes"),
    "grip": ({"patch_grip": float("nan")}, InputError, "conditions.patch_grip"),
    "unknown": ({"weather": "rain"}, InputError, "arguments"),
    "track": ({"track": "nowhere"}, NotFoundError, "track"),
    "no track": ({"track": []}, InputError, "track"),
    "one action": ({"actions": [(0.0, 1.0)]}, InputError, "actions"),
    "steep": ({"actions": [(45.0, 1.0), (0.0, 1.0)]}, InputError, "actions"),
    "fast": ({"actions": [(0.0, 9.0), (0.0, 1.0)]}, InputError, "actions"),
    "ticks": ({"max_ticks": 0}, InputError, "max_ticks"),
}


@pytest.mark.parametrize(("arguments", "kind", "field"), WRONG.values(), ids=WRONG.keys())
def test_refusals(arguments: dict[str, Any], kind: type[InputError], field: str) -> None:
    with pytest.raises(kind) as caught:
        gymnasium.make(NAME, **arguments)
    assert caught.value.field == field
    assert caught.value.message.endswith(".")


def test_render_mode_and_call_order() -> None:
    from manyhands.envs.racer.gymnasium_env import RacerEnv, RacerVectorEnv

    for kind in (RacerEnv, RacerVectorEnv):
        with pytest.raises(InputError, match="render mode"):
            kind(render_mode="human")
        env = kind(track="meadow-oval")
        assert env.render() is None
        with pytest.raises(InputError, match="to step"):
            env.step(np.zeros(2, np.float32))
    with pytest.raises(InputError, match="no options"):
        RacerVectorEnv(track="meadow-oval").reset(options={"start": {}})
    with pytest.raises(InputError, match="no state"):
        RacerEnv(track="meadow-oval").reset(options={"start": {}})


def test_importing_the_package_leaves_jax_alone() -> None:
    assert manyhands.__version__
    script = "import sys, manyhands; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
