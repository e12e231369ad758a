from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from server_harness import Assign, Client, Guest, Server, assert_problem, play
from sqlalchemy import select, update

from manyhands import ledger
from manyhands.arena import api as arena
from manyhands.storage.schema import attempts, campaigns, players
from manyhands.types import now_us

ORDER = {"name": "Night Circuit", "sensor": "camera", "budget_micro": 15_000_000, "stake_micro": 1_000_000,
         "target_score": 0.9}  # fmt: skip


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": name}


def test_both_ready_made_campaigns_are_listed_open_first(client: Client) -> None:
    rows = client.get("/api/campaigns").json()["campaigns"]
    assert [(row["slug"], row["state"], row["sensor"]) for row in rows] == [
        ("crowd-circuit-lidar", "open", "lidar"),
        ("crowd-circuit-camera", "warming", "camera"),
    ]
    assert rows[0]["escrow_micro"] == 1_000_000_000
    assert rows[0]["score"] == 0.25
    assert rows[1]["champion_cid"] is None


def test_a_campaign_is_read_by_id_and_slug(server: Server, client: Client) -> None:
    by_id = client.get(f"/api/campaigns/{server.campaign_id}").json()
    by_slug = client.get("/api/campaigns/crowd-circuit-lidar").json()
    assert by_id["id"] == by_slug["id"]
    assert by_id["can_manage"] is False
    assert by_id["judge"]["state"] == "away"
    assert by_id["judge"]["starts_ready"] == 10
    assert by_id["lot"]["number"] == 1
    assert by_id["pay"]["round_contributions"] == 24
    assert by_id["config"]["sensor"]["kind"] == "lidar"


def test_the_judges_state_is_told(server: Server) -> None:
    with server.context.database.write() as connection:
        arena.beat(connection, "referee-1", ready=True, note="", now=now_us())
        camera = arena.find_campaign(connection, "crowd-circuit-camera")["id"]
        arena.set_gauge(connection, f"warmup:{camera}", 0.5, "training the first champion", now_us())
    client = server.client()
    assert client.get("/api/campaigns/crowd-circuit-lidar").json()["judge"]["state"] == "ready"
    judge = client.get("/api/campaigns/crowd-circuit-camera").json()["judge"]
    assert (judge["state"], judge["progress"], judge["note"]) == (
        "warming",
        0.5,
        "training the first champion",
    )


def test_a_player_funds_a_campaign_of_its_own(server: Server, player: Client) -> None:
    made = player.post("/api/campaigns", json=ORDER)
    assert made.status_code == 201
    body = made.json()
    assert body["slug"] == "night-circuit"
    assert body["state"] == "warming"
    assert body["escrow_micro"] == body["budget_micro"] == 15_000_000
    assert body["can_manage"] is True
    assert player.get("/api/me").json()["balance_micro"] == 5_000_000
    fund = f"/api/campaigns/{body['id']}/fund"
    for _ in range(2):  # a repeated request pays once
        topped = player.post(fund, json={"amount_micro": 5_000_000}, headers=key("first-top-up")).json()
        assert topped["budget_micro"] == 20_000_000
    other = player.post(fund, json={"amount_micro": 1}, headers=key("first-top-up"))
    assert_problem(other, 409, "idempotency_conflict", "idempotency_key")
    again = player.post(fund, json={"amount_micro": 1}, headers=key("second-top-up"))
    assert_problem(again, 409, "insufficient_credits", "amount_micro")
    assert_problem(player.post(fund, json={"amount_micro": 1}), 422, "invalid_input", "Idempotency-Key")


def test_a_campaign_that_paid_for_its_whole_target_takes_no_more(server: Server, player: Client) -> None:
    campaign = player.post("/api/campaigns", json=ORDER).json()["id"]
    with server.context.database.write() as connection:
        connection.execute(update(campaigns).where(campaigns.c.id == campaign).values(paid_fraction=1.0))
    late = player.post(
        f"/api/campaigns/{campaign}/fund", json={"amount_micro": 1_000_000}, headers=key("too-late-now")
    )
    assert_problem(late, 409, "wrong_state", "campaign_id")
    assert player.get("/api/me").json()["balance_micro"] == 5_000_000


def test_closing_refunds_the_funder(server: Server, player: Client) -> None:
    campaign = player.post("/api/campaigns", json=ORDER).json()["id"]
    assert player.post(f"/api/campaigns/{campaign}/close").json()["state"] == "closing"
    assert player.post(f"/api/campaigns/{campaign}/close").json()["state"] == "closing"
    with server.context.database.write() as connection:
        assert arena.settle_closing(connection, now_us()) == 1
        assert arena.settle_closing(connection, now_us()) == 0
        assert ledger.audit(connection).faults == []
    assert player.get("/api/me").json()["balance_micro"] == 20_000_000
    server.context.forget_shared()
    assert player.get(f"/api/campaigns/{campaign}").json()["state"] == "closed"
    late = player.post(
        f"/api/campaigns/{campaign}/fund", json={"amount_micro": 1_000_000}, headers=key("late-top-up")
    )
    assert_problem(late, 409, "wrong_state")


def test_closing_waits_for_what_is_pending(server: Server, player: Client, assign: Assign) -> None:
    given = assign(player)
    with server.context.database.write() as connection:
        arena.close_campaign(connection, server.campaign_id, None, now_us())
        assert arena.settle_closing(connection, now_us()) == 0
    assert player.post(f"/api/assignments/{given['id']}/attempt", json=play()).status_code == 202
    with server.context.database.write() as connection:
        assert arena.settle_closing(connection, now_us()) == 0
        connection.execute(update(attempts).values(status="judged"))
        assert arena.settle_closing(connection, now_us()) == 1
        assert ledger.balance(connection, ledger.escrow(server.campaign_id)) == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "x"}, "name"),
        ({"name": "<script>"}, "name"),
        ({"sensor": "radar"}, "sensor"),
        ({"environment": "chess"}, "environment"),
        ({"budget_micro": 0}, "budget_micro"),
        ({"budget_micro": 1.5}, "budget_micro"),
        ({"budget_micro": 10**13}, "budget_micro"),
        ({"budget_micro": 4_000_000}, "budget_micro"),
        ({"stake_micro": -1}, "stake_micro"),
        ({"stake_micro": 100_000_001}, "stake_micro"),
        ({"target_score": 0.0}, "target_score"),
        ({"target_score": 2.1}, "target_score"),
        ({"slug": "Bad Slug"}, "slug"),
        ({"slug": "-x"}, "slug"),
        ({"withdrawable": True}, "withdrawable"),
    ],
)
def test_a_bad_order_changes_nothing(
    server: Server, player: Client, change: dict[str, Any], field: str
) -> None:
    before = server.rows()
    assert_problem(player.post("/api/campaigns", json=ORDER | change), 422, "invalid_input", field)
    assert server.rows() == before


def test_a_poor_player_creates_nothing(server: Server, player: Client) -> None:
    before = server.rows()
    response = player.post("/api/campaigns", json=ORDER | {"budget_micro": 21_000_000})
    assert_problem(response, 409, "insufficient_credits", "amount_micro")
    assert server.rows() == before


def test_a_taken_slug_conflicts_and_a_made_up_one_gives_way(server: Server, guest: Guest) -> None:
    assert guest().post("/api/campaigns", json=ORDER).json()["slug"] == "night-circuit"
    assert guest().post("/api/campaigns", json=ORDER).json()["slug"].startswith("night-circuit-")
    taken = guest().post("/api/campaigns", json=ORDER | {"slug": "crowd-circuit-lidar"})
    assert_problem(taken, 409, "conflict", "slug")


def test_a_funder_has_few_campaigns_at_once(player: Client) -> None:
    small = ORDER | {"budget_micro": 5_000, "stake_micro": 1_000}
    assert [player.post("/api/campaigns", json=small).status_code for _ in range(6)] == [201] * 5 + [409]


def test_only_the_funder_closes_and_exports(server: Server, player: Client, guest: Guest) -> None:
    before = server.rows()
    closed = player.post(f"/api/campaigns/{server.campaign_id}/close")
    assert_problem(closed, 403, "forbidden")
    assert_problem(player.get(f"/api/campaigns/{server.campaign_id}/export"), 403, "forbidden")
    assert server.rows() == before


def test_the_export_states_its_licence_and_holds_what_was_paid(
    server: Server, player: Client, guest: Guest, assign: Assign
) -> None:
    for client in (guest(), guest()):
        client.post(f"/api/assignments/{assign(client)['id']}/attempt", json=play())
    with server.context.database.write() as connection:
        first = connection.execute(select(attempts.c.id)).scalars().first()
        connection.execute(update(attempts).where(attempts.c.id == first).values(paid_micro=5))
        me = player.get("/api/me").json()["id"]
        connection.execute(update(players).where(players.c.id == me).values(role="operator"))
    response = player.get(f"/api/campaigns/{server.campaign_id}/export")
    assert response.headers["content-type"].startswith("application/x-ndjson")
    header, *lines = [json.loads(line) for line in response.text.splitlines()]
    assert header["licence"] == "CC-BY-4.0"
    assert [line["id"] for line in lines] == [first]
    assert lines[0]["start"]["track"] == "gen-3"


def test_the_lot_lists_its_contributions(server: Server, guest: Guest, assign: Assign) -> None:
    for client in (guest(), guest()):
        client.post(f"/api/assignments/{assign(client)['id']}/attempt", json=play())
    with server.context.database.write() as connection:
        connection.execute(update(attempts).values(status="valued", value=2.0, lot_number=1))
    lot = guest().get("/api/campaigns/crowd-circuit-lidar/lot").json()
    assert (lot["contributions"], lot["positive"], lot["players"]) == (2, 2, 2)
    assert len(lot["entries"]) == 2


@pytest.mark.parametrize("part", ["verdicts", "players", "lot"])
def test_long_lists_are_read_outside_the_event_loop(
    client: Client, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    real, threads = getattr(arena, f"campaign_{part}"), []

    def reading(*given: Any) -> Any:
        threads.append(threading.get_ident())
        return real(*given)

    monkeypatch.setattr(arena, f"campaign_{part}", reading)
    assert client.get(f"/api/campaigns/crowd-circuit-lidar/{part}").status_code == 200
    assert len(threads) == 1
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("part", ["", "/verdicts", "/players", "/lot", "/export"])
def test_unknown_campaigns(player: Client, part: str) -> None:
    assert_problem(player.get(f"/api/campaigns/nowhere{part}"), 404, "not_found", "campaign_id")


def test_warming_campaigns_have_a_job_for_the_trainer(server: Server) -> None:
    with server.context.database.read() as connection:
        ids = set(connection.execute(select(campaigns.c.id)).scalars())
    queued = {row[2] for row in server.rows()["jobs"] if row[1] == arena.BOOTSTRAP_JOB}
    assert queued == ids
