from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from server_harness import START, Assign, Client, Guest, Server, assert_problem, play
from sqlalchemy import insert, select, update

from manyhands import ledger
from manyhands.arena import api as arena
from manyhands.judging.records import attempt_root
from manyhands.server.limits import HOLD_S
from manyhands.storage.schema import attempts, campaigns, gauges, jobs, players, rounds, verdicts
from manyhands.types import now_us

KEY = {"Idempotency-Key": "the-first-key"}


def _ask(server: Server, client: Client, key: dict[str, str] = KEY) -> Any:
    return client.post(f"/api/campaigns/{server.campaign_id}/assignments", headers=key)


def test_an_assignment_locks_its_stake(server: Server, player: Client) -> None:
    given = _ask(server, player)
    assert given.status_code == 201
    body = given.json()
    assert body["start"] == START
    assert body["champion_cid"] == server.champion_cid
    assert body["max_ticks"] == 300
    assert body["sensor"] == "lidar"
    assert 0 <= body["seed"] < 2**32
    me = player.get("/api/me").json()
    assert me["staked_micro"] == body["stake_micro"] == 2_000_000
    assert me["balance_micro"] == 18_000_000
    assert me["open_assignment_id"] == body["id"]
    assert player.get(f"/api/assignments/{body['id']}").json() == body


def test_the_same_key_gives_the_same_assignment(server: Server, player: Client) -> None:
    first = _ask(server, player).json()
    before = server.rows()
    assert _ask(server, player).json() == first
    by_slug = player.post("/api/campaigns/crowd-circuit-lidar/assignments", headers=KEY)
    assert by_slug.json() == first
    assert server.rows() == before


def test_the_same_key_for_another_campaign_conflicts(server: Server, player: Client) -> None:
    _ask(server, player)
    other = player.post("/api/campaigns/crowd-circuit-camera/assignments", headers=KEY)
    assert_problem(other, 409, "idempotency_conflict", "Idempotency-Key")


def test_one_assignment_is_open_per_player(server: Server, player: Client) -> None:
    _ask(server, player)
    before = server.rows()
    second = _ask(server, player, {"Idempotency-Key": "another-key"})
    assert_problem(second, 409, "conflict", "Idempotency-Key")
    assert server.rows() == before


def test_each_start_is_used_once(server: Server, guest: Guest, assign: Assign) -> None:
    for _ in range(10):
        assign(guest())
    before = server.rows()["starts"]
    refused = _ask(server, guest())
    problem = assert_problem(refused, 503, "judge_behind", "campaign_id")
    assert refused.headers["retry-after"] == str(problem["retry_after_s"])
    assert server.rows()["starts"] == before


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "with blank", "semi;colon"])
def test_the_key_is_checked(server: Server, player: Client, key: str) -> None:
    assert_problem(_ask(server, player, {"Idempotency-Key": key}), 422, "invalid_input", "Idempotency-Key")


def test_the_key_is_needed(server: Server, player: Client) -> None:
    assert_problem(_ask(server, player, {}), 422, "invalid_input", "Idempotency-Key")


@pytest.mark.parametrize("campaign", ["cmp_0000000000000000", "no-such", "%00", "a" * 65])
def test_unknown_campaigns(player: Client, campaign: str) -> None:
    response = player.post(f"/api/campaigns/{campaign}/assignments", headers=KEY)
    assert response.status_code in (404, 422)
    assert_problem(response, response.status_code, response.json()["code"], "campaign_id")


def test_a_warming_campaign_asks_to_wait(player: Client) -> None:
    response = player.post("/api/campaigns/crowd-circuit-camera/assignments", headers=KEY)
    assert_problem(response, 503, "judge_behind", "campaign_id")


@pytest.mark.parametrize("state", ["closing", "closed"])
def test_a_closing_campaign_gives_out_nothing(server: Server, player: Client, state: str) -> None:
    with server.context.database.write() as connection:
        connection.execute(update(campaigns).values(state=state))
    before = server.rows()
    assert_problem(_ask(server, player), 409, "wrong_state", "campaign_id")
    assert server.rows() == before


def test_too_much_pending_judging_pushes_back(server: Server, guest: Guest, assign: Assign) -> None:
    client = guest()
    assert client.post(f"/api/assignments/{assign(client)['id']}/attempt", json=play()).status_code == 202
    with server.context.database.write() as connection:
        arena.set_gauge(connection, "judged_per_s", 0.02, "", now_us())
    refused = _ask(server, guest())
    problem = assert_problem(refused, 503, "judge_behind")
    assert problem["retry_after_s"] == 21
    with server.context.database.write() as connection:
        connection.execute(update(gauges).values(value=20.0))
    time.sleep(HOLD_S)  # for which the answer holds
    assert _ask(server, guest()).status_code == 201


def test_an_empty_wallet_cannot_stake(server: Server, player: Client) -> None:
    with server.context.database.write() as connection:
        connection.execute(update(campaigns).values(stake_micro=21_000_000))
    before = server.rows()
    assert_problem(_ask(server, player), 409, "insufficient_credits", "stake_micro")
    assert server.rows() == before


def test_forgers_are_slowed(server: Server, player: Client) -> None:
    with server.context.database.write() as connection:
        connection.execute(update(players).values(slow_until_us=now_us() + 60_000_000))
    problem = assert_problem(_ask(server, player), 429, "quota")
    assert 58 <= problem["retry_after_s"] <= 61


def test_an_attempt_is_stored_and_queued(server: Server, player: Client, assign: Assign) -> None:
    given = assign(player)
    body = play(human=1)
    response = player.post(f"/api/assignments/{given['id']}/attempt", json=body)
    assert response.status_code == 202
    attempt_id = response.json()["attempt_id"]
    with server.context.database.read() as connection:
        row = connection.execute(select(attempts)).one()
        job = connection.execute(select(jobs).where(jobs.c.kind == arena.VALUE_JOB)).one()
    assert (row.id, row.status, row.ticks) == (attempt_id, "pending", 2)
    assert row.actions == base64.b64decode(body["actions"])
    assert job.payload == {"attempt_id": attempt_id}
    assert row.root == attempt_root(START, server.champion_cid, row.actions, row.actors, row.final)
    seen = player.get(f"/api/attempts/{attempt_id}").json()
    assert seen["status"] == "pending"
    assert seen["reason"]["code"] == "waiting"
    assert seen["human_ticks"] == 1
    assert player.get("/api/me").json()["open_assignment_id"] is None


def test_handing_in_again_gives_the_same_answer(server: Server, player: Client, assign: Assign) -> None:
    path = f"/api/assignments/{assign(player)['id']}/attempt"
    first = player.post(path, json=play()).json()
    before = server.rows()
    again = player.post(path, json=play())
    assert again.status_code == 202
    assert again.json() == first
    other = player.post(path, json=play(human=2))
    assert_problem(other, 409, "conflict", "assignment_id")
    assert server.rows() == before


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


BAD_BODIES = [
    ({"ticks": 0}, "ticks"),
    ({"ticks": 301}, "ticks"),
    ({"ticks": 2.0}, "ticks"),
    ({"ticks": "2"}, "ticks"),
    ({"ticks": True}, "ticks"),
    ({"ticks": 3}, "actions"),
    ({"actions": _b64(bytes(3))}, "actions"),
    ({"actions": _b64(bytes(6))}, "actions"),
    ({"actions": _b64(bytes([128, 0, 0, 0]))}, "actions"),
    ({"actions": "AAAA*AAA"}, "actions"),
    ({"actions": "AAAAA"}, "actions"),
    ({"actions": "A" * 801}, "actions"),
    ({"actions": [0, 0, 0, 0]}, "actions"),
    ({"actions": None}, "actions"),
    ({"actors": _b64(bytes([0, 2]))}, "actors"),
    ({"actors": _b64(bytes(1))}, "actors"),
    ({"final": {}}, "final"),
    ({"final": {"x": "1"}}, "final.x"),
    ({"final": {"x": 1e7}}, "final.x"),
    ({"final": {"x": None}}, "final.x"),
    ({"final": {f"k{i}": 0.0 for i in range(33)}}, "final"),
    ({"final": [1.0]}, "final"),
    ({"score": 1.0}, "score"),
]


@pytest.mark.parametrize(
    ("change", "field"), BAD_BODIES, ids=[f"{field}-{n}" for n, (_, field) in enumerate(BAD_BODIES)]
)
def test_bad_bodies_name_their_field_and_change_nothing(
    server: Server, player: Client, assign: Assign, change: dict[str, Any], field: str
) -> None:
    path = f"/api/assignments/{assign(player)['id']}/attempt"
    before = server.rows()
    assert_problem(player.post(path, json=play() | change), 422, "invalid_input", field)
    assert server.rows() == before


@pytest.mark.parametrize("missing", ["ticks", "actions", "actors", "final"])
def test_missing_fields_are_named(server: Server, player: Client, assign: Assign, missing: str) -> None:
    path = f"/api/assignments/{assign(player)['id']}/attempt"
    body = play()
    del body[missing]
    before = server.rows()
    assert_problem(player.post(path, json=body), 422, "invalid_input", missing)
    assert server.rows() == before


RAW_BODIES = [
    (b"", 422),
    (b"{", 422),
    (b"null", 422),
    (b"\xff\xfe", 400),
    (b'{"ticks":' + b"9" * 5000 + b"}", 400),
    (b"[" * 8000, 400),
    (json.dumps(play()).encode()[:-9], 422),
]


@pytest.mark.parametrize(("content", "status"), RAW_BODIES, ids=range(len(RAW_BODIES)))
def test_malformed_bodies_are_refused(
    server: Server, player: Client, assign: Assign, content: bytes, status: int
) -> None:
    path = f"/api/assignments/{assign(player)['id']}/attempt"
    before = server.rows()
    response = player.post(path, content=content, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422), response.text
    assert_problem(response, response.status_code, response.json()["code"], "body")
    assert server.rows() == before


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite_are_refused(
    server: Server, player: Client, assign: Assign, number: str
) -> None:
    path = f"/api/assignments/{assign(player)['id']}/attempt"
    text = json.dumps(play()).replace("2.25", number)
    before = server.rows()
    response = player.post(path, content=text, headers={"Content-Type": "application/json"})
    assert_problem(response, 422, "invalid_input", "final.y")
    assert server.rows() == before


def test_huge_bodies_are_refused_by_their_length_and_while_they_arrive(
    server: Server, player: Client, assign: Assign
) -> None:
    path = f"/api/assignments/{assign(player)['id']}/attempt"
    before = server.rows()
    assert_problem(player.post(path, content=b" " * 20_000), 413, "too_large", "body")

    async def chunks() -> Any:
        for _ in range(40):
            yield b" " * 1000

    assert_problem(player.post(path, content=chunks()), 413, "too_large", "body")
    odd = player.post(path, content=b"{}", headers={"Content-Length": "-5"})
    assert_problem(odd, 422, "invalid_input", "Content-Length")
    assert server.rows() == before


def test_faster_than_real_time_is_refused(server: Server, player: Client, assign: Assign) -> None:
    given = assign(player, age_s=17.0)
    path = f"/api/assignments/{given['id']}/attempt"
    before = server.rows()
    assert_problem(player.post(path, json=play(300)), 422, "invalid_input", "ticks")
    assert server.rows() == before
    assert player.post(path, json=play(270)).status_code == 202


def test_a_stale_attempt_is_refused_and_its_stake_returns(
    server: Server, player: Client, assign: Assign
) -> None:
    given = assign(player, age_s=181.0)
    path = f"/api/assignments/{given['id']}/attempt"
    before = server.rows()
    assert_problem(player.post(path, json=play()), 409, "expired", "assignment_id")
    assert server.rows() == before
    with server.context.database.write() as connection:
        assert arena.expire_assignments(connection, now_us()) == 1
        assert arena.expire_assignments(connection, now_us()) == 0
    assert player.get("/api/me").json()["balance_micro"] == 20_000_000
    assert_problem(player.post(path, json=play()), 409, "expired", "assignment_id")


def test_someone_elses_assignment_is_not_found(server: Server, guest: Guest, assign: Assign) -> None:
    owner, thief = guest(), guest()
    given = assign(owner)
    before = server.rows()
    for method, path, body in (
        ("POST", f"/api/assignments/{given['id']}/attempt", play()),
        ("GET", f"/api/assignments/{given['id']}", None),
        ("DELETE", f"/api/assignments/{given['id']}", None),
        ("POST", "/api/assignments/asg_0000000000000000/attempt", play()),
    ):
        assert_problem(thief.request(method, path, json=body), 404, "not_found", "assignment_id")
    assert server.rows() == before


def test_an_assignment_is_given_back(server: Server, player: Client, assign: Assign) -> None:
    given = assign(player)
    assert player.delete(f"/api/assignments/{given['id']}").status_code == 204
    assert player.delete(f"/api/assignments/{given['id']}").status_code == 204
    assert player.get("/api/me").json()["balance_micro"] == 20_000_000
    late = player.post(f"/api/assignments/{given['id']}/attempt", json=play())
    assert_problem(late, 409, "wrong_state", "assignment_id")


def test_a_played_assignment_cannot_be_given_back(player: Client, assign: Assign) -> None:
    given = assign(player)
    player.post(f"/api/assignments/{given['id']}/attempt", json=play())
    assert_problem(player.delete(f"/api/assignments/{given['id']}"), 409, "wrong_state", "assignment_id")


@pytest.fixture
def judged(server: Server, player: Client, assign: Assign) -> str:
    """An attempt that was valued, judged and paid as the judge does it."""
    given = assign(player)
    attempt_id: str = player.post(f"/api/assignments/{given['id']}/attempt", json=play()).json()["attempt_id"]
    takeover = {"first": 1, "ticks": 1, "gain": 1.5, "alone_crash_s": 1.3, "hand_crash_s": None,
                "alone_progress": 0.5, "hand_progress": 2.0}  # fmt: skip
    body = {"lot_number": 1, "pool_micro": 5_000_000, "gain": 0.03, "score_before": 0.25, "contributions": 1,
            "attempts": 1, "seeds": [1, 2]}  # fmt: skip
    now = now_us()
    with server.context.database.write() as connection:
        connection.execute(
            insert(rounds).values(
                id="rnd_1", campaign_id=server.campaign_id, number=1, state="judged", opened_us=now,
                secret_commit="ab", secret="cd", verdict_id="vrd_1",
            )
        )  # fmt: skip
        connection.execute(
            insert(verdicts).values(
                id="vrd_1", campaign_id=server.campaign_id, round_id="rnd_1", number=1, kind="promoted",
                champion_before=server.champion_cid, champion_after=server.champion_cid, body=body,
                created_us=now,
            )
        )  # fmt: skip
        connection.execute(
            update(attempts).values(
                status="judged", value=1.5, detail={"takeovers": [takeover]}, round_id="rnd_1", lot_number=1,
                paid_micro=5_000_000, judged_us=now, valued_us=now,
            )
        )  # fmt: skip
        player_id = connection.execute(select(attempts.c.player_id)).scalar_one()
        ledger.return_stake(connection, given["id"], now)
        claim = ledger.Claim(attempt_id, player_id, 1.5)
        ledger.pay_lot(connection, server.campaign_id, "vrd_1", 5_000_000, [claim], now)
    return attempt_id


def test_a_judged_attempt_tells_all(server: Server, player: Client, judged: str) -> None:
    seen = player.get(f"/api/attempts/{judged}").json()
    assert seen["status"] == "judged"
    assert seen["paid_micro"] == 5_000_000
    assert seen["reason"]["code"] == "paid"
    assert seen["takeovers"][0]["alone_crash_s"] == 1.3
    assert seen["takeovers"][0]["yours_progress_m"] == 2.0
    assert seen["verdict"]["kind"] == "promoted"
    assert seen["lot_contributions"] == seen["round_contributions"] == 1
    listed = player.get("/api/me/attempts").json()["attempts"]
    assert [row["id"] for row in listed] == [judged]
    replay = player.get(f"/api/attempts/{judged}/replay").json()
    assert replay["start"] == START
    assert replay["champion_after"] == server.champion_cid
    me = player.get("/api/me").json()
    assert (me["balance_micro"], me["loan_micro"]) == (20_000_000, 15_000_000)


def test_a_verdict_can_be_recomputed_from_its_page(client: Client, player: Client, judged: str) -> None:
    verdict = client.get("/api/verdicts/vrd_1").json()
    assert verdict["secret"] == "cd"
    assert verdict["body"]["seeds"] == [1, 2]
    assert verdict["pool_micro"] == 5_000_000
    assert [entry["attempt_id"] for entry in verdict["entries"]] == [judged]
    listed = client.get("/api/campaigns/crowd-circuit-lidar/verdicts").json()["verdicts"]
    assert [row["id"] for row in listed] == ["vrd_1"]
    assert_problem(client.get("/api/verdicts/vrd_2"), 404, "not_found", "verdict_id")


def test_tables_and_leaderboard_show_the_pay(client: Client, player: Client, judged: str) -> None:
    rows = client.get("/api/campaigns/crowd-circuit-lidar/players").json()["players"]
    assert [(row["net_micro"], row["contributions"], row["value"]) for row in rows] == [(5_000_000, 1, 1.5)]
    board = player.get("/api/leaderboard").json()
    assert board["own_rank"] == 1
    assert board["players"][0]["campaigns"] == 1
    assert client.get("/api/leaderboard").json()["own_rank"] is None
    campaign = client.get("/api/campaigns/crowd-circuit-lidar").json()
    assert campaign["paid_micro"] == campaign["paid_today_micro"] == 5_000_000
    assert campaign["escrow_micro"] == campaign["budget_micro"] - 5_000_000
    assert [point["kind"] for point in campaign["history"]] == ["promoted"]


def test_a_dispute_reaches_the_operator_once(
    server: Server, guest: Guest, player: Client, judged: str
) -> None:
    path = f"/api/attempts/{judged}/dispute"
    assert_problem(guest().post(path, json={"text": "not mine"}), 404, "not_found", "attempt_id")
    assert_problem(player.post(path, json={"text": "x"}), 422, "invalid_input", "text")
    made = player.post(path, json={"text": "I held the line."})
    assert made.status_code == 201
    assert made.json()["state"] == "open"
    assert made.json()["verdict_id"] == "vrd_1"
    before = server.rows()
    assert_problem(player.post(path, json={"text": "Again."}), 409, "conflict", "attempt_id")
    assert server.rows() == before
    assert player.get(f"/api/attempts/{judged}").json()["dispute"]["text"] == "I held the line."


def test_a_pending_attempt_cannot_be_disputed(player: Client, assign: Assign) -> None:
    given = assign(player)
    attempt_id = player.post(f"/api/assignments/{given['id']}/attempt", json=play()).json()["attempt_id"]
    response = player.post(f"/api/attempts/{attempt_id}/dispute", json={"text": "Too slow."})
    assert_problem(response, 409, "wrong_state", "attempt_id")


@pytest.mark.parametrize("path", ["/api/attempts/att_0", "/api/attempts/att_0/replay"])
def test_unknown_attempts(client: Client, path: str) -> None:
    assert_problem(client.get(path), 404, "not_found", "attempt_id")
