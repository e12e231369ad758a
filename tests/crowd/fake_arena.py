"""An arena that answers at once and judges nothing, for the crowd to speak to."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import RawTestServer

STAKE_MICRO = 2_000_000
_TIME = "2026-01-01T00:00:0{}Z"


@contextlib.asynccontextmanager
async def serving(answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """Address of a server on a free port that answers every request with a function."""
    async with RawTestServer(answer) as server:
        yield str(server.make_url("/")).rstrip("/")


async def hang_up(request: web.BaseRequest) -> web.Response:
    """Close the connection instead of answering."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


@dataclass
class FakeArena:
    """State of the fake and what it is told to answer.

    refusals: answers (status, code, Retry-After) that the next requests to a path get before anything else.
    """

    wallet_micro: int = 20_000_000
    refusals: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)
    players: list[str] = field(default_factory=list)
    assignments: dict[str, str] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    attempts: dict[str, dict[str, Any]] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    listeners: list[web.StreamResponse] = field(default_factory=list)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        method, path = request.method, request.path
        if self.refusals.get(path):
            status, code, after = self.refusals[path].pop(0)
            return _document({"code": code}, status, {"Retry-After": after} if after else {})
        player = request.cookies.get("manyhands", "")
        if (method, path) == ("POST", "/api/session"):
            self.players.append(f"plr_{len(self.players)}")
            cookie = {"Set-Cookie": f"manyhands={self.players[-1]}; Path=/"}
            return _document({"id": self.players[-1]}, 201, cookie)
        if path == "/api/events":
            return await self._stream(request)
        if path.endswith("/assignments"):
            return self._assign(player, request.headers["Idempotency-Key"])
        if path.endswith("/attempt"):
            return await self._take(player, path.split("/")[3], await request.json())
        if method == "DELETE":
            self.cancelled.append(path.split("/")[3])
            return web.Response(status=204)
        return self._read(path)

    async def _stream(self, request: web.BaseRequest) -> web.StreamResponse:
        """Events until the listener goes away, which cancels this."""
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        await stream.write(b"retry: 2000\n\n")
        sent = 0
        while sent < len(self.events):
            await stream.write(self._frame(sent))
            sent += 1
        self.listeners.append(stream)
        try:
            await asyncio.Event().wait()
        finally:
            self.listeners.remove(stream)
        return stream

    def _assign(self, player: str, key: str) -> web.Response:
        if self.wallet_micro < STAKE_MICRO:
            return _document({"code": "insufficient_credits"}, 409)
        assignment = f"asg_{len(self.assignments)}"
        self.assignments[assignment] = player
        self.keys.append(key)
        return _document({"id": assignment}, 201)

    async def _take(self, player: str, assignment: str, body: dict[str, Any]) -> web.Response:
        attempt = f"att_{len(self.attempts)}"
        self.attempts[attempt] = {
            "player_id": player,
            "assignment": assignment,
            "received_at": _TIME.format(0),
            "valued_at": _TIME.format(1),
            "judged_at": _TIME.format(4),
            "round_id": "rnd_1",
            "body": body,
        }
        await self._tell("attempt", {"attempt_id": attempt})
        if len(self.attempts) == 1:
            await self._tell("round", {"campaign_id": "cmp_1", "round_id": "rnd_1", "state": "closed"})
        return _document({"attempt_id": attempt}, 202)

    async def _tell(self, kind: str, payload: dict[str, Any]) -> None:
        self.events.append({"kind": kind, "payload": payload, "created_at": _TIME.format(1)})
        frame = self._frame(len(self.events) - 1)
        for listener in tuple(self.listeners):
            # A listener may just have gone away.
            with contextlib.suppress(ConnectionError):
                await listener.write(frame)

    def _frame(self, number: int) -> bytes:
        event = self.events[number]
        return f"id: {number}\nevent: {event['kind']}\ndata: {json.dumps(event)}\n\n".encode()

    def _read(self, path: str) -> web.Response:
        name = path.removeprefix("/api/")
        documents: dict[str, Any] = {
            "/healthz": {"status": "ok"},
            "me": {"staked_micro": 0},
            "campaigns": {"campaigns": [self.campaign() | {"sensor": "lidar"}]},
            "campaigns/lidar": self.campaign(),
            "campaigns/lidar/verdicts": {"verdicts": self._verdicts(), "next_cursor": None},
            "campaigns/lidar/players": {"players": self._players(), "next_cursor": None},
        } | {f"attempts/{name}": card for name, card in self.attempts.items()}
        if name not in documents:
            return _document({"code": "not_found", "detail": "Nothing is there."}, 404)
        return _document(documents[name])

    def campaign(self) -> dict[str, Any]:
        """The one campaign."""
        return {
            "id": "cmp_1",
            "slug": "lidar",
            "environment": "racer-v0",
            "config": {"sensor": {"kind": "lidar"}},
            "champion_cid": "cid",
            "state": "open",
            "score": 0.25 if not self.attempts else 0.5,
            "escrow_micro": 900_000_000,
            "history": [],
            "judge": {"pending_attempts": 0, "note": "", "state": "ready"},
            "lot": {"round_contributions": 0, "rounds_waiting": 0},
        }

    def _verdicts(self) -> list[dict[str, Any]]:
        verdict = {"id": "vrd_1", "round_id": "rnd_1", "kind": "promoted", "created_at": _TIME.format(4)}
        return [verdict] if self.attempts else []

    def _players(self) -> list[dict[str, Any]]:
        return [
            {
                "player_id": player,
                "attempts": sum(card["player_id"] == player for card in self.attempts.values()),
                "contributions": 1,
                "paid_micro": 1_500_000,
                "charged_micro": 500_000,
                "net_micro": 1_000_000,
            }
            for player in self.players
        ]


def _document(
    content: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    return web.json_response(content, status=status, headers=headers)
