"""Experiments over the interface: recording, limits, lessons, downloads."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import h5py
import numpy as np
import onnx
import onnx.reference
import pytest
from server_harness import Client, Guest, Server
from sqlalchemy import select, update

from manyhands import jobs
from manyhands.envs.snake import sight
from manyhands.envs.snake.board import Board
from manyhands.envs.snake.game import Game
from manyhands.envs.snake.replay import position
from manyhands.lab import api as lab
from manyhands.lab import experiments
from manyhands.lab.lessons import LEARNERS, MOST_WAITING
from manyhands.storage.schema import experiments as experiment_table
from manyhands.storage.schema import jobs as job_table
from manyhands.storage.schema import lessons
from manyhands.types import now_us
from weighing import weighed

ORDER = {"name": "Right-hander", "style": "always hug the wall", "wanted": 120, "balance": True}
KEY = {"Idempotency-Key": "abcdefgh"}


def begin(client: Client, **changes: Any) -> dict[str, Any]:
    answer = client.post("/api/experiments", json=ORDER | changes, headers=KEY)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def game_of(experiment: dict[str, Any], most: int = 10**6) -> dict[str, Any]:
    """The next game, played by always keeping clear of what is deadly, for `most` moves."""
    asked = experiment["next_game"]
    game, letters = position(Board(**experiment["board"]), asked["seed"], asked["lead"]), ""
    before, most = game.eaten, min(most, asked["most"] or most)
    while not game.ended and len(letters) < most:
        letter, turn = next(
            (pair for pair in (("S", 0), ("R", 1), ("L", -1)) if not game.deadly(pair[1])), ("S", 0)
        )
        letters += letter
        game.move(turn)
    score = game.eaten - before
    return {"number": asked["number"], "moves": letters, "score": score, "over": bool(game.ended)}


def into_the_wall(experiment: dict[str, Any]) -> dict[str, Any]:
    """The next game, played straight on to its end."""
    asked = experiment["next_game"]
    game = Game(Board(**experiment["board"]), asked["seed"])
    while not game.ended:
        game.move(0)
    return {"number": asked["number"], "moves": "S" * game.steps, "score": game.eaten, "over": True}


def fill(client: Client, experiment: dict[str, Any]) -> dict[str, Any]:
    """Record until all that is wanted is there."""
    while experiment["next_game"]:
        left = experiment["wanted"] - experiment["observations"]
        body = game_of(experiment, left)
        answer = client.post(f"/api/experiments/{experiment['id']}/games", json=body)
        assert answer.status_code == 200, answer.text
        experiment = answer.json()
    return experiment


def test_a_player_takes_over_where_the_agent_came_to(guest: Guest) -> None:
    client = guest()
    first = begin(client, takeovers=True)
    asked = first["next_game"]
    assert first["takeovers"]
    assert asked["lead"]
    games = f"/api/experiments/{first['id']}/games"
    turns = {"number": 1, "moves": "RRSS" * 10, "score": 0, "over": False}
    refused = client.post(games, json=turns)
    assert (refused.status_code, refused.json()["field"]) == (422, "moves")
    full = fill(client, first)
    assert full["observations"] == full["wanted"]
    # Foods of a stretch are no game's.
    assert (full["score"], full["game"]) == (None, None)
    found = client.get(f"/api/experiments/{first['id']}/data.json").json()
    assert found["takeovers"]
    assert found["games"][0]["lead"] == asked["lead"]
    assert len({game["lead"] for game in found["games"]}) > 1
    assert max(len(game["moves"]) for game in found["games"]) <= asked["most"]
    # The first observation of each stretch is what lies before the player then.
    for game in found["games"]:
        then = position(Board(), game["seed"], game["lead"])
        state = next(row["state"] for row in found["observations"] if row["game"] == game["number"])
        np.testing.assert_allclose(state, sight.of_game(then)[: sight.FEATURES], atol=1e-6)
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"/api/experiments/{first['id']}/data.zip").content))
    name = next(name for name in archive.namelist() if name.endswith("hdf5"))
    with h5py.File(io.BytesIO(archive.read(name))) as data:
        assert data["episode_0"].attrs["lead"] == asked["lead"]


def test_an_experiment_is_begun_once_per_key(guest: Guest) -> None:
    client = guest()
    first = begin(client)
    assert begin(client) == first
    assert first["next_game"]["number"] == 1
    assert first["observations"] == 0
    assert [row["name"] for row in client.get("/api/experiments").json()["items"]] == ["Right-hander"]
    other = client.post("/api/experiments", json=ORDER | {"wanted": 200}, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


def test_the_list_leaves_imported_rows_in_the_database(server: Server, guest: Guest) -> None:
    client = guest()
    begin(client)
    [before] = client.get("/api/experiments").json()["items"]
    with server.context.database.write() as connection:
        connection.execute(update(experiment_table).values(imported={"rows": [0] * 5000}))
        owner = connection.execute(select(experiment_table.c.player_id)).scalar_one()
    with server.context.database.read() as connection:
        listed, characters = weighed(connection, lambda asked: lab.listed(asked, owner))
    assert len(listed) == 1
    assert characters < 1000
    assert client.get("/api/experiments").json()["items"] == [before]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"wanted": 99}, "wanted"),
        ({"wanted": 5001}, "wanted"),
        ({"wanted": 500.5}, "wanted"),
        ({"balance": "yes"}, "balance"),
        ({"board": {"width": 5}}, "board.width"),
        ({"name": ""}, "name"),
        ({"takeovers": True, "board": {"width": 20}}, "takeovers"),
    ],
)
def test_wrong_orders_change_nothing(server: Server, guest: Guest, changes: Any, field: str) -> None:
    client = guest()
    before = server.rows()
    answer = client.post("/api/experiments", json=ORDER | changes, headers=KEY)
    assert answer.status_code == 422
    assert answer.json()["field"] == field
    assert server.rows() == before


def test_a_game_is_played_again_and_stored_once(server: Server, guest: Guest) -> None:
    client = guest()
    experiment = begin(client)
    body = game_of(experiment, 60)
    path = f"/api/experiments/{experiment['id']}/games"
    after = client.post(path, json=body).json()
    assert (after["observations"], after["games"]) == (60, 1)
    assert after["recent"][0]["steps"] == 60
    assert client.post(path, json=body).json() == after
    # Whoever comes back goes on with the next game.
    again = client.get(f"/api/experiments/{experiment['id']}").json()
    assert again["next_game"]["number"] == 2
    assert again["next_game"]["seed"] != experiment["next_game"]["seed"]


def test_ones_own_games_have_an_interval_and_a_median_game(guest: Guest) -> None:
    client = guest()
    experiment = begin(client)
    path = f"/api/experiments/{experiment['id']}/games"
    scores = []
    for ended in (1, 2):
        experiment = client.post(path, json=into_the_wall(experiment)).json()
        scores.append(experiment["recent"][0]["score"])
        assert (experiment["score"] is None) == (ended < 2)
        assert experiment["game"]["score"] == min(scores)
    found = experiment["score"]
    assert found["mean"] == sum(scores) / 2
    assert 0 <= found["low"] <= found["mean"] <= found["high"]


def test_an_interval_is_students() -> None:
    found = experiments.estimate([4, 6, 8, 10, 12])
    assert found is not None
    # Quantile .975 of t at 4 degrees of freedom: 2.776; standard error sqrt(2).
    assert found["high"] - found["mean"] == pytest.approx(2.776 * 2**0.5, rel=0.01)
    assert experiments.estimate([3]) is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda body: body | {"score": body["score"] + 1}, "score"),
        (lambda body: body | {"over": not body["over"]}, "over"),
        (lambda body: body | {"moves": "S" * 40}, "moves"),
        (lambda body: body | {"moves": "X"}, "moves"),
        (lambda body: body | {"moves": ""}, "moves"),
        (lambda body: body | {"number": 2}, "number"),
        (lambda body: body | {"number": 0}, "number"),
        (lambda body: {**body, "seed": 3}, "seed"),
    ],
)
def test_impossible_games_change_nothing(server: Server, guest: Guest, change: Any, field: str) -> None:
    client = guest()
    experiment = begin(client)
    body = change(game_of(experiment, 40))
    if field == "number" and body["number"] == 2:
        # A game in its own right, handed in too early.
        body = {"number": 2, "moves": "S", "score": 0, "over": False}
    before = server.rows()
    answer = client.post(f"/api/experiments/{experiment['id']}/games", json=body)
    assert answer.status_code in (409, 422)
    assert answer.json()["field"] == field
    assert answer.json()["remedy"]
    assert server.rows() == before


def test_no_more_than_what_is_wanted(guest: Guest) -> None:
    client = guest()
    experiment = begin(client, wanted=100)
    path = f"/api/experiments/{experiment['id']}/games"
    long = game_of(experiment, 130)
    if len(long["moves"]) > 100:
        answer = client.post(path, json=long)
        assert answer.status_code == 422
        assert "100 are wanted" in answer.json()["detail"]
    full = fill(client, experiment)
    assert full["observations"] == 100
    assert full["next_game"] is None
    extra = {"number": full["games"] + 1, "moves": "S", "score": 0, "over": False}
    assert client.post(path, json=extra).status_code == 409


def test_other_peoples_experiments_are_not_there(guest: Guest, client: Client) -> None:
    mine = guest()
    experiment = begin(mine)
    path = f"/api/experiments/{experiment['id']}"
    assert client.get(path).status_code == 401
    theirs = guest()
    body = game_of(experiment, 20)
    for answer in (
        theirs.get(path),
        theirs.delete(path),
        theirs.post(f"{path}/games", json=body),
        theirs.get(f"{path}/lessons"),
        theirs.post(f"{path}/lessons", json={"learners": ["supervised"]}),
        theirs.get(f"{path}/data.json"),
        theirs.get(f"{path}/data.zip"),
    ):
        assert answer.status_code == 404
        assert answer.json()["field"] == "experiment_id"
    assert mine.get(path).json() == experiment


def test_lessons_wait_are_cancelled_and_resumed(guest: Guest) -> None:
    client = guest()
    experiment = begin(client, wanted=100)
    path = f"/api/experiments/{experiment['id']}/lessons"
    early = client.post(path, json={"learners": ["supervised"]})
    assert early.status_code == 422
    assert "Play on" in early.json()["remedy"]
    fill(client, experiment)
    asked = client.post(path, json={"learners": ["supervised", "inverse-q"]})
    assert asked.status_code == 202
    assert [row["state"] for row in asked.json()["items"]] == ["queued", "queued"]
    assert client.post(path, json={"learners": ["supervised"]}).status_code == 409
    assert client.post(path, json={"learners": ["finetuned", "finetuned"]}).status_code == 422
    [supervised, _] = asked.json()["items"]
    cancelled = client.post(f"/api/lessons/{supervised['id']}/cancel")
    assert cancelled.json()["state"] == "cancelled"
    assert client.post(f"/api/lessons/{supervised['id']}/cancel").status_code == 409
    assert client.post(f"/api/lessons/{supervised['id']}/resume").json()["state"] == "queued"
    assert client.get(f"/api/lessons/{supervised['id']}/policy.onnx").status_code == 409
    assert client.post("/api/lessons/les_x/cancel").status_code == 404


def test_a_player_has_few_lessons_wait_at_once(server: Server, guest: Guest) -> None:
    client, other = guest(), guest()
    asked = {"learners": list(LEARNERS)}
    paths = []
    for number in range(MOST_WAITING // len(LEARNERS) + 1):
        headers = {"Idempotency-Key": f"experiment-{number}"}
        made = client.post("/api/experiments", json=ORDER, headers=headers).json()
        paths.append(f"/api/experiments/{made['id']}/lessons")
    others = f"/api/experiments/{begin(other)['id']}/lessons"
    with server.context.database.write() as connection:
        connection.execute(update(experiment_table).values(observations=120))
    answers = [client.post(path, json=asked) for path in paths]
    assert [answer.status_code for answer in answers] == [202] * (len(paths) - 1) + [409]
    assert answers[-1].json()["remedy"] == "Cancel one, or wait until it is done."
    assert client.get(paths[-1]).json()["items"] == []
    assert other.post(others, json=asked).status_code == 202
    # One that was cancelled makes room, and is not resumed over the bound.
    cancelled = answers[0].json()["items"][0]["id"]
    client.post(f"/api/lessons/{cancelled}/cancel")
    assert client.post(paths[-1], json={"learners": [LEARNERS[0]]}).status_code == 202
    assert client.post(f"/api/lessons/{cancelled}/resume").status_code == 409
    assert client.get(paths[0]).json()["items"][0]["state"] == "cancelled"


def done(server: Server, experiment: dict[str, Any], cid: str, low: float = 1.0) -> str:
    """Give an experiment a lesson that has ended."""
    played = {
        "score": {"mean": 9.0, "low": 8.0, "high": 10.0},
        "median": 9.0,
        "best": 20,
        "histogram": [1, 2],
        "agreement": {"mean": 0.5, "low": 0.4, "high": 0.6},
        "game": {"seed": 1, "moves": "SS", "score": 0},
    }
    result = {
        "taught": played,
        "control": played,
        "base": None,
        "improvement": {"mean": low + 1.0, "low": low, "high": low + 2.0},
        "seconds": 3.5,
        "gradient_steps": 400,
        "curves": [{"name": "loss", "arm": "human", "points": [{"step": 1, "value": 0.5}]}],
        "taught_cid": cid,
        "control_cid": cid,
    }
    with server.context.database.write() as connection:
        row = connection.execute(select(lessons).where(lessons.c.experiment_id == experiment["id"])).first()
        assert row is not None
        connection.execute(update(lessons).where(lessons.c.id == row.id).values(result=result))
        connection.execute(update(job_table).where(job_table.c.id == row.job_id).values(state="done"))
    return str(row.id)


def test_results_are_shown_ranked_and_downloaded(server: Server, guest: Guest) -> None:
    import jax

    from manyhands.policies import files, network
    from manyhands.policies.files import Policy
    from manyhands.policies.network import NetworkSpec
    from manyhands.storage import ContentStore

    spec = NetworkSpec(vector=13, hidden=(8,), bins=(3,), actions=1)
    params = network.init(spec, jax.random.key(0))
    data = files.dump(Policy("snake-v0", {"kind": "features"}, spec, params))
    cid = ContentStore(server.context.settings.content).put(data)
    clients = [guest(), guest()]
    ids = []
    for client, low in zip(clients, (1.0, 2.0), strict=True):
        experiment = fill(client, begin(client, wanted=100))
        client.post(f"/api/experiments/{experiment['id']}/lessons", json={"learners": ["supervised"]})
        ids.append((experiment["id"], done(server, experiment, cid, low)))
    [lesson] = clients[0].get(f"/api/experiments/{ids[0][0]}/lessons").json()["items"]
    assert lesson["state"] == "done"
    assert lesson["result"]["taught"]["score"]["mean"] == 9.0
    assert lesson["curves"][0]["points"] == [{"step": 1, "value": 0.5}]
    rows = clients[0].get("/api/experiment-board").json()["items"]
    assert [(row["rank"], row["improvement"]["low"], row["is_own"]) for row in rows] == [
        (1, 2.0, False),
        (2, 1.0, True),
    ]
    path = f"/api/lessons/{ids[0][1]}"
    assert clients[0].get(f"{path}/policy.safetensors").content == data
    graph = onnx.load_from_string(clients[0].get(f"{path}/policy.onnx").content)
    vector = np.linspace(-1.0, 1.0, 26, dtype=np.float32).reshape(2, 13)
    [said] = onnx.reference.ReferenceEvaluator(graph).run(None, {"vector": vector})
    assert np.allclose(said, network.head(spec, params, vector), atol=1e-5)
    assert clients[1].get(f"{path}/policy.onnx").status_code == 404


def test_data_leave_as_json_and_as_a_minari_dataset(guest: Guest) -> None:
    client = guest()
    experiment = fill(client, begin(client))
    path = f"/api/experiments/{experiment['id']}"
    found = json.loads(client.get(f"{path}/data.json").content)
    assert len(found["observations"]) == 120
    assert len(found["observations"][0]["state"]) == 13
    assert sum(len(game["moves"]) for game in found["games"]) == 120
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"{path}/data.zip").content))
    [metadata, data] = sorted(archive.namelist(), key=lambda name: name.endswith("hdf5"))
    assert json.loads(archive.read(metadata))["total_steps"] == 120
    with h5py.File(io.BytesIO(archive.read(data))) as file:
        assert len(file) == experiment["games"]
        steps = 0
        for episode in file.values():
            count = int(episode.attrs["total_steps"])
            assert episode["observations"].shape == (count + 1, 256)
            assert {episode[name].shape for name in ("actions", "rewards", "terminations")} == {(count,)}
            steps += count
        assert steps == 120


def test_deleting_takes_games_and_lessons_along(server: Server, guest: Guest) -> None:
    client = guest()
    experiment = fill(client, begin(client))
    path = f"/api/experiments/{experiment['id']}"
    client.post(f"{path}/lessons", json={"learners": ["supervised"]})
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    rows = server.rows()
    assert (rows["experiments"], rows["recorded_games"], rows["lessons"]) == ([], [], [])
    with server.context.database.write() as connection:
        assert not jobs.claim(connection, [lab.LESSON_JOB], "test", now_us(), lease_s=5.0)


def test_own_data_hold_experiments_and_withdrawing_deletes_them(server: Server, guest: Guest) -> None:
    client = guest()
    experiment = fill(client, begin(client))
    [stored] = client.get("/api/me/data").json()["experiments"]
    assert stored["id"] == experiment["id"]
    assert sum(len(game["moves"]) for game in stored["recorded_games"]) == 120
    assert client.delete("/api/me/data").status_code == 200
    assert client.get("/api/experiments").json()["items"] == []
