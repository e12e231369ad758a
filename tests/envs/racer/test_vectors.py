"""The compiled rules reproduce the shared vectors, which were made one rounding at a time."""

import base64
import hashlib
import json
import zlib
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from manyhands.envs.racer import actions, obstacles, race_types, time_trial, tracks
from manyhands.envs.racer.rules import Conditions
from manyhands.envs.racer.sensors import Lidar
from manyhands.envs.racer.task import RacerTask, parse_sensor
from manyhands.envs.racer.time_trial import Episode, Status
from manyhands.garage import driving
from manyhands.policies import network
from manyhands.policies.files import parse

FOLDER = Path(__file__).parents[2] / "vectors"


def load(name: str) -> Any:
    return json.loads((FOLDER / f"racer-{name}.json").read_text())


def raw(text: str) -> bytes:
    return base64.b64decode(text)


@pytest.mark.parametrize("expected", load("track")["tracks"], ids=lambda case: case["id"])
def test_track(expected: dict[str, Any]) -> None:
    road = tracks.track(expected["id"])
    np.testing.assert_allclose(road.centre.ravel(), expected["centre"], atol=1e-6)
    np.testing.assert_allclose(road.tangent.ravel(), expected["tangent"], atol=1e-5)
    cells = zlib.decompress(raw(expected["grid_zlib"]))
    assert hashlib.sha256(cells).hexdigest() == expected["grid_sha256"]
    # The last bit of a cosine may differ between machines, and with it a cell on a rounding edge.
    differing = np.count_nonzero(road.distance.ravel() != np.frombuffer(cells, np.int8))
    assert differing <= 10


@pytest.mark.parametrize("case", load("drive")["cases"], ids=lambda case: case["start"]["track"])
def test_drive(case: dict[str, Any]) -> None:
    task = RacerTask((case["start"]["track"],), Lidar(), Conditions(**case["conditions"]))
    actions = np.frombuffer(raw(case["actions"]), np.int8).reshape(-1, 2)

    def tick(state: Any, action: jax.Array) -> tuple[Any, Any]:
        state, passed, crashed = task.step(state, action)
        return state, (state, passed, crashed)

    start = task.from_plain(case["start"])
    _, (states, passed, crashed) = jax.jit(lambda: jax.lax.scan(tick, start, jnp.asarray(actions)))()
    first_crash = int(np.argmax(crashed)) + 1 if np.any(crashed) else None
    assert first_crash == case["crash_tick"]
    progress = np.cumsum(np.asarray(passed, np.float64))
    for expected in case["states"]:
        at = expected["tick"] - 1
        found = {name: float(values[at]) for name, values in states.motion._asdict().items()}
        assert np.hypot(found["x"] - expected["motion"]["x"], found["y"] - expected["motion"]["y"]) < 1e-3
        assert found == pytest.approx(expected["motion"], abs=2e-3)
        assert progress[at] == pytest.approx(expected["progress"], abs=2e-3)
        assert int(states.waypoint[at]) == expected["waypoint"]


@pytest.mark.parametrize("index", range(len(load("sensors")["cases"])))
def test_sensors(index: int) -> None:
    vectors = load("sensors")
    case = vectors["cases"][index]
    task = RacerTask((case["start"]["track"],), Lidar(), Conditions())
    state = task.from_plain(case["start"])
    for name, plain in vectors["sensors"].items():
        if name not in case:
            continue
        sensor = parse_sensor(plain)
        if isinstance(sensor, Lidar):
            seen = jax.jit(partial(task.racer.lidar, sensor=sensor))(state)
            # A fused product may move a ray across a cell border: one beam in twenty by a cell at most.
            gap = np.abs(np.asarray(seen) - case[name])
            assert np.mean(gap > 1e-5) <= 0.05
            assert gap.max() < 0.04
        else:
            seen = jax.jit(partial(task.racer.camera, sensor=sensor))(state)
            expected = np.frombuffer(raw(case[name]), np.uint8)
            assert np.mean(np.asarray(seen).ravel() != expected) <= 0.005


@pytest.mark.parametrize("index", range(len(load("network")["cases"])))
def test_network(index: int) -> None:
    case = load("network")["cases"][index]
    policy = parse(raw(case["policy"]))

    @jax.jit
    def run(seen: dict[str, jax.Array]) -> tuple[jax.Array, jax.Array]:
        outputs = network.head(
            policy.network, policy.params, network.encode(policy.network, policy.params, seen)
        )
        return outputs, network.decide(policy.network, outputs)

    for look in case["observations"]:
        seen = {"vector": jnp.asarray(look["vector"], jnp.float32)}
        if "image" in look:
            size = policy.sensor["height"], policy.sensor["width"], -1
            seen["image"] = jnp.asarray(np.frombuffer(raw(look["image"]), np.uint8).reshape(size))
        outputs, action = run(seen)
        np.testing.assert_allclose(outputs, look["outputs"], atol=1e-4)
        np.testing.assert_allclose(action, look["action"], atol=1e-4)


@pytest.mark.parametrize("case", load("trial")["episodes"], ids=lambda case: case["track"])
def test_trial(case: dict[str, Any]) -> None:
    road = tracks.track(case["track"])
    road = tracks.turned(road) if case["turned"] else road
    size = road.distance.shape
    race = race_types.parse(case["race"])
    trial = time_trial.make(time_trial.bank_of(road), (size[0], size[1]), case["max_ticks"], race=race)
    commands = np.array(case["commands"], np.float32).reshape(-1, 2)

    def tick(episode: Episode, command: jax.Array) -> tuple[Episode, Episode]:
        moved = trial.tick(episode, command)
        return moved, moved

    objects = jax.tree.map(jnp.asarray, obstacles.placed(race, road, case["word"]))
    first = trial.begin(jnp.float32(case["share"]), objects)
    _, made = jax.jit(lambda: jax.lax.scan(tick, first, jnp.asarray(commands)))()
    episodes = jax.tree.map(lambda one, rest: np.concatenate([np.asarray(one)[None], rest]), first, made)
    for expected in case["states"]:
        at = expected["tick"]
        found: Episode = jax.tree.map(lambda part: part[at], episodes)  # noqa: B023 (used at once)
        assert int(found.step) == at
        assert Status(int(found.status)).name.lower() == expected["status"]
        assert int(found.state.waypoint) == expected["waypoint"]
        assert float(found.metres) == pytest.approx(expected["metres"], abs=2e-3)
        assert float(found.before) == pytest.approx(expected["before"], abs=2e-3)
        np.testing.assert_allclose(np.array(found.state.motion), expected["motion"], atol=2e-3)
        assert int(trial.wheels_on_road(found.state).sum()) == expected["wheels"]
        boxes = found.state.boxes[: race.objects].ravel()
        np.testing.assert_allclose(boxes, expected["boxes"], atol=1e-3)


@pytest.mark.parametrize("case", load("trial")["commands"])
def test_commands(case: dict[str, Any]) -> None:
    policy = parse(raw(case["policy"]))
    driver, weights = driving.driver_of(policy, tracks.track("gen-0"), max_ticks=1, laps=1)
    for look in case["observations"]:
        seen = jnp.asarray(look["vector"], jnp.float32)[None]
        outputs, _ = driving.policy_and_value(policy.network, weights, seen)
        command = driver.command(driver.greedy(outputs))[0]
        # A sum in another order may move a value across the border of its int8.
        np.testing.assert_allclose(command, look["command"], atol=1.01 / 127)


@pytest.mark.parametrize("case", load("trial")["generated"], ids=lambda case: str(case["form"]))
def test_generated(case: dict[str, Any]) -> None:
    assert actions.generate(**case["form"]).plain == case["list"]
