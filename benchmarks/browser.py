"""Chromium for a benchmark, as the browser tests start it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

sys.path.append(str(Path(__file__).parents[1] / "tests" / "service"))
from keyboard_player import FLAGS, REACTION_TICKS, KeyboardPlayer, chromium_program

__all__ = ["REACTION_TICKS", "KeyboardPlayer", "chromium"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that is closed at the end."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_program(), args=FLAGS)
        try:
            yield started
        finally:
            started.close()
