from __future__ import annotations

import pytest
from server_harness import Assign, Client, Guest, Server, assert_problem, play
from sqlalchemy import update

from manyhands.arena import api as arena
from manyhands.storage.schema import attempts, players
from manyhands.types import now_us


@pytest.fixture
def bearer(server: Server) -> dict[str, str]:
    with server.context.database.write() as connection:
        return {"Authorization": f"Bearer {arena.create_operator_token(connection, now_us())}"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/operator/overview", None),
        ("POST", "/api/operator/bans", {"player_id": "plr_1", "hours": 1.0, "reason": "a reason"}),
        ("DELETE", "/api/operator/bans/plr_1", None),
        ("POST", "/api/operator/disputes/dsp_1/answer", {"answer": "Seen."}),
    ],
)
def test_players_and_strangers_stay_out(
    client: Client, player: Client, method: str, path: str, body: object
) -> None:
    assert_problem(client.request(method, path, json=body), 401, "not_signed_in", "Cookie")
    assert_problem(player.request(method, path, json=body), 403, "forbidden")
    guess = {"Authorization": "Bearer mho_guess"}
    assert_problem(client.request(method, path, json=body, headers=guess), 403, "forbidden", "Authorization")


def test_the_overview_shows_queue_processes_and_errors(
    server: Server, client: Client, player: Client, assign: Assign, bearer: dict[str, str]
) -> None:
    player.post(f"/api/assignments/{assign(player)['id']}/attempt", json=play())
    with server.context.database.write() as connection:
        arena.record_incident(connection, "referee-1", "process_ended", "It ended.", now_us())
        arena.beat(connection, "referee-1", ready=True, note="idle", now=now_us())
    seen = client.get("/api/operator/overview", headers=bearer).json()
    assert {row["kind"] for row in seen["queue"]} == {arena.VALUE_JOB, arena.BOOTSTRAP_JOB}
    assert seen["pending_attempts"] == seen["attempts_24h"] == seen["players"] == 1
    assert seen["processes"][0]["note"] == "idle"
    assert seen["incidents"][0]["message"] == "It ended."
    assert seen["credits_issued_micro"] == 2_000_000_000


def test_a_cookie_with_the_role_suffices(server: Server, player: Client) -> None:
    with server.context.database.write() as connection:
        connection.execute(update(players).values(role="operator"))
    assert player.get("/api/operator/overview").status_code == 200


def test_a_banned_player_changes_nothing_until_it_is_lifted(
    server: Server, client: Client, player: Client, bearer: dict[str, str]
) -> None:
    player_id = player.get("/api/me").json()["id"]
    ban = {"player_id": player_id, "hours": 2.0, "reason": "Forged replays."}
    made = client.post("/api/operator/bans", json=ban, headers=bearer)
    assert made.status_code == 201
    assert client.get("/api/operator/overview", headers=bearer).json()["bans"][0]["player_id"] == player_id
    refused = player.post(
        f"/api/campaigns/{server.campaign_id}/assignments", headers={"Idempotency-Key": "banned-one"}
    )
    assert_problem(refused, 403, "banned")
    assert player.get("/api/me").json()["banned_until"] == made.json()["banned_until"]
    assert client.delete(f"/api/operator/bans/{player_id}", headers=bearer).status_code == 204
    assert player.patch("/api/me", json={"name": "Back"}).status_code == 200
    assert client.get("/api/operator/overview", headers=bearer).json()["bans"] == []


def test_nobody_unknown_is_banned(client: Client, bearer: dict[str, str]) -> None:
    ban = {"player_id": "plr_nobody", "hours": 2.0, "reason": "Forged replays."}
    assert_problem(client.post("/api/operator/bans", json=ban, headers=bearer), 404, "not_found", "player_id")


@pytest.mark.parametrize("hours", [0.0, -1.0, 1e9, "2"])
def test_the_length_of_a_ban_is_checked(client: Client, bearer: dict[str, str], hours: object) -> None:
    ban = {"player_id": "plr_nobody", "hours": hours, "reason": "Forged replays."}
    assert_problem(client.post("/api/operator/bans", json=ban, headers=bearer), 422, "invalid_input", "hours")


def test_a_dispute_is_answered(
    server: Server, client: Client, guest: Guest, assign: Assign, bearer: dict[str, str]
) -> None:
    player = guest()
    attempt_id = player.post(f"/api/assignments/{assign(player)['id']}/attempt", json=play()).json()[
        "attempt_id"
    ]
    with server.context.database.write() as connection:
        connection.execute(update(attempts).values(status="valued", value=-3.0))
    dispute = player.post(f"/api/attempts/{attempt_id}/dispute", json={"text": "Look again."}).json()
    assert client.get("/api/operator/overview", headers=bearer).json()["disputes"] == [dispute]
    path = f"/api/operator/disputes/{dispute['id']}/answer"
    answered = client.post(path, json={"answer": "The box was hit."}, headers=bearer).json()
    assert (answered["state"], answered["answer"]) == ("answered", "The box was hit.")
    assert client.get("/api/operator/overview", headers=bearer).json()["disputes"] == []
    assert player.get(f"/api/attempts/{attempt_id}").json()["dispute"] == answered
    missing = client.post("/api/operator/disputes/dsp_0/answer", json={"answer": "No."}, headers=bearer)
    assert_problem(missing, 404, "not_found", "dispute_id")
