"""Does an hour of play stay free of lag and leaks? Snake by real key events in Chromium, on a real server.

python benchmarks/memory.py --minutes 60        (needs `make page` and Chromium; takes that long)

The snake goes round and round in a square, experiment after experiment, without the page being loaded again.
Every minute, after a garbage collection: the page's heap, nodes and listeners, the time between two frames
(median and 95th percentile of that minute), and the server's resident memory.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page

import browser
import service

ROUND = ("ArrowUp", "a", "ArrowDown", "d")
WANTED = 5000
COUNT_FRAMES = """() => {
  const frames = (window.frames_ms = []);
  let last = performance.now();
  const next = (now) => { frames.push(now - last); last = now; requestAnimationFrame(next); };
  requestAnimationFrame(next);
}"""
TAKE_FRAMES = """() => {
  const frames = window.frames_ms.splice(0).sort((a, b) => a - b);
  return [0.5, 0.95].map((share) => frames[Math.floor(share * (frames.length - 1))] ?? 0);
}"""


def begin(page: Page, number: int) -> None:
    """Make the next experiment by the page's own links."""
    page.get_by_role("link", name="Experiments").first.click()
    if number > 1:
        page.get_by_role("button", name="New experiment").click()
    page.get_by_label("Name", exact=True).fill(f"Round {number}")
    page.get_by_label("Observations").fill(str(WANTED))
    page.get_by_role("button", name="Begin to play").click()
    page.wait_for_url("**/experiments/exp_*")


def resident_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def look(page: Page, session: CDPSession) -> dict[str, float]:
    """What the page holds after a collection, and how evenly it drew since the last look."""
    session.send("HeapProfiler.collectGarbage")
    seen = {row["name"]: row["value"] for row in session.send("Performance.getMetrics")["metrics"]}
    median, high = page.evaluate(TAKE_FRAMES)
    return {
        "heap_mb": seen["JSHeapUsedSize"] / 2**20,
        "nodes": seen["Nodes"],
        "listeners": seen["JSEventListeners"],
        "frame_ms": median,
        "frame_p95_ms": high,
    }


def play(page: Page, until_s: float, number: int) -> int:
    """Press keys until then; returns the number of the experiment that is being played."""
    turn = 0
    count = page.locator(".recorded p")
    while time.monotonic() < until_s:
        page.keyboard.press(ROUND[turn % len(ROUND)])
        turn += 1
        page.wait_for_timeout(100)
        if turn % 50 == 0 and count.inner_text().startswith(f"{WANTED} "):
            number += 1
            begin(page, number)
    return number


def main() -> None:
    """Play and print a line a minute, then what grew."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=int, default=60)
    minutes = parser.parse_args().minutes
    rows: list[dict[str, Any]] = []
    with (
        tempfile.TemporaryDirectory() as data,
        service.served(Path(data), {}) as (address, server),
        browser.chromium() as chromium,
    ):
        page = chromium.new_page(base_url=address, viewport={"width": 1024, "height": 700})
        page.goto("/experiments")
        page.get_by_role("button", name="Agree and open an account").click()
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        begin(page, 1)
        page.evaluate(COUNT_FRAMES)
        number, begun = 1, time.monotonic()
        for minute in range(1, minutes + 1):
            number = play(page, begun + 60.0 * minute, number)
            rows.append({"minute": minute, **look(page, session), "server_mb": resident_mb(server)})
            print("  ".join(f"{name} {value:.4g}" for name, value in rows[-1].items()), flush=True)
    fifth = max(1, minutes // 5)
    for name in list(rows[0])[1:]:
        first = sum(row[name] for row in rows[:fifth]) / fifth
        last = sum(row[name] for row in rows[-fifth:]) / fifth
        print(f"{name}: first fifth {first:.4g}, last fifth {last:.4g}")
    print(f"{number} experiments in {minutes} min")


if __name__ == "__main__":
    main()
