"""A person plays Snake in a real browser with real keys: for an experiment, and in a campaign."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from keyboard_player import Json, KeyboardPlayer
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.timeout(2400)
WANTED = 100
# Round and round in a square of four cells: nothing is eaten and nobody dies.
ROUND = ("ArrowUp", "a", "ArrowDown", "d")
# A lesson waits for its process to compile, beside whatever else the machine does.
LESSON_MS = 900_000
KEYS = ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp")
"""By the headings of the rules."""
HELD_TICKS = 12


def experiment_of(page: Page) -> dict[str, Any]:
    answer = page.request.get(f"/api/experiments/{page.url.partition('?')[0].rpartition('/')[2]}")
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


def named(page: Page, name: str) -> None:
    """Open an account, and name a new experiment that is not begun yet."""
    page.goto("/experiments")
    page.get_by_role("button", name="Agree and open an account").click()
    page.get_by_label("Name", exact=True).fill(name)


def test_games_are_recorded_left_taken_up_again_and_learned_from(
    page: Page, faults: list[str], shoot: Callable[[str], None]
) -> None:
    named(page, "Round and round")
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


def survive(page: Page) -> None:
    """Take over with real keys until all is recorded, and turn where the next cell would be deadly."""
    while True:
        state = page.evaluate("window.__snake.state")
        if state["phase"] == "done":
            return
        if state["phase"] in ("ready", "paused"):
            page.keyboard.press(KEYS[state["heading"]])
        elif state["phase"] == "playing" and state["deadly"][0]:
            # Right, or else left; where both are deadly the snake dies either way.
            turn = 1 if not state["deadly"][1] else -1
            page.keyboard.press(KEYS[(state["heading"] + turn) % 4])
        page.wait_for_timeout(50)


def test_a_person_takes_over_where_the_agent_came_to(
    page: Page, faults: list[str], shoot: Callable[[str], None]
) -> None:
    named(page, "Out of the knot")
    page.get_by_label("Observations").fill(str(WANTED))
    page.get_by_label("Where the agent came to").check()
    shoot("experiment-new")
    page.get_by_role("button", name="Begin to play").click()
    page.wait_for_url("**/experiments/exp_*")
    page.goto(f"{page.url}?debug")
    expect(page.get_by_text("The agent came this far.")).to_be_visible()
    shoot("experiment-takeover")
    survive(page)
    expect(page.get_by_text("All is recorded.")).to_be_visible()
    experiment = experiment_of(page)
    assert experiment["observations"] == WANTED
    # No stretch is longer than twenty moves.
    assert experiment["games"] >= WANTED / 20
    assert max(row["steps"] for row in experiment["recent"]) <= 20
    assert experiment["score"] is None
    page.get_by_text(f"{WANTED} observations in").click()
    shoot("experiment-takeovers")
    assert not faults


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
    slug = page.url.rpartition("/")[2]
    ends = time.monotonic() + 1200.0
    while time.monotonic() < ends:
        campaign = page.request.get(f"/api/campaigns/{slug}").json()
        if campaign["state"] == "open" and campaign["judge"]["starts_ready"] > 0:
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"No first champion: {campaign['judge']}.")


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
    expect(page.get_by_text("The model alone", exact=True)).to_be_visible()
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
