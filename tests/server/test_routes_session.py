from __future__ import annotations

import pytest
from server_harness import Assign, Client, Guest, Server, assert_problem, play
from sqlalchemy import select

from manyhands.server import cookies
from manyhands.storage.schema import players


def test_a_guest_gets_a_cookie_a_name_and_a_loan(client: Client) -> None:
    response = client.post("/api/session", json={"consent": True})
    assert response.status_code == 201
    me = response.json()
    assert me["balance_micro"] == me["loan_micro"] == 20_000_000
    assert me["withdrawable_micro"] == me["staked_micro"] == 0
    assert me["name"]
    assert me["role"] == "player"
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert client.get("/api/me").json() == me


def test_a_second_start_keeps_the_player(player: Client) -> None:
    me = player.get("/api/me").json()
    again = player.post("/api/session", json={"consent": True})
    assert again.status_code == 200
    assert again.json()["id"] == me["id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "consent"),
        ({"consent": False}, "consent"),
        ({"consent": "true"}, "consent"),
        ({"consent": True, "name": ""}, "name"),
        ({"consent": True, "name": "x" * 33}, "name"),
        ({"consent": True, "name": "a\nb"}, "name"),
        ({"consent": True, "name": "<b>"}, "name"),
        ({"consent": True, "name": "   "}, "name"),
        ({"consent": True, "role": "operator"}, "role"),
        ([], "body"),
    ],
)
def test_consent_and_name_are_checked(server: Server, client: Client, body: object, field: str) -> None:
    before = server.rows()
    assert_problem(client.post("/api/session", json=body), 422, "invalid_input", field)
    assert server.rows() == before


@pytest.mark.parametrize("value", ["", "x", "plr_0123456789abcdef.0." + "0" * 64, "plr_x.0.00"])
def test_a_forged_cookie_is_no_session(client: Client, value: str) -> None:
    client.cookies.set("manyhands", value)
    assert_problem(client.get("/api/me"), 401, "not_signed_in", "Cookie")


def test_a_cookie_of_another_key_is_no_session(server: Server, player: Client) -> None:
    player_id = player.get("/api/me").json()["id"]
    stranger = server.client()
    stranger.cookies.set("manyhands", cookies.sign(b"guessed", player_id, 0))
    assert stranger.get("/api/me").status_code == 401


def test_the_address_has_a_cap_on_loans(server: Server, guest: Guest) -> None:
    server.context.settings = type(server.context.settings)(
        data=server.context.settings.data, loan_address_day_micro=30_000_000, sessions_per_hour=1000
    )
    assert guest().get("/api/me").json()["balance_micro"] == 20_000_000
    assert guest().get("/api/me").json()["balance_micro"] == 0


def test_a_player_is_renamed(player: Client) -> None:
    assert player.patch("/api/me", json={"name": "Ada"}).json()["name"] == "Ada"
    assert player.get("/api/me").json()["name"] == "Ada"


def test_a_recovery_code_opens_the_account_elsewhere(server: Server, player: Client) -> None:
    code = player.post("/api/me/recovery").json()["code"]
    other = server.client()
    found = other.post("/api/session/recover", json={"code": code.lower().replace("-", " ")})
    assert found.json()["id"] == player.get("/api/me").json()["id"]
    assert found.json()["has_recovery_code"]
    assert other.get("/api/me").status_code == 200
    newer = player.post("/api/me/recovery").json()["code"]
    assert newer != code
    stale = server.client().post("/api/session/recover", json={"code": code})
    assert_problem(stale, 404, "not_found", "code")


def test_only_the_hash_of_a_recovery_code_is_stored(server: Server, player: Client) -> None:
    code = player.post("/api/me/recovery").json()["code"]
    assert code not in str(server.rows())
    assert code.replace("-", "") not in str(server.rows())


def test_ending_a_session_forgets_the_cookie(player: Client) -> None:
    assert player.delete("/api/session").status_code == 204
    assert player.get("/api/me").status_code == 401


def test_the_statement_is_a_banks(player: Client, assign: Assign) -> None:
    given = assign(player)
    player.delete(f"/api/assignments/{given['id']}")
    lines = player.get("/api/me/statement").json()["lines"]
    wallet = [
        (line["kind"], line["amount_micro"], line["balance_micro"])
        for line in lines
        if line["account"] == "wallet"
    ]
    assert wallet == [
        ("return", 2_000_000, 20_000_000),
        ("stake", -2_000_000, 18_000_000),
        ("loan", 20_000_000, 20_000_000),
    ]
    assert all(len(line["hash"]) == 64 for line in lines)


def test_the_statement_pages_without_gaps(
    player: Client, assign: Assign, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        player.delete(f"/api/assignments/{assign(player)['id']}")
    whole = player.get("/api/me/statement").json()["lines"]
    monkeypatch.setattr("manyhands.server.routes_session.PAGE_SIZE", 2)
    paged, cursor = [], ""
    while cursor is not None:
        part = player.get(f"/api/me/statement{cursor and '?cursor=' + cursor}").json()
        paged += part["lines"]
        cursor = part["next_cursor"]
    assert paged == whole


@pytest.mark.parametrize("cursor", ["x", "-1", "1.2.3", "9" * 19])
@pytest.mark.parametrize("path", ["/api/me/statement", "/api/me/attempts"])
def test_a_made_up_cursor_is_refused(player: Client, path: str, cursor: str) -> None:
    assert_problem(player.get(f"{path}?cursor={cursor}"), 422, "invalid_input", "cursor")


def test_my_data_is_exported_and_withdrawn(server: Server, player: Client, assign: Assign) -> None:
    given = assign(player)
    attempt = player.post(f"/api/assignments/{given['id']}/attempt", json=play()).json()["attempt_id"]
    data = player.get("/api/me/data").json()
    assert [row["id"] for row in data["attempts"]] == [attempt]
    assert data["player"]["id"] == player.get("/api/me").json()["id"]
    assert "recovery_hash" not in data["player"]
    assert data["statement"]
    assert "CC BY" in data["licence"]
    assert player.delete("/api/me/data").json()["attempts_withdrawn"] == 1
    assert player.delete("/api/me/data").json()["attempts_withdrawn"] == 0
    with server.context.database.read() as connection:
        assert connection.execute(select(players.c.withdrawn_us)).scalar_one()


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/me"), ("PATCH", "/api/me"), ("POST", "/api/me/recovery"), ("GET", "/api/me/statement"),
     ("GET", "/api/me/attempts"), ("GET", "/api/me/data"), ("DELETE", "/api/me/data")],
)  # fmt: skip
def test_own_pages_need_a_session(client: Client, method: str, path: str) -> None:
    body = {"json": {"name": "x"}} if method == "PATCH" else {}
    assert_problem(client.request(method, path, **body), 401, "not_signed_in", "Cookie")
