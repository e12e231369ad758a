"""An arena that answers at once and judges nothing, for the crowd to speak to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx

STAKE_MICRO = 2_000_000
_TIME = "2026-01-01T00:00:0{}Z"


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

    def connect(self) -> httpx.AsyncBaseTransport:
        """One more browser's connection."""
        return httpx.MockTransport(self._answer)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        method, path = request.method, request.url.path
        if self.refusals.get(path):
            status, code, after = self.refusals[path].pop(0)
            return httpx.Response(
                status, json={"code": code}, headers={"Retry-After": after} if after else {}
            )
        player = request.headers.get("cookie", "").removeprefix("manyhands=")
        body = json.loads(request.content) if request.content else {}
        if (method, path) == ("POST", "/api/session"):
            self.players.append(f"plr_{len(self.players)}")
            cookie = {"Set-Cookie": f"manyhands={self.players[-1]}; Path=/"}
            return httpx.Response(201, json={"id": self.players[-1]}, headers=cookie)
        if path == "/api/events":
            return httpx.Response(200, content=self._stream())
        if path.endswith("/assignments"):
            return self._assign(player, request.headers["Idempotency-Key"])
        if path.endswith("/attempt"):
            return self._take(player, path.split("/")[3], body)
        if method == "DELETE":
            self.cancelled.append(path.split("/")[3])
            return httpx.Response(204)
        return self._read(path)

    async def _stream(self) -> AsyncIterator[bytes]:
        yield b"retry: 2000\n\n"
        sent = 0
        while True:
            for event in self.events[sent:]:
                yield f"id: {sent}\nevent: {event['kind']}\ndata: {json.dumps(event)}\n\n".encode()
                sent += 1
            await asyncio.sleep(0.01)

    def _assign(self, player: str, key: str) -> httpx.Response:
        if self.wallet_micro < STAKE_MICRO:
            return httpx.Response(409, json={"code": "insufficient_credits"})
        assignment = f"asg_{len(self.assignments)}"
        self.assignments[assignment] = player
        self.keys.append(key)
        return httpx.Response(201, json={"id": assignment})

    def _take(self, player: str, assignment: str, body: dict[str, Any]) -> httpx.Response:
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
        self._tell("attempt", {"attempt_id": attempt})
        if len(self.attempts) == 1:
            self._tell("round", {"campaign_id": "cmp_1", "round_id": "rnd_1", "state": "closed"})
        return httpx.Response(202, json={"attempt_id": attempt})

    def _tell(self, kind: str, payload: dict[str, Any]) -> None:
        self.events.append({"kind": kind, "payload": payload, "created_at": _TIME.format(1)})

    def _read(self, path: str) -> httpx.Response:
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
            return httpx.Response(404, json={"code": "not_found", "detail": "Nothing is there."})
        return httpx.Response(200, json=documents[name])

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
