"""Writes the shared vectors of `racer-v0`: what every implementation of its rules must reproduce.

    python tests/vectors/make_racer.py

The numbers come from running the rules one operation at a time (no compiler may fuse two roundings into one),
so an implementation that rounds every operation to float32 can match them to the bit. JSON numbers are exact.
"""

import base64
import hashlib
import json
import math
import zlib
from pathlib import Path
from typing import Any

import jax
import numpy as np

from manyhands.envs.racer import actions, obstacles, race_types, rules, time_trial, tracks
from manyhands.envs.racer.car import PRESETS, CarParams
from manyhands.envs.racer.race_types import TIME_TRIAL, Place, RaceType
from manyhands.envs.racer.rules import Conditions
from manyhands.envs.racer.sensors import Camera, Lidar, SectorLidar, StereoCamera
from manyhands.envs.racer.task import RacerTask, plain_sensor
from manyhands.envs.racer.time_trial import Status
from manyhands.garage.driving import Driver
from manyhands.garage.networks import spec_of
from manyhands.policies import network
from manyhands.policies.files import Policy, dump
from manyhands.policies.network import Encoder, NetworkSpec

FOLDER = Path(__file__).parent
TRACKS = ("gen-0", "gen-7", "crossroads")
TICKS = 300
EVERY = 30

Json = dict[str, Any]


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def numbers(array: Any) -> list[float]:
    """Exact values of a float32 array, flattened row by row."""
    return [float(value) for value in np.asarray(array, np.float32).ravel()]


def track_vectors() -> Json:
    """Geometry and bytes of a few roads."""
    found = []
    for track_id in TRACKS:
        road = tracks.track(track_id)
        cells = road.distance.tobytes()
        found.append(
            {
                "id": road.id,
                "name": road.name,
                "length_m": road.length_m,
                "spacing_m": road.spacing_m,
                "centre": numbers(road.centre),
                "tangent": numbers(road.tangent),
                "half_width": numbers(road.half_width),
                "shape": list(road.distance.shape),
                "grid_sha256": hashlib.sha256(cells).hexdigest(),
                "grid_zlib": text(zlib.compress(cells, 9)),
            }
        )
    return {"cell_m": tracks.CELL_M, "distance_step_m": tracks.DISTANCE_STEP_M, "tracks": found}


def pursuit(road: tracks.Track, car: CarParams, state: rules.State) -> tuple[float, float]:
    """A command that follows the centre line: aim at a point ahead, slow down in bends."""
    motion = state.motion
    target = road.centre[(int(state.waypoint) + 7) % len(road.centre)]
    x, y = target[0] - float(motion.x), target[1] - float(motion.y)
    side = float(motion.c) * y - float(motion.s) * x
    steer = math.atan(car.wheelbase_m * 2.0 * side / (x * x + y * y)) / car.max_steer_rad
    # A car whose yaw lags has to go slower.
    speed = (2.0 if car.yaw_rate > 0.1 else 1.1) - 0.5 * abs(steer)
    return steer, 2.0 * (speed - car.min_speed_mps) / (car.max_speed_mps - car.min_speed_mps) - 1.0


def drive_case(track_id: str, conditions: Conditions, seed: int, noise: float) -> Json:
    """One drive of TICKS ticks, or until the crash, with its state every EVERY ticks."""
    task = RacerTask((track_id,), Lidar(), conditions)
    road = tracks.track(track_id)
    state = task.start(jax.random.key(seed))
    rng = np.random.default_rng(seed)
    case = {"conditions": conditions.__dict__, "start": task.to_plain(state), "crash_tick": None}
    actions, states, progress = [], [], 0.0
    for tick in range(1, TICKS + 1):
        command = np.array(pursuit(road, task.racer.car, state)) + rng.normal(0.0, noise, 2)
        action = np.floor(np.clip(command, -1.0, 1.0) * 127.0 + 0.5).astype(np.int8)
        actions.append(action)
        state, passed, crashed = task.step(state, action)
        progress += float(passed)
        if tick % EVERY == 0 or crashed:
            plain = task.to_plain(state)
            states.append(
                {"tick": tick, "progress": progress} | {k: plain[k] for k in ("waypoint", "along", "motion")}
            )
        if crashed:
            case["crash_tick"] = tick
            break
    return case | {"actions": text(np.stack(actions).tobytes()), "states": states}


def drive_vectors() -> Json:
    """Drives with every car: long ones on an empty road, one over slippery patches, one into a box."""
    cases = [drive_case("gen-0", Conditions(car=car, boxes=0), 1, 0.1) for car in PRESETS]
    cases.append(drive_case("crossroads", Conditions(boxes=0, patch_grip=0.3), 2, 0.15))
    cases.append(drive_case("gen-7", Conditions(), 3, 0.1))
    return {
        "ticks_per_s": rules.TICKS_PER_S,
        "cars": {k: v._asdict() for k, v in PRESETS.items()},
        "cases": cases,
    }


def sensor_vectors() -> Json:
    """What the default sensors, a wide lidar and a large camera see from a few starts."""
    cases = []
    wide, large = Lidar(beams=64, spread_rad=math.radians(150.0)), Camera(width=64, height=48)
    stereo = StereoCamera(width=24, height=16)
    sectors = {"sectors": SectorLidar(), "levels": SectorLidar(levels=4, within_m=2.0)}
    for seed, track_id in enumerate((*TRACKS, *TRACKS)):
        task = RacerTask((track_id,), Lidar(), Conditions())
        racer, state = task.racer, task.start(jax.random.key(100 + seed))
        seen = {"start": task.to_plain(state), "proprio": numbers(racer.proprio(state))}
        seen["lidar"] = numbers(racer.lidar(state, Lidar()))
        seen["camera"] = text(np.asarray(racer.camera(state, Camera())).tobytes())
        if seed < 2:
            seen["wide_lidar"] = numbers(racer.lidar(state, wide))
            seen["large_camera"] = text(np.asarray(racer.camera(state, large)).tobytes())
        seen["stereo"] = text(np.asarray(racer.camera(state, stereo)).tobytes())
        for name, sensor in sectors.items():
            seen[name] = numbers(racer.lidar(state, sensor))
        cases.append(seen)
    sensors = {"lidar": Lidar(), "camera": Camera(), "wide_lidar": wide, "large_camera": large}
    sensors |= {"stereo": stereo} | sectors
    return {"sensors": {name: plain_sensor(sensor) for name, sensor in sensors.items()}, "cases": cases}


def network_vectors() -> Json:
    """Policy files with observations, head outputs and decided actions."""
    encoder = Encoder(height=32, width=48, channels=(8, 12), features=16)
    eyes = Encoder(16, 24, (5, 3), (4, 6), 8, (2, 1), 2, "tanh", "relu")
    kinds: list[tuple[Lidar | Camera, NetworkSpec]] = [
        (Lidar(), NetworkSpec(vector=27, hidden=(32, 32))),
        (Lidar(), NetworkSpec(vector=27, hidden=(24,), activation="tanh", head="box")),
        (Camera(), NetworkSpec(vector=3, hidden=(32,), encoder=encoder)),
        (Lidar(), NetworkSpec(vector=27, hidden=(24,), head="choice", bins=(3,), actions=1)),
        (SectorLidar(), NetworkSpec(vector=11, hidden=(16,), activation="tanh", head="tanh")),
        (StereoCamera(width=24, height=16), NetworkSpec(vector=3, hidden=(), head="box", encoder=eyes)),
    ]
    cases = []
    for seed, (sensor, spec) in enumerate(kinds):
        task = RacerTask(TRACKS[:1], sensor, Conditions())
        # A fresh head is nearly flat; a larger one makes the choice of the best bin unmistakable.
        params = network.init(spec, jax.random.key(seed))
        params["head.w"] = params["head.w"] * 20.0
        policy = Policy("racer-v0", plain_sensor(sensor), spec, params)
        looks = []
        for start in range(4):
            seen = task.observe(task.start(jax.random.key(200 + start)))
            outputs = network.head(spec, params, network.encode(spec, params, seen))
            look = {"vector": numbers(seen["vector"]), "outputs": numbers(outputs)}
            look["action"] = numbers(network.decide(spec, outputs))
            if "image" in seen:
                look["image"] = text(np.asarray(seen["image"]).tobytes())
            looks.append(look)
        cases.append({"policy": text(dump(policy)), "observations": looks})
    return {"cases": cases}


def trial_case(
    track_id: str,
    share: float,
    turned: bool = False,
    max_ticks: int = 450,
    astray: int = 450,
    race: RaceType = TIME_TRIAL,
) -> Json:
    """One episode; from tick `astray` on the wheel is held to the left."""
    road = tracks.turned(tracks.track(track_id)) if turned else tracks.track(track_id)
    trial = time_trial.make(time_trial.bank_of(road), road.distance.shape, max_ticks, race=race)
    word = race_types.words(7, [0])[0]
    objects = obstacles.placed(race, road, word)
    middle = obstacles.cleared(share * road.length_m, objects.along, road.length_m)
    share = float(np.float32(middle / road.length_m % 1.0))
    episode = trial.begin(np.float32(share), objects)
    case: Json = {"track": track_id, "share": share, "turned": turned, "max_ticks": max_ticks}
    case |= {"race": race.plain, "word": word}
    commands, states = [], []

    def note() -> None:
        state = episode.state
        states.append(
            {"tick": int(episode.step), "metres": float(episode.metres), "before": float(episode.before)}
            | {"waypoint": int(state.waypoint), "along": float(state.along)}
            | {"motion": numbers(np.array(state.motion)), "wheels": int(trial.wheels_on_road(state).sum())}
            | {"status": Status(int(episode.status)).name.lower()}
            | {"boxes": numbers(np.array(state.boxes)[: race.objects])}
        )

    note()
    while episode.status == Status.IN_PROGRESS:
        steer, throttle = pursuit(road, trial.racer.car, episode.state)
        command = np.array((1.0 if episode.step >= astray else steer, throttle), np.float32).clip(-1.0, 1.0)
        commands.append(command)
        episode = trial.tick(episode, command)
        if episode.step % EVERY == 0 or episode.status != Status.IN_PROGRESS:
            note()
    return case | {"commands": numbers(np.array(commands)), "states": states}


def command_case(space: actions.ActionSpace) -> Json:
    """What a car is commanded for a few outputs of a network."""
    sensor = Lidar(beams=64, spread_rad=2.618)
    spec = spec_of(sensor, space, "shallow")
    driver = Driver(sensor, space, spec, (1, 1), 1)
    params = network.init(spec, jax.random.key(0))
    params["head.w"] = params["head.w"] * 20.0
    policy = Policy("racer-v0", plain_sensor(sensor), spec, params, space.plain)
    looks = []
    for vector in np.random.default_rng(5).uniform(0.0, 1.0, (6, spec.vector)).astype(np.float32):
        outputs = network.head(spec, params, vector[None])
        looks.append(
            {"vector": numbers(vector), "command": numbers(driver.command(driver.greedy(outputs))[0])}
        )
    return {"policy": text(dump(policy)), "observations": looks}


BOX = RaceType("object_avoidance", 1, (Place(15.5, "outside"),))
BOTS = RaceType("head_to_bot", 3, speed_mps=0.7, changes=True, change_s=(1.0, 2.0))


def trial_vectors() -> Json:
    """Episodes with every common end, commands of action spaces, and lists that the generator makes."""
    forms = [(5, 30.0, 2, 1.0), (3, 12.5, 3, 4.0), (7, 25.0, 1, 0.1)]
    generated = [
        {
            "form": dict(zip(actions.DEFAULT_GENERATOR, form, strict=True)),
            "list": actions.generate(*form).plain,
        }
        for form in forms
    ]
    return {
        "episodes": [
            trial_case("gen-0", 0.0),
            trial_case("crossroads", 0.35, turned=True, astray=20),
            trial_case("gen-7", 0.91, max_ticks=45),
            trial_case("gen-0", 0.05, max_ticks=20, race=RaceType("object_avoidance", 4)),
            trial_case("gen-0", 0.1, race=BOX),
            trial_case("gen-7", 0.1, race=BOTS, max_ticks=45),
        ],
        "commands": [
            command_case(actions.generate(5, 30.0, 2, 1.0)),
            command_case(actions.Ranges((-30.0, 25.0), (0.5, 3.0))),
        ],
        "generated": generated,
    }


VECTORS = {
    "racer-track.json": track_vectors,
    "racer-drive.json": drive_vectors,
    "racer-sensors.json": sensor_vectors,
    "racer-network.json": network_vectors,
    "racer-trial.json": trial_vectors,
}


def main() -> None:
    with jax.disable_jit():
        for name, make in VECTORS.items():
            (FOLDER / name).write_text(json.dumps(make(), separators=(",", ":"), allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
