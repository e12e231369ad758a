"""The league over the interface: holding races, entering, standings, paths."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from server_harness import Client, Guest, Server, assert_problem
from sqlalchemy import insert, update

from manyhands import jobs, ledger
from manyhands.arena import api as arena
from manyhands.garage import api as garage
from manyhands.league import api as league
from manyhands.league.steward import Steward
from manyhands.server.messages.league import MAX_POLICY_BYTES
from manyhands.storage import ContentStore
from manyhands.storage.schema import campaigns, runs
from manyhands.types import Micros, PlayerId, credits, now_us
from tiny_race import steering

KEY = {"Idempotency-Key": "abcdefgh"}


def order(**changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    plain = {
        "name": "First light",
        "season": "2026 autumn",
        "track": "kidney",
        "rules": {"laps": 1, "consecutive": 1, "limit_s": 120},
        "opens_at": (now - timedelta(minutes=1)).isoformat(),
        "closes_at": (now + timedelta(hours=1)).isoformat(),
        "prize_micro": credits(10),
    }
    return plain | changes


@pytest.fixture
def organiser(server: Server, guest: Guest) -> Client:
    """A funder with 100 credits more than the starter loan."""
    client = guest()
    player = client.get("/api/me").json()["id"]
    with server.context.database.write() as connection:
        arena.give_role(connection, player, "funder")
        ledger.issue(connection, ledger.wallet(PlayerId(player)), credits(100), "test-issue", now_us())
    return client


@pytest.fixture
def race(organiser: Client) -> dict[str, Any]:
    answer = organiser.post("/api/races", json=order(), headers=KEY)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_race_among_bots_tells_its_rules(organiser: Client) -> None:
    bots = {"type": "head_to_bot", "objects": 3, "speed_mps": 0.5, "changes": True, "change_s": [1.0, 2.5]}
    rules = {"laps": 1, "consecutive": 1, "race": bots, "seed": 2**32 - 1}
    answer = organiser.post("/api/races", json=order(rules=rules), headers=KEY)
    assert answer.status_code == 201, answer.text
    found = organiser.get(f"/api/races/{answer.json()['id']}").json()["rules"]
    assert (found["race"], found["seed"]) == (bots | {"places": []}, 2**32 - 1)
    crowded = order(rules=rules | {"race": bots | {"speed_mps": 0.1}})
    refused = organiser.post("/api/races", json=crowded, headers={"Idempotency-Key": "other-key"})
    assert refused.status_code == 422


def drive(server: Server) -> None:
    """Let a steward drive all that waits."""
    context = server.context
    content = ContentStore(context.settings.content)
    terms = jobs.WorkerTerms("steward", 60.0, 0.1)
    steward = Steward(context.database, content, context.settings.tracks, terms)
    while steward.step():
        pass
    context.forget_shared()


def add_run(server: Server, client: Client, data: bytes) -> str:
    """A run of the client's that is done, with this policy as its best."""
    cid = ContentStore(server.context.settings.content).put(data)
    player = client.get("/api/me").json()["id"]
    with server.context.database.write() as connection:
        job = jobs.post(connection, jobs.Work(garage.RUN_JOB, {}), now_us())
        row = {"id": "run_test", "player_id": player, "idempotency_key": "run", "terms": {}, "job_id": job}
        result = {"policies": {"best": cid, "latest": cid}}
        connection.execute(insert(runs).values(**row, result=result, created_us=now_us()))
    return "run_test"


def test_a_race_is_held_entered_driven_and_closed(
    server: Server, organiser: Client, race: dict[str, Any], guest: Guest
) -> None:
    racer, other = guest(), guest()
    run = {"run": {"run_id": add_run(server, racer, steering(1.0))}}
    address = f"/api/races/{race['id']}"
    entered = racer.post(f"{address}/entries", json=run, headers=KEY)
    assert entered.status_code == 202, entered.text
    assert entered.json()["state"] == "queued"
    assert racer.post(f"{address}/entries", json=run, headers=KEY).json()["id"] == entered.json()["id"]
    by_file = other.post(f"{address}/entries/file?name=mine", content=steering(0.0), headers=KEY)
    assert by_file.status_code == 202, by_file.text
    drive(server)
    board = other.get(address).json()["board"]
    assert [(row["rank"], row["entry_id"], row["gap_ms"] == 0) for row in board] == [
        (1, entered.json()["id"], True),
        (2, by_file.json()["id"], False),
    ]
    own = racer.get(f"{address}/entries").json()["items"]
    assert own[0]["result"]["total_ms"] == board[0]["time_ms"]
    path = other.get(f"{address}/entries/{own[0]['id']}/path").json()
    assert len(path["x_mm"]) == len(path["y_mm"]) == len(path["heading_mrad"]) > 100
    assert_problem(racer.post(f"{address}/close"), 403, "forbidden")
    closed = organiser.post(f"{address}/close").json()
    assert closed["state"] == "closed"
    assert [row["prize_micro"] for row in closed["board"]] == [credits(5), credits(3)]
    listed = guest().get("/api/races").json()["items"]
    assert [(row["id"], row["racers"]) for row in listed] == [(race["id"], 2)]
    assert guest().get("/api/races?season=none").json()["items"] == []


def test_a_race_head_to_head_is_decided_by_a_final_that_all_see_at_once(
    server: Server, organiser: Client, guest: Guest
) -> None:
    rules = {"laps": 1, "consecutive": 1, "limit_s": 120, "race": {"type": "head_to_head"}}
    race = organiser.post("/api/races", json=order(rules=rules), headers=KEY).json()
    assert (race["type"], race["final"]) == ("head_to_head", None)
    address = f"/api/races/{race['id']}"
    hand = {"hand": {"actions": base64.b64encode(b"\0\177" * 30).decode(), "laps_ms": []}}
    assert_problem(guest().post(f"{address}/entries", json=hand, headers=KEY), 422, "invalid_input", "hand")
    for gain in (1.0, 1.3):
        entered = guest().post(f"{address}/entries/file?name=mine", content=steering(gain), headers=KEY)
        assert entered.status_code == 202, entered.text
    drive(server)
    assert_problem(guest().get("/api/races/rac_none/final"), 404, "not_found", "race_id")
    assert_problem(guest().get(f"{address}/final"), 409, "wrong_state", "race_id")
    closing = organiser.post(f"{address}/close").json()
    assert (closing["state"], closing["final"]["state"]) == ("final", "queued")
    drive(server)
    settle(server, now_us())
    live = guest().get(address).json()
    assert (live["state"], live["final"]["state"], live["final"]["results"]) == ("final", "live", None)
    assert [row["grid"] for row in live["board"]] == [None, None]
    assert live["now_at"] < live["final"]["starts_at"] < live["final"]["ends_at"]
    replay = guest().get(f"{address}/final").json()
    assert [car["entry_id"] for car in replay["cars"]] == live["final"]["grid"]
    columns = ("x_mm", "y_mm", "heading_mrad", "along_mm", "contacts", "shown")
    ticks = {len(car[name]) for car in replay["cars"] for name in columns}
    ends, starts = (datetime.fromisoformat(live["final"][name]) for name in ("ends_at", "starts_at"))
    assert ticks == {round((ends - starts).total_seconds() * replay["ticks_per_s"])}
    settle(server, now_us() + 3600 * 10**6)
    closed = guest().get(address).json()
    assert (closed["state"], closed["final"]["state"]) == ("closed", "done")
    assert [row["prize_micro"] for row in closed["board"]] == [credits(5), credits(3)]
    totals = {car["entry_id"]: car["total_ms"] for car in closed["final"]["results"]}
    assert {row["entry_id"]: row["time_ms"] for row in closed["board"]} == totals


def settle(server: Server, now: int) -> None:
    """Let the server look after its races as at that moment."""
    with server.context.database.write() as connection:
        league.settle(connection, Micros(now))
    server.context.forget_shared()


def test_a_champion_enters_like_anyones(server: Server, race: dict[str, Any], player: Client) -> None:
    cid = ContentStore(server.context.settings.content).put(steering(1.0))
    with server.context.database.write() as connection:
        connection.execute(
            update(campaigns).where(campaigns.c.id == server.campaign_id).values(champion_cid=cid)
        )
    body = {"champion": {"campaign_id": server.campaign_id}}
    entered = player.post(f"/api/races/{race['id']}/entries", json=body, headers=KEY)
    assert entered.status_code == 202, entered.text
    assert entered.json()["origin"]["campaign_id"] == server.campaign_id
    drive(server)
    again = player.get(f"/api/races/{race['id']}/entries/{entered.json()['id']}").json()
    assert (again["state"], again["result"]["finished"]) == ("done", True)


def test_a_hand_sends_its_actions_alone(server: Server, race: dict[str, Any], player: Client) -> None:
    actions = base64.b64encode(b"\0\177" * 30).decode()
    body = {"hand": {"actions": actions, "laps_ms": []}}
    entered = player.post(f"/api/races/{race['id']}/entries", json=body, headers=KEY)
    assert entered.status_code == 202, entered.text
    drive(server)
    [row] = player.get(f"/api/races/{race['id']}").json()["hands"]
    assert row["rank"] is None
    assert row["progress"] > 0.0


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "invalid_input", "body"),
        ({"run": {"run_id": "run_none"}}, "not_found", "run_id"),
        ({"champion": {"campaign_id": "cmp_none"}}, "not_found", "campaign_id"),
        ({"hand": {"actions": "AAA=", "laps_ms": []}, "run": {"run_id": "run_x"}}, "invalid_input", "body"),
    ],
)
def test_an_entry_that_cannot_be_is_refused(
    server: Server, race: dict[str, Any], player: Client, body: dict[str, Any], code: str, field: str
) -> None:
    before = server.rows()
    answer = player.post(f"/api/races/{race['id']}/entries", json=body, headers=KEY)
    assert_problem(answer, 404 if code == "not_found" else 422, code, field)
    assert server.rows() == before


def test_only_organisers_hold_races(player: Client) -> None:
    assert_problem(player.post("/api/races", json=order(), headers=KEY), 403, "forbidden")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"rules": {"laps": 0}}, "rules.laps"),
        ({"rules": {"laps": 1}}, "consecutive"),
        ({"closes_at": "2001-01-01T00:00:00Z"}, "closes_at"),
        ({"shares": [70, 40]}, "shares"),
        ({"ranking": "style"}, "ranking"),
    ],
)
def test_a_race_that_cannot_be_names_its_field(
    organiser: Client, changes: dict[str, Any], field: str
) -> None:
    assert_problem(
        organiser.post("/api/races", json=order(**changes), headers=KEY), 422, "invalid_input", field
    )


def test_a_race_needs_its_track(organiser: Client) -> None:
    assert_problem(
        organiser.post("/api/races", json=order(track="nowhere"), headers=KEY), 404, "not_found", "track"
    )


def test_a_large_policy_file_passes_the_door_and_a_larger_one_does_not(
    race: dict[str, Any], player: Client
) -> None:
    address = f"/api/races/{race['id']}/entries/file?name=mine"
    answer = player.post(address, content=b"\1" * 1_000_000, headers=KEY)
    assert_problem(answer, 422, "policy_file", "policy")
    assert_problem(
        player.post(address, content=b"\1" * (MAX_POLICY_BYTES + 1_000_000), headers=KEY),
        413,
        "too_large",
        "body",
    )


def stored(server: Server) -> set[str]:
    return set(ContentStore(server.context.settings.content))


def test_a_key_that_was_used_stores_no_other_file(
    server: Server, race: dict[str, Any], player: Client
) -> None:
    address = f"/api/races/{race['id']}/entries/file?name=mine"
    entered = player.post(address, content=steering(1.0), headers=KEY)
    assert entered.status_code == 202, entered.text
    before = stored(server)
    other = player.post(address, content=steering(1.0) + b"another tail", headers=KEY)
    assert_problem(other, 409, "idempotency_conflict", "Idempotency-Key")
    assert stored(server) == before
    assert player.post(address, content=steering(1.0), headers=KEY).json()["id"] == entered.json()["id"]


def test_a_player_hands_in_one_file_at_a_time(
    server: Server, race: dict[str, Any], player: Client, guest: Guest
) -> None:
    address = f"/api/races/{race['id']}/entries/file?name=mine"
    before = stored(server)
    with server.context.uploads.turn(player.get("/api/me").json()["id"]):
        assert_problem(player.post(address, content=steering(1.0), headers=KEY), 429, "quota")
        assert stored(server) == before
        assert guest().post(address, content=steering(0.0), headers=KEY).status_code == 202
    assert player.post(address, content=steering(1.0), headers=KEY).status_code == 202


def test_prize_money_shows_in_the_statement_and_entries_in_ones_data(
    server: Server, organiser: Client, race: dict[str, Any]
) -> None:
    line = organiser.get("/api/me/statement").json()["lines"][0]
    assert (line["kind"], line["amount_micro"]) == ("sponsor", -credits(10))
    entered = organiser.post(
        f"/api/races/{race['id']}/entries/file?name=mine", content=steering(1.0), headers=KEY
    )
    assert entered.status_code == 202
    assert len(organiser.get("/api/me/data").json()["race_entries"]) == 1
    assert organiser.delete("/api/me/data").json()["entries_deleted"] == 1
    assert server.rows()["race_entries"] == []
