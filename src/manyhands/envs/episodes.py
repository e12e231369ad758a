"""Gymnasium's two forms of an environment, over any task: one episode, and many in one compiled step."""

from functools import partial
from typing import Any, NamedTuple, Protocol

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from jax import Array
from numpy.typing import NDArray

from manyhands.envs.core import Plain, State, Task
from manyhands.envs.limits import require
from manyhands.errors import InputError

Observation = Any


class Course(Protocol):
    """A task with the form in which it is seen and acted on; hashable, for programs are compiled for it."""

    @property
    def task(self) -> Task:
        """The rules."""

    @property
    def action_space(self) -> spaces.Space[Any]:
        """Of one episode."""

    @property
    def observation_space(self) -> spaces.Space[Any]:
        """Of one episode."""

    def observe(self, state: State) -> Any:
        """Observation of one state, in the form of the space."""

    def advance(self, state: State, action: Array) -> tuple[State, Array, Array]:
        """One tick with an element of the action space: next state, progress, whether it ended."""

    def draw(self, state: State) -> NDArray[np.uint8]:
        """Picture (height, width, 3) of one state."""


class TaskEnv(gymnasium.Env[Observation, Any]):
    """One episode of a course."""

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"]}  # noqa: RUF012
    progress_name: str
    """Key of the episode's progress in `info`."""

    def __init__(self, course: Course, max_ticks: int, render_mode: str | None) -> None:
        _check_arguments(max_ticks, render_mode)
        self.course = course
        self.action_space = course.action_space
        self.observation_space = course.observation_space
        self.render_mode = render_mode
        self.max_ticks = max_ticks
        self._state: State | None = None
        self._ticks = 0
        self._progress = 0.0

    def reset(
        self, *, seed: int | None = None, options: Plain | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode, from `options["start"]` if it is given."""
        super().reset(seed=seed)
        task = self.course.task
        if options and "start" in options:
            self._state = task.from_plain(options["start"])
        else:
            self._state = _start(self.course, jax.random.key(int(self.np_random.integers(2**31))))
        self._ticks, self._progress = 0, 0.0
        seen = _to_numpy(_observe(self.course, self._state))
        return seen, {"start": task.to_plain(self._state), self.progress_name: 0.0}

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """One control tick. Raises InputError before the first `reset`."""
        if self._state is None:
            raise InputError("There is no episode to step.", field="action", remedy="Call reset first.")
        self._state, seen, passed, crashed = _tick(self.course, self._state, jnp.asarray(action))
        self._ticks += 1
        self._progress += float(passed)
        ended = bool(crashed)
        info = {self.progress_name: self._progress}
        return _to_numpy(seen), float(passed), ended, not ended and self._ticks >= self.max_ticks, info

    def render(self) -> Any:
        """Picture (height, width, 3) uint8, or None without a render mode."""
        if self.render_mode is None or self._state is None:
            return None
        return self.course.draw(self._state)


class _Running(NamedTuple):
    """A vector of episodes; `done` marks those that the next step restarts."""

    state: State
    ticks: Array  # (N,) int32
    progress: Array  # (N,) float32
    done: Array  # (N,) bool
    key: Array


class TaskVectorEnv(VectorEnv[Observation, Any, NDArray[Any]]):
    """`num_envs` episodes of a course in one compiled step.

    An environment that ended ignores the next action: that step returns the first observation of a new
    episode with a reward of zero.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "render_modes": ["rgb_array"],
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }
    progress_name: str
    """Key of the episodes' progress in `info`."""

    def __init__(self, course: Course, num_envs: int, max_ticks: int, render_mode: str | None) -> None:
        _check_arguments(max_ticks, render_mode)
        require("num_envs", num_envs, 1, 1_000_000, whole=True)
        self.course = course
        self.num_envs = num_envs
        self.max_ticks = max_ticks
        self.render_mode = render_mode
        self.single_action_space = course.action_space
        self.single_observation_space = course.observation_space
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._running: _Running | None = None

    def reset(
        self, *, seed: int | None = None, options: Plain | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin all episodes. Raises InputError for options, of which there are none."""
        super().reset(seed=seed)
        if options:
            raise InputError(f"A vector takes no options, not {sorted(options)}.", field="options")
        key = jax.random.key(int(self.np_random.integers(2**31)))
        self._running, seen = _begin(self.course, self.num_envs, key)
        return _to_numpy(seen), self._info(self._running)

    def step(
        self, actions: NDArray[Any]
    ) -> tuple[Observation, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """One control tick of every episode. Raises InputError before the first `reset`."""
        if self._running is None:
            raise InputError("There are no episodes to step.", field="actions", remedy="Call reset first.")
        self._running, seen, rewards, crashed = _tick_all(
            self.course, self.max_ticks, self._running, jnp.asarray(actions)
        )
        ended = np.asarray(crashed)
        truncated = np.asarray(self._running.done) & ~ended
        return _to_numpy(seen), np.asarray(rewards, np.float64), ended, truncated, self._info(self._running)

    def render(self) -> tuple[Any, ...] | None:
        """One picture for each environment, or None without a render mode."""
        if self.render_mode is None or self._running is None:
            return None
        states = self._running.state
        return tuple(
            self.course.draw(jax.tree.map(lambda leaf, at=at: leaf[at], states))
            for at in range(self.num_envs)
        )

    def _info(self, running: _Running) -> dict[str, Any]:
        return {
            self.progress_name: np.asarray(running.progress),
            f"_{self.progress_name}": np.ones(self.num_envs, bool),
        }


def _check_arguments(max_ticks: int, render_mode: str | None) -> None:
    require("max_ticks", max_ticks, 1, 1_000_000, whole=True)
    if render_mode not in (None, "rgb_array"):
        raise InputError(
            f"There is no render mode {render_mode!r}.", field="render_mode", remedy="Use rgb_array, or none."
        )


# Compiled once for each course: environments with equal arguments share it.
@partial(jax.jit, static_argnums=0)
def _start(course: Course, key: Array) -> State:
    return course.task.start(key)


@partial(jax.jit, static_argnums=0)
def _observe(course: Course, state: State) -> Any:
    return course.observe(state)


@partial(jax.jit, static_argnums=0)
def _tick(course: Course, state: State, action: Array) -> tuple[State, Any, Array, Array]:
    moved, passed, crashed = course.advance(state, action)
    return moved, course.observe(moved), passed, crashed


@partial(jax.jit, static_argnums=(0, 1))
def _begin(course: Course, count: int, key: Array) -> tuple[_Running, Any]:
    key, first = jax.random.split(key)
    states = jax.vmap(course.task.start)(jax.random.split(first, count))
    nothing = jnp.zeros(count, jnp.int32), jnp.zeros(count, jnp.float32), jnp.zeros(count, bool)
    return _Running(states, *nothing, key), jax.vmap(course.observe)(states)


@partial(jax.jit, static_argnums=(0, 1))
def _tick_all(
    course: Course, max_ticks: int, running: _Running, actions: Array
) -> tuple[_Running, Any, Array, Array]:
    key, fresh_key = jax.random.split(running.key)
    again = running.done
    moved, passed, crashed = jax.vmap(course.advance)(running.state, actions)

    def restart(states: State) -> State:
        fresh = jax.vmap(course.task.start)(jax.random.split(fresh_key, len(again)))
        return jax.tree.map(
            lambda new, old: jnp.where(again.reshape((-1,) + (1,) * (new.ndim - 1)), new, old), fresh, states
        )

    states = jax.lax.cond(again.any(), restart, lambda states: states, moved)
    ticks = jnp.where(again, 0, running.ticks + 1)
    rewards = jnp.where(again, 0.0, passed)
    progress = jnp.where(again, 0.0, running.progress + passed)
    crashed = crashed & ~again
    after = _Running(states, ticks, progress, crashed | (ticks >= max_ticks), key)
    return after, jax.vmap(course.observe)(states), rewards, crashed


def _to_numpy(seen: Any) -> Any:
    return jax.tree.map(np.asarray, seen)
