"""What happens before a request is parsed: origin, rate and size; and the headers every answer carries.

Plain ASGI, because it runs for every request and most of what it refuses should cost next to nothing.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from manyhands.envs.snake.reference_form import MOST_BYTES
from manyhands.errors import ForbiddenError, InputError, ManyhandsError, QuotaError, TooLargeError
from manyhands.garage.api import MOST_CHARACTERS, MOST_TRACE_BYTES
from manyhands.server import cookies
from manyhands.server.addresses import client_address
from manyhands.server.limits import Buckets, Rate
from manyhands.server.messages.league import MAX_POLICY_BYTES
from manyhands.server.metrics import Metrics
from manyhands.server.problems import problem_of, respond
from manyhands.settings import Settings

BODY_S = 10.0
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_LARGER = {
    "/api/experiments/import": MOST_BYTES,
    "/api/rewards/check": 4 * MOST_CHARACTERS,
    "/api/runs": 4 * MOST_CHARACTERS,
    "/api/traces/analysis": MOST_TRACE_BYTES,
}
"""Limits of bodies that are files; all others have that of an attempt."""
_ENTRY = re.compile(r"/api/races/[^/]+/entries(/file)?")
_ENTRY_BYTES = {None: 200_000, "/file": MAX_POLICY_BYTES}
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


class Guard:
    """The outermost layer of the application."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        metrics: Metrics,
        cookie_key: bytes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.app = app
        self._settings = settings
        self._metrics = metrics
        self._key = cookie_key
        self._clock = clock
        self._by_address = Buckets(Rate.per_minute(settings.requests_per_minute))
        self._by_player = Buckets(Rate.per_minute(settings.requests_per_minute))
        self._sessions = Buckets(Rate.per_hour(settings.sessions_per_hour))
        self._recoveries = Buckets(Rate.per_hour(settings.sessions_per_hour))
        self._assignments = Buckets(Rate.per_minute(settings.attempts_per_minute))
        self._streams: dict[str, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then pass on; see the module's docstring."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        started_s = time.perf_counter()

        async def answering(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._finish(scope, message, started_s)
            await send(message)

        address = client_address(scope, self._settings.trusted_proxies)
        try:
            self._check(scope, headers, address)
            async with asyncio.timeout(BODY_S):
                receive = await self._read(scope, headers, receive)
        except (ManyhandsError, TimeoutError) as caught:
            late = InputError("The body did not arrive in time.", field="body")
            error = caught if isinstance(caught, ManyhandsError) else late
            self._metrics.refused.labels(error.code).inc()
            await respond(problem_of(error))(scope, receive, answering)
            return
        if scope["path"] == "/api/events":
            await self._stream(self._player(headers) or address, scope, receive, answering)
        else:
            await self.app(scope, receive, answering)

    def _check(self, scope: Scope, headers: Headers, address: str) -> None:
        path, method = scope["path"], scope["method"]
        if not path.startswith("/api/"):
            return
        if method in _WRITES:
            self._check_origin(headers)
        now_s = self._clock()
        player = self._player(headers)
        # A signed-in player is counted by itself: many may share one address, and one may use many.
        who, buckets = (player, self._by_player) if player else (address, self._by_address)
        waits = [(buckets.wait_s(who, now_s), "requests")]
        if method == "POST" and path == "/api/session" and player is None:
            waits.append((self._sessions.wait_s(address, now_s), "new sessions"))
        elif method == "POST" and path == "/api/session/recover":
            waits.append((self._recoveries.wait_s(address, now_s), "recovery codes"))
        elif method == "POST" and path.endswith("/assignments"):
            waits.append((self._assignments.wait_s(who, now_s), "assignments"))
        wait_s, what = max(waits)
        if wait_s:
            raise QuotaError(
                f"Too many {what} in a short time.",
                retry_after_s=wait_s,
                remedy=f"Wait {wait_s} s before the next one.",
            )

    def _check_origin(self, headers: Headers) -> None:
        """Refuse what another site's page sends with this site's cookie."""
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise _foreign(headers.get("origin", "another site"))
        origin = headers.get("origin")
        if origin is None or origin == self._settings.origin:
            return
        scheme, _, host = origin.partition("://")
        own_host = headers.get("host", "")
        if not self._settings.public_url and scheme == "http" and host and host == own_host:
            return
        raise _foreign(origin)

    def _player(self, headers: Headers) -> str | None:
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(cookies.COOKIE)
        except CookieError:
            return None
        signed = cookies.verify(self._key, morsel.value) if morsel else None
        return signed.player_id if signed else None

    async def _read(self, scope: Scope, headers: Headers, receive: Receive) -> Receive:
        """Read the body of a write, refuse one beyond the limit, and return a `receive` that replays it."""
        limit = body_limit(scope["path"], self._settings)
        declared = headers.get("content-length")
        if declared is not None:
            if not declared.isascii() or not declared.isdigit():
                raise InputError("The Content-Length is no number.", field="Content-Length")
            if int(declared) > limit:
                raise too_large(limit)
        if scope["method"] not in _WRITES:
            return receive
        body = bytearray()  # bytes would be copied whole for each piece that arrives
        message: Message = {"more_body": True}
        while message.get("more_body", False):
            message = await receive()
            if message["type"] != "http.request":
                return _replay(message, receive)
            body += message.get("body", b"")
            if len(body) > limit:
                raise too_large(limit)
        return _replay({"type": "http.request", "body": bytes(body), "more_body": False}, receive)

    async def _stream(self, who: str, scope: Scope, receive: Receive, send: Send) -> None:
        open_now = self._streams.get(who, 0)
        if open_now >= self._settings.event_streams_per_address:
            error = QuotaError(
                "Too many event streams are open already.",
                retry_after_s=10,
                remedy="Close another tab, or wait.",
            )
            await respond(problem_of(error))(scope, receive, send)
            return
        self._streams[who] = open_now + 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._streams[who] -= 1
            if not self._streams[who]:
                del self._streams[who]

    def _finish(self, scope: Scope, message: Message, started_s: float) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in SECURITY_HEADERS.items():
            headers.setdefault(name, value)
        if scope["path"].startswith("/api/"):
            headers.setdefault("Cache-Control", "no-store")
        status = message["status"]
        self._metrics.requests.labels(
            scope["method"] if scope["method"] in _METHODS else "other", f"{status // 100}xx"
        ).inc()
        route = scope.get("route")
        if route is not None:
            elapsed_s = time.perf_counter() - started_s
            self._metrics.latency_s.labels(getattr(route, "path", "page")).observe(elapsed_s)


_METHODS = _WRITES | {"GET", "HEAD", "OPTIONS"}


def _replay(message: Message, receive: Receive) -> Receive:
    """Return a `receive` that gives `message` first and then whatever still comes."""
    waiting = [message]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def body_limit(path: str, settings: Settings) -> int:
    """Return how many bytes a body sent to an address may have."""
    entry = _ENTRY.fullmatch(path)
    return _ENTRY_BYTES[entry[1]] if entry else _LARGER.get(path, settings.attempt_body_bytes)


def too_large(limit: int) -> TooLargeError:
    """Return the error for a body of more than `limit` bytes."""
    return TooLargeError(f"The body is larger than {limit} bytes.", field="body")


def _foreign(origin: str) -> ForbiddenError:
    return ForbiddenError(
        f"Requests from {origin[:100]} may not change anything here.",
        field="Origin",
        remedy="Use this server's own page.",
    )
