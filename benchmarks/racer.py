"""How many control ticks a second does the racer simulate on this machine, beside environments of its kind?

    python benchmarks/racer.py [--seconds 3] [--batch 2048]

Random actions throughout, restarts included. `compiled loop` runs ticks and observations in a compiled scan,
with a part of the batch on each processor, as the judge does; `vector` steps the Gymnasium vector from Python
and receives every observation there. The peers run in as many processes as there are processors; they need
the dependency group `bench`. Every figure is the best of the rounds, since other programs can only slow a
round down.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import gymnasium
import highway_env
import jax
import jax.numpy as jnp
import numpy as np

import manyhands
from manyhands.envs import lockstep
from manyhands.envs.racer.gymnasium_env import GENERATED
from manyhands.envs.racer.sensors import Camera, Lidar
from manyhands.envs.racer.task import RacerTask
from manyhands.policies.simulate import keep

NAME = "manyhands/Racer-v0"
ROUNDS = 5
TICKS = 64  # of one compiled loop


def rate(run: Callable[[], int], seconds: float) -> float:
    """Best steps a second of ROUNDS rounds that together take `seconds`; the first call only warms up."""
    run()
    best = 0.0
    for _ in range(ROUNDS):
        begin, steps = time.perf_counter(), 0
        while time.perf_counter() - begin < seconds / ROUNDS:
            steps += run()
        best = max(best, steps / (time.perf_counter() - begin))
    return best


def compiled(sensor: Lidar | Camera, batch: int) -> Callable[[], int]:
    """Batches of TICKS ticks in a scan; a car that leaves the road starts again."""
    task = RacerTask(GENERATED, sensor)
    fresh = jax.jit(jax.vmap(task.start))(jax.random.split(jax.random.key(0), batch))

    @jax.jit
    def loop(key: jax.Array, fresh: Any, cars: jax.Array) -> tuple[jax.Array]:
        def tick(carry: tuple[Any, jax.Array], actions: jax.Array) -> tuple[Any, None]:
            state, total = carry
            seen = jax.vmap(task.observe)(state)
            moved, passed, ended = jax.vmap(task.step)(state, actions)
            # Every pixel is used, so that none may be left out.
            used = sum(part.reshape(len(part), -1).astype(jnp.float32).sum(axis=-1) for part in seen.values())
            return (keep(ended, fresh, moved), total + passed + used), None

        key = jax.random.fold_in(key, cars[0])
        actions = jax.random.randint(key, (TICKS, len(cars), 2), -127, 128).astype(jnp.int8)
        (_, total), _ = jax.lax.scan(tick, (fresh, jnp.zeros(len(cars))), actions)
        return (total,)

    keys, cars = iter(range(10**9)), np.arange(batch)

    def run() -> int:
        lockstep.spread(partial(loop, jax.random.key(next(keys))), (fresh, cars), (0,))
        return TICKS * batch

    return run


def stepped(env: gymnasium.vector.VectorEnv[Any, Any, Any]) -> Callable[[], int]:
    """Four steps of a vector of environments."""
    env.reset(seed=0)
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(4)]

    def run() -> int:
        for action in actions:
            env.step(action)
        return len(actions) * env.num_envs

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="time for each row")
    parser.add_argument("--batch", type=int, default=2048, help="environments in one batch")
    options = parser.parse_args()
    gymnasium.register_envs(highway_env)
    processors = len(os.sched_getaffinity(0))
    camera = Camera()
    # Spawned, since a forked child would inherit the locks of JAX's threads.
    apart: dict[str, Any] = {
        "num_envs": processors,
        "vectorization_mode": "async",
        "vector_kwargs": {"context": "spawn"},
    }
    size = f"camera {camera.width}x{camera.height}"
    found = []
    for name, arguments in (
        ("racer, lidar 24, vector", {"id": NAME, "num_envs": options.batch}),
        (f"racer, {size}, vector", {"id": NAME, "num_envs": options.batch, "sensor": "camera"}),
        ("CarRacing-v3 (96x96 RGB)", {"id": "CarRacing-v3"} | apart),
        ("highway-v0 (5x5)", {"id": "highway-v0"} | apart),
        ("racetrack-v1 (2x12x12)", {"id": "racetrack-v1"} | apart),
    ):
        env = gymnasium.make_vec(**arguments)
        found.append((name, rate(stepped(env), options.seconds)))
        env.close()
    for name, sensor in (("lidar 24", Lidar()), (size, camera)):
        row = f"racer, {name}, compiled loop"
        found.insert(0, (row, rate(compiled(sensor, options.batch), options.seconds)))
    load = os.getloadavg()[0]
    print(f"manyhands {manyhands.__version__}, jax {jax.__version__}, gymnasium {gymnasium.__version__}")
    print(f"{platform.machine()}, {processors} processors, load {load:.1f}, {date.today()}\n")
    peers = {name: steps for name, steps in found if "racer," not in name}
    print(f"| environment | steps/s | {' | '.join(f'times {name.split()[0]}' for name in peers)} |")
    print(f"|---|---:|{'---:|' * len(peers)}")
    for name, steps in found:
        ratios = " | ".join(f"{steps / peer:,.0f}" if steps > peer else "" for peer in peers.values())
        print(f"| {name} | {float(np.format_float_positional(steps, 3, fractional=False)):,.0f} | {ratios} |")


if __name__ == "__main__":
    main()
