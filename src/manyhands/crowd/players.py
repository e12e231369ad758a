"""What scripted players do at the wheel: whole attempts, simulated in one compiled batch of mixed kinds.

A player watches the champion drive. People-like kinds take over when the model is about to do something else
than they would, and hold the wheel for at least 10 ticks; vandals take over at random. Their skill comes from
a trained driver that is not the reference, with smooth noise added (hands are coarse, not jittery).
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from manyhands.envs.core import Task
from manyhands.policies import network
from manyhands.policies.network import NetworkSpec, Params
from manyhands.policies.simulate import keep

HOLD_TICKS = 10


class Hand(IntEnum):
    """How a player moves the wheel while holding it."""

    DRIVER = 0  # like its trained driver, with noise
    AGAINST = 1  # away from what its driver would do, full throttle
    RANDOM = 2  # smooth noise only
    COPY = 3  # exactly as the champion
    DANGER = 4  # 8 ticks against, a pause, then a rescue


@dataclass(frozen=True)
class Kind:
    """One kind of player.

    noise: standard deviation of the smooth noise on its actions; urge: chance per tick to take over without
    need; wakes: whether it takes over when the champion errs; whole: holds the wheel throughout.
    """

    hand: Hand
    noise: float = 0.0
    urge: float = 0.0
    wakes: bool = True
    whole: bool = False


KINDS = {
    "skilled": Kind(Hand.DRIVER),
    "casual": Kind(Hand.DRIVER, noise=0.25),
    "careless": Kind(Hand.DRIVER, noise=0.7),
    "troll": Kind(Hand.AGAINST, urge=0.03, wakes=False),
    "random": Kind(Hand.RANDOM, urge=0.03, wakes=False),
    "idle": Kind(Hand.COPY, wakes=False),
    "copycat": Kind(Hand.COPY, urge=0.03, wakes=False),
    "danger": Kind(Hand.DANGER, urge=0.02, wakes=False),
    "demonstrator": Kind(Hand.DRIVER, whole=True),
}


class Traits(NamedTuple):
    """The kinds of a batch as arrays (B,)."""

    hand: Array
    noise: Array
    urge: Array
    wakes: Array
    whole: Array


def traits(kinds: list[Kind]) -> Traits:
    """Arrays of the given kinds, one player each."""
    return Traits(
        hand=jnp.array([int(kind.hand) for kind in kinds]),
        noise=jnp.array([kind.noise for kind in kinds], jnp.float32),
        urge=jnp.array([kind.urge for kind in kinds], jnp.float32),
        wakes=jnp.array([kind.wakes for kind in kinds]),
        whole=jnp.array([kind.whole for kind in kinds]),
    )


class Played(NamedTuple):
    """Attempts of a batch; ticks after the end of an attempt hold zeros."""

    actions: Array  # (T, B, A) int8
    actors: Array  # (T, B) uint8
    ticks: Array  # (B,) int32
    final: Any  # pytree (B, ...)


class _Wheel(NamedTuple):
    state: Any
    alive: Array
    hold: Array
    noise: Array
    phase: Array


def _hand_action(trait: Traits, model: Array, driver: Array, noise: Array, phase: Array) -> Array:
    """Commanded action (A,) of one player."""
    like = jnp.clip(driver + trait.noise * noise, -1.0, 1.0)
    against = jnp.concatenate([-jnp.sign(driver[:1] + 1e-6), jnp.ones(len(driver) - 1)])
    random = jnp.clip(1.2 * noise, -1.0, 1.0)
    danger = jnp.where(phase < 8, against, driver)
    return jnp.stack([like, against, random, model, danger])[trait.hand]


@partial(jax.jit, static_argnums=(0, 1, 2))
def play(
    task: Task,
    sight: Task,
    specs: tuple[NetworkSpec, NetworkSpec],
    params: tuple[Params, Params],
    players: Traits,
    states: Any,
    key: Array,
) -> Played:
    """Play a batch of attempts.

    task: as the champion sees it; sight: the same as the player's driver sees it; specs, params:
    networks and weights of the champion and of the driver whose skill the players have; states: stacked
    starts (B, ...).
    """
    spec, driver_spec = specs
    champion, driver = params

    def decide(trait: Traits, state: Any, wheel: tuple[Array, ...], key: Array) -> tuple[Array, ...]:
        hold, noise, phase = wheel
        model = network.act(spec, champion, task.observe(state))
        wanted = network.act(driver_spec, driver, sight.observe(state))
        draw, chance = jax.random.split(key)
        noise = 0.8 * noise + 0.6 * jax.random.normal(draw, model.shape)
        gap = jnp.abs(model - wanted)
        need = trait.wakes & ((gap[0] > 0.35) | (gap[1:] > 0.7).any())
        begin = need | (jax.random.uniform(chance) < trait.urge) & (hold == 0)
        length = jnp.where(trait.hand == Hand.DANGER, 40, HOLD_TICKS)
        hold = jnp.where(begin, length, jnp.maximum(hold - 1, 0))
        phase = jnp.where(begin & ~need, 0, phase + 1)
        # A danger-maker lets go between the danger it made and its rescue.
        pause = (trait.hand == Hand.DANGER) & (phase >= 8) & (phase < 11)
        held = trait.whole | ((hold > 0) & ~pause)
        action = jnp.where(held, _hand_action(trait, model, wanted, noise, phase), model)
        return task.quantise(action), held, hold, noise, phase

    def tick(wheel: _Wheel, key: Array) -> tuple[_Wheel, tuple[Array, Array, Array]]:
        keys = jax.random.split(key, len(wheel.hold))
        hands = (wheel.hold, wheel.noise, wheel.phase)
        action, held, hold, noise, phase = jax.vmap(decide)(players, wheel.state, hands, keys)
        moved, _, crashed = jax.vmap(task.step)(wheel.state, action)
        alive = wheel.alive
        state = keep(alive, moved, wheel.state)
        seen = (jnp.where(alive[:, None], action, 0), (held & alive).astype(jnp.uint8), alive)
        return _Wheel(state, alive & ~crashed, hold, noise, phase), seen

    count = players.hand.shape[0]
    axes = spec.actions
    begin = _Wheel(
        states, jnp.ones(count, bool), jnp.zeros(count, int), jnp.zeros((count, axes)), jnp.zeros(count, int)
    )
    last, (actions, actors, alive) = jax.lax.scan(tick, begin, jax.random.split(key, task.max_ticks))
    return Played(actions.astype(jnp.int8), actors, alive.sum(axis=0), last.state)
