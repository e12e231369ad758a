"""The garage over the interface: options, checks, runs, files, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from server_harness import Client, Guest

from manyhands.garage import api as garage

KEY = {"Idempotency-Key": "abcdefgh"}
ACTIONS = [{"steering_angle": angle, "speed": 1.0} for angle in (-20.0, 0.0, 20.0)]
SOURCE = "def reward_function(params):\n    return float(params['progress'])\n"
ORDER: dict[str, Any] = {"name": "Sunday", "source": SOURCE, "track": "kidney", "action_space": ACTIONS}


def begin(client: Client, **changes: Any) -> dict[str, Any]:
    answer = client.post("/api/runs", json=ORDER | changes, headers=KEY)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_the_form_is_told_what_it_may_offer(client: Client) -> None:
    found = client.get("/api/garage").json()
    assert [one["name"] for one in found["algorithms"]] == ["ppo", "sac", "policy-gradient"]
    for one in found["algorithms"]:
        assert one["hyperparameters"]["batch_size"] == 64
        assert one["ranges"].keys() == one["hyperparameters"].keys()
    assert len(found["examples"]) >= 4


def test_every_example_passes_the_check(player: Client) -> None:
    for example in player.get("/api/garage").json()["examples"]:
        found = player.post("/api/rewards/check", json={"source": example["source"]}).json()
        assert (found["ok"], found["faults"], found["warnings"]) == (True, [], []), example["name"]


def test_all_faults_are_told_with_their_lines(player: Client) -> None:
    source = "def reward_function(params):\n    return params['heading'] + params['nothing']\n"
    found = player.post("/api/rewards/check", json={"source": source}).json()
    assert not found["ok"]
    assert found["faults"][0]["line"] == 2


def test_a_run_is_posted_once_per_key_listed_stopped_and_deleted(player: Client) -> None:
    run = begin(player)
    assert begin(player)["id"] == run["id"]
    assert (run["state"], run["order"]["source"], run["race"]) == ("queued", SOURCE, None)
    assert [row["id"] for row in player.get("/api/runs").json()["items"]] == [run["id"]]
    assert player.post(f"/api/runs/{run['id']}/stop").status_code == 200
    for form in ("safetensors", "onnx"):
        assert player.get(f"/api/runs/{run['id']}/policy.{form}").status_code == 409
    assert player.delete(f"/api/runs/{run['id']}").status_code == 204
    assert player.get(f"/api/runs/{run['id']}").status_code == 404


def test_a_run_among_boxes_tells_what_was_asked_for(player: Client) -> None:
    assert begin(player)["order"]["race"] is None
    places = [{"percent": 20, "lane": "inside"}, {"percent": 50.5, "lane": "outside"}]
    race = {"type": "object_avoidance", "objects": 2, "places": places}
    answer = player.post("/api/runs", json=ORDER | {"race": race}, headers={"Idempotency-Key": "other-key"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["order"]["race"].items() >= race.items()


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"race": {"type": "object_avoidance"}}, 422, "race.objects"),
        ({"race": {"type": "head_to_bot", "objects": 1, "change_s": [4.0, 2.0]}}, 422, "race.change_s"),
        ({"track": "nowhere"}, 404, "track"),
        ({"sensor": "sonar"}, 422, "sensor"),
        ({"sensor": "camera-999x999"}, 422, "sensor"),
        ({"network": "deepracer-deep"}, 422, "network"),
        ({"hyperparameters": {"batch_size": 65}}, 422, "batch_size"),
        ({"hyperparameters": {"speed": 1}}, 422, "hyperparameters.speed"),
        ({"action_space": ACTIONS[:1]}, 422, "actions"),
        ({"algorithm": "dqn"}, 422, "algorithm"),
        ({"algorithm": "sac"}, 422, "action_space"),
        ({"source": "#" * 140_001}, 422, "source"),
        ({"origin": {"run_id": "run_aaaaaaaaaaaaaaaa"}}, 404, "run_id"),
    ],
)
def test_what_cannot_be_trained_is_refused_and_changes_nothing(
    player: Client, changes: dict[str, Any], status: int, field: str
) -> None:
    answer = player.post("/api/runs", json=ORDER | changes, headers=KEY)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert player.get("/api/runs").json()["items"] == []


def test_another_players_run_is_not_told_apart_from_none(player: Client, guest: Guest) -> None:
    run = begin(player)
    other = guest()
    assert other.get(f"/api/runs/{run['id']}").status_code == 404
    assert other.post(f"/api/runs/{run['id']}/stop").status_code == 404
    assert other.delete(f"/api/runs/{run['id']}").status_code == 404


def test_my_data_holds_runs_and_withdraws_them(player: Client) -> None:
    run = begin(player)
    assert [row["id"] for row in player.get("/api/me/data").json()["runs"]] == [run["id"]]
    assert player.delete("/api/me/data").json()["runs_deleted"] == 1
    assert player.get("/api/runs").json()["items"] == []


def test_the_ranges_are_those_that_are_enforced() -> None:
    from manyhands.errors import InputError
    from manyhands.garage.hyperparameters import parse

    for algorithm in garage.options()["algorithms"]:
        for name, allowed in algorithm["ranges"].items():
            for value in allowed:
                parse({name: value}, algorithm["name"])
            beyond = ["other"] if isinstance(allowed[0], str) else [min(allowed) - 1, max(allowed) + 1]
            for value in beyond:
                with pytest.raises(InputError):
                    parse({name: value}, algorithm["name"])
