from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from fake_arena import FakeArena, hang_up, serving

from manyhands.crowd.browser import Answer, Browser, Place, Shift
from manyhands.crowd.tally import Tally
from manyhands.types import Json

Respond = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def browse(
    respond: Respond, *requests: tuple[str, str], body: Json | None = None, over: bool = False
) -> tuple[list[Answer], Tally]:
    """Send requests one after the other with one browser."""

    async def visit() -> tuple[list[Answer], Tally]:
        shift, tally = Shift(), Tally()
        if over:
            shift.end()
        async with serving(respond) as url:
            browser = Browser(Place(url, tally, shift), random.Random(0))
            answers = [await browser.send(method, path, body) for method, path in requests]
            await browser.close()
        return answers, tally

    return asyncio.run(visit())


def test_a_busy_server_is_asked_again_after_the_time_it_names(monkeypatch: pytest.MonkeyPatch):
    waited: list[float] = []

    async def pause(self: Shift, seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(Shift, "pause", pause)
    arena = FakeArena(refusals={"/api/me": [(503, "judge_behind", "7"), (429, "quota", "2"), (503, "x", "")]})
    [answer], tally = browse(arena.answer, ("GET", "/api/me"))
    assert answer.ok
    assert tally.busy == {"503": 2, "429": 1}
    assert tally.requests == 4
    assert 7.0 <= waited[0] <= 10.5
    assert 2.0 <= waited[1] <= 3.0
    assert 0.0 < waited[2] <= 12.0


def test_nobody_is_asked_again_once_the_shift_is_over():
    arena = FakeArena(refusals={"/api/me": [(503, "judge_behind", "7")]})
    [answer], tally = browse(arena.answer, ("GET", "/api/me"), over=True)
    assert (answer.status, answer.code) == (503, "judge_behind")
    assert tally.requests == 1


def test_other_refusals_are_counted_by_their_code_and_not_repeated():
    arena = FakeArena(refusals={"/api/me": [(409, "conflict", "")]})
    answers, tally = browse(arena.answer, ("GET", "/api/me"), ("GET", "/api/nothing"))
    assert [answer.code for answer in answers] == ["conflict", "not_found"]
    assert tally.errors == {"conflict": 1, "not_found": 1}


def test_a_lost_connection_is_an_answer_without_a_status():
    [answer], tally = browse(hang_up, ("GET", "/api/me"), over=True)
    assert (answer.status, answer.ok) == (0, False)
    assert tally.busy == {"unreachable": 1}


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://", "http://[", "http://127.0.0.1:port"])
def test_where_no_server_is_there_is_no_answer(url: str):
    async def visit() -> tuple[Answer, float | None, bytes | None]:
        browser = Browser(Place(url, Tally(), Shift()), random.Random(0))
        answer, wait_s = await browser.once("GET", "/healthz")
        data = await browser.download("/api/policies/cid.safetensors")
        await browser.close()
        return answer, wait_s, data

    answer, wait_s, data = asyncio.run(visit())
    assert (answer.status, wait_s, data) == (0, 0.0, None)


def test_a_connection_that_was_closed_between_two_requests_loses_neither(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(random.Random, "uniform", lambda self, low, high: 0.0)

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    async def visit() -> list[Answer]:
        server = await asyncio.start_server(answer_once, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        browser = Browser(Place(f"http://{host}:{port}", Tally(), Shift()), random.Random(0))
        answers = [await browser.send("POST", "/api/session") for _ in range(3)]
        await browser.close()
        server.close()
        await server.wait_closed()
        return answers

    assert [answer.status for answer in asyncio.run(visit())] == [200, 200, 200]


def test_a_page_that_is_no_document_is_an_empty_answer():
    async def page(request: web.BaseRequest) -> web.Response:
        return web.Response(status=502, text="<html>")

    [answer], tally = browse(page, ("GET", "/"))
    assert (answer.code, answer.body) == ("502", {})
    assert tally.errors == {"502": 1}


def test_nobody_is_sent_elsewhere():
    async def elsewhere(request: web.BaseRequest) -> web.Response:
        return web.Response(status=307, headers={"Location": "/api/me"})

    answers, tally = browse(elsewhere, ("POST", "/api/session"), ("GET", "/"))
    assert [answer.status for answer in answers] == [307, 307]
    assert tally.requests == 2


def test_a_body_is_sent_as_short_json():
    seen: list[tuple[str, bytes]] = []

    async def take(request: web.BaseRequest) -> web.Response:
        seen.append((request.content_type, await request.read()))
        return web.Response(status=204)

    [answer], _ = browse(take, ("POST", "/"), body={"ticks": 1, "name": "é"})
    assert (answer.status, answer.body) == (204, {})
    assert seen == [("application/json", '{"ticks":1,"name":"é"}'.encode())]


def test_cookies_are_kept_until_they_are_forgotten():
    seen: list[str | None] = []

    async def bake(request: web.BaseRequest) -> web.Response:
        seen.append(request.headers.get("cookie"))
        return web.json_response({}, headers={"Set-Cookie": "manyhands=me.1-2_3; Path=/; HttpOnly"})

    async def visit() -> None:
        async with serving(bake) as url:
            browser = Browser(Place(url, Tally(), Shift()), random.Random(0))
            await browser.send("GET", "/")
            await browser.send("GET", "/")
            browser.forget()
            await browser.send("GET", "/")
            await browser.close()

    asyncio.run(visit())
    assert seen == [None, "manyhands=me.1-2_3", None]


def test_a_lost_event_stream_goes_on_after_the_last_event(monkeypatch: pytest.MonkeyPatch):
    asked: list[str | None] = []
    monkeypatch.setattr(random.Random, "uniform", lambda self, low, high: 0.0)

    async def tell(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.headers.get("last-event-id"))
        number = len(asked)
        stream = web.StreamResponse()
        await stream.prepare(request)
        await stream.write(b'retry: 2000\nevent: hello\ndata: {"seq": 0}\n\n')
        await stream.write(f'id: {number}\ndata: {{"seq": {number}}}\n\n'.encode())
        assert request.transport is not None
        if number == 1:
            # In the middle of the next event.
            await stream.write(b"id: 7")
            request.transport.close()
        return stream

    async def visit() -> list[int]:
        async with serving(tell) as url:
            browser = Browser(Place(url, Tally(), Shift()), random.Random(0))
            found = []
            stream = browser.events()
            async for event in stream:
                found.append(event["seq"])
                if len(found) == 6:
                    break
            await stream.aclose()
            await browser.close()
        return found

    assert asyncio.run(visit()) == [0, 1, 0, 2, 0, 3]
    assert asked == [None, "1", "2"]


def test_a_pause_ends_with_the_shift():
    async def wait() -> None:
        shift = Shift()
        asyncio.get_running_loop().call_later(0.01, shift.end)
        await asyncio.wait_for(shift.pause(3600.0), 5.0)
        assert shift.over

    asyncio.run(wait())
