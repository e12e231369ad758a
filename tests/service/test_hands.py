"""A person drives a race by hand in a real browser, hands it in, and stands on the hands' board."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from keyboard_player import DEEPRACER, KeyboardPlayer
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.timeout(1200)
RACE = (
    "--track",
    "meadow-oval",
    "--season",
    "2026",
    "--laps",
    "1",
    "--limit-s",
    "60",
    "--off-track-ms",
    "400",
)


def held(data: Path) -> str:
    """The id of a race of one lap on the shortest road."""
    command = [sys.executable, "-m", "manyhands.cli", "race", "create", "By hand", *RACE]
    done = subprocess.run([*command, "--data", str(data), "--json"], check=True, capture_output=True)
    return str(json.loads(done.stdout)["id"])


def test_a_race_is_driven_by_hand_and_handed_in(
    data: Path, page: Page, faults: list[str], shoot: Callable[[str], None]
) -> None:
    race_id = held(data)
    page.goto(f"/league/{race_id}")
    link = page.get_by_role("link", name="Drive it yourself")
    assert link.get_attribute("href") == f"/league/{race_id}/drive"
    page.goto(f"/league/{race_id}/drive?debug")
    player = KeyboardPlayer(page, speed_mps=2.0, car=DEEPRACER)
    player.wait(lambda state: state["ticks"] > 0)
    page.keyboard.press("r")
    player.wait(lambda state: state["phase"] == "countdown" and state["ticks"] == 0)
    player.wait(lambda state: state["phase"] == "driving")
    player.play(take=lambda seen: True)

    card = page.get_by_role("region", name="Your drive")
    expect(card).to_contain_text("hand")
    shoot("hand-result")
    card.get_by_role("button", name="Hand it in").click()
    page.get_by_role("button", name="Agree and hand it in").click()
    expect(card.locator("[data-state=done], [data-state=refused], [data-state=failed]")).to_be_visible()
    shoot("hand-done")
    told = card.locator("[data-state]").inner_text()
    race: dict[str, Any] = page.request.get(f"/api/races/{race_id}").json()
    (standing,) = race["hands"]
    assert race["board"] == []
    # Where the lap was not finished in time, it is the way that counts.
    time_ms = standing["time_ms"]
    assert (f"{time_ms / 1000:.3f} s" if time_ms else f"{standing['progress']:.1f} %") in told
    card.get_by_role("link", name="Watch it").click()
    expect(page.get_by_role("region", name="Replay")).to_be_visible()
    assert standing["entry_id"] in page.url
    assert faults == []
