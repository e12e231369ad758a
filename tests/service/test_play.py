"""A person plays in a real browser: takeover by keys, an attempt judged, credits moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from keyboard_player import KeyboardPlayer
from playwright.sync_api import BrowserContext, Page, Route, expect

CAMPAIGN = "crowd-circuit-lidar"

pytestmark = [pytest.mark.timeout(2400), pytest.mark.usefixtures("champion")]


def begin(page: Page, campaign: str = CAMPAIGN) -> KeyboardPlayer:
    page.goto(f"/play/{campaign}?debug")
    page.get_by_role("button", name="Agree and drive").click()
    player = KeyboardPlayer(page)
    player.wait(lambda state: state["phase"] in ("ready", "driving"))
    return player


def read(page: Page, path: str) -> dict[str, Any]:
    answer = page.request.get(f"/api{path}")
    assert answer.ok, answer.text()
    body: dict[str, Any] = answer.json()
    return body


def test_taking_the_wheel_ends_in_a_verdict_and_moved_credits(
    page: Page, faults: list[str], shoot: Callable[[str], None]
) -> None:
    player = begin(page)
    me = read(page, "/me")
    assert me["staked_micro"] > 0
    player.wait(lambda state: state["ticks"] > 3)
    page.keyboard.down("Space")
    player.wait(lambda state: state["by_hand"])
    page.wait_for_timeout(300)  # the key caps of a first visit fade
    shoot("play")
    page.keyboard.up("Space")
    player.play(take=lambda seen: seen["ticks"] < 60)

    player.wait(lambda state: state["attempt"] is not None and state["attempt"]["value"] is not None)
    shoot("provisional")
    attempt = read(page, f"/attempts/{player.state()['attempt']['id']}")
    assert attempt["human_ticks"] > 0
    assert attempt["takeovers"]
    expect(page.get_by_role("region", name="Your attempt")).to_be_visible()

    player.wait(lambda state: state["attempt"]["status"] == "judged")
    shoot("verdict")
    judged = read(page, f"/attempts/{attempt['id']}")
    assert judged["verdict"] is not None
    after = read(page, "/me")
    assert after["staked_micro"] == 0
    lines = read(page, "/me/statement")["lines"]
    assert {"loan", "stake"} < {line["kind"] for line in lines}
    assert {line["kind"] for line in lines} & {"return", "charge", "payment"}
    # Own money is what the wallet holds less what was lent; it moved by this verdict alone.
    earned = judged["paid_micro"] - judged["charged_micro"]
    assert after["balance_micro"] - after["loan_micro"] == earned
    shown = page.get_by_test_id("balance")
    expect(shown).to_have_text(f"{after['balance_micro'] / 1e6:.2f}")
    assert faults == []


def test_the_replay_shows_the_model_alone(
    page: Page, faults: list[str], shoot: Callable[[str], None]
) -> None:
    player = begin(page)
    player.play(take=lambda seen: 5 <= seen["ticks"] < 35)
    page.get_by_role("button", name="See it").click()
    expect(page.get_by_text("the model alone as a ghost")).to_be_visible()
    page.wait_for_timeout(1500)
    shoot("replay")
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="Your attempt")).to_be_visible()
    page.keyboard.press("Enter")
    player.wait(lambda state: state["phase"] in ("ready", "driving"))
    assert faults == []


def test_where_the_judge_is_behind_the_page_comes_back_by_itself(page: Page) -> None:
    refusals = 2

    def behind(route: Route) -> None:
        nonlocal refusals
        if refusals == 0:
            route.continue_()
            return
        refusals -= 1
        body = {"code": "judge-behind", "detail": "The first champion is still being trained."}
        route.fulfill(status=503, json=body, headers={"Retry-After": "2"})

    page.route("**/api/campaigns/*/assignments", behind)
    begin(page)  # and nothing more is clicked
    assert refusals == 0


def test_whoever_comes_before_the_first_champion_waits_for_it(
    page: Page, faults: list[str], shoot: Callable[[str], None]
) -> None:
    readings = 0

    def warming(route: Route) -> None:
        nonlocal readings
        readings += 1
        campaign = route.fetch().json()
        if readings < 4:
            judge = campaign["judge"] | {"state": "warming", "progress": 0.3, "note": "teaching it"}
            campaign |= {"state": "warming", "champion_cid": None, "judge": judge}
        route.fulfill(json=campaign)

    page.route(f"**/api/campaigns/{CAMPAIGN}", warming)
    page.goto(f"/play/{CAMPAIGN}?debug")
    page.get_by_role("button", name="Agree and drive").click()
    expect(page.get_by_text("30 % done")).to_be_visible()
    shoot("warming")
    KeyboardPlayer(page).wait(lambda state: state["phase"] in ("ready", "driving"))
    assert faults == []


def test_an_attempt_made_offline_is_kept_and_sent_later(page: Page, context: BrowserContext) -> None:
    player = begin(page)
    player.wait(lambda state: state["ticks"] > 0)
    context.set_offline(True)
    player.play(take=lambda seen: seen["ticks"] < 15)
    expect(page.get_by_text("kept in this browser")).to_be_visible()
    context.set_offline(False)
    player.wait(lambda state: state["attempt"] is not None)
    assert page.evaluate("localStorage.getItem('manyhands.outbox')") is None


def test_the_champion_can_be_watched(page: Page, faults: list[str], shoot: Callable[[str], None]) -> None:
    page.goto(f"/watch/{CAMPAIGN}")
    expect(page.get_by_text("Model is driving")).to_be_visible()
    page.wait_for_timeout(1500)
    shoot("watch")
    page.get_by_role("button", name="Another start").click()
    expect(page.get_by_text("Model is driving")).to_be_visible()
    assert faults == []
