"""Cars that drive a policy: networks for an action space, sampled and greedy actions, compiled rollouts.

A rollout is made in stretches of STRETCH ticks, so that the host can judge one while the next is driven. Cars
that explore and cars that drive greedily, which measure the policy, share the program: at these sizes a tick
costs as much as its longest lane.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from manyhands.envs.racer import task, time_trial
from manyhands.envs.racer.actions import ActionSpace, Choices, commands
from manyhands.envs.racer.actions import parse as parse_actions
from manyhands.envs.racer.car import PRESETS
from manyhands.envs.racer.obstacles import Objects
from manyhands.envs.racer.race_types import TIME_TRIAL, RaceType
from manyhands.envs.racer.rules import Bank, quantise
from manyhands.envs.racer.sensors import Camera, Lidar
from manyhands.envs.racer.time_trial import Episode, Status, TimeTrial
from manyhands.envs.racer.tracks import Track
from manyhands.errors import InputError, PolicyFileError
from manyhands.garage.networks import head_of
from manyhands.learners.policy_gradient import gaussian_log_probability, tanh_log_slope, value_spec
from manyhands.policies import network
from manyhands.policies.files import Policy
from manyhands.policies.network import NetworkSpec, Params
from manyhands.policies.simulate import keep

STRETCH = 64
ROW = ("x", "y", "c", "s", "metres", "step", "status", "wheels", "action", "steer", "throttle", "alive")
AT = {name: at for at, name in enumerate(ROW)}
"""columns of a stretch's rows, all float32; `action` is an index into a list, where there is one"""

Weights = dict[str, Params]
"""`policy`, `spread` (see `spread_of`) and the algorithm's critics; `policy_and_value` reads `value`"""
MOST_TANH = 1.0 - 1e-6  # of a float32 that has a finite inverse
LEAST_LOG_SPREAD, MOST_LOG_SPREAD = -5.0, 2.0


def lidar() -> Lidar:
    """DeepRacer's: 64 beams over 150 degrees to either side."""
    return Lidar(beams=64, spread_rad=2.618)


@dataclass(frozen=True)
class Driver:
    """All that is fixed when a drive is compiled.

    space: None for policies of the environment's own actions, which can be driven and not trained here.
    shape: cells of the road's grid; max_ticks: of an episode; laps: after which one is complete; race: what
    else is on the road.
    """

    sensor: Lidar | Camera
    space: ActionSpace | None
    spec: NetworkSpec
    shape: tuple[int, int]
    max_ticks: int
    laps: int = 1
    race: RaceType = TIME_TRIAL

    def trial(self, bank: Bank) -> TimeTrial:
        """The rules on a road."""
        return time_trial.make(bank, self.shape, self.max_ticks, self.laps, self.race)

    def seen(self, bank: Bank, episode: Episode) -> dict[str, Array]:
        """Observation of one episode."""
        return task.seen(self.trial(bank).racer, self.sensor, episode.state)

    def command(self, action: Array) -> Array:
        """Steering and throttle (..., 2) of actions: indices (..., 1), or (..., 2) in [-1, 1]."""
        if self.space is not None:
            table = jnp.asarray(commands(self.space, PRESETS[time_trial.CAR]), jnp.float32)
            if isinstance(self.space, Choices):
                return table[action[..., 0].astype(jnp.int32)]
            middle, half = 0.5 * (table[0] + table[1]), 0.5 * (table[1] - table[0])
            action = middle + half * jnp.clip(action, -1.0, 1.0)
        return quantise(action).astype(jnp.float32) * (1.0 / 127.0)

    def greedy(self, outputs: Array) -> Array:
        """Best action (B, A) of the head's outputs (B, O)."""
        if isinstance(self.space, Choices):
            return jnp.argmax(outputs, axis=-1)[..., None].astype(jnp.float32)
        return jax.vmap(partial(network.decide, self.spec))(outputs)

    def sample(self, key: Array, outputs: Array, spread: Array) -> Array:
        """An action (..., A) drawn from the policy."""
        if isinstance(self.space, Choices):
            return jax.random.categorical(key, outputs)[..., None].astype(jnp.float32)
        drawn = outputs + jnp.exp(spread) * jax.random.normal(key, outputs.shape)
        return jnp.tanh(drawn) if self.spec.head == "tanh" else drawn

    def chance(self, outputs: Array, spread: Array, action: Array) -> tuple[Array, Array]:
        """Log probabilities (...) of actions (..., A), and the entropies of the policies that drew them.

        Under tanh the entropy is an estimate from the one action.
        """
        if isinstance(self.space, Choices):
            logs = jax.nn.log_softmax(outputs)
            picked = jax.nn.one_hot(action[..., 0].astype(jnp.int32), outputs.shape[-1])
            return (logs * picked).sum(-1), -(jnp.exp(logs) * logs).sum(-1)
        entropy = (spread + 0.5 * jnp.log(2.0 * jnp.pi * jnp.e)).sum(-1)
        if self.spec.head == "tanh":
            raw = jnp.arctanh(jnp.clip(action, -MOST_TANH, MOST_TANH))
            slope = tanh_log_slope(raw)
            return gaussian_log_probability(outputs, spread, raw) - slope, entropy + slope
        chance = gaussian_log_probability(outputs, spread, action)
        return chance, jnp.broadcast_to(entropy, outputs.shape[:-1])


def driver_of(
    policy: Policy, track: Track, max_ticks: int, laps: int, race: RaceType = TIME_TRIAL
) -> tuple[Driver, Weights]:
    """The driver for a racer policy on a road, and its weights.

    Raises InputError for a policy of another environment and PolicyFileError where its actions or its sensor
    do not fit its network.
    """
    if policy.environment != "racer-v0":
        raise InputError(f"A policy of {policy.environment} drives no car.", field="policy")
    space = None if policy.action_space is None else parse_actions(policy.action_space)
    spec = policy.network
    ranges: Literal["box", "tanh"] = "tanh" if spec.head == "tanh" else "box"
    if space is not None and replace(spec, **head_of(space, ranges)) != spec:
        raise PolicyFileError("The policy's list of actions does not fit its network.", field="policy")
    sensor = task.parse_sensor(policy.sensor)
    image = task.image_of(sensor)
    picture = None if image is None else (*image, task.depth_of(sensor))
    read = None if spec.encoder is None else spec.encoder.sizes()[0]
    if (task.vector_of(sensor), picture) != (spec.vector, read):
        raise PolicyFileError("The policy's sensor does not fit its network.", field="policy")
    shape = (track.distance.shape[0], track.distance.shape[1])
    weights = {"policy": policy.params, "spread": {"log": jnp.zeros(spec.actions)}}
    return Driver(sensor, space, spec, shape, max_ticks, laps, race), weights


class Samples(NamedTuple):
    """What exploring cars of a rollout learn from, (max_ticks, cars, ...); stale after an episode's end."""

    seen: dict[str, Array]  # before the action
    action: Array  # (..., A) float32
    chance: Array  # log probability of the action
    value: Array  # by the critic, before the action


class Rolling(NamedTuple):
    """A rollout under way."""

    samples: Samples
    episodes: Episode  # (cars + trials,)
    tick: Array  # () int32


def encode(spec: NetworkSpec, weights: Weights, seen: dict[str, Array]) -> Array:
    """Features (B, features) that the hidden layers of policy and critic read, of observations (B, ...)."""
    return jax.vmap(lambda one: network.encode(spec, weights["policy"], one))(seen)


def spread_of(spec: NetworkSpec, weights: Weights, features: Array) -> Array:
    """Log standard deviations: (A,), the same everywhere, or (..., A), where a network says them."""
    spread = weights["spread"]
    if "log" in spread:
        return spread["log"]
    return jnp.clip(network.head(spec, spread, features), LEAST_LOG_SPREAD, MOST_LOG_SPREAD)


def policy_and_value(spec: NetworkSpec, weights: Weights, features: Array) -> tuple[Array, Array]:
    """Outputs of the policy (..., O) and values of the critic (...), 0 where there is none."""
    outputs = network.head(spec, weights["policy"], features)
    if "value" not in weights:
        return outputs, jnp.zeros(features.shape[:-1])
    return outputs, network.head(value_spec(spec), weights["value"], features)[..., 0]


@partial(jax.jit, static_argnums=(0, 2))
def begin(driver: Driver, bank: Bank, cars: int, shares: Array, objects: Objects) -> Rolling:
    """A rollout from given shares of the lap: the first `cars` lanes explore, the others drive greedily.

    objects: of each lane, stacked (lanes, K).
    """
    episodes = jax.vmap(driver.trial(bank).begin)(shares, objects)
    seen = jax.eval_shape(lambda one: driver.seen(bank, one), jax.tree.map(lambda x: x[0], episodes))
    actions = 1 if isinstance(driver.space, Choices) else 2
    rows = (driver.max_ticks, cars)
    samples = Samples(
        {name: jnp.zeros((*rows, *part.shape), part.dtype) for name, part in seen.items()},
        jnp.zeros((*rows, actions)),
        jnp.zeros(rows),
        jnp.zeros(rows),
    )
    return Rolling(samples, episodes, jnp.int32(0))


@partial(jax.jit, static_argnums=(0, 2), donate_argnums=4)
def stretch(
    driver: Driver, bank: Bank, cars: int, weights: Weights, rolling: Rolling, key: Array, rollout: Array
) -> tuple[Rolling, Array]:
    """Up to STRETCH ticks, less when every episode has ended; also the rows (STRETCH, lanes, len(ROW)).

    Where objects drive, their poses (K * 4) follow in each row.
    What is drawn follows from the key, the number of the rollout and that of the tick.
    """
    trial = driver.trial(bank)
    key = jax.random.fold_in(key, rollout)

    def goes_on(carry: tuple[Rolling, Array, Array]) -> Array:
        rolling, at, _ = carry
        running = (rolling.episodes.status == Status.IN_PROGRESS).any()
        return (at < STRETCH) & running & (rolling.tick < driver.max_ticks)

    def tick(carry: tuple[Rolling, Array, Array]) -> tuple[Rolling, Array, Array]:
        (samples, episodes, number), at, rows = carry
        seen = jax.vmap(lambda one: driver.seen(bank, one))(episodes)
        features = encode(driver.spec, weights, seen)
        outputs, value = policy_and_value(driver.spec, weights, features)
        spread = spread_of(driver.spec, weights, features[:cars])
        drawn = driver.sample(jax.random.fold_in(key, number), outputs[:cars], spread)
        chance, _ = driver.chance(outputs[:cars], spread, drawn)
        action = jnp.concatenate([drawn, driver.greedy(outputs[cars:])])
        command = driver.command(action)
        alive = episodes.status == Status.IN_PROGRESS
        moved = keep(alive, jax.vmap(trial.tick)(episodes, command), episodes)
        wheels = jax.vmap(trial.wheels_on_road)(moved.state).sum(-1)
        motion = moved.state.motion
        row = jnp.stack(
            [
                *(motion.x, motion.y, motion.c, motion.s),
                *(moved.metres, moved.step, moved.status, wheels),
                *(action[:, 0], command[:, 0], command[:, 1], alive),
            ],
            axis=-1,
        ).astype(jnp.float32)
        if driver.race.moving:
            row = jnp.concatenate([row, moved.state.boxes.reshape(len(row), -1)], axis=-1)
        own = Samples({name: part[:cars] for name, part in seen.items()}, drawn, chance, value[:cars])
        samples = jax.tree.map(lambda all_, new: all_.at[number].set(new), samples, own)
        return Rolling(samples, moved, number + 1), at + 1, rows.at[at].set(row)

    width = len(ROW) + (4 * driver.race.objects if driver.race.moving else 0)
    rows = jnp.zeros((STRETCH, rolling.episodes.status.shape[0], width))
    rolling, _, rows = jax.lax.while_loop(goes_on, tick, (rolling, jnp.int32(0), rows))
    return rolling, rows
