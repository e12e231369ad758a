"""Clipped PPO (Schulman et al., 2017) over whole episodes, in one compiled program.

The user chooses the hyperparameters. What is fixed here is as in DeepRacer: clip .2, lambda .95, Adam with an
epsilon of 1e-5, one learning rate throughout. Two things are added. Advantages are normalised over the
iteration. And because rewards may have any size, the critic works in the scale of the returns' root mean
square so far; when that scale changes, its last layer is rescaled and says the same as before.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from manyhands.garage.driving import Driver, Samples, Weights, encode, policy_and_value, spread_of
from manyhands.garage.hyperparameters import Hyperparameters
from manyhands.garage.learning import (
    Experience,
    PaddedRewards,
    RewardScale,
    Terms,
    TrainState,
    descend,
    flat,
    fresh_state,
    iteration_rng,
    minibatch_rows,
    no_rewards,
    padded_rewards,
    rescale,
    returns,
    value_loss,
)
from manyhands.learners.policy_gradient import actor_critic, advantages, clipped_gain

CLIP = 0.2
GAE_LAMBDA = 0.95
VALUE_WEIGHT = 0.5


class Ppo:
    """See `learning.Algorithm`."""

    def __init__(self, terms: Terms) -> None:
        self.reward_scale = RewardScale()
        self._terms = terms

    def begin(self, key: Array) -> TrainState:
        """Policy, critic and spread."""
        return fresh_state(actor_critic(self._terms.driver.spec, jax.random.split(key)[0]), self._terms.hyper)

    def compile(self, nothing: TrainState, samples: Samples) -> None:
        """Compile, by an update of no steps."""
        order, _ = self._order(np.random.default_rng(0), np.arange(1))
        terms = self._terms
        update(terms.driver, terms.hyper, nothing, samples, no_rewards(terms), order, np.int32(0))

    def learn(self, state: TrainState, made: Experience) -> TrainState:
        """All epochs over an iteration."""
        terms, discount = self._terms, self._terms.hyper.discount_factor
        sums = returns(made.reward, made.done, discount)
        factor = self.reward_scale.take(float((sums * sums).mean()))
        state = state._replace(weights=rescale(state.weights, ("value",), np.float32(factor)))
        order, count = self._order(iteration_rng(terms, made), np.flatnonzero(made.alive))
        rewards = padded_rewards(terms, made, made.reward / self.reward_scale.size)
        updated: TrainState = update(
            terms.driver, terms.hyper, state, made.samples, rewards, order, np.int32(count)
        )
        return updated

    def _order(self, rng: np.random.Generator, rows: np.ndarray) -> tuple[np.ndarray, int]:
        hyper = self._terms.hyper
        return minibatch_rows(rng, rows, hyper.batch_size, hyper.num_epochs, self._terms.capacity)


@partial(jax.jit, static_argnums=(0, 1), donate_argnums=2)
def update(
    driver: Driver,
    hyper: Hyperparameters,
    state: TrainState,
    samples: Samples,
    rewards: PaddedRewards,
    order: Array,
    batches: Array,
) -> TrainState:
    """All epochs over an iteration.

    order: (R, batch_size) int32, flat rows of the gradient steps, of which the first `batches` () count.
    """
    reward = rewards.reward + hyper.discount_factor * samples.value * rewards.cut
    rollout = (samples.value, reward, rewards.done)
    advantage = advantages(rollout, jnp.zeros(reward.shape[1]), hyper.discount_factor, GAE_LAMBDA)
    target = advantage + samples.value
    count = rewards.alive.sum()
    mean = (advantage * rewards.alive).sum() / count
    spread = jnp.sqrt((rewards.alive * (advantage - mean) ** 2).sum() / count)
    normal = (advantage - mean) / (spread + 1e-8)
    rows = flat((samples, normal, target))

    def loss(weights: Weights, batch: Samples, advantage: Array, target: Array) -> Array:
        features = encode(driver.spec, weights, batch.seen)
        outputs, value = policy_and_value(driver.spec, weights, features)
        chance, entropy = driver.chance(outputs, spread_of(driver.spec, weights, features), batch.action)
        gain = clipped_gain(chance, batch.chance, advantage, CLIP)
        cost = VALUE_WEIGHT * value_loss(value - target, hyper.loss_type).mean()
        return -gain + cost - hyper.beta_entropy * entropy.mean()

    return descend(loss, hyper, state, rows, (order, batches))
