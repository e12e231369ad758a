"""The vanilla policy gradient: REINFORCE with a learned baseline (Williams, 1992), to be read.

Make what was followed by more reward than expected likelier, and what was followed by less rarer:

    gradient of  log pi(action | seen) * (return - baseline(seen))

The return is the discounted sum of the rewards that came after, the baseline a network that learns to guess
it. Each tick is learned from once, in batches; then it is forgotten. What PPO adds: several passes over the
same ticks, a clip that keeps the policy near the one that drove, and advantages that lean on the critic.
"""

from functools import partial

import jax
import numpy as np
from jax import Array

from manyhands.garage.driving import Driver, Samples, Weights, encode, policy_and_value, spread_of
from manyhands.garage.hyperparameters import Hyperparameters
from manyhands.garage.learning import (
    Experience,
    RewardScale,
    Terms,
    TrainState,
    descend,
    flat,
    fresh_state,
    iteration_rng,
    minibatch_rows,
    rescale,
    returns,
    value_loss,
)
from manyhands.learners.policy_gradient import actor_critic

VALUE_WEIGHT = 0.5


class PolicyGradient:
    """See `learning.Algorithm`."""

    def __init__(self, terms: Terms) -> None:
        self.reward_scale = RewardScale()
        self._terms = terms

    def begin(self, key: Array) -> TrainState:
        """Policy, baseline and spread."""
        return fresh_state(actor_critic(self._terms.driver.spec, jax.random.split(key)[0]), self._terms.hyper)

    def compile(self, nothing: TrainState, samples: Samples) -> None:
        """Compile, by an update of no steps."""
        terms = self._terms
        order, _ = self._order(np.random.default_rng(0), np.arange(1))
        zeros = np.zeros((terms.max_ticks, terms.cars), np.float32)
        update(terms.driver, terms.hyper, nothing, samples, zeros, order, np.int32(0))

    def learn(self, state: TrainState, made: Experience) -> TrainState:
        """One pass over an iteration."""
        terms, hyper = self._terms, self._terms.hyper
        # An episode that ran out of time would have gone on: the baseline says what for.
        guess = np.asarray(made.samples.value, np.float64)[: len(made.reward)] * self.reward_scale.size
        reward = made.reward + hyper.discount_factor * guess * made.cut
        sums = returns(reward, made.done, hyper.discount_factor)
        factor = self.reward_scale.take(float((sums * sums).mean()))
        state = state._replace(weights=rescale(state.weights, ("value",), np.float32(factor)))
        order, count = self._order(iteration_rng(terms, made), np.flatnonzero(made.alive))
        after = np.zeros((terms.max_ticks, terms.cars), np.float32)
        after[: len(sums)] = sums / self.reward_scale.size
        updated: TrainState = update(terms.driver, hyper, state, made.samples, after, order, np.int32(count))
        return updated

    def _order(self, rng: np.random.Generator, rows: np.ndarray) -> tuple[np.ndarray, int]:
        return minibatch_rows(rng, rows, self._terms.hyper.batch_size, 1, self._terms.capacity)


@partial(jax.jit, static_argnums=(0, 1), donate_argnums=2)
def update(
    driver: Driver,
    hyper: Hyperparameters,
    state: TrainState,
    samples: Samples,
    after: Array,
    order: Array,
    batches: Array,
) -> TrainState:
    """One gradient step for each batch.

    after: returns (max_ticks, cars) float32. order: (R, batch_size) int32, flat rows of the gradient steps,
    of which the first `batches` () count.
    """
    rows = flat((samples, after))

    def loss(weights: Weights, batch: Samples, after: Array) -> Array:
        features = encode(driver.spec, weights, batch.seen)
        outputs, baseline = policy_and_value(driver.spec, weights, features)
        chance, entropy = driver.chance(outputs, spread_of(driver.spec, weights, features), batch.action)
        better = jax.lax.stop_gradient(after - baseline)
        gain = (chance * better).mean() + hyper.beta_entropy * entropy.mean()
        return -gain + VALUE_WEIGHT * value_loss(after - baseline, hyper.loss_type).mean()

    return descend(loss, hyper, state, rows, (order, batches))
