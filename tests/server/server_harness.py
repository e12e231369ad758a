"""What the server's tests share: a client, a server with something in it, bodies and checks."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import insert, select, update
from starlette.types import ASGIApp

from manyhands.server.application import create_app
from manyhands.server.context import Context
from manyhands.storage.schema import assignments, metadata, starts
from manyhands.types import new_start_id

START = {"track": "gen-3", "waypoint": 4, "along": 0.0, "motion": {"x": 1.5, "y": 2.25}}


def policy_bytes(salt: int = 0) -> bytes:
    """A minimal safetensors file with one tensor."""
    meta = {"architecture": json.dumps({"hidden": [4]}), "salt": str(salt)}
    header = json.dumps(
        {"__metadata__": meta, "w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    ).encode()
    return len(header).to_bytes(8, "little") + header + bytes(4)


class Client:
    """Speaks to an application without a network, keeping cookies as a browser does."""

    def __init__(self, app: ASGIApp, loop: asyncio.AbstractEventLoop, address: str = "127.0.0.1") -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 4000))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")
        self._loop = loop
        self.app = app

    @property
    def cookies(self) -> httpx.Cookies:
        return self._client.cookies

    def request(self, method: str, path: str, **details: Any) -> httpx.Response:
        return self._loop.run_until_complete(self._client.request(method, path, **details))

    def get(self, path: str, **details: Any) -> httpx.Response:
        return self.request("GET", path, **details)

    def post(self, path: str, **details: Any) -> httpx.Response:
        return self.request("POST", path, **details)

    def patch(self, path: str, **details: Any) -> httpx.Response:
        return self.request("PATCH", path, **details)

    def delete(self, path: str, **details: Any) -> httpx.Response:
        return self.request("DELETE", path, **details)


@dataclass
class Server:
    """The server under test and what was put into it."""

    context: Context
    campaign_id: str
    champion_cid: str
    loop: asyncio.AbstractEventLoop
    api: FastAPI
    app: ASGIApp = field(init=False)

    def __post_init__(self) -> None:
        self.app = create_app(self.context, self.api)

    def client(self, address: str = "127.0.0.1") -> Client:
        """A client without a session."""
        return Client(self.app, self.loop, address)

    def add_starts(self, count: int) -> None:
        """Store unused starts of the champion."""
        rows = [
            {
                "id": new_start_id(),
                "campaign_id": self.campaign_id,
                "champion_cid": self.champion_cid,
                "state": START,
            }
            for _ in range(count)
        ]
        with self.context.database.write() as connection:
            connection.execute(insert(starts), rows)

    def age(self, assignment_id: str, seconds: float) -> None:
        """Make an assignment older than it is."""
        with self.context.database.write() as connection:
            connection.execute(
                update(assignments)
                .where(assignments.c.id == assignment_id)
                .values(
                    created_us=assignments.c.created_us - round(seconds * 1e6),
                    expires_us=assignments.c.expires_us - round(seconds * 1e6),
                )
            )

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything the database holds, to see that nothing changed."""
        with self.context.database.read() as connection:
            return {
                table.name: [tuple(row) for row in connection.execute(select(table)).all()]
                for table in metadata.sorted_tables
            }


def play(ticks: int = 2, *, human: int = 1, **changes: Any) -> dict[str, Any]:
    """The body of an attempt with `human` ticks under the hand at its end."""
    body = {
        "ticks": ticks,
        "actions": base64.b64encode(bytes([3, 120]) * ticks).decode(),
        "actors": base64.b64encode(bytes(ticks - human) + bytes([1] * human)).decode(),
        "final": {"x": 1.5, "y": 2.25, "speed": 0.5},
    }
    return body | changes


def assert_problem(
    response: httpx.Response, status: int, code: str, field: str | None = None
) -> dict[str, Any]:
    """Check that an answer is a complete problem document and return it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"/problems/{code}"
    assert problem["field"] == field
    assert problem["detail"].endswith(".")
    assert problem["remedy"].endswith(".")
    return problem


Guest = Callable[[], Client]
"""Makes clients, each signed in as a new guest."""
Assign = Callable[..., dict[str, Any]]
"""Gets an assignment for a client, old enough to be handed in."""
