"""Where policies are measured: gate tracks, the standing held-out suite, and the reference's score there."""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from manyhands.envs import registry
from manyhands.envs.core import Plain, Task
from manyhands.policies import reference, simulate
from manyhands.policies.files import Policy
from manyhands.policies.network import NetworkSpec, Params

HELDOUT_KEY = 20_000  # the standing starts are the same for every campaign and version
HELDOUT_STARTS = 512
GATE_KEY = 10_000  # of the starts on which the gate's unit is measured
Z_95 = 1.96
DECIMALS = 6  # of a score: what a verdict stores is exactly what decided


@dataclass(frozen=True)
class Course:
    """The measuring side of a campaign.

    play, gate, heldout: the campaign's task on each suite of tracks; solver: the reference driver;
    standing_starts: how many starts the held-out suite has. A score is progress within the task's time over
    the reference's mean progress on the suite.
    """

    play: Task
    gate: Task
    heldout: Task
    solver: Policy
    standing_starts: int = HELDOUT_STARTS

    def as_solver(self, task: Task) -> Task:
        """The same tracks seen with the reference driver's sensor."""
        return registry.with_sensor(task, self.solver.sensor)

    @cached_property
    def heldout_states(self) -> Any:
        """The standing starts, stacked (standing_starts, ...)."""
        return simulate.fresh_starts(self.heldout, jax.random.key(HELDOUT_KEY), self.standing_starts)

    @cached_property
    def heldout_unit(self) -> float:
        """Mean progress of the reference on the standing starts."""
        return self._reference_progress(self.heldout, self.heldout_states)

    @cached_property
    def gate_unit(self) -> float:
        """Mean progress of the reference on starts of the gate's tracks."""
        states = simulate.fresh_starts(self.gate, jax.random.key(GATE_KEY), self.standing_starts)
        return self._reference_progress(self.gate, states)

    def _reference_progress(self, task: Task, states: Any) -> float:
        solver = self.as_solver(task)
        return float(simulate.scores(solver, self.solver.network, [self.solver.params], states).mean())

    def heldout_scores(self, spec: NetworkSpec, params: Params) -> NDArray[np.float64]:
        """Score of a policy on each standing start, (standing_starts,)."""
        [progress] = simulate.scores(self.heldout, spec, [params], self.heldout_states)
        return np.asarray(np.round(progress / self.heldout_unit, DECIMALS))

    def gate_scores(
        self, spec: NetworkSpec, policies: list[Params], key: Array, count: int
    ) -> NDArray[np.float64]:
        """Scores on fresh starts of the gate's tracks, (policies, count)."""
        states = simulate.fresh_starts(self.gate, key, count)
        return np.round(simulate.scores(self.gate, spec, policies, states) / self.gate_unit, DECIMALS)

    def survives(self, task: Task, states: Any) -> NDArray[np.bool_]:
        """Which of the stacked states the reference driver survives for a whole attempt."""
        solver = self.as_solver(task)
        alive = jnp.ones(jax.tree.leaves(states)[0].shape[0], bool)
        spec, params = self.solver.network, self.solver.params
        _, running = simulate.drive(solver, spec, params, states, alive, task.max_ticks)
        return np.asarray(running[-1])


def interval(scores: NDArray[np.float64]) -> tuple[float, float, float]:
    """Mean of the scores and its 95 % interval."""
    mean = float(scores.mean())
    reach = Z_95 * float(scores.std(ddof=1)) / float(np.sqrt(len(scores)))
    return mean, mean - reach, mean + reach


def build(environment: str, config: Plain) -> Course:
    """The course of a campaign's environment and configuration. Raises InputError naming a wrong field."""
    return _build(environment, registry.canonical(config))


@cache
def _build(environment: str, config: str) -> Course:
    plain = registry.parse(config)
    play, gate, heldout = (registry.task(environment, plain, suite) for suite in ("play", "gate", "heldout"))
    return Course(play, gate, heldout, reference.driver(registry.reference(environment, plain)))
