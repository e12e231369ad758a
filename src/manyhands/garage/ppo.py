"""The update of a training: clipped PPO (Schulman et al., 2017) over whole episodes, in one compiled program.

The hyperparameters are a person's; what is fixed here is as in DeepRacer: clip .2, lambda .95, Adam with an
epsilon of 1e-5, one learning rate throughout. Two things are added to it. Advantages are normalised over the
iteration. And because a person's rewards may have any size, the critic works in units of the root mean square
of the returns so far; when that unit changes, its last layer is rescaled and says the same as before.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from numpy.typing import NDArray

from manyhands.garage.driving import Driver, Samples, Weights, encode, judge
from manyhands.garage.hyperparameters import Hyperparameters
from manyhands.learners.policy_gradient import actor_critic, advantages, clipped_gain
from manyhands.policies.network import NetworkSpec

CLIP = 0.2
GAE_LAMBDA = 0.95
ADAM_EPS = 1e-5
VALUE_WEIGHT = 0.5
UNIT_MEMORY = 0.9  # share of the older iterations in the square of the unit


class Learning(NamedTuple):
    """What an update changes."""

    weights: Weights
    optimiser: Any


class Judged(NamedTuple):
    """An iteration's rewards and how its rows ended, each (max_ticks, cars) float32."""

    reward: Array  # in units of the critic
    done: Array  # 1 on the last row of an episode
    cut: Array  # 1 where that was because time was up: the episode would have gone on
    alive: Array  # 1 on rows of episodes


def optimiser(hyper: Hyperparameters) -> optax.GradientTransformation:
    """Adam as they set it."""
    return optax.adam(hyper.lr, eps=ADAM_EPS)


@partial(jax.jit, static_argnums=(0, 1))
def begin(spec: NetworkSpec, hyper: Hyperparameters, key: Array) -> Learning:
    """Fresh weights and an optimiser that has seen nothing."""
    weights = actor_critic(spec, jax.random.split(key)[0])
    return Learning(weights, optimiser(hyper).init(weights))


@partial(jax.jit, static_argnums=(0, 1), donate_argnums=2)
def update(
    driver: Driver,
    hyper: Hyperparameters,
    learning: Learning,
    samples: Samples,
    judged: Judged,
    order: Array,
    batches: Array,
) -> Learning:
    """All epochs over an iteration.

    order: (R, batch_size) int32, flat rows of the gradient steps, of which the first `batches` () count.
    """
    reward = judged.reward + hyper.discount_factor * samples.value * judged.cut
    rollout = (samples.value, reward, judged.done)
    advantage = advantages(rollout, jnp.zeros(reward.shape[1]), hyper.discount_factor, GAE_LAMBDA)
    target = advantage + samples.value
    count = judged.alive.sum()
    mean = (advantage * judged.alive).sum() / count
    spread = jnp.sqrt((judged.alive * (advantage - mean) ** 2).sum() / count)
    normal = (advantage - mean) / (spread + 1e-8)
    flat = jax.tree.map(lambda x: x.reshape((-1, *x.shape[2:])), (samples, normal, target))
    adam = optimiser(hyper)

    def loss(weights: Weights, batch: Samples, advantage: Array, target: Array) -> Array:
        outputs, value = judge(driver.spec, weights, encode(driver.spec, weights, batch.seen))
        chance, entropy = driver.chance(outputs, weights["spread"]["log"], batch.action)
        gain = clipped_gain(chance, batch.chance, advantage, CLIP)
        error = value - target
        missed = optax.huber_loss(error) if hyper.loss_type == "huber" else error * error
        return -gain + VALUE_WEIGHT * missed.mean() - hyper.beta_entropy * entropy.mean()

    def step(at: Array, learning: Learning) -> Learning:
        gradient = jax.grad(loss)(learning.weights, *jax.tree.map(lambda x: x[order[at]], flat))
        change, state = adam.update(gradient, learning.optimiser, learning.weights)
        return Learning(optax.apply_updates(learning.weights, change), state)

    learnt: Learning = jax.lax.fori_loop(0, batches, step, learning)
    return learnt


@jax.jit
def rescale(weights: Weights, factor: Array) -> Weights:
    """The critic in another unit: `factor` is the old one over the new one."""
    value = weights["value"]
    scaled = {name: value[name] * factor for name in ("head.w", "head.b")}
    return weights | {"value": value | scaled}


@dataclass
class Unit:
    """The critic's unit: root mean square of the discounted returns, smoothed over iterations."""

    square: float = 0.0
    seen: float = 0.0

    @property
    def size(self) -> float:
        """Of the unit, in rewards."""
        size = float(np.sqrt(self.square / self.seen)) if self.seen else 1.0
        return size if size > 1e-12 else 1.0

    def see(self, reward: NDArray[np.float64], done: NDArray[np.bool_], discount: float) -> None:
        """Take in the returns (T, N) of an iteration; rows after an episode's end must have a reward of 0."""
        total, squares = np.zeros(reward.shape[1]), 0.0
        for now, last in zip(reward[::-1], done[::-1], strict=True):
            total = now + discount * np.where(last, 0.0, total)
            squares += float(total @ total)
        self.square = UNIT_MEMORY * self.square + (1.0 - UNIT_MEMORY) * squares / max(1, reward.size)
        self.seen = UNIT_MEMORY * self.seen + (1.0 - UNIT_MEMORY)


def draw_order(
    rng: np.random.Generator, rows: NDArray[np.intp], hyper: Hyperparameters, capacity: int
) -> tuple[NDArray[np.int32], int]:
    """Rows of each gradient step (R, batch_size), R of a capacity of samples, and how many steps there are.

    Every epoch has its own order; what does not fill a batch is left out of that epoch. Fewer rows than one
    batch are drawn several times.
    """
    size = hyper.batch_size
    order = np.zeros((hyper.num_epochs * max(1, capacity // size), size), np.int32)
    each = max(1, len(rows) // size)
    for epoch in range(hyper.num_epochs):
        mixed = rng.permutation(rows)
        order[epoch * each : (epoch + 1) * each] = np.resize(mixed, each * size).reshape(each, size)
    return order, hyper.num_epochs * each
