"""A person funds a Snake campaign and plays in it, in a real browser with real keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from keyboard_player import Json, KeyboardPlayer
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.timeout(2400)
KEYS = ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp")
"""By the headings of the rules."""
HELD_TICKS = 12


def fund(page: Page) -> None:
    """Make a campaign in the page and wait until its first champion plays."""
    page.goto("/campaigns/new")
    page.get_by_role("button", name="Agree and open an account").click()
    page.get_by_label("Name", exact=True).fill("Snake in the page")
    page.get_by_label("Snake:").check()
    expect(page.get_by_label("Window:")).to_be_checked()
    page.get_by_label("Budget, in credits").fill("10")
    page.get_by_label("Stake of an attempt, in credits").fill("1")
    page.get_by_role("button", name="Put 10.00 cr into escrow").click()
    page.wait_for_url("**/campaigns/snake-in-the-page*")
    expect(page.get_by_role("link", name="Play", exact=True).last).to_be_visible(timeout=1_200_000)


def hold(page: Page, player: KeyboardPlayer) -> None:
    """Keep the snake for a while and turn where the next move would be deadly; then let go."""
    page.keyboard.down("Space")
    began = player.wait(lambda state: state["by_hand"])["ticks"]

    def enough(state: Json) -> bool:
        if state["phase"] != "driving" or state["ticks"] >= began + HELD_TICKS:
            return True
        if state["free"] and state["heading"] not in state["free"]:
            page.keyboard.press(KEYS[state["free"][0]])
        return False

    player.wait(enough)
    page.keyboard.up("Space")


def test_a_snake_campaign_is_made_played_and_judged(
    page: Page, faults: list[str], shoot: Callable[[str], None]
) -> None:
    fund(page)
    campaign = page.url.rpartition("/")[2]
    page.goto(f"/play/{campaign}?debug")
    player = KeyboardPlayer(page)
    player.wait(lambda state: state["ticks"] > 2)
    hold(page, player)
    shoot("snake-play")
    player.wait(lambda state: state["phase"] == "card" or not state["by_hand"])
    player.wait(lambda state: state["phase"] == "card")
    player.wait(lambda state: state["attempt"] is not None and state["attempt"]["value"] is not None)
    page.get_by_role("button", name="See it").click()
    expect(page.get_by_text("The model alone")).to_be_visible()
    shoot("snake-replay")
    page.keyboard.press("Escape")

    player.wait(lambda state: state["attempt"]["status"] == "judged")
    shoot("snake-verdict")
    judged = page.request.get(f"/api/attempts/{player.state()['attempt']['id']}").json()
    assert judged["environment"] == "snake-v0"
    assert 0 < judged["human_ticks"] < judged["ticks"] or judged["takeovers"]
    me = page.request.get("/api/me").json()
    assert me["staked_micro"] == 0

    page.goto(f"/watch/{campaign}")
    expect(page.get_by_text("Model is playing")).to_be_visible()
    shoot("snake-watch")
    page.goto(f"/attempts/{judged['id']}")
    expect(page.get_by_role("region", name="Your attempt")).to_be_visible()
    assert faults == []
