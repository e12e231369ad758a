"""One browser: a cookie jar, connections of its own, and the manners that the server asks for.

It knows the public API's addresses and nothing of the server's insides.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial

import httpx

from manyhands.crowd.tally import Tally
from manyhands.types import Json

TIMEOUT_S = 30.0
BUSY = (429, 503)
_LONGEST_BACKOFF_S = 8.0
# The server sends a line at least every 15 s.
_SILENCE_S = 45.0


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
    """What all browsers of a crowd share: where the server is, what is counted, until when they play.

    connect: makes the connections of one more browser.
    """

    url: str
    tally: Tally
    shift: Shift
    connect: Callable[[], httpx.AsyncBaseTransport]


def network() -> Callable[[], httpx.AsyncBaseTransport]:
    """Connections over the network, each browser with its own."""
    # Reading the certificates takes longer than many requests, so it is done once.
    trust = httpx.create_ssl_context()
    limits = httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=60.0)
    return partial(httpx.AsyncHTTPTransport, verify=trust, limits=limits)


class Browser:
    """Sends requests as one visitor."""

    def __init__(self, place: Place, rng: random.Random) -> None:
        self._place = place
        self._rng = rng
        self._client = httpx.AsyncClient(transport=place.connect(), base_url=place.url, timeout=TIMEOUT_S)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def forget(self) -> None:
        """Delete the cookies, as somebody does who comes back as somebody else."""
        self._client.cookies.clear()

    async def send(
        self, method: str, path: str, body: Json | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send a request; one that is answered with "not now" is sent again until the shift is over.

        Waits as long as Retry-After says and up to half as long again, so that a crowd does not come back
        at one moment. `elapsed_s` of the answer is that of the last sending alone.
        """
        tries = 0
        while True:
            tries += 1
            answer, wait_s = await self.once(method, path, body, headers)
            if answer.ok:
                return answer
            if wait_s is None:
                self._place.tally.errors[answer.code] += 1
                return answer
            self._place.tally.busy[str(answer.status or "unreachable")] += 1
            if self._place.shift.over:
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
            response = await self._client.request(method, path, json=body, headers=headers)
        except httpx.TransportError as fault:
            return Answer(0, {"detail": str(fault)}, time.perf_counter() - begun_s), 0.0
        elapsed_s = time.perf_counter() - begun_s
        answer = Answer(response.status_code, _document(response), elapsed_s)
        if response.status_code not in BUSY:
            return answer, None
        after = response.headers.get("Retry-After", "")
        return answer, float(after) if after.isascii() and after.isdigit() else 0.0

    async def download(self, path: str) -> bytes | None:
        """The bytes at a path, None if the server did not give any."""
        self._place.tally.requests += 1
        try:
            response = await self._client.get(path)
        except httpx.TransportError:
            return None
        return response.content if response.is_success else None

    async def events(self) -> AsyncIterator[Json]:
        """Server-sent events until cancelled; after a lost connection it goes on where it was."""
        last = ""
        while True:
            headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
            with contextlib.suppress(httpx.TransportError):
                timeout = httpx.Timeout(TIMEOUT_S, read=_SILENCE_S)
                async with self._client.stream(
                    "GET", "/api/events", headers=headers, timeout=timeout
                ) as response:
                    async for line in response.aiter_lines():
                        if line.startswith("id: "):
                            last = line.removeprefix("id: ")
                        elif line.startswith("data: "):
                            yield json.loads(line.removeprefix("data: "))
            self._place.tally.busy["stream"] += 1
            await asyncio.sleep(self._rng.uniform(1.0, 3.0))


def _document(response: httpx.Response) -> Json:
    """The answer's JSON object; empty where it has none."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
