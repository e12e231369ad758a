"""The whole service on a temporary data folder, and a real browser in front of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from keyboard_player import CHROMIUM_VARIABLE, FLAGS, chromium_program
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from manyhands.arena import api as arena
from manyhands.settings import Settings
from manyhands.storage import open_database
from manyhands.types import now_us

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ROOT / "src" / "manyhands" / "server" / "static" / "index.html"
SCREENSHOTS_VARIABLE = "TEST_SCREENSHOTS"
# Pixels of a side that are drawn for one of the page: in software a quarter of the pixels is a third of the
# work, and a display that is slow slows the world down. Pictures for people are drawn in full.
SHARPNESS = 1.0 if SCREENSHOTS_VARIABLE in os.environ else 0.5
OPEN_WITHIN_S = 1500.0
# Nothing here is about speed: a machine that is busy with other tests must only take longer.
PATIENCE_MS = 240_000
expect.set_options(timeout=PATIENCE_MS)


# One service for all files here; it ends with the last of them, since it would go on to compute.
_running = ExitStack()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    if nextitem is None or HERE not in nextitem.path.parents:
        _running.close()


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder in which the service stores."""
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="session")
def site(data: Path) -> str:
    """Address of `manyhands up` with small rounds, stopped as Ctrl-C stops it; its judges still compile."""
    if not PAGE.exists():
        pytest.fail("The page is not built: run `make page` first.")
    return _running.enter_context(_served(data))


def _fund_lidar(data: Path) -> None:
    """Make the ready-made lidar campaign alone: nobody here drives by camera, whose judge takes longest."""
    settings = Settings(data=data)
    order = arena.CampaignOrder(
        "Crowd Circuit, by lidar",
        "crowd-circuit-lidar",
        "racer-v0",
        "lidar",
        settings.budget_micro,
        settings.stake_micro,
        1.0,
    )
    database = open_database(settings.url)
    with database.write() as connection:
        arena.create_campaign(connection, order, None, now_us())
    database.close()


@contextmanager
def _served(data: Path) -> Iterator[str]:
    _fund_lidar(data)
    # Settings of the person who runs the tests must not reach the service under test.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MANYHANDS_")}
    environment |= {
        "MANYHANDS_ROUND_WAIT_S": "3",
        "MANYHANDS_SESSIONS_PER_HOUR": "1000",
        "MANYHANDS_LOAN_ADDRESS_DAY_MICRO": "1000000000000",
    }
    command = [sys.executable, "-m", "manyhands.cli", "up", "--data", str(data), "--port", "0", "--no-open"]
    with (data / "up.log").open("wb") as log:
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment, cwd=ROOT)
    try:
        assert running.stdout is not None
        line = running.stdout.readline().decode()
        address = line.split()[-1] if line else ""
        assert address.startswith("http://"), (line, (data / "up.log").read_text())
        yield address
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(timeout=120)
        running.stdout and running.stdout.close()


@pytest.fixture(scope="session")
def champion(site: str) -> None:
    """Wait until the lidar campaign has a champion and starts; who needs neither uses the time before."""
    ends = time.monotonic() + OPEN_WITHIN_S
    with httpx.Client(base_url=site) as client:
        while time.monotonic() < ends:
            campaign = client.get("/api/campaigns/crowd-circuit-lidar").json()
            if campaign["state"] == "open" and campaign["judge"]["starts_ready"] > 0:
                return
            time.sleep(0.5)
    pytest.fail(f"No champion within {OPEN_WITHIN_S:.0f} s; the judge says: {campaign['judge']}.")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium with software graphics.

    It ends with the module: while it lives, its event loop runs in this thread, and no other may.
    """
    program = chromium_program()
    if program is None:
        pytest.fail(
            f"Chromium is missing: install the package chromium, or set {CHROMIUM_VARIABLE} to its path."
        )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def faults() -> list[str]:
    """What the browser's console complained about."""
    return []


@pytest.fixture
def context(site: str, browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(
        base_url=site,
        viewport={"width": 960, "height": 540},
        device_scale_factor=SHARPNESS,
        reduced_motion="no-preference",
    )
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, faults: list[str]) -> Page:
    shown = context.new_page()
    shown.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    shown.on("pageerror", lambda error: faults.append(str(error)))
    return shown


@pytest.fixture
def shoot(tmp_path: Path, page: Page) -> Callable[[str], None]:
    """Save a picture of the page under a name, in the folder that the variable names."""
    folder = Path(os.environ.get(SCREENSHOTS_VARIABLE, tmp_path))
    folder.mkdir(parents=True, exist_ok=True)

    def save(name: str) -> None:
        page.screenshot(path=folder / f"{name}.png")

    return save
