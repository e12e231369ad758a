"""The whole service on a temporary data folder, and a real browser in front of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from keyboard_player import CHROMIUM_VARIABLE, FLAGS, chromium_program
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "src" / "manyhands" / "server" / "static" / "index.html"
SITE_VARIABLE = "TEST_SITE"
OPEN_WITHIN_S = 1500.0


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of `manyhands up` with small rounds, stopped as Ctrl-C stops it; the variable names another."""
    if SITE_VARIABLE in os.environ:
        yield os.environ[SITE_VARIABLE]
        return
    if not PAGE.exists():
        pytest.fail("The page is not built: run `make page` first.")
    # Settings of the person who runs the tests must not reach the service under test.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MANYHANDS_")}
    environment["MANYHANDS_ROUND_WAIT_S"] = "3"
    data = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "manyhands.cli", "up", "--data", str(data), "--port", "0", "--no-open"]
    log = (data / "up.log").open("wb")
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment, cwd=ROOT)
    try:
        assert running.stdout is not None
        line = running.stdout.readline().decode()
        address = line.split()[-1] if line else ""
        assert address.startswith("http://"), (line, (data / "up.log").read_text())
        _wait_for_champions(address)
        yield address
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(timeout=30)
        running.stdout and running.stdout.close()
        log.close()


def _wait_for_champions(address: str) -> None:
    ends = time.monotonic() + OPEN_WITHIN_S
    with httpx.Client(base_url=address) as client:
        while time.monotonic() < ends:
            campaign = client.get("/api/campaigns/crowd-circuit-lidar").json()
            if campaign["state"] == "open" and campaign["judge"]["starts_ready"] > 0:
                return
            time.sleep(0.5)
    pytest.fail(f"No champion within {OPEN_WITHIN_S:.0f} s; the judge says: {campaign['judge']}.")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium with software graphics."""
    program = chromium_program()
    if program is None:
        pytest.fail(
            f"Chromium is missing: install the package chromium, or set {CHROMIUM_VARIABLE} to its path."
        )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()
