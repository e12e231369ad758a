"""Stable-Baselines3's PPO and the garage's, one after the other, on the same episodes of the racer.

    python benchmarks/sb3.py [--track FILE.npy] [--seconds 300] [--seeds 1]

Needs `pip install stable-baselines3` beside manyhands; it is no dependency of ours. Both drive 20 cars with
the same 64 beams, actions, starts, ends and reward (metres made along the centre line), with DeepRacer's
hyperparameters and two layers of 64. The garage calls its reward function in the jail; the other side's is
compiled into its environment. After every update five greedy trials are driven by the same code. Each side is
a fresh process, whose seconds count from its start with nothing compiled: until the first policy whose trials
all complete their lap, and until one whose shortest lap is no longer than that of the garage's first.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

CARS, TRIALS, SPEED = 20, 5, 2.0
TICKS = 128  # of each car between two updates of the other side, about as many as an iteration here
LIMIT_TICKS = 1000
REWARD = """
last = 0.0

def reward_function(params):
    global last
    if params["steps"] <= 2:
        last = 0.0
    metres = params["progress"] * params["track_length"] / 100.0
    made, last = metres - last, metres
    return float(made)
"""


class Tally:
    """When laps were first complete, and first as short as asked for."""

    def __init__(self, begun_s: float, seconds: float, target_ms: int | None) -> None:
        self._begun_s, self._seconds, self._target_ms = begun_s, seconds, target_ms
        self.found: dict[str, Any] = {"finishes_s": None, "lap_ms": None, "target_s": None}

    def note(self, laps_ms: list[int], steps: int) -> None:
        """Take in a policy's trials, and the steps that were driven before it."""
        now_s = round(time.monotonic() - self._begun_s, 1)
        self.found |= {"driven": steps, "driven_s": now_s}
        if len(laps_ms) < TRIALS:
            return
        if self.found["finishes_s"] is None:
            self.found |= {"finishes_s": now_s, "lap_ms": min(laps_ms), "steps": steps}
            self._target_ms = self._target_ms or min(laps_ms)
        if self.found["target_s"] is None and self._target_ms and min(laps_ms) <= self._target_ms:
            self.found |= {"target_s": now_s, "target_steps": steps}

    @property
    def goes_on(self) -> bool:
        """Whether something is still to be found."""
        return self.found["target_s"] is None and time.monotonic() - self._begun_s < self._seconds


def order_of(track: str, seed: int) -> Any:
    """What both sides drive."""
    from manyhands.envs.racer import actions, tracks
    from manyhands.garage import orders, training

    space = actions.generate(5, 30.0, 2, SPEED)
    road = tracks.named(track, None)
    return training.Order(road, space, orders.sensor_of("lidar"), seed=seed, trials=TRIALS)


def ours(track: str, seed: int, tally: Tally, cache: Path) -> None:
    """Train in the garage."""
    from manyhands.computing import remember_compilations
    from manyhands.garage import training
    from manyhands.garage.params import columns
    from manyhands.garage.rewards.runner import RewardRunner

    remember_compilations(cache)
    driven = [0]

    def tell(done: Any) -> None:
        tally.note(done.trial_laps_ms, driven[0])
        driven[0] += done.steps

    with RewardRunner(REWARD, CARS) as runner:
        training.train(
            order_of(track, seed), lambda trace: runner.reward(columns(trace)), lambda *_: tally.goes_on, tell
        )


def programs(order: Any) -> Any:
    """Compiled beginnings (shares) and steps (episodes, actions, shares) of the garage's episodes."""
    import jax
    import jax.numpy as jnp

    from manyhands.envs.racer import time_trial
    from manyhands.envs.racer.time_trial import Status
    from manyhands.garage.driving import Driver
    from manyhands.garage.networks import spec_of

    spec = spec_of(order.sensor, order.space, "shallow")
    driver = Driver(order.sensor, order.space, spec, order.track.distance.shape, LIMIT_TICKS)
    bank = time_trial.bank_of(order.track)

    @jax.jit
    def begin(shares: Any) -> Any:
        fresh = jax.vmap(driver.trial(bank).begin)(shares)
        return fresh, jax.vmap(partial(driver.seen, bank))(fresh)["vector"]

    @jax.jit
    def step(running: Any, action: Any, shares: Any) -> Any:
        moved = jax.vmap(driver.trial(bank).tick)(running, driver.command(action[:, None]))
        last = jax.vmap(partial(driver.seen, bank))(moved)["vector"]
        done = moved.status != Status.IN_PROGRESS
        fresh, first = begin(shares)

        def pick(new: Any, old: Any) -> Any:
            return jnp.where(done.reshape((-1,) + (1,) * (old.ndim - 1)), new, old)

        made = moved.metres - moved.before
        return jax.tree.map(pick, fresh, moved), pick(first, last), made, done, moved.status, last

    return begin, step, spec.vector


def episodes(order: Any) -> Any:
    """Stable-Baselines3's form of many environments, over the episodes that the garage trains on."""
    from gymnasium import spaces
    from stable_baselines3.common.vec_env import VecEnv

    from manyhands.envs.racer.time_trial import START_STEP, Status

    begin, step, length = programs(order)

    class Episodes(VecEnv):  # type: ignore[misc]
        def __init__(self) -> None:
            seen = spaces.Box(-4.0, 4.0, (length,), np.float32)
            super().__init__(CARS, seen, spaces.Discrete(len(order.space.actions)))
            self.begun = 0

        def shares(self) -> Any:
            return ((self.begun + np.arange(CARS)) * START_STEP % 1.0).astype(np.float32)

        def reset(self) -> Any:
            self.running, seen = begin(self.shares())
            self.begun += CARS
            return np.array(seen)

        def step_async(self, actions: Any) -> None:
            self.actions = np.asarray(actions, np.float32)

        def step_wait(self) -> Any:
            self.running, *found = step(self.running, self.actions, self.shares())
            seen, made, done, status, last = (np.array(part) for part in found)  # torch writes to them
            self.begun += int(done.sum())
            infos: list[dict[str, Any]] = [{} for _ in range(CARS)]
            for car in np.flatnonzero(done):
                cut = bool(status[car] == Status.TIME_UP)
                infos[car] = {"terminal_observation": last[car], "TimeLimit.truncated": cut}
            return seen, made, done, infos

        def close(self) -> None:
            pass

        def get_attr(self, *_: Any, **__: Any) -> list[Any]:
            return [None] * CARS

        def set_attr(self, *_: Any, **__: Any) -> None:
            raise NotImplementedError

        def env_method(self, *_: Any, **__: Any) -> list[Any]:
            raise NotImplementedError

        def env_is_wrapped(self, *_: Any, **__: Any) -> list[bool]:
            return [False] * CARS

    return Episodes()


def params_of(model: Any) -> dict[str, np.ndarray]:
    """A Stable-Baselines3 policy of two hidden layers as parameters of a policy file."""
    net = model.policy.mlp_extractor.policy_net
    layers = {"hidden.0": net[0], "hidden.1": net[2], "head": model.policy.action_net}
    found = {}
    for name, layer in layers.items():
        found[f"{name}.w"] = layer.weight.detach().numpy().T.copy()
        found[f"{name}.b"] = layer.bias.detach().numpy().copy()
    return found


def trials_of(order: Any) -> Callable[[dict[str, np.ndarray]], list[int]]:
    """Lap times of the greedy trials of a policy's parameters."""
    import jax

    from manyhands.envs.racer import obstacles, time_trial
    from manyhands.envs.racer.obstacles import Objects
    from manyhands.envs.racer.time_trial import Status, line_crossing_s
    from manyhands.garage import driving
    from manyhands.garage.networks import spec_of

    spec = spec_of(order.sensor, order.space, "shallow")
    driver = driving.Driver(order.sensor, order.space, spec, order.track.distance.shape, LIMIT_TICKS)
    bank, key = time_trial.bank_of(order.track), jax.random.key(0, impl="rbg")
    shares = (np.arange(TRIALS) / TRIALS).astype(np.float32)
    empty = Objects(*(np.broadcast_to(part, (TRIALS, 0)) for part in obstacles.NOTHING))

    def drive(params: dict[str, np.ndarray]) -> list[int]:
        weights = {"policy": params, "spread": {"log": np.zeros(1, np.float32)}}
        rolling = driving.begin(driver, bank, 0, shares, empty)
        while (np.asarray(rolling.episodes.status) == Status.IN_PROGRESS).any():
            rolling, _ = driving.stretch(driver, bank, 0, weights, rolling, key, np.int32(0))
        ends = jax.tree.map(np.asarray, rolling.episodes)
        length_m = order.track.length_m
        return [
            round(1000 * line_crossing_s(length_m, (float(before), float(after)), int(step)))
            for before, after, step, status in zip(
                ends.before, ends.metres, ends.step, ends.status, strict=True
            )
            if status == Status.LAP_COMPLETE
        ]

    return drive


def theirs(track: str, seed: int, tally: Tally) -> None:
    """Train with Stable-Baselines3."""
    from stable_baselines3 import PPO
    from stable_baselines3.common.callbacks import BaseCallback

    order = order_of(track, seed)
    drive = trials_of(order)

    class Watch(BaseCallback):  # type: ignore[misc]
        def _on_rollout_start(self) -> None:
            tally.note(drive(params_of(self.model)), self.num_timesteps)

        def _on_step(self) -> bool:
            return tally.goes_on

    model = PPO(
        "MlpPolicy",
        episodes(order),
        n_steps=TICKS,
        batch_size=64,
        n_epochs=10,
        learning_rate=3e-4,
        gamma=0.99,
        ent_coef=0.01,
        policy_kwargs={"net_arch": [64, 64]},
        seed=seed,
        device="cpu",
    )
    model.learn(10**9, callback=Watch())


def start(side: str, options: argparse.Namespace, seed: int, target_ms: int | None) -> dict[str, Any]:
    """Figures of one side in a fresh process."""
    own = ["--track", options.track, "--seconds", str(options.seconds), "--side", side, "--seed", str(seed)]
    own += ["--begun-s", repr(time.monotonic())] + ([] if target_ms is None else ["--target", str(target_ms)])
    done = subprocess.run([sys.executable, __file__, *own], check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def show(side: str, seed: int, found: dict[str, Any]) -> None:
    cells = [
        "-" if found.get(name) is None else f"{found[name]:,}"
        for name in ("finishes_s", "steps", "lap_ms", "target_s", "target_steps", "driven", "driven_s")
    ]
    print(f"{side:20s} {seed:4d}" + "".join(f"{cell:>14s}" for cell in cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--track", default="kidney", help="an .npy file, or the id of a track")
    parser.add_argument("--seconds", type=float, default=300.0, help="most that a side may take")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each side")
    for name, kind in (("side", str), ("seed", int), ("begun-s", float), ("target", int)):
        parser.add_argument(f"--{name}", type=kind, help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        import stable_baselines3
    except ImportError:
        parser.exit(
            2,
            "Stable-Baselines3 is not installed; run `pip install stable-baselines3` in this environment.\n",
        )
    if options.side:
        tally = Tally(options.begun_s, options.seconds, options.target)
        if options.side == "garage":
            with tempfile.TemporaryDirectory() as cache:
                ours(options.track, options.seed, tally, Path(cache))
        else:
            theirs(options.track, options.seed, tally)
        print(json.dumps(tally.found))
        return
    print(f"{platform.machine()}, {date.today()}, {options.track}, SB3 {stable_baselines3.__version__}")
    names = ("finishes_s", "steps", "lap_ms", "same_lap_s", "its_steps", "driven", "driven_s")
    print(f"{'side':20s} {'seed':4s}" + "".join(f"{name:>14s}" for name in names))
    for seed in range(options.seeds):
        own = start("garage", options, seed, None)
        show("garage", seed, own)
        show("stable-baselines3", seed, start("stable-baselines3", options, seed, own["lap_ms"]))


if __name__ == "__main__":
    main()
