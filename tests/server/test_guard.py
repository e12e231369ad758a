from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from server_harness import Client, Server, assert_problem

from manyhands.server.application import create_app


@pytest.fixture
def strict(server: Server) -> Callable[..., Client]:
    """Makes clients of a server with other settings, from an address of choice."""

    def make(address: str = "203.0.113.5", **changes: int) -> Client:
        server.context.settings = replace(server.context.settings, **changes)  # type: ignore[arg-type]
        return Client(create_app(server.context, server.api), server.loop, address)

    return make


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:8000"},
    ],
)
def test_other_sites_cannot_write(server: Server, player: Client, headers: dict[str, str]) -> None:
    before = server.rows()
    assert_problem(player.patch("/api/me", json={"name": "x"}, headers=headers), 403, "forbidden", "Origin")
    assert server.rows() == before


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", None])
def test_the_own_page_and_programs_can_write(player: Client, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    assert player.patch("/api/me", json={"name": "x"}, headers=headers).status_code == 200


def test_a_public_url_is_the_only_origin(server: Server, strict: Callable[..., Client]) -> None:
    server.context.settings = replace(server.context.settings, public_url="https://arena.example")
    client = strict()
    fine = client.post("/api/session", json={"consent": True}, headers={"Origin": "https://arena.example"})
    assert fine.status_code == 201
    assert "Secure" in fine.headers["set-cookie"]
    other = client.patch("/api/me", json={"name": "x"}, headers={"Origin": "http://127.0.0.1:8000"})
    assert_problem(other, 403, "forbidden", "Origin")


def test_there_is_no_cors(client: Client) -> None:
    response = client.request(
        "OPTIONS",
        "/api/campaigns",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
    )
    assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/api/campaigns", "/api/me", "/healthz", "/nowhere.js", "/openapi.json"])
def test_every_answer_carries_the_security_headers(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_an_address_has_a_rate(strict: Callable[..., Client]) -> None:
    client = strict(requests_per_minute=9)
    answers = [client.get("/api/campaigns") for _ in range(4)]
    assert [answer.status_code for answer in answers[:3]] == [200, 200, 200]
    problem = assert_problem(answers[3], 429, "quota")
    assert answers[3].headers["retry-after"] == str(problem["retry_after_s"])
    assert 1 <= problem["retry_after_s"] <= 7
    assert client.get("/healthz").status_code == 200


def test_players_behind_one_address_are_counted_apart(server: Server, strict: Callable[..., Client]) -> None:
    first = strict(requests_per_minute=9)
    first.post("/api/session", json={"consent": True})
    second = Client(first.app, server.loop, "203.0.113.5")
    second.post("/api/session", json={"consent": True})
    assert [first.get("/api/me").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert second.get("/api/me").status_code == 200


def test_new_sessions_of_an_address_are_limited(server: Server, strict: Callable[..., Client]) -> None:
    app_client = strict(sessions_per_hour=2)

    def start(address: str) -> int:
        return (
            Client(app_client.app, server.loop, address)
            .post("/api/session", json={"consent": True})
            .status_code
        )

    assert [start("203.0.113.5") for _ in range(3)] == [201, 201, 429]
    assert start("203.0.113.6") == 201


def test_assignments_of_a_player_are_limited(server: Server, strict: Callable[..., Client]) -> None:
    client = strict(attempts_per_minute=3)
    client.post("/api/session", json={"consent": True})
    path = f"/api/campaigns/{server.campaign_id}/assignments"
    codes = [client.post(path, headers={"Idempotency-Key": f"number-{n}"}).status_code for n in range(4)]
    assert codes == [201, 409, 409, 429]


def test_guessing_recovery_codes_is_limited(strict: Callable[..., Client]) -> None:
    client = strict(sessions_per_hour=3)
    codes = [client.post("/api/session/recover", json={"code": "A" * 20}).status_code for _ in range(4)]
    assert codes == [404, 404, 404, 429]


@pytest.mark.parametrize(("pieces", "status"), [(100, 200), (2_000_000, 413)])
def test_a_body_of_any_number_of_pieces_is_read_up_to_its_limit(
    player: Client, pieces: int, status: int
) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b'{"name":'
        for _ in range(pieces):
            yield b" "
        yield b'"Ada"}'

    answer = player.patch("/api/me", content=body(), headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text


def test_unknown_addresses_and_methods_are_problems(client: Client) -> None:
    assert_problem(client.get("/api/nothing"), 404, "not_found")
    assert_problem(client.request("PUT", "/api/campaigns"), 405, "method_not_allowed")
