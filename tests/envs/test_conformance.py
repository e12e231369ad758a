"""What every registered environment has to keep, whatever its rules."""

import json
import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from manyhands.envs import registry
from manyhands.envs.core import Plain, Task
from manyhands.errors import InputError, NotFoundError

# Configurations to try beside the default one; small, so that they compile in a moment.
CONFIGS: dict[str, list[Plain]] = {
    "racer-v0": [
        {"tracks": ["meadow-oval", "gen-3"], "sensor": {"kind": "camera", "width": 16, "height": 8}}
    ],
    "snake-v0": [{"sensor": {"kind": "features"}, "conditions": {"width": 8, "height": 6, "longest": 0}}],
}
CASES = [(name, config) for name in registry.ids() for config in [{}, *CONFIGS.get(name, [])]]
TICKS = 20


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{len(case[1])}")
def task(request: pytest.FixtureRequest) -> Task:
    name, config = request.param
    return registry.task(name, config, "play" if config else "heldout")


class Compiled(NamedTuple):
    """The task's functions, compiled once for all tests."""

    start: Any
    observe: Any
    step: Any


@pytest.fixture(scope="module")
def compiled(task: Task) -> Compiled:
    return Compiled(jax.jit(task.start), jax.jit(task.observe), jax.jit(task.step))


@pytest.fixture(scope="module")
def start(compiled: Compiled) -> Any:
    return compiled.start(jax.random.key(0))


@pytest.fixture(scope="module")
def actions(task: Task, start: Any) -> np.ndarray:
    """Executed actions (TICKS, A) int8 of a restless hand."""
    axes = action_axes(task)
    commands = np.random.default_rng(1).uniform(-1.2, 1.2, (TICKS, axes)).astype(np.float32)
    return np.asarray(jax.vmap(task.quantise)(jnp.asarray(commands)))


def action_axes(task: Task) -> int:
    """Number of action axes."""
    return len(task.bins)


def equal(one: Any, other: Any) -> bool:
    return all(jax.tree.leaves(jax.tree.map(lambda a, b: bool(np.array_equal(a, b)), one, other)))


def test_facts(task: Task) -> None:
    assert task.environment in registry.ids()
    assert 1 <= task.ticks_per_s <= 60
    assert 0 < task.max_ticks <= 20 * task.ticks_per_s
    assert task.progress_clip > 0.0
    assert hash(task) == hash(task)


def test_starts_come_from_their_key_alone(compiled: Compiled, start: Any) -> None:
    again = compiled.start(jax.random.key(0))
    other = compiled.start(jax.random.key(1))
    assert equal(start, again)
    assert not equal(start, other)


def test_state_is_of_32_bits(start: Any) -> None:
    kinds = {np.asarray(leaf).dtype for leaf in jax.tree.leaves(start)}
    assert kinds <= {np.dtype(np.float32), np.dtype(np.int32), np.dtype(np.uint8), np.dtype(bool)} | {
        np.dtype(np.uint32)
    }


def test_observation(task: Task, compiled: Compiled, start: Any) -> None:
    seen = compiled.observe(start)
    assert seen.keys() == ({"vector"} if task.image is None else {"vector", "image"})
    assert seen["vector"].shape == (task.vector,)
    assert seen["vector"].dtype == jnp.float32
    assert np.isfinite(seen["vector"]).all()
    if task.image is not None:
        assert seen["image"].shape == task.image
        assert seen["image"].dtype == jnp.uint8


def test_quantisation(task: Task) -> None:
    axes = action_axes(task)
    steps = np.arange(-127, 128, dtype=np.int8)
    commands = jnp.asarray(np.repeat(steps[:, None], axes, 1), jnp.float32) / 127.0
    executed = np.asarray(jax.vmap(task.quantise)(commands))
    assert executed.dtype == np.int8
    # Either every step is executed as it is, or only the few actions that the policies choose from.
    assert (executed == executed[:, :1]).all()
    if task.head == "bins":
        assert (executed[:, 0] == steps).all()
    else:
        assert np.unique(executed[:, 0]).tolist() == np.linspace(-127, 127, task.bins[0]).tolist()
    assert (jax.vmap(task.quantise)(jnp.asarray(executed) / 127.0) == executed).all()
    assert (task.quantise(jnp.full(axes, 9.0)) == 127).all()
    assert (task.quantise(jnp.full(axes, -9.0)) == -127).all()


def test_step(compiled: Compiled, start: Any, actions: np.ndarray) -> None:
    step = compiled.step
    moved, progress, ended = step(start, actions[0])
    assert progress.dtype == jnp.float32
    assert progress.shape == ()
    assert ended.dtype == jnp.bool_
    assert ended.shape == ()
    assert jax.tree.structure(moved) == jax.tree.structure(start)
    assert equal(step(start, actions[0]), (moved, progress, ended))


def test_a_replay_gives_the_same_states(
    task: Task, compiled: Compiled, start: Any, actions: np.ndarray
) -> None:
    def run(state: Any, played: jax.Array) -> Any:
        def tick(state: Any, action: jax.Array) -> Any:
            state, progress, ended = task.step(state, action)
            return state, (state, progress, ended)

        return jax.lax.scan(tick, state, played)

    replay = jax.jit(run)
    final, trace = replay(start, jnp.asarray(actions))
    assert equal(replay(start, jnp.asarray(actions)), (final, trace))
    # One tick at a time, as a client plays it, ends within the tolerance of the replay.
    state = start
    for action in actions:
        state, _, _ = compiled.step(state, action)
    assert task.deviation(final, task.final_of(state)) < 0.1
    # So does a replay from the start's JSON form.
    again, _ = replay(task.from_plain(task.to_plain(start)), jnp.asarray(actions))
    assert equal(again, final)


def test_json_round_trip(task: Task, compiled: Compiled, start: Any, actions: np.ndarray) -> None:
    moved, _, _ = compiled.step(start, actions[0])
    for state in (start, moved):
        text = json.dumps(task.to_plain(state), allow_nan=False)
        again = task.from_plain(json.loads(text))
        assert jax.tree.structure(again) == jax.tree.structure(state)
        # Two states may be written alike only where no action tells them apart.
        assert json.dumps(task.to_plain(again)) == text
        assert_alike(task, compiled, again, state, actions)


def assert_alike(task: Task, compiled: Compiled, one: Any, other: Any, actions: np.ndarray) -> None:
    """Both states look alike and stay so, whatever is done."""
    for action in actions[:5]:
        assert equal(compiled.observe(one), compiled.observe(other))
        (one, *first), (other, *second) = compiled.step(one, action), compiled.step(other, action)
        assert equal(first, second)
        assert task.to_plain(one) == task.to_plain(other)


def test_wrong_states_are_refused(task: Task, start: Any) -> None:
    plain = task.to_plain(start)
    wrong = [{}, {name: None for name in plain}]
    wrong += [{key: value for key, value in plain.items() if key != missing} for missing in plain]
    wrong += [plain | {key: "x"} for key in plain]
    wrong += [plain | {key: math.nan} for key, value in plain.items() if isinstance(value, float)]
    wrong += [plain | {key: 10**30} for key, value in plain.items() if isinstance(value, int)]
    for state in wrong:
        with pytest.raises(InputError) as caught:
            task.from_plain(state)
        assert str(caught.value.field).startswith("start")


def test_deviation(task: Task, start: Any) -> None:
    final = task.final_of(start)
    assert json.loads(json.dumps(final, allow_nan=False)) == final
    assert task.deviation(start, final) == 0.0
    assert task.deviation(start, {}) == math.inf
    for name in final:
        for value in (math.nan, math.inf, None, "far", [], 10**400):
            assert task.deviation(start, dict.fromkeys(final) | {name: value}) == math.inf


def test_unknown_ids_and_configurations() -> None:
    with pytest.raises(NotFoundError, match="no environment"):
        registry.task("chess-v0", {}, "play")
    with pytest.raises(NotFoundError, match="no environment"):
        registry.reference("chess-v0", {})
    for name in registry.ids():
        for config in ({"sensor": {"kind": "nose"}}, {"sensor": {"kind": 3}}, {"sensor": "lidar"}):
            with pytest.raises(InputError) as caught:
                registry.task(name, config, "play")
            assert str(caught.value.field).startswith("sensor")
        with pytest.raises(InputError):
            registry.task(name, {"conditions": {"moon": 1}}, "play")


def test_references_and_configurations_are_plain(task: Task) -> None:
    assert isinstance(registry.reference(task.environment, {}), str)
    config = {"b": 1, "a": {"d": [1.5], "c": None}}
    assert registry.parse(registry.canonical(config)) == config
    assert registry.canonical({"a": config["a"], "b": 1}) == registry.canonical(config)
