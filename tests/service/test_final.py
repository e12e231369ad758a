"""Two policies race head to head, live in front of two browsers, and the prize is paid by what all saw."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tiny_race import TRACK, steering

pytestmark = pytest.mark.timeout(1200)
RACE = ("--track", TRACK, "--season", "2026", "--type", "head-to-head", "--laps", "1", "--limit-s", "60")
PRIZE = ("--prize", "10", "--shares", "60,40")


def command(data: Path, *words: str) -> dict[str, Any]:
    """What the command line says about the folder that the running server uses."""
    line = [sys.executable, "-m", "manyhands.cli", *words, "--data", str(data), "--json"]
    said: dict[str, Any] = json.loads(subprocess.run(line, check=True, capture_output=True).stdout)
    return said


def enter(page: Page, race_id: str, gain: float, file: Path) -> None:
    """Enter a policy's file and wait until it has been driven."""
    file.write_bytes(steering(gain))
    page.goto(f"/league/{race_id}")
    page.get_by_role("button", name=re.compile("^Agree")).click()
    page.get_by_role("group", name="What to enter").get_by_role("button", name="File").click()
    page.get_by_label("Policy file").set_input_files(file)
    page.get_by_role("region", name="Enter").get_by_role("button", name="Enter", exact=True).click()
    expect(page.get_by_role("region", name="Your entries")).to_contain_text(re.compile(r"\d\.\d{3}"))


def test_a_final_is_shown_to_all_at_once_and_pays(
    data: Path,
    site: str,
    browser: Browser,
    page: Page,
    faults: list[str],
    shoot: Callable[[str], None],
    tmp_path: Path,
) -> None:
    race_id = command(data, "race", "create", "Side by side", *RACE, *PRIZE)["id"]
    with browser.new_context(base_url=site) as apart:
        rival = apart.new_page()
        enter(page, race_id, 1.0, tmp_path / "calm.safetensors")
        enter(rival, race_id, 1.3, tmp_path / "keen.safetensors")
        command(data, "race", "close", race_id)
        shows = [one.get_by_role("region", name="Final") for one in (page, rival)]
        for show in shows:
            expect(show).to_contain_text("Live")
        expect(shows[0].get_by_role("timer")).to_be_visible()
        expect(shows[0].get_by_role("timer")).to_be_hidden()
        expect(shows[0].get_by_role("table").get_by_role("row")).to_have_count(3)
        shows[0].scroll_into_view_if_needed()
        shoot("final-live")
        for one in (page, rival):
            expect(one.get_by_role("heading", name="Result")).to_be_visible()
        page.get_by_role("heading", name="Result").scroll_into_view_if_needed()
        shoot("final-result")
        race = page.request.get(f"/api/races/{race_id}").json()
        for row in race["board"]:
            own = page if row["player_id"] == page.request.get("/api/me").json()["id"] else rival
            standing = f"{row['rank']} {row['racer']} {row['time_ms'] / 1000:.3f}"
            expect(own.get_by_role("row", name=standing)).to_be_visible()
    assert [row["prize_micro"] for row in race["board"]] == [6_000_000, 4_000_000]
    assert faults == []
