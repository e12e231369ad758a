"""Eyes for camera policies: an encoder trained to tell distances from single pictures, without any driving.

Supervised regression from a picture at a random pose on a random road to what a lidar measures there. The
encoder is frozen afterwards; what people teach is learned behind it, as fast as behind a lidar.

    python -m manyhands.learners.perception --out encoder.safetensors
"""

import argparse
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import Array

from manyhands.envs.racer import task as racer
from manyhands.envs.racer.rules import State
from manyhands.envs.racer.sensors import Camera, Lidar
from manyhands.envs.racer.task import RacerTask
from manyhands.policies import network
from manyhands.policies.files import Policy, dump
from manyhands.policies.network import Encoder, NetworkSpec, Params


@dataclass(frozen=True)
class Config:
    """Settings of one training."""

    steps: int = 12_000
    """minibatches"""
    batch: int = 256
    """fresh pictures per minibatch; none is seen twice"""
    learning_rate: float = 2e-3
    """of Adam, falling to zero along a cosine"""
    beams: int = 24
    """distances to tell"""
    spread_rad: float = 0.75
    """they lie within the picture's field of view"""


def anywhere(task: RacerTask, key: Array) -> State:
    """A state at any pose on the road, boxes all around, heading up to .5 rad off, speed 0 to 4 m/s."""
    first, second, third = jax.random.split(key, 3)
    state = task.start(first)
    bank = task.racer.bank
    waypoint = jax.random.randint(second, (), 0, bank.half_width.shape[1])
    draw = jax.random.uniform(third, (3,), minval=-1.0, maxval=1.0)
    centre, tangent = bank.centre[state.track, waypoint], bank.tangent[state.track, waypoint]
    side = 0.9 * draw[0] * bank.half_width[state.track, waypoint]
    cos, sin = jnp.cos(0.5 * draw[1]), jnp.sin(0.5 * draw[1])
    motion = state.motion._replace(
        x=centre[0] - tangent[1] * side,
        y=centre[1] + tangent[0] * side,
        c=tangent[0] * cos - tangent[1] * sin,
        s=tangent[1] * cos + tangent[0] * sin,
        v=2.0 + 2.0 * draw[2],
    )
    return state._replace(motion=motion, waypoint=waypoint)


def train(task: RacerTask, config: Config, spec: NetworkSpec, key: Array) -> tuple[Params, Array]:
    """Parameters of encoder and distance head, and the mean absolute error per 100 steps."""
    lidar = Lidar(beams=config.beams, spread_rad=config.spread_rad)
    optimiser = optax.adam(optax.cosine_decay_schedule(config.learning_rate, config.steps))

    def loss(params: Params, observation: Any, target: Array) -> tuple[Array, Array]:
        outputs = jax.vmap(lambda o: network.head(spec, params, network.encode(spec, params, o)))(observation)
        return ((outputs - target) ** 2).mean(), jnp.abs(outputs - target).mean()

    def step(carry: tuple[Params, Any], key: Array) -> tuple[tuple[Params, Any], Array]:
        params, state = carry
        scenes = jax.vmap(partial(anywhere, task))(jax.random.split(key, config.batch))
        observation = jax.vmap(task.observe)(scenes)
        target = jax.vmap(lambda s: task.racer.lidar(s, lidar)[: config.beams])(scenes)
        (_, error), gradient = jax.value_and_grad(loss, has_aux=True)(params, observation, target)
        change, state = optimiser.update(gradient, state)
        return (optax.apply_updates(params, change), state), error

    @jax.jit
    def chunk(carry: tuple[Params, Any], key: Array) -> tuple[tuple[Params, Any], Array]:
        carry, errors = jax.lax.scan(step, carry, jax.random.split(key, 100))
        return carry, errors.mean()

    first, *keys = jax.random.split(key, 1 + config.steps // 100)
    params = network.init(spec, first)
    carry, errors = (params, optimiser.init(params)), []
    begun = time.perf_counter()
    for number, chunk_key in enumerate(keys):
        carry, error = chunk(carry, chunk_key)
        errors.append(error)
        if number % 10 == 9:
            print(
                f"{100 * (number + 1):6d} steps {time.perf_counter() - begun:5.0f} s  "
                f"error {float(error):.4f}",
                flush=True,
            )
    return carry[0], jnp.stack(errors)


def main() -> None:
    """Train the encoder of the default camera and write it as a policy file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=Config().steps)
    arguments = parser.parse_args()
    config = Config(steps=arguments.steps)
    camera = Camera()
    task = racer.make({"sensor": racer.plain_sensor(camera)}, "play")
    encoder = Encoder(height=camera.height, width=camera.width)
    spec = NetworkSpec(task.vector, (128,), "relu", "box", actions=config.beams, encoder=encoder)
    params, _ = train(task, config, spec, jax.random.key(arguments.seed))
    arguments.out.write_bytes(dump(Policy("racer-v0", racer.plain_sensor(camera), spec, params)))


if __name__ == "__main__":
    main()
