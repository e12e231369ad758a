"""A person writes a reward function in a real browser, trains with it, watches it drive and goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.timeout(2400)
# A run waits for its process to compile, beside whatever else the machine does.
RUN_MS = 900_000
BROKEN = "def reward_function(params):\nreturn params['nothing']"
MENDED = "def reward_function(params):\nprint('call')\nreturn float(params['speed'])"


def write(page: Page, source: str) -> None:
    """Replace what stands in the editor by real keys; the editor indents."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type(source)


def train(page: Page, minutes: str) -> None:
    page.get_by_label("Minutes").fill(minutes)
    page.get_by_role("button", name="Train").click()
    page.wait_for_url("**/garage/run_*")


def test_a_reward_function_is_written_trained_with_and_gone_on_from(
    page: Page, faults: list[str], shoot: Callable[[str], None]
) -> None:
    page.goto("/garage")
    page.get_by_role("button", name="Agree and open an account").click()
    page.get_by_role("link", name="New run").click()
    write(page, BROKEN)
    expect(page.locator(".verdict.bad")).to_contain_text("to mend")
    page.get_by_role("button", name="line 2").click()
    expect(page.locator(".cm-activeLine")).to_contain_text("nothing")
    shoot("garage-fault")
    page.get_by_role("button", name="Train").click()
    assert page.url.endswith("/garage/new")  # nothing was made
    write(page, MENDED)
    expect(page.locator(".verdict.good")).to_contain_text("It can be trained with")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")  # out of the editor, not into it
    expect(page.locator(".cm-content")).not_to_be_focused()
    page.reload()
    expect(page.locator(".cm-content")).to_contain_text("call")  # what was written is still there
    train(page, "600")

    expect(page.get_by_role("region", name="The policy driving")).to_be_visible(timeout=RUN_MS)
    expect(page.locator(".hud")).to_contain_text("m/s")
    expect(page.get_by_role("log")).to_contain_text("call")
    page.get_by_role("button", name="Stop and keep the best").click()
    expect(page.get_by_role("heading", name="Race of the best policy")).to_be_visible(timeout=RUN_MS)
    shoot("garage-done")
    page.get_by_role("link", name="Analysis").click()
    expect(page.get_by_role("heading", name="Actions")).to_be_visible()
    page.get_by_label("Racing line").check()
    expect(page.locator("path.racing")).to_have_count(1)
    shoot("garage-analysis")
    page.go_back()
    with page.expect_download() as policy:
        page.get_by_role("link", name="Best policy").click()
    assert policy.value.suggested_filename.endswith("-best.safetensors")
    with page.expect_download() as metadata:
        page.get_by_role("button", name="model_metadata.json").click()
    saved: Path = metadata.value.path()
    assert len(json.loads(saved.read_text())["action_space"]) == 10

    page.get_by_role("link", name="Go on training").click()
    again = metadata.value.path().with_name("model_metadata.json")
    again.write_bytes(saved.read_bytes())
    page.locator("input[type=file]").set_input_files(again)
    expect(page.get_by_text("10 actions. Sensor lidar.")).to_be_visible()
    train(page, "0.1")
    expect(page.get_by_role("heading", name="Race of the best policy")).to_be_visible(timeout=RUN_MS)
    assert not faults
