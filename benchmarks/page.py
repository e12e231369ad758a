"""What the page weighs, and how long its scripts take: a campaign by camera in Chromium, on a real server.

python benchmarks/page.py        (needs `make page` and Chromium; about a minute and a half)

For the first load of the front page and of play, what a fresh browser fetched, gzipped: the page itself
(HTML, scripts, styles, fonts, icons), and the campaign's data. Then the script time of control ticks, in
which the page draws what the camera sees and runs the policy, and of frames, while the champion drives.
"""

import argparse
import gzip
import tempfile
from pathlib import Path
from urllib.parse import urlparse

from playwright.sync_api import Browser, Page, Response

import browser
import service

CAMPAIGN = "crowd-circuit-camera"
LOOKS, LOOK_MS = 80, 250
READY_MS = 120_000
SETTLED_MS = 4_000
NEXT_MS = 3_000  # so that one player does not ask too often


def weigh(chromium: Browser, address: str, path: str) -> None:
    """Print what the first load of a page brings."""
    context = chromium.new_context(base_url=address)
    page = context.new_page()
    fetched: list[Response] = []

    # A method of a list cannot be marked as Playwright marks its listeners.
    def keep(response: Response) -> None:
        fetched.append(response)

    page.on("response", keep)
    page.goto(path)
    page.wait_for_timeout(SETTLED_MS)
    sizes = {"page": 0, "data": 0}
    for response in fetched:
        if response.request.resource_type == "eventsource" or not response.ok:
            continue
        kind = "data" if urlparse(response.url).path.startswith("/api/") else "page"
        sizes[kind] += len(gzip.compress(response.body()))
    context.close()
    print(f"{path}: {sizes['page'] / 1000:.0f} kB gzipped, and {sizes['data'] / 1000:.0f} kB of data")


def drive(page: Page) -> None:
    """Let the champion drive, attempt after attempt, and print the script times."""
    page.goto(f"/play/{CAMPAIGN}?debug")
    page.get_by_role("button", name="Agree and drive").click()
    driving = 0
    while driving < LOOKS:
        page.wait_for_timeout(LOOK_MS)
        phase = page.evaluate("window.__manyhands?.state.phase")
        if phase == "driving":
            driving += 1
        elif phase == "card":
            page.keyboard.press("Enter")
            page.wait_for_timeout(NEXT_MS)
        elif phase == "problem":  # the first champion is still being trained
            page.get_by_role("button", name="Try again").click()
            page.wait_for_timeout(NEXT_MS)
    state = page.evaluate("window.__manyhands.state")
    for name, what in (("tick_ms", "control tick"), ("frame_ms", "frame")):
        spread = state[name]
        print(f"{what}: median {spread['median']:.2f}, 95th percentile {spread['p95']:.2f} ms of script")


def main() -> None:
    """Print all of it."""
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    with (
        tempfile.TemporaryDirectory() as data,
        service.served(Path(data), {}) as (address, _),
        browser.chromium() as chromium,
    ):
        page = chromium.new_page(base_url=address, viewport={"width": 1280, "height": 800})
        page.goto(f"/campaigns/{CAMPAIGN}")
        page.get_by_role("link", name="Play").first.wait_for(timeout=READY_MS)
        for path in ("/", f"/play/{CAMPAIGN}"):
            weigh(chromium, address, path)
        drive(page)


if __name__ == "__main__":
    main()
