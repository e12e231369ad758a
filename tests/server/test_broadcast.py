from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from server_harness import Client, Guest, Server

from manyhands.server import broadcast
from manyhands.server.broadcast import Broadcaster, Frame, frame
from manyhands.storage import Database, events, open_database
from manyhands.storage.events import Event
from manyhands.types import PlayerId, now_us


@pytest.fixture
def database(sqlite_url: str) -> Any:
    opened = open_database(sqlite_url)
    yield opened
    opened.close()


def append(database: Database, audience: str = "all", kind: str = "round", count: int = 1) -> None:
    with database.write() as connection:
        for _ in range(count):
            events.append(connection, audience, kind, {"n": 1}, now_us())


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 30))  # type: ignore[arg-type]


async def take(stream: AsyncIterator[Frame | None], count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        event = await anext(stream)
        if event is not None:
            found.append(event.seq)
    return found


async def listening(stream: AsyncIterator[Frame | None], hub: Broadcaster) -> asyncio.Task[list[int]]:
    """Start reading one event and return once the stream is registered."""
    reading = asyncio.create_task(take(stream, 1))
    while not hub.count:
        await asyncio.sleep(0)
    return reading


def test_a_listener_hears_the_public_and_its_own(database: Database) -> None:
    async def scenario() -> None:
        hub = Broadcaster(database)
        stream = hub.stream("plr_a", None)
        reading = await listening(stream, hub)
        append(database, events.player_audience(PlayerId("plr_b")))
        append(database, events.player_audience(PlayerId("plr_a")))
        append(database, "campaign:cmp_x")
        hub.poll()
        assert await reading == [2]
        assert await take(stream, 1) == [3]
        await stream.aclose()  # type: ignore[attr-defined]
        assert hub.count == 0

    run(scenario)


def test_a_stream_resumes_after_the_last_event_without_gap_or_double(database: Database) -> None:
    append(database, count=5)

    async def scenario() -> None:
        hub = Broadcaster(database)
        stream = hub.stream(None, 2)
        assert await take(stream, 3) == [3, 4, 5]
        append(database, count=2)
        hub.poll()
        assert await take(stream, 2) == [6, 7]

    run(scenario)


def test_only_a_stream_that_misses_nothing_and_little_resumes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcast, "FARTHEST_BEHIND", 3)
    hub = Broadcaster(database)
    assert [hub.resumes(after) for after in (0, 1)] == [True, False]
    append(database, count=5)
    hub.poll()
    assert [hub.resumes(after) for after in (1, 2, 5, 6, 10**20)] == [False, True, True, False, False]
    with database.write() as connection:
        assert events.prune(connection, now_us()) == 5
    assert [hub.resumes(after) for after in (4, 5)] == [False, True]


def test_what_is_committed_while_resuming_comes_once(database: Database) -> None:
    append(database, count=3)

    async def scenario() -> None:
        hub = Broadcaster(database)
        stream = hub.stream(None, 1)
        assert await take(stream, 1) == [2]
        append(database)
        hub.poll()
        assert await take(stream, 2) == [3, 4]
        append(database)
        hub.poll()
        assert await take(stream, 1) == [5]

    run(scenario)


def test_a_slow_listener_is_dropped_and_its_stream_ends(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcast, "QUEUE_LENGTH", 4)

    async def scenario() -> None:
        hub = Broadcaster(database)
        stream = hub.stream(None, None)
        reading = await listening(stream, hub)
        append(database, count=9)
        hub.poll()
        assert hub.count == 0
        seen = await reading + [event.seq async for event in stream if event is not None]
        assert seen == [1, 2, 3, 4]
        resumed = hub.stream(None, seen[-1])
        assert await take(resumed, 5) == [5, 6, 7, 8, 9]

    run(scenario)


def test_a_quiet_stream_beats_and_closing_ends_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcast, "HEARTBEAT_S", 0.01)

    async def scenario() -> None:
        hub = Broadcaster(database)
        stream = hub.stream(None, None)
        assert await anext(stream) is None
        hub.close()
        assert [event async for event in stream] == []

    run(scenario)


def test_the_poller_goes_on_after_a_failed_read(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "POLL_S", 0.001)
    monkeypatch.setattr(broadcast, "RETRY_S", 0.001)

    async def scenario() -> None:
        hub = Broadcaster(database)
        failures = iter([RuntimeError("locked"), RuntimeError("locked")])
        real = hub._read

        def flaky(after: int) -> list[Event]:
            for failure in failures:
                raise failure
            return real(after)

        monkeypatch.setattr(hub, "_read", flaky)
        running = asyncio.create_task(hub.run())
        stream = hub.stream(None, None)
        reading = await listening(stream, hub)
        append(database)
        assert await reading == [1]
        running.cancel()

    run(scenario)


def test_frames_carry_the_number_to_resume_from() -> None:
    text = frame(Event(7, "all", "round", {"state": "open"}, now_us())).text
    assert text.startswith("id: 7\nevent: round\ndata: ")
    assert json.loads(text.split("data: ")[1])["payload"] == {"state": "open"}
    assert "id:" not in frame(Event(7, "all", "hello", {}, now_us())).text


async def _first_frames(server: Server, client: Client, enough: str, headers: dict[str, str]) -> str:
    """Read the stream through the whole application until `enough` has come."""
    got = ""
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    raw = [(b"cookie", cookie.encode()), *((k.encode(), v.encode()) for k, v in headers.items())]
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/api/events", "headers": raw}
    scope |= {"raw_path": b"/api/events", "query_string": b"", "root_path": "", "scheme": "http"}
    scope |= {"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000), "http_version": "1.1"}
    done = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal got
        got += message.get("body", b"").decode()
        if enough in got:
            done.set()

    await asyncio.wait_for(server.app(scope, receive, send), 30)
    return got


@pytest.mark.parametrize("number", ["0", "900", "9" * 20])
def test_a_stream_that_cannot_resume_greets_and_goes_on_from_now(
    server: Server, client: Client, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    monkeypatch.setattr(broadcast, "FARTHEST_BEHIND", 3)
    hub = server.context.broadcaster
    append(server.context.database, kind="round", count=5)
    hub.poll()

    async def scenario() -> str:
        reading = asyncio.create_task(
            _first_frames(server, client, "event: verdict", {"last-event-id": number})
        )
        while not hub.count:
            await asyncio.sleep(0)
        append(server.context.database, kind="verdict")
        hub.poll()
        return await reading

    text = server.loop.run_until_complete(scenario())
    assert text.startswith("retry: 2000\nevent: hello\n")
    assert "event: round" not in text


def test_the_stream_resumes_over_http(server: Server, guest: Guest) -> None:
    player = guest()
    me = player.get("/api/me").json()["id"]
    with server.context.database.write() as connection:
        start = events.last(connection)
        events.append(connection, f"player:{me}", "balance", {}, now_us())
        events.append(connection, "player:plr_other", "balance", {}, now_us())
        events.append(connection, "all", "not-a-kind", {}, now_us())
        events.append(connection, "all", "round", {"state": "open"}, now_us())
    server.context.broadcaster.poll()
    headers = {"last-event-id": str(start)}
    text = server.loop.run_until_complete(_first_frames(server, player, "event: round", headers))
    assert text.startswith("retry: 2000\n\n")
    assert "hello" not in text
    assert f"id: {start + 1}\nevent: balance" in text
    assert f"id: {start + 2}" not in text
    assert "not-a-kind" not in text
    assert server.context.broadcaster.count == 0
