"""Proximal policy optimisation of Snake, for a sensor that does not tell all there is.

    python -m manyhands.learners.snake_ppo --seed 0 --out snake-features-base.safetensors

The thirteen features do not say where the body is, so positions that look the same have different values. A
value that is bootstrapped from the next look, as Q-learning's is, then has no fixed point worth having; the
return of what was really played, which a policy gradient follows, has (S. Singh, T. Jaakkola, M. Jordan,
"Learning Without State-Estimation in Partially Observable Markovian Decision Processes", 1994). The updates
are those of J. Schulman et al., "Proximal Policy Optimization Algorithms", 2017.

Policy and value are outputs of one network. At the end they are folded into one Q-value for each turn, which
fine-tuning goes on from: the value, and the log probabilities on the scale that fits the advantages seen
(B. O'Donoghue et al., "Combining Policy Gradient and Q-learning", 2017). The best turn stays what it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array

from manyhands.envs.snake import rules
from manyhands.envs.snake.rules import State
from manyhands.envs.snake.task import SnakeTask
from manyhands.learners import dqn
from manyhands.learners.dqn import Tell
from manyhands.learners.policy_gradient import advantages, clipped_gain
from manyhands.policies import network
from manyhands.policies.network import NetworkSpec, Params

LEAST_SCALE = 1e-3  # foods for a unit of log probability


@dataclass(frozen=True)
class PpoConfig:
    """Settings of one run; a run is a pure function of them and its seed."""

    moves: int = 24_000
    """of each game"""
    games: int = 512
    """played in lockstep"""
    horizon: int = 128
    """moves of each game between updates"""
    epochs: int = 2
    """passes over each batch"""
    minibatches: int = 8
    """of a pass"""
    rate: float = 1e-3
    """of Adam, at the start; falls linearly to a twentieth"""
    discount: float = 0.995
    """per move"""
    gae_lambda: float = 0.95
    """of generalised advantage estimation (Schulman et al., 2016)"""
    clip: float = 0.2
    """of the probability ratio"""
    entropy: float = 0.01
    """weight of the entropy bonus; with less, some seeds settle early and stay there"""
    value: float = 0.05
    """weight of the value's squared error"""
    death: float = 10.0
    """what it costs, in foods"""
    hidden: tuple[int, ...] = (128, 128)

    @property
    def iterations(self) -> int:
        """Updates of one run."""
        return max(1, self.moves // self.horizon)


class Batch(NamedTuple):
    """Moves of a rollout, all (horizon, games, ...), or flat."""

    seen: Array
    turn: Array  # index into dqn.TURNS
    chance: Array  # log probability of it
    value: Array
    reward: Array
    ended: Array


class Carry(NamedTuple):
    """Everything that lives from one iteration to the next; scale: see `folded`."""

    params: Params
    optimiser: Any
    states: State
    key: Array
    scale: Array


class Ppo:
    """One run; its compiled program lives as long as it."""

    def __init__(self, task: SnakeTask, config: PpoConfig) -> None:
        self.task, self.config = task, config
        self.spec = dqn.spec_of(task, config.hidden)
        self._both = replace(self.spec, head="box", actions=len(dqn.TURNS) + 1)
        decay = config.iterations * config.epochs * config.minibatches
        rate = optax.linear_schedule(config.rate, config.rate / 20.0, decay)
        self._optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(rate))

    def begin(self, seed: int) -> Carry:
        """Fresh parameters and games."""
        key, first, drawn = jax.random.split(jax.random.key(seed), 3)
        params = network.init(self._both, first)
        states = jax.vmap(self.task.start)(jax.random.split(drawn, self.config.games))
        return Carry(params, self._optimiser.init(params), states, key, jnp.float32(1.0))

    def _read(self, params: Params, seen: Array) -> tuple[Array, Array]:
        """Log probabilities of the turns (..., 3) and value (...)."""
        outputs = network.head(self._both, params, seen)
        return jax.nn.log_softmax(outputs[..., :-1]), outputs[..., -1]

    def _move(self, params: Params, states: State, key: Array) -> tuple[State, tuple[Batch, Array]]:
        """One move of every game, and whether it ate; games that end begin anew."""
        drawn, fresh = jax.random.split(key)
        seen = jax.vmap(self.task.observe)(states)["vector"]
        chances, value = self._read(params, seen)
        turn = jax.random.categorical(drawn, chances)
        seeds = jax.random.bits(fresh, (self.config.games,), jnp.uint32)
        states, ate, ended = jax.vmap(partial(rules.move_on, self.task.board))(
            states, jnp.asarray(dqn.TURNS, jnp.int32)[turn], seeds
        )
        reward = jnp.where(ended, -self.config.death, ate.astype(jnp.float32))
        return states, (Batch(seen, turn, _of(chances, turn), value, reward, ended), ate)

    def _loss(self, params: Params, batch: Batch, advantage: Array, target: Array) -> Array:
        chances, value = self._read(params, batch.seen)
        gain = clipped_gain(_of(chances, batch.turn), batch.chance, advantage, self.config.clip)
        entropy = -(jnp.exp(chances) * chances).sum(axis=-1).mean()
        error = jnp.square(value - target).mean()
        return -gain + self.config.value * error - self.config.entropy * entropy

    @partial(jax.jit, static_argnums=0)
    def iterate(self, carry: Carry) -> tuple[Carry, Array]:
        """A rollout and its updates; returns foods for each death as well."""
        config = self.config
        key, roll_key, *epoch_keys = jax.random.split(carry.key, 2 + config.epochs)
        states, (batch, ate) = jax.lax.scan(
            partial(self._move, carry.params), carry.states, jax.random.split(roll_key, config.horizon)
        )
        _, last = self._read(carry.params, jax.vmap(self.task.observe)(states)["vector"])
        rollout = (batch.value, batch.reward, batch.ended)
        advantage = advantages(rollout, last, config.discount, config.gae_lambda)
        target = advantage + batch.value
        scale = fitted(batch.chance, advantage)
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-6)
        flat = jax.tree.map(lambda x: x.reshape((-1, *x.shape[2:])), (batch, advantage, target))
        learning = (carry.params, carry.optimiser)
        for epoch_key in epoch_keys:
            order = jax.random.permutation(epoch_key, config.games * config.horizon)
            learning, _ = jax.lax.scan(
                partial(self._learn, flat), learning, order.reshape(config.minibatches, -1)
            )
        foods = ate.sum() / jnp.maximum(1, batch.ended.sum())
        return Carry(*learning, states, key, scale), foods

    def _learn(self, flat: Any, learning: tuple[Params, Any], rows: Array) -> tuple[tuple[Params, Any], None]:
        params, optimiser = learning
        slopes = jax.grad(self._loss)(params, *jax.tree.map(lambda x: x[rows], flat))
        steps, optimiser = self._optimiser.update(slopes, optimiser, params)
        return (optax.apply_updates(params, steps), optimiser), None


def _of(chances: Array, turn: Array) -> Array:
    return jnp.take_along_axis(chances, turn[..., None], axis=-1)[..., 0]


def fitted(chance: Array, advantage: Array) -> Array:
    """How many foods of advantage go with a unit of log probability: least squares over what was played."""
    apart = chance - chance.mean()
    return jnp.maximum(LEAST_SCALE, (apart * advantage).mean() / (apart * apart).mean())


def folded(params: Params, scale: float) -> Params:
    """One Q-value for each turn, (3,), of a network of three log odds and a value.

    The last layer is linear: value + scale * (log odds - their mean) is a layer as well.
    """
    found = dict(params)
    for name in ("head.w", "head.b"):
        odds, value = params[name][..., :-1], params[name][..., -1:]
        found[name] = value + scale * (odds - odds.mean(axis=-1, keepdims=True))
    return found


def pretrain(
    task: SnakeTask, config: PpoConfig, seed: int, tell: Tell | None = None
) -> tuple[NetworkSpec, Params]:
    """Learn from nothing; the same seed gives the same policy on the same machine.

    tell: called a few times with moves played by each game and foods for each death.
    """
    run = Ppo(task, config)
    carry = run.begin(seed)
    every = max(1, config.iterations // dqn.TOLD)
    for number in range(1, config.iterations + 1):
        carry, foods = run.iterate(carry)
        if tell is not None and number % every == 0:
            tell(number * config.horizon, float(foods))
    return run.spec, folded(carry.params, float(carry.scale))


def learn(
    task: SnakeTask, moves: int | None, seed: int, tell: Tell | None = None
) -> tuple[NetworkSpec, Params]:
    """`pretrain` as agreed on, or for as many moves of each game."""
    config = PpoConfig()
    return pretrain(task, replace(config, moves=moves or config.moves), seed, tell)


if __name__ == "__main__":
    dqn.script(__doc__ or "", "features", learn)
