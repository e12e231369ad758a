from __future__ import annotations

import asyncio
import random

import httpx
import pytest
from fake_arena import FakeArena

from manyhands.crowd.browser import Answer, Browser, Place, Shift
from manyhands.crowd.tally import Tally


def browse(arena: FakeArena, *requests: tuple[str, str], over: bool = False) -> tuple[list[Answer], Tally]:
    """Send requests one after the other with one browser."""

    async def visit() -> tuple[list[Answer], Tally]:
        shift, tally = Shift(), Tally()
        if over:
            shift.end()
        browser = Browser(Place("http://arena", tally, shift, arena.connect), random.Random(0))
        answers = [await browser.send(method, path) for method, path in requests]
        await browser.close()
        return answers, tally

    return asyncio.run(visit())


def test_a_busy_server_is_asked_again_after_the_time_it_names(monkeypatch: pytest.MonkeyPatch):
    waited: list[float] = []

    async def pause(self: Shift, seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(Shift, "pause", pause)
    arena = FakeArena(refusals={"/api/me": [(503, "judge_behind", "7"), (429, "quota", "2"), (503, "x", "")]})
    [answer], tally = browse(arena, ("GET", "/api/me"))
    assert answer.ok
    assert tally.busy == {"503": 2, "429": 1}
    assert tally.requests == 4
    assert 7.0 <= waited[0] <= 10.5
    assert 2.0 <= waited[1] <= 3.0
    assert 0.0 < waited[2] <= 12.0


def test_nobody_is_asked_again_once_the_shift_is_over():
    arena = FakeArena(refusals={"/api/me": [(503, "judge_behind", "7")]})
    [answer], tally = browse(arena, ("GET", "/api/me"), over=True)
    assert (answer.status, answer.code) == (503, "judge_behind")
    assert tally.requests == 1


def test_other_refusals_are_counted_by_their_code_and_not_repeated():
    arena = FakeArena(refusals={"/api/me": [(409, "conflict", "")]})
    answers, tally = browse(arena, ("GET", "/api/me"), ("GET", "/api/nothing"))
    assert [answer.code for answer in answers] == ["conflict", "not_found"]
    assert tally.errors == {"conflict": 1, "not_found": 1}


def test_a_lost_connection_is_an_answer_without_a_status():
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    arena = FakeArena()
    arena.connect = lambda: httpx.MockTransport(broken)  # type: ignore[method-assign]
    [answer], tally = browse(arena, ("GET", "/api/me"), over=True)
    assert (answer.status, answer.ok) == (0, False)
    assert tally.busy == {"unreachable": 1}


def test_a_page_that_is_no_document_is_an_empty_answer():
    arena = FakeArena()
    arena.connect = lambda: httpx.MockTransport(lambda _: httpx.Response(502, text="<html>"))  # type: ignore[method-assign]
    [answer], tally = browse(arena, ("GET", "/"))
    assert (answer.code, answer.body) == ("502", {})
    assert tally.errors == {"502": 1}


def test_cookies_are_kept_until_they_are_forgotten():
    seen: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("cookie"))
        return httpx.Response(200, json={}, headers={"Set-Cookie": "manyhands=me; Path=/"})

    async def visit() -> None:
        place = Place("http://arena", Tally(), Shift(), lambda: httpx.MockTransport(answer))
        browser = Browser(place, random.Random(0))
        await browser.send("GET", "/")
        await browser.send("GET", "/")
        browser.forget()
        await browser.send("GET", "/")
        await browser.close()

    asyncio.run(visit())
    assert seen == [None, "manyhands=me", None]


def test_a_lost_event_stream_goes_on_after_the_last_event(monkeypatch: pytest.MonkeyPatch):
    asked: list[str | None] = []
    monkeypatch.setattr(random.Random, "uniform", lambda self, low, high: 0.0)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("last-event-id"))
        number = len(asked)
        text = f'retry: 2000\nevent: hello\ndata: {{"seq": 0}}\n\nid: {number}\ndata: {{"seq": {number}}}\n\n'
        return httpx.Response(200, text=text)

    async def visit() -> list[int]:
        place = Place("http://arena", Tally(), Shift(), lambda: httpx.MockTransport(answer))
        browser = Browser(place, random.Random(0))
        found = []
        stream = browser.events()
        async for event in stream:
            found.append(event["seq"])
            if len(found) == 4:
                break
        await stream.aclose()
        await browser.close()
        return found

    assert asyncio.run(visit()) == [0, 1, 0, 2]
    assert asked == [None, "1"]


def test_a_pause_ends_with_the_shift():
    async def wait() -> None:
        shift = Shift()
        asyncio.get_running_loop().call_later(0.01, shift.end)
        await asyncio.wait_for(shift.pause(3600.0), 5.0)
        assert shift.over

    asyncio.run(wait())
