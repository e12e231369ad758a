from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from manyhands.errors import DatabaseLockedError
from manyhands.storage.turnstile import Turnstile

HOLDER = """
import sys, time
from manyhands.storage.turnstile import Turnstile
with Turnstile(sys.argv[1], 5.0).pass_through():
    print("in", flush=True)
    time.sleep(60)
"""


def test_one_passes_at_a_time(tmp_path: Path) -> None:
    turnstile = Turnstile(str(tmp_path / "db"), 30.0)
    inside, most = 0, 0

    def writer() -> None:
        nonlocal inside, most
        for _ in range(50):
            with turnstile.pass_through():
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=writer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside, most) == (0, 1)


def test_who_comes_back_stands_behind_who_waits(tmp_path: Path) -> None:
    turnstile = Turnstile(str(tmp_path / "db"), 30.0)
    entered = threading.Event()

    def waiter() -> None:
        with turnstile.pass_through():
            entered.set()

    rounds = 0
    with turnstile.pass_through():
        thread = threading.Thread(target=waiter)
        thread.start()
        # Only who holds the second lock is next in line.
        while not _held(tmp_path / "db-next"):
            pass
    while not entered.is_set():
        with turnstile.pass_through():
            rounds += 1
    thread.join()
    assert rounds <= 1


def _held(path: Path) -> bool:
    import fcntl
    import os

    if not path.exists():
        return False
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def test_a_killed_holder_lets_go_and_a_slow_one_is_reported(tmp_path: Path) -> None:
    database = str(tmp_path / "db")
    process = subprocess.Popen([sys.executable, "-c", HOLDER, database], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "in\n"
        with (
            pytest.raises(DatabaseLockedError, match="stayed locked"),
            Turnstile(database, 0.05).pass_through(),
        ):
            pass
        process.send_signal(signal.SIGKILL)
        with Turnstile(database, 5.0).pass_through():
            pass
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
