"""A server over a temporary data folder, with an open campaign and starts, and clients for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from server_harness import Assign, Client, Guest, Server, policy_bytes
from sqlalchemy import insert, update

from manyhands.app import build_context
from manyhands.arena import api as arena
from manyhands.server.application import api_app
from manyhands.settings import Settings
from manyhands.storage import ContentStore, open_database
from manyhands.storage.schema import campaigns, policies
from manyhands.types import now_us


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    return Settings(
        data=tmp_path, database_url=sqlite_url, sessions_per_hour=1000, loan_address_day_micro=10**12
    )


@pytest.fixture(scope="session")
def api() -> FastAPI:
    """The routes, built once; each server puts its own objects behind them."""
    return api_app()


@pytest.fixture
def server(settings: Settings, api: FastAPI) -> Iterator[Server]:
    """A server with the two ready-made campaigns, the lidar one open with ten starts."""
    database = open_database(settings.url)
    cid = ContentStore(settings.content).put(policy_bytes())
    with database.write() as connection:
        _, lidar = arena.ensure_ready_made(connection, settings, now_us())
        connection.execute(
            insert(policies).values(cid=cid, campaign_id=lidar, kind="seed", score=0.25, created_us=now_us())
        )
        connection.execute(
            update(campaigns)
            .where(campaigns.c.id == lidar)
            .values(champion_cid=cid, state="open", score_first=0.25, score_now=0.25, reference_score=30.0)
        )
    context = build_context(settings, database)
    loop = asyncio.new_event_loop()
    found = Server(context, lidar, cid, loop, api)
    found.add_starts(10)
    yield found
    loop.close()
    context.writer.close()
    database.close()


@pytest.fixture
def client(server: Server) -> Client:
    """A client without a session."""
    return server.client()


@pytest.fixture
def guest(server: Server) -> Guest:
    """Makes clients, each signed in as a new guest."""

    def make() -> Client:
        made = server.client()
        assert made.post("/api/session", json={"consent": True}).status_code == 201
        return made

    return make


@pytest.fixture
def player(guest: Guest) -> Client:
    """A client signed in as a guest."""
    return guest()


@pytest.fixture
def assign(server: Server) -> Assign:
    """Gets an assignment for a client and makes it old enough to be handed in."""
    numbers = iter(range(1000))

    def get(client: Client, age_s: float = 1.0) -> dict[str, Any]:
        key = {"Idempotency-Key": f"test-key-{next(numbers)}"}
        response = client.post(f"/api/campaigns/{server.campaign_id}/assignments", headers=key)
        assert response.status_code == 201, response.text
        given: dict[str, Any] = response.json()
        server.age(given["id"], age_s)
        return given

    return get
