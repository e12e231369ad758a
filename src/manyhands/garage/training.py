"""A training: rollouts of whole episodes, rewards by the user's function, updates; the best policy is kept.

An iteration drives `num_episodes_between_training` episodes with the present policy, one for each car, and
beside them greedy trials, which measure that policy. Rewards of a stretch are computed while the next one is
driven. Everything is drawn from the seed: the same order gives the same policy, bit for bit, on one machine.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from manyhands.envs.racer import obstacles, race_types, time_trial, tracks
from manyhands.envs.racer.actions import ActionSpace, Choices, degrees_and_speeds
from manyhands.envs.racer.car import PRESETS
from manyhands.envs.racer.obstacles import Objects
from manyhands.envs.racer.race_types import TIME_TRIAL, RaceType
from manyhands.envs.racer.rules import Bank
from manyhands.envs.racer.sensors import Camera, Lidar
from manyhands.envs.racer.time_trial import (
    CAR,
    CENTRE_AHEAD_M,
    FRONT_AHEAD_M,
    START_STEP,
    WHEELS_M,
    Status,
    line_crossing_s,
)
from manyhands.envs.racer.tracks import Track
from manyhands.errors import InputError
from manyhands.garage import driving, learning
from manyhands.garage.driving import AT, Driver, Rolling, Weights
from manyhands.garage.hyperparameters import Algorithm as AlgorithmName
from manyhands.garage.hyperparameters import Hyperparameters
from manyhands.garage.learning import Algorithm, Experience, RewardScale, Terms, TrainState
from manyhands.garage.metadata import Network
from manyhands.garage.networks import spec_of
from manyhands.garage.params import Trace
from manyhands.garage.ppo import Ppo
from manyhands.garage.recording import Drives, Recording, driven
from manyhands.garage.reinforce import PolicyGradient
from manyhands.garage.sac import Sac
from manyhands.policies.files import Policy
from manyhands.types import Json

Reward = Callable[[Trace], NDArray[np.float64]]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
MAX_TICKS = 1000
ALGORITHMS: dict[AlgorithmName, Callable[[Terms], Algorithm]] = {
    "ppo": Ppo,
    "sac": Sac,
    "policy-gradient": PolicyGradient,
}


@dataclass(frozen=True)
class Order:
    """What is to be trained.

    reversed: drive the road against the direction of its file. trials: greedy episodes of an iteration, from
    starts spread evenly over the lap. max_ticks: after which an episode is ended. race: what else is on the
    road.
    """

    track: Track
    space: ActionSpace
    sensor: Lidar | Camera
    hyper: Hyperparameters = field(default_factory=Hyperparameters)
    reversed: bool = False
    network: Network = "shallow"
    seed: int = 0
    trials: int = 5
    max_ticks: int = MAX_TICKS
    race: RaceType = TIME_TRIAL


@dataclass(frozen=True)
class Iteration:
    """Figures of one iteration, all of the policy that drove it.

    reward: mean sum of an episode's rewards. completion: mean percentage of the lap, of exploring cars and of
    greedy trials. entropy: mean negative log probability of the actions taken, in nats. laps_ms: of complete
    laps. best: whether its trials were the best so far.
    """

    number: int
    episodes: int
    steps: int
    seconds: float
    reward: float
    completion: float
    completion_trials: float
    entropy: float
    laps_ms: list[int]
    trial_laps_ms: list[int]
    best: bool


class Training:
    """A training under way; `weights` is the present policy, `best` the one whose trials went best.

    The best is that of the highest mean progress; among equals, that of the shortest laps.
    """

    def __init__(self, order: Order, reward: Reward) -> None:
        self.order = order
        self.track = tracks.turned(order.track) if order.reversed else order.track
        self.history: list[Iteration] = []
        self.recording = Recording(order.hyper.num_episodes_between_training)
        self._reward = reward
        shape = (self.track.distance.shape[0], self.track.distance.shape[1])
        hyper = order.hyper
        spec = spec_of(order.sensor, order.space, order.network, hyper.algorithm)
        self.driver = Driver(order.sensor, order.space, spec, shape, order.max_ticks, race=order.race)
        self._bank: Bank = time_trial.bank_of(self.track)
        self._cars = hyper.num_episodes_between_training
        self._key = jax.random.key(order.seed, impl="rbg")
        self._algorithm = ALGORITHMS[hyper.algorithm](Terms(self.driver, hyper, self._cars, order.seed))
        shapes = jax.eval_shape(self._algorithm.begin, self._key)
        # The first run compiles for seconds: weights, rollout and update all at once.
        self._compiling = [
            threading.Thread(
                target=target,
                args=(jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes),),
                name=name,
            )
            for name, target in (
                ("compile-rollout", self._compile_stretch),
                ("compile-update", self._compile_update),
            )
        ]
        for thread in self._compiling:
            thread.start()
        self._state: TrainState = jax.jit(self._algorithm.begin)(self._key)
        self.best: Weights = self.weights
        self._best_rank = (-1.0, 0.0)
        self._begun_s = time.perf_counter()

    def _compile_stretch(self, nothing: TrainState) -> None:
        """Compile the rollout while the weights are made, by driving cars whose episodes have ended."""
        rolling = self._begin(0)
        ended = jnp.asarray(np.full(rolling.episodes.status.shape, Status.TIME_UP, np.int32))
        rolling = rolling._replace(episodes=rolling.episodes._replace(status=ended))
        self._stretch(nothing.weights, rolling)

    def _compile_update(self, nothing: TrainState) -> None:
        """Compile the update while the first rollout is driven, by making one of no steps."""
        self._algorithm.compile(nothing, self._begin(0).samples)

    def _begin(self, number: int) -> Rolling:
        objects = self._objects(number)
        shares = self._shares(number)
        if self.order.race.objects:
            length = self.track.length_m
            starts = zip(shares.tolist(), objects.along, strict=True)
            moved = [
                obstacles.cleared(share * length, along, length) / length % 1.0 for share, along in starts
            ]
            shares = np.array(moved, np.float32)
        begun: Rolling = driving.begin(self.driver, self._bank, self._cars, shares, objects)
        return begun

    def _shares(self, number: int) -> F32:
        """Where the lanes of an iteration start, as shares of the lap."""
        cars, trials = self._cars, self.order.trials
        explored = (number * cars + np.arange(cars)) * START_STEP % 1.0
        return np.append(explored, np.arange(trials) / max(1, trials)).astype(np.float32)

    def _objects(self, number: int) -> Objects:
        """Objects on each lane's road (lanes, K): drawn anew for exploring cars, the same in all trials."""
        cars, trials = self._cars, self.order.trials
        if not self.order.race.objects:
            return Objects(*(np.broadcast_to(part, (cars + trials, 0)) for part in obstacles.NOTHING))
        episodes = [*range(trials + number * cars, trials + (number + 1) * cars), *range(trials)]
        drawn = race_types.words(self.order.seed, episodes)
        lanes = [obstacles.placed(self.order.race, self.track, word) for word in drawn]
        return Objects(*(np.stack(part) for part in zip(*lanes, strict=True)))

    @property
    def weights(self) -> Weights:
        """Of the present policy."""
        return self._state.weights

    @property
    def seconds(self) -> float:
        """Since the training began."""
        return time.perf_counter() - self._begun_s

    def begin_with(self, policy: Policy) -> None:
        """Begin with a policy in place of a new one, and a new critic. Raises InputError for other shapes."""
        own = self.weights["policy"]
        shapes = [{name: leaf.shape for name, leaf in params.items()} for params in (own, policy.params)]
        if shapes[0] != shapes[1]:
            raise InputError(
                "This policy does not drive this car.",
                field="origin",
                remedy="Keep sensor, network and number of actions as they were.",
            )
        weights = self.weights | {"policy": policy.params}
        self._state = learning.fresh_state(weights, self.order.hyper)
        self.best = weights

    def kept(self) -> tuple[Json, dict[str, NDArray[Any]]]:
        """All that another process needs to go on, between two iterations: facts and arrays.

        It does not include what a reward function remembers, nor an algorithm's replay memory.
        """
        facts = {
            "history": [asdict(done) for done in self.history],
            "best_rank": list(self._best_rank),
            "unit": asdict(self._algorithm.reward_scale),
            "seconds": self.seconds,
        }
        leaves = jax.tree.leaves((self._state, self.best))
        return facts, {f"leaf-{place}": np.asarray(leaf) for place, leaf in enumerate(leaves)}

    def go_on(self, facts: Json, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Continue from what `kept` returned for a training of the same order."""
        shape = jax.tree.structure((self._state, self.best))
        leaves = [jnp.asarray(arrays[f"leaf-{place}"]) for place in range(len(arrays))]
        self._state, self.best = jax.tree.unflatten(shape, leaves)
        self.history = [Iteration(**done) for done in facts["history"]]
        self._best_rank = (facts["best_rank"][0], facts["best_rank"][1])
        self._algorithm.reward_scale = RewardScale(**facts["unit"])
        self._begun_s = time.perf_counter() - facts["seconds"]

    def iterate(self, learn: bool = True) -> Iteration:
        """Drive an iteration, note what it was like and, unless told otherwise, learn from it."""
        rolling, rows, rewards = self._roll()
        found = self._note(rolling, rows[:, :, AT["alive"]] > 0.0, rewards)
        if self.recording.wants(found.number, found.best):
            drives = self._drives(found.number, rows, rewards)
            self.recording.add(found.number, found.best, driven(found.number, drives))
        if learn:
            self._learn(rolling, rows, rewards)
        return found

    def _roll(self) -> tuple[Rolling, F32, F64]:
        """A rollout, its rows (T, lanes, len(ROW)) and the rewards (T, cars)."""
        number = len(self.history)
        rolling = self._begin(number)
        self._compiling[0].join()
        boxes = np.array(rolling.episodes.state.boxes)[: self._cars] if self.order.race.objects else None
        rows: list[F32] = []
        rewards: list[F64] = []
        rolling, ahead = self._stretch(self.weights, rolling)
        while True:
            # The next stretch is driven while this one is judged; after the last it is an empty one.
            rolling, following = self._stretch(self.weights, rolling)
            now = np.asarray(ahead)
            if not now[:, :, AT["alive"]].any():
                break
            rows.append(now)
            rewards.append(self._judge(now[:, : self._cars], boxes))
            ahead = following
        longest = self.order.max_ticks
        return rolling, np.concatenate(rows)[:longest], np.concatenate(rewards)[:longest]

    def _stretch(self, weights: Weights, rolling: Rolling) -> tuple[Rolling, Array]:
        number = np.int32(len(self.history))
        made: tuple[Rolling, Array] = driving.stretch(
            self.driver, self._bank, self._cars, weights, rolling, self._key, number
        )
        return made

    def _judge(self, rows: F32, boxes: F32 | None) -> F64:
        """Rewards (T, cars) of rows, 0 where no episode was under way; boxes (cars, K, 4): at its start."""
        alive = rows[:, :, AT["alive"]] > 0.0
        return np.where(alive, self._reward(trace_of(self.order, self.track, rows, boxes)), 0.0)

    def _drives(self, number: int, rows: F32, rewards: F64) -> Drives:
        """What was driven, with where each lane began."""
        trace = trace_of(self.order, self.track, rows)
        at = self._shares(number).astype(np.float64) * len(self.track.centre)
        before = at.astype(np.int64) % len(self.track.centre)
        here, there = self.track.centre[before], self.track.centre[(before + 1) % len(self.track.centre)]
        place = here + (at - np.floor(at))[:, None] * (there - here)
        yaw = np.arctan2(self.track.tangent[before, 1], self.track.tangent[before, 0])
        progress = np.full(len(at), 100.0 * (FRONT_AHEAD_M - CENTRE_AHEAD_M) / self.track.length_m)
        return Drives(
            trace,
            rows[:, :, AT["status"]].astype(np.int64),
            rows[:, :, AT["action"]].astype(np.int64) if isinstance(self.order.space, Choices) else None,
            rewards,
            np.column_stack([place, yaw, progress]),
        )

    def _note(self, rolling: Rolling, alive: NDArray[np.bool_], rewards: F64) -> Iteration:
        """Figures of a rollout; keeps its policy if its trials were the best so far."""
        cars = self._cars
        episodes = jax.tree.map(np.asarray, rolling.episodes)
        progress = 100.0 * np.minimum(episodes.metres / self.track.length_m, 1.0)
        laps = [_lap_ms(episodes, lane, self.track.length_m) for lane in range(len(progress))]
        trial_laps = [lap for lap in laps[cars:] if lap is not None]
        completion = float(progress[cars:].mean()) if self.order.trials else 0.0
        rank = (completion, -float(np.mean(trial_laps)) if trial_laps else -np.inf)
        best = rank > self._best_rank
        if best:
            self._best_rank, self.best = rank, jax.tree.map(np.array, self.weights)
        own = alive[:, :cars]
        chance = np.asarray(rolling.samples.chance)[: len(own)]
        found = Iteration(
            number=len(self.history),
            episodes=cars,
            steps=int(own.sum()),
            seconds=round(self.seconds, 3),
            reward=float(rewards.sum() / cars),
            completion=float(progress[:cars].mean()),
            completion_trials=completion,
            entropy=float(-chance[own].mean()),
            laps_ms=[lap for lap in laps[:cars] if lap is not None],
            trial_laps_ms=trial_laps,
            best=best,
        )
        self.history.append(found)
        return found

    def _learn(self, rolling: Rolling, rows: F32, rewards: F64) -> None:
        cars = self._cars
        alive = rows[:, :cars, AT["alive"]] > 0.0
        status = rows[:, :cars, AT["status"]]
        done = alive & (status > Status.IN_PROGRESS)
        cut = done & (status == Status.TIME_UP)
        made = Experience(len(self.history), rolling.samples, rewards, done, cut, alive)
        self._compiling[1].join()
        self._state = self._algorithm.learn(self._state, made)


def _lap_ms(episodes: Any, lane: int, length_m: float) -> int | None:
    """Time of a lane's lap, None where it is not complete."""
    if episodes.status[lane] != Status.LAP_COMPLETE:
        return None
    metres = float(episodes.before[lane]), float(episodes.metres[lane])
    return round(1000.0 * line_crossing_s(length_m, metres, int(episodes.step[lane])))


def trace_of(order: Order, track: Track, rows: F32, boxes: F32 | None = None) -> Trace:
    """What a reward function is told of rows (T, N, len(ROW)).

    boxes: (N, K, 4) poses of what stands on the road; of what drives there, poses follow in the rows.
    """

    def column(name: str) -> F32:
        return rows[:, :, AT[name]]

    c, s, status, alive = column("c"), column("s"), column("status"), column("alive") > 0.0
    if isinstance(order.space, Choices):
        told = np.array(order.space.actions)[column("action").astype(np.int64)]
    else:
        told = degrees_and_speeds(rows[:, :, AT["steer"] : AT["throttle"] + 1], PRESETS[CAR])
    return Trace(
        track=track,
        reversed=order.reversed,
        x=column("x") + CENTRE_AHEAD_M * c,
        y=column("y") + CENTRE_AHEAD_M * s,
        yaw=np.arctan2(s, c),
        speed=told[:, :, 1],
        steering=told[:, :, 0],
        progress=np.minimum(100.0 * column("metres") / np.float32(track.length_m), 100.0),
        step=column("step").astype(np.int32),
        offtrack=status == Status.OFF_TRACK,
        crashed=status == Status.CRASHED,
        done=alive & (status > Status.IN_PROGRESS),
        wheels_on_track=column("wheels") == len(WHEELS_M),
        alive=alive,
        objects=_objects_of(order.race, rows, boxes),
    )


def _objects_of(race: RaceType, rows: F32, boxes: F32 | None) -> F32:
    """Places, headings and speeds (N, K, 4), or (T, N, K, 4) of bot cars.

    As in DeepRacer's simulator, the heading of a bot car is in radians, that of a box 0.
    """
    if race.moving:
        poses = rows[:, :, len(AT) :].reshape(*rows.shape[:2], race.objects, 4)
        heading = np.arctan2(poses[..., 3], poses[..., 2])
        return np.stack([poses[..., 0], poses[..., 1], heading, np.full_like(heading, race.speed_mps)], -1)
    if boxes is None:
        return np.zeros((rows.shape[1], 0, 4), np.float32)
    return np.concatenate([boxes[..., :2], np.zeros_like(boxes[..., :2])], axis=-1)


def train(
    order: Order,
    reward: Reward,
    goes_on: Callable[[list[Iteration], float], bool],
    tell: Callable[[Iteration], object] | None = None,
) -> Training:
    """Train as long as `goes_on(history, seconds)`; the last policy is driven before it may be the best.

    KeyboardInterrupt ends the training and keeps what was best.
    """
    training = Training(order, reward)
    try:
        while goes_on(training.history, training.seconds):
            found = training.iterate()
            if tell:
                tell(found)
        found = training.iterate(learn=False)
        if tell:
            tell(found)
    except KeyboardInterrupt:
        pass
    return training
