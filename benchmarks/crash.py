"""Kills a real server and its real judges at random while a crowd plays; nothing acknowledged may be lost.

    python benchmarks/crash.py --kills 200

Starts `manyhands up` in an empty folder, lets `manyhands crowd` play, kills the server, the referee or the
trainer with SIGKILL every few seconds, and at last lets the judges finish and audits the folder.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
from sqlalchemy import func, select

from manyhands.arena import audit as auditing
from manyhands.arena.shelf import Shelf
from manyhands.crowd import run as crowds
from manyhands.crowd.roles import DEFAULT_MIX, parse_mix
from manyhands.settings import Settings
from manyhands.storage import ContentStore, open_database
from manyhands.storage.schema import attempts, rounds

MANYHANDS = [sys.executable, "-m", "manyhands.cli"]
READY_S = 600.0
HEAD_START_S = 20.0  # for the crowd to fetch the champion and compile it


class Arena:
    """`manyhands up` on a fixed port, started again after it was killed."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.url = f"http://127.0.0.1:{port}"
        self._start()

    def _start(self) -> None:
        command = [*MANYHANDS, "up", "--no-open", "--port", str(self.port), "--data", str(self.folder)]
        limits = {"MANYHANDS_SESSIONS_PER_HOUR": "100000", "MANYHANDS_REQUESTS_PER_MINUTE": "1000000"}
        environment = os.environ | limits | {"MANYHANDS_LEASE_S": "5"}
        with (self.folder / "up.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def child(self, role: str) -> int | None:
        """Process id of a judge, None while it is being started again."""
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)],
            check=False,
            capture_output=True,
            text=True,
        )
        for line in listed.stdout.splitlines():
            number, _, arguments = line.strip().partition(" ")
            if role in arguments.split():
                return int(number)
        return None

    def kill(self, what: str) -> bool:
        """Kill the server with SIGKILL and start it again, or one of its judges, which it starts again."""
        if what == "server":
            self.process.kill()
            self.process.wait()
            self._start()
            return True
        child = self.child(what)
        if child is not None:
            os.kill(child, signal.SIGKILL)
        return child is not None

    def wait_open(self) -> None:
        """Wait until every campaign has its first champion."""
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            try:
                found = httpx.get(f"{self.url}/api/campaigns", timeout=10.0).json()["campaigns"]
                if found and all(campaign["state"] == "open" for campaign in found):
                    return
            except (httpx.HTTPError, ValueError, KeyError):
                pass  # it is not up yet
            time.sleep(1.0)
        raise SystemExit(f"The campaigns did not open within {READY_S:.0f} s; see {self.folder}/up.log.")


def waiting(settings: Settings) -> int:
    """Attempts and rounds that are not judged yet."""
    database = open_database(settings.url)
    with database.read() as connection:
        pending = select(func.count()).where(attempts.c.status.in_(("pending", "valued")))
        closed = select(func.count()).where(rounds.c.state == "closed")
        count = connection.execute(pending).scalar_one() + connection.execute(closed).scalar_one()
    database.close()
    return int(count)


def kill_all(arena: Arena, arguments: argparse.Namespace, killed: dict[str, int]) -> None:
    """Kill at random moments until it was done often enough."""
    chance = random.Random(arguments.seed)
    time.sleep(HEAD_START_S)
    while sum(killed.values()) < arguments.kills:
        time.sleep(chance.uniform(0.0, 2.0 * arguments.pause))
        what = chance.choice(("server", "referee", "trainer"))
        if arena.kill(what):
            killed[what] = killed.get(what, 0) + 1
            print(f"killed {what}: {sum(killed.values())} of {arguments.kills}", file=sys.stderr, flush=True)


def main() -> None:
    """Kill, wait, audit, print one JSON object; status 1 if anything is lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--players", type=int, default=30)
    parser.add_argument("--pause", type=float, default=4.0, help="mean seconds between kills")
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="manyhands-crash-"))
    settings = Settings(data=folder)
    arena = Arena(folder, arguments.port)
    arena.wait_open()
    seconds = arguments.kills * arguments.pause
    killed: dict[str, int] = {}
    killer = threading.Thread(target=kill_all, args=(arena, arguments, killed), daemon=True)
    killer.start()
    orders = crowds.Orders(arena.url, arguments.players, parse_mix(DEFAULT_MIX), seconds)
    played = asyncio.run(crowds.run(orders, lambda line: print(line, file=sys.stderr, flush=True)))
    killer.join()
    end = time.monotonic() + READY_S
    while waiting(settings) and time.monotonic() < end:
        time.sleep(1.0)
    left = waiting(settings)
    arena.process.send_signal(signal.SIGTERM)
    arena.process.wait()
    database = open_database(settings.url)
    with database.read() as connection:
        known = set(connection.execute(select(attempts.c.id)).scalars())
    report = auditing.audit(Shelf(database, ContentStore(settings.content), settings), sample=3)
    database.close()
    lost = sorted(set(played.acknowledged) - known)
    result = {
        "killed": killed,
        "waiting": left,
        "lost": lost,
        "audit": report.as_json(),
        "crowd": played.report,
    }
    print(json.dumps(result))
    sys.exit(1 if left or lost or report.faults else 0)


if __name__ == "__main__":
    main()
