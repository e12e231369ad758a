"""What a policy scores: progress on starts drawn from a seed, over the reference driver's on the same."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from manyhands.envs import registry
from manyhands.envs.core import Task
from manyhands.errors import InputError
from manyhands.judging.course import Z_95
from manyhands.policies import reference, simulate
from manyhands.policies.files import Policy

SUITES = ("play", "gate", "heldout")


@dataclass(frozen=True)
class Evaluation:
    """Figures of one policy; progress in the task's unit.

    score: mean progress over the reference's; low, high: its 95 % interval, by the paired starts (delta
    method for a ratio of means); survival, reference_survival: shares of starts driven to the end of time.
    """

    starts: int
    seed: int
    suite: str
    score: float
    low: float
    high: float
    survival: float
    progress: float
    reference_survival: float
    reference_progress: float


def evaluate(policy: Policy, starts: int, seed: int, suite: str) -> Evaluation:
    """Drive `starts` fresh starts of a suite with the policy and with the reference driver.

    Raises InputError for an unknown suite, less than two starts or a policy with actions of its own, and
    NotFoundError for an unknown environment.
    """
    if policy.action_space is not None:
        raise InputError(
            "This policy chooses from actions of its own, which the reference driver does not have.",
            field="policy",
            remedy="Race it on a track instead, with --track.",
        )
    if suite not in SUITES:
        raise InputError(
            f"There is no suite {suite!r}.", field="suite", remedy=f"Choose one of {', '.join(SUITES)}."
        )
    if starts < 2:
        raise InputError(
            "An interval needs at least two starts.", field="starts", remedy="Ask for more starts."
        )
    config = {"sensor": policy.sensor}
    task = registry.task(policy.environment, config, suite)
    solver = reference.driver(registry.reference(policy.environment, config))
    own, survived = _drive(task, policy, starts, seed)
    wanted, kept = _drive(registry.with_sensor(task, solver.sensor), solver, starts, seed)
    score, error = ratio(own, wanted)
    return Evaluation(
        starts=starts,
        seed=seed,
        suite=suite,
        score=score,
        low=score - Z_95 * error,
        high=score + Z_95 * error,
        survival=float(survived.mean()),
        progress=float(own.mean()),
        reference_survival=float(kept.mean()),
        reference_progress=float(wanted.mean()),
    )


def _drive(
    task: Task, policy: Policy, starts: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Progress (starts,) and survival (starts,) of a policy."""
    states = simulate.fresh_starts(task, jax.random.key(seed), starts)
    alive = jnp.ones(starts, bool)
    total, running = simulate.drive(task, policy.network, policy.params, states, alive, task.max_ticks)
    return np.asarray(total[-1], np.float64), np.asarray(running[-1])


def ratio(own: NDArray[np.float64], wanted: NDArray[np.float64]) -> tuple[float, float]:
    """Ratio of the means of paired (n,) numbers and its standard error."""
    score = float(own.mean() / wanted.mean())
    error = float((own - score * wanted).std(ddof=1) / np.sqrt(len(own)) / wanted.mean())
    return score, error
