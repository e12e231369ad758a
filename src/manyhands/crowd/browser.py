"""One browser: a cookie jar, connections of its own, and the manners that the server asks for.

It knows the public API's addresses and nothing of the server's insides.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

import aiohttp

from manyhands.crowd.tally import Tally
from manyhands.types import Json

TIMEOUT_S = 30.0
BUSY = (429, 503)
_LONGEST_BACKOFF_S = 8.0
# The server sends a line at least every 15 s.
_SILENCE_S = 45.0
# Shorter than the server keeps an idle connection, so that no request meets one that is just being closed.
_IDLE_S = 60.0
_CONNECTIONS = 4
# An answer may take as long as it goes on coming: a policy's file is large, and the crowd's machine is busy.
_PATIENCE = aiohttp.ClientTimeout(connect=TIMEOUT_S, sock_read=TIMEOUT_S)
_LISTENING = aiohttp.ClientTimeout(connect=TIMEOUT_S, sock_read=_SILENCE_S)
_FAULTS = (aiohttp.ClientError, TimeoutError)
_compact = partial(json.dumps, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class Shift:
    """The time during which a crowd plays."""

    def __init__(self) -> None:
        self._over = asyncio.Event()

    @property
    def over(self) -> bool:
        """Whether it is time to go home."""
        return self._over.is_set()

    def end(self) -> None:
        """Send everybody home."""
        self._over.set()

    async def pause(self, seconds: float) -> None:
        """Wait, at most until the shift ends."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), max(0.0, seconds))


@dataclass(frozen=True)
class Answer:
    """What the server said; status 0 where it said nothing."""

    status: int
    body: Json
    elapsed_s: float

    @property
    def ok(self) -> bool:
        """Whether the request was done."""
        return 200 <= self.status < 300

    @property
    def code(self) -> str:
        """Kind of the problem, empty if there was none."""
        return "" if self.ok else str(self.body.get("code", self.status))


@dataclass(frozen=True)
class Place:
    """What all browsers of a crowd share: where the server is, what is counted, until when they play."""

    url: str
    tally: Tally
    shift: Shift


class Browser:
    """Sends requests as one visitor; to be made while the event loop runs.

    patience_s: how long a request is sent again to a server that cannot be reached.
    """

    def __init__(self, place: Place, rng: random.Random, patience_s: float = math.inf) -> None:
        self._place = place
        self._rng = rng
        self._patience_s = patience_s
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=_IDLE_S),
            # Without `unsafe` no cookie of a server without a name would be kept, 127.0.0.1 for one.
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            json_serialize=_compact,
            timeout=_PATIENCE,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    def forget(self) -> None:
        """Delete the cookies, as somebody does who comes back as somebody else."""
        self._session.cookie_jar.clear()

    async def send(
        self, method: str, path: str, body: Json | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send a request; one that is answered with "not now" is sent again until the shift is over.

        One that is not answered at all is sent again until then, or as long as patience lasts. Waits as long
        as Retry-After says and up to half as long again, so that a crowd does not come back at one moment.
        `elapsed_s` of the answer is that of the last sending alone.
        """
        tries, lost_s = 0, math.inf
        while True:
            tries += 1
            answer, wait_s = await self.once(method, path, body, headers)
            if answer.ok:
                return answer
            if wait_s is None:
                self._place.tally.errors[answer.code] += 1
                return answer
            self._place.tally.busy[str(answer.status or "unreachable")] += 1
            lost_s = math.inf if answer.status else min(lost_s, time.monotonic())
            if self._place.shift.over or time.monotonic() - lost_s >= self._patience_s:
                return answer
            backoff_s = min(_LONGEST_BACKOFF_S, 0.25 * 2.0 ** min(tries, 6))
            await self._place.shift.pause((wait_s or backoff_s) * self._rng.uniform(1.0, 1.5))

    async def once(
        self, method: str, path: str, body: Json | None = None, headers: dict[str, str] | None = None
    ) -> tuple[Answer, float | None]:
        """Send once: the answer, and after how long to send again: None for never, 0 if nobody said."""
        self._place.tally.requests += 1
        begun_s = time.perf_counter()
        try:
            async with self._session.request(
                method, f"{self._place.url}{path}", json=body, headers=headers, allow_redirects=False
            ) as response:
                content = await response.read()
        except _FAULTS as fault:
            return Answer(0, {"detail": str(fault)}, time.perf_counter() - begun_s), 0.0
        answer = Answer(response.status, _document(content), time.perf_counter() - begun_s)
        if response.status not in BUSY:
            return answer, None
        after = response.headers.get("Retry-After", "")
        return answer, float(after) if after.isascii() and after.isdigit() else 0.0

    async def download(self, path: str) -> bytes | None:
        """The bytes at a path, None if the server did not give any."""
        self._place.tally.requests += 1
        try:
            async with self._session.get(f"{self._place.url}{path}", allow_redirects=False) as response:
                content = await response.read()
        except _FAULTS:
            return None
        return content if 200 <= response.status < 300 else None

    async def events(self) -> AsyncIterator[Json]:
        """Server-sent events until cancelled; after a lost connection it goes on where it was."""
        url, last = f"{self._place.url}/api/events", ""
        while True:
            headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
            with contextlib.suppress(*_FAULTS):
                async with self._session.get(
                    url, headers=headers, timeout=_LISTENING, allow_redirects=False
                ) as response:
                    async for raw in response.content:
                        line = raw.decode().rstrip("\r\n")
                        if line.startswith("id: "):
                            last = line.removeprefix("id: ")
                        elif line.startswith("data: "):
                            yield json.loads(line.removeprefix("data: "))
            self._place.tally.busy["stream"] += 1
            await asyncio.sleep(self._rng.uniform(1.0, 3.0))


def _document(content: bytes) -> Json:
    """An answer's JSON object; empty where it has none."""
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
