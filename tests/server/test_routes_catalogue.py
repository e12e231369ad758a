from __future__ import annotations

import hashlib
import shutil
from dataclasses import asdict
from typing import get_args

import numpy as np
import pytest
from server_harness import Client, Server, assert_problem, policy_bytes

from manyhands.arena.environments import default_config
from manyhands.envs import registry
from manyhands.envs.racer import rules, tracks
from manyhands.envs.racer.sensors import Camera, Lidar
from manyhands.envs.racer.task import make
from manyhands.errors import InputError, NotFoundError
from manyhands.server.messages import base
from manyhands.storage.content import cid_from_digest


def test_a_policy_is_served_for_ever(server: Server, client: Client) -> None:
    response = client.get(f"/api/policies/{server.champion_cid}.safetensors")
    assert response.content == policy_bytes()
    assert "immutable" in response.headers["cache-control"]
    facts = client.get(f"/api/policies/{server.champion_cid}").json()
    assert facts["metadata"]["architecture"] == {"hidden": [4]}
    assert facts["size_bytes"] == len(policy_bytes())
    assert facts["score"] == 0.25


def test_unknown_policies(client: Client) -> None:
    cid = cid_from_digest(hashlib.sha256(b"other").digest())
    assert_problem(client.get(f"/api/policies/{cid}"), 404, "not_found", "cid")
    assert_problem(client.get(f"/api/policies/{cid}.safetensors"), 404, "content_missing")
    assert_problem(client.get("/api/policies/..%2Fkey.safetensors"), 404, "not_found")
    assert_problem(client.get("/api/policies/short"), 422, "invalid_input", "cid")


def test_a_track_and_its_grid_are_what_the_simulator_reads(client: Client) -> None:
    listed = client.get("/api/tracks").json()["tracks"]
    assert len(listed) == len(tracks.catalogue())
    for track_id in (listed[0]["id"], "gen-7"):
        body = client.get(f"/api/tracks/{track_id}").json()
        road = tracks.track(track_id)
        assert np.array_equal(np.array(body["centre_m"], np.float32), road.centre)
        assert np.array_equal(np.array(body["tangent"], np.float32), road.tangent)
        assert np.array_equal(np.array(body["half_widths_m"], np.float32), road.half_width)
        grid = client.get(f"/api/tracks/{track_id}/grid").content
        shape = (body["grid"]["size_x"], body["grid"]["size_y"])
        assert np.array_equal(np.frombuffer(grid, np.int8).reshape(shape), road.distance)


@pytest.mark.parametrize("track", ["nowhere", "gen-x", "gen-99999999999"])
def test_unknown_tracks(client: Client, track: str) -> None:
    assert_problem(client.get(f"/api/tracks/{track}"), 404, "not_found", "track")
    assert_problem(client.get(f"/api/tracks/{track}/grid"), 404, "not_found", "track")


def test_an_imported_track_is_served(server: Server, client: Client, request: pytest.FixtureRequest) -> None:
    folder = server.context.settings.tracks
    folder.mkdir()
    angle = np.linspace(0, 2 * np.pi, 80)
    ring = [np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]) for radius in (3.0, 2.6, 3.4)]
    np.save(folder / "my-ring.npy", np.hstack(ring))
    assert client.get("/api/tracks/my-ring").json()["length_m"] == pytest.approx(18.8, abs=0.5)
    assert "my-ring" in [track["id"] for track in client.get("/api/tracks").json()["tracks"]]
    shutil.rmtree(folder)


def test_the_specs_are_those_of_the_tasks(client: Client) -> None:
    specs = client.get("/api/environments").json()["environments"]
    assert [spec["id"] for spec in specs] == registry.ids() == list(get_args(base.EnvironmentId))
    kinds = [sensor["kind"] for spec in specs for sensor in spec["sensors"]]
    assert sorted(kinds) == sorted(get_args(base.Sensor))
    for spec in specs:
        for sensor in spec["sensors"]:
            task = registry.task(spec["id"], default_config(spec["id"], sensor["kind"]), "play")
            assert spec["max_ticks"] == task.max_ticks
            assert spec["tick_s"] == pytest.approx(1 / task.ticks_per_s)
            assert len(spec["actions"]) == len(task.bins)


@pytest.mark.parametrize(("sensor", "kind"), [("camera", Camera), ("lidar", Lidar)])
def test_a_new_racer_campaigns_configuration_is_the_simulators_default(sensor: str, kind: type) -> None:
    config = default_config("racer-v0", sensor)
    assert config["sensor"] == {"kind": sensor, **asdict(kind())}
    assert config["conditions"] == asdict(rules.Conditions())
    task = make(config, "play")
    assert (task.sensor, task.conditions) == (kind(), rules.Conditions())


@pytest.mark.parametrize("sensor", ["grid", "features"])
def test_a_new_snake_campaigns_configuration_is_the_simulators_default(sensor: str) -> None:
    config = default_config("snake-v0", sensor)
    given = registry.task("snake-v0", config, "play")
    assert given == registry.task("snake-v0", {"sensor": {"kind": sensor}}, "play")


def test_a_sensor_belongs_to_its_environment() -> None:
    assert default_config("snake-v0")["sensor"] == {"kind": "grid"}
    with pytest.raises(InputError) as refused:
        default_config("snake-v0", "lidar")
    assert refused.value.field == "sensor"
    with pytest.raises(NotFoundError):
        default_config("chess-v0")
