"""What a training and its algorithms share: the seam between them, minibatches, the scale of rewards.

A training drives episodes and hands them to an algorithm as an `Experience`; the algorithm answers with new
weights. `ppo`, `sac` and `reinforce` are one file each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from numpy.typing import NDArray

from manyhands.garage.driving import Driver, Samples, Weights
from manyhands.garage.hyperparameters import Hyperparameters

ADAM_EPS = 1e-5
SCALE_MEMORY = 0.9  # share of the older iterations in the mean square

F64 = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Terms:
    """What an algorithm is told once. cars: episodes of an iteration; max_ticks: of an episode."""

    driver: Driver
    hyper: Hyperparameters
    cars: int
    seed: int

    @property
    def max_ticks(self) -> int:
        """Of an episode."""
        return self.driver.max_ticks

    @property
    def capacity(self) -> int:
        """Most ticks that an iteration may have."""
        return self.max_ticks * self.cars


class TrainState(NamedTuple):
    """What an algorithm changes: weights, and the state of their optimiser."""

    weights: Weights
    optimiser: Any


class Experience(NamedTuple):
    """The episodes of an iteration; rows of the rewards are as many as the longest episode has ticks."""

    number: int  # of the iteration, from 1
    samples: Samples  # (max_ticks, cars, ...), on the device
    reward: F64  # (T, cars), 0 where no episode was under way
    done: Flags  # (T, cars), on the last row of an episode
    cut: Flags  # (T, cars), where that was because time was up: the episode would have gone on
    alive: Flags  # (T, cars), on rows of episodes


class PaddedRewards(NamedTuple):
    """An iteration's rewards and how its rows ended, each (max_ticks, cars) float32."""

    reward: Array  # in the critic's scale
    done: Array
    cut: Array
    alive: Array


class Algorithm(Protocol):
    """What learns from episodes. `reward_scale` is part of what is kept of a training."""

    reward_scale: "RewardScale"

    def begin(self, key: Array) -> TrainState:
        """Fresh weights; may be traced."""

    def compile(self, nothing: TrainState, samples: Samples) -> None:
        """Run what `learn` runs, on arrays of its shapes that mean nothing."""

    def learn(self, state: TrainState, made: Experience) -> TrainState:
        """Weights after an iteration."""


@dataclass
class RewardScale:
    """The scale in which a critic works, in rewards: a root mean square, smoothed over iterations.

    square: weighted sum of the iterations' mean squares; seen: sum of their weights.
    """

    square: float = 0.0
    seen: float = 0.0

    @property
    def size(self) -> float:
        """Rewards that count as 1."""
        size = float(np.sqrt(self.square / self.seen)) if self.seen else 1.0
        return size if size > 1e-12 else 1.0

    def take(self, square: float) -> float:
        """Take in an iteration's mean square; returns the old scale over the new one, 1 for the first.

        A critic that has learned nothing is as good in any scale.
        """
        former = self.size if self.seen else None
        self.square = SCALE_MEMORY * self.square + (1.0 - SCALE_MEMORY) * square
        self.seen = SCALE_MEMORY * self.seen + (1.0 - SCALE_MEMORY)
        return 1.0 if former is None else former / self.size


def returns(reward: F64, done: Flags, discount: float) -> F64:
    """Discounted sums of rewards (T, N) up to the end of their episode."""
    total, found = np.zeros(reward.shape[1]), np.empty_like(reward)
    for at in range(len(reward) - 1, -1, -1):
        total = reward[at] + discount * np.where(done[at], 0.0, total)
        found[at] = total
    return found


def optimiser(hyper: Hyperparameters) -> optax.GradientTransformation:
    """Adam as DeepRacer sets it."""
    return optax.adam(hyper.lr, eps=ADAM_EPS)


def fresh_state(weights: Weights, hyper: Hyperparameters) -> TrainState:
    """Weights with an optimiser that has made no step."""
    return TrainState(weights, optimiser(hyper).init(weights))


@partial(jax.jit, static_argnums=1)
def rescale(weights: Weights, critics: tuple[str, ...], factor: Array) -> Weights:
    """Critics in another scale: `factor` is the old scale over the new one."""
    scaled = {
        name: weights[name] | {leaf: weights[name][leaf] * factor for leaf in ("head.w", "head.b")}
        for name in critics
    }
    return weights | scaled


def padded_rewards(terms: Terms, made: Experience, reward: F64) -> PaddedRewards:
    """Rewards (T, cars) in the critic's scale, and ends, as arrays of a size that does not change."""
    return PaddedRewards(
        *(jnp.asarray(_padded(part, terms.max_ticks)) for part in (reward, made.done, made.cut, made.alive))
    )


def no_rewards(terms: Terms) -> PaddedRewards:
    """An iteration without ticks."""
    zeros = jnp.zeros((terms.max_ticks, terms.cars))
    return PaddedRewards(zeros, zeros, zeros, zeros)


def _padded(part: NDArray[Any], length: int) -> NDArray[np.float32]:
    """Rows (T, cars) as float32, with zeros up to `length`."""
    return np.pad(part.astype(np.float32), ((0, length - len(part)), (0, 0)))


def minibatch_rows(
    rng: np.random.Generator, rows: NDArray[np.intp], size: int, epochs: int, capacity: int
) -> tuple[NDArray[np.int32], int]:
    """Rows of each gradient step (R, size) int32, and how many of the R steps count.

    rows: of the samples (n,). size: of a minibatch. capacity: most samples that there can be; it fixes R.
    Every epoch has its own order; what does not fill a batch is left out of that epoch. Fewer rows than one
    batch are drawn several times.
    """
    order = np.zeros((epochs * max(1, capacity // size), size), np.int32)
    each = max(1, len(rows) // size)
    for epoch in range(epochs):
        mixed = rng.permutation(rows)
        order[epoch * each : (epoch + 1) * each] = np.resize(mixed, each * size).reshape(each, size)
    return order, epochs * each


def flat(tree: Any) -> Any:
    """Arrays (T, N, ...) as (T * N, ...)."""
    return jax.tree.map(lambda x: x.reshape((-1, *x.shape[2:])), tree)


def descend(
    loss: Callable[..., Array],
    hyper: Hyperparameters,
    state: TrainState,
    rows: Any,
    minibatches: tuple[Array, Array],
) -> TrainState:
    """One gradient step of a loss for each minibatch.

    loss: of weights and a minibatch of each of the rows (N, ...). minibatches: flat rows (R, batch_size)
    int32, and how many of the R count, ().
    """
    adam = optimiser(hyper)
    order, count = minibatches

    def step(at: Array, state: TrainState) -> TrainState:
        gradient = jax.grad(loss)(state.weights, *jax.tree.map(lambda x: x[order[at]], rows))
        change, moments = adam.update(gradient, state.optimiser, state.weights)
        return TrainState(optax.apply_updates(state.weights, change), moments)

    updated: TrainState = jax.lax.fori_loop(0, count, step, state)
    return updated


def value_loss(error: Array, loss_type: str) -> Array:
    """Loss of each error (...) of a critic: Huber's, or the square."""
    return optax.huber_loss(error) if loss_type == "huber" else error * error


def iteration_rng(terms: Terms, made: Experience) -> np.random.Generator:
    """Generator of an iteration, which follows from the seed and the iteration's number."""
    return np.random.default_rng([terms.seed, made.number])
