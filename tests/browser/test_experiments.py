"""A person plays Snake in a real browser with real keys, leaves and comes back, and trains a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.timeout(2400)
WANTED = 100
# Round and round in a square of four cells: nothing is eaten and nobody dies.
ROUND = ("ArrowUp", "a", "ArrowDown", "d")
# A lesson waits for its process to compile, beside whatever else the machine does.
LESSON_MS = 900_000


def experiment_of(page: Page) -> dict[str, Any]:
    answer = page.request.get(f"/api/experiments/{page.url.rpartition('/')[2]}")
    assert answer.ok, answer.text()
    body: dict[str, Any] = answer.json()
    return body


def play(page: Page, until: Callable[[str], bool]) -> None:
    """Press real keys until the count of recorded observations satisfies `until`."""
    turn = 0
    count = page.locator(".recorded p")
    while not until(count.inner_text()):
        page.keyboard.press(ROUND[turn % len(ROUND)])
        turn += 1
        page.wait_for_timeout(100)


def recorded(text: str) -> int:
    return int(text.split(maxsplit=1)[0])


def test_games_are_recorded_left_taken_up_again_and_learned_from(
    page: Page, faults: list[str], shoot: Callable[[str], None]
) -> None:
    page.goto("/experiments")
    page.get_by_role("button", name="Agree and open an account").click()
    page.get_by_label("Name", exact=True).fill("Round and round")
    page.get_by_label("Observations").fill("99")
    page.get_by_role("button", name="Begin to play").click()
    assert page.url.endswith("/experiments")  # too few: nothing was made
    page.get_by_label("Observations").fill(str(WANTED))
    page.get_by_role("button", name="Begin to play").click()
    page.wait_for_url("**/experiments/exp_*")

    play(page, lambda text: recorded(text) >= 30)
    shoot("experiment-play")
    page.reload()
    expect(page.locator(".recorded p")).to_contain_text(f"of {WANTED} observations")
    half = experiment_of(page)
    assert half["games"] == 1
    assert 30 <= half["observations"] < WANTED
    assert not half["recent"][0]["over"]

    play(page, lambda text: recorded(text) == WANTED)
    expect(page.get_by_text("All is recorded.")).to_be_visible()
    assert experiment_of(page)["observations"] == WANTED

    page.get_by_role("button", name="Train three models").click()
    for model in ("Fine-tuned", "Inverse Q"):
        card = page.get_by_role("article", name=model)
        card.get_by_role("button", name="Stop").click()
        expect(card.get_by_role("button", name="Go on")).to_be_visible(timeout=LESSON_MS)
    card = page.get_by_role("article", name="Supervised")
    expect(card.locator(".verdict")).to_be_visible(timeout=LESSON_MS)
    shoot("experiment-results")
    lessons = {lesson["learner"]: lesson for lesson in experiment_of(page)["lessons"]}
    states = {learner: lesson["state"] for learner, lesson in lessons.items()}
    assert states == {"finetuned": "cancelled", "supervised": "done", "inverse-q": "cancelled"}
    # Whoever goes round in a square eats nothing, and neither does who learned it.
    assert lessons["supervised"]["result"]["taught"]["score"]["mean"] < 5.0
    assert not faults
