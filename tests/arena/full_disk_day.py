"""A day on which the disk fills up, in a process of its own: what commands and the running server say.

python full_disk_day.py KIND FOLDER SEED TRACK: `tmpfs` mounts a disk of 4 MiB at FOLDER (run it under
`unshare -Urm`), `limit` lets no process under test write to a file. SEED is copied to FOLDER/data and back.
Prints JSON.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

ENDLESS = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
HAND_IN_S = 0.3  # two ticks may not come back sooner than they take to drive


class SmallDisk:
    """A file system of its own, full of ballast when it is to be full."""

    prefix: tuple[str, ...] = ()

    def __init__(self, folder: Path) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", folder], check=True)
        self._ballast = folder / "ballast"

    @contextlib.contextmanager
    def full(self, _pid: int | None = None) -> Iterator[None]:
        """Leave no byte free."""
        with self._ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        assert shutil.disk_usage(self._ballast.parent).free == 0
        yield
        self._ballast.unlink()


class LimitedFiles:
    """No disk that could be filled, but files that must not grow."""

    prefix = ("prlimit", "--fsize=1", "--")

    @contextlib.contextmanager
    def full(self, pid: int | None = None) -> Iterator[None]:
        """Refuse every write of a running process; of commands, the prefix does."""
        if pid is not None:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        yield
        if pid is not None:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, ENDLESS)


Disk = SmallDisk | LimitedFiles


def said(answer: httpx.Response) -> dict[str, Any]:
    return {
        "status": answer.status_code,
        "retry_after": answer.headers.get("Retry-After"),
        "type": answer.headers["Content-Type"],
        "body": answer.json(),
    }


def commands(disk: Disk, data: Path, track: Path) -> dict[str, Any]:
    """What commands say while the disk is full: exit status and the lines they print as errors."""
    manyhands = [*disk.prefix, sys.executable, "-m", "manyhands.cli"]
    orders = {
        "up on new folder": ["up", "--port", "0", "--no-open", "--data", str(data.parent / "new")],
        "up": ["up", "--port", "0", "--no-open", "--data", str(data)],
        "campaign list": ["campaign", "list", "--data", str(data)],
        "backup": ["backup", str(data.parent / "backup.tar"), "--data", str(data)],
        "track import": ["track", "import", str(track), "--data", str(data)],
    }
    found = {}
    with disk.full():
        for name, order in orders.items():
            done = subprocess.run([*manyhands, *order], check=False, capture_output=True, text=True)
            found[name] = {"status": done.returncode, "out": done.stdout, "lines": done.stderr.splitlines()}
    left = [str(path.relative_to(data.parent)) for path in (data / "tracks").glob("*")]
    return {"commands": found, "left": left}


class Visitor:
    """A guest who plays without driving; what is sent twice is the same request."""

    def __init__(self, client: httpx.Client, campaign: str) -> None:
        self._client, self._campaign = client, campaign
        self._keys = 0
        self.acknowledged: list[str] = []

    def session(self) -> httpx.Response:
        return self._client.post("/api/session", json={"consent": True})

    def assign(self) -> str:
        self._keys += 1
        key = {"Idempotency-Key": f"key-number-{self._keys}"}
        answer = self._client.post(f"/api/campaigns/{self._campaign}/assignments", headers=key)
        assert answer.status_code == 201, answer.text
        time.sleep(HAND_IN_S)
        given: str = answer.json()["id"]
        return given

    def hand_in(self, assignment: str) -> httpx.Response:
        body = {
            "ticks": 2,
            "actions": base64.b64encode(bytes([3, 120] * 2)).decode(),
            "actors": base64.b64encode(bytes([0, 1])).decode(),
            "final": {"x": 1.0},
        }
        answer = self._client.post(f"/api/assignments/{assignment}/attempt", json=body)
        if answer.status_code == 202:
            self.acknowledged.append(answer.json()["attempt_id"])
        return answer


def serve(disk: Disk, data: Path) -> dict[str, Any]:
    """What a running server says before, while and after its disk is full."""
    order = [sys.executable, "-m", "manyhands.cli", "up", "--port", "0", "--no-open", "--data", str(data)]
    running = subprocess.Popen(order, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    address = running.stdout.readline().split()[-1]
    found: dict[str, Any] = {}
    with httpx.Client(base_url=address, headers={"Origin": address}, timeout=60.0) as client:
        campaigns = client.get("/api/campaigns").json()["campaigns"]
        visitor = Visitor(client, next(row["id"] for row in campaigns if row["state"] == "open"))
        visitor.session()
        visitor.hand_in(visitor.assign())
        waiting = visitor.assign()
        with disk.full(running.pid):
            found["attempt"] = [said(visitor.hand_in(waiting)) for _ in range(3)]
            found["read"] = said(client.get("/api/me"))
            found["health"] = said(client.get("/healthz"))
        found["after"] = said(visitor.hand_in(waiting))
        found["again"] = said(visitor.hand_in(visitor.assign()))
    running.terminate()
    found["end"] = running.wait(timeout=60)
    running.stdout.close()
    return {"server": found, "acknowledged": visitor.acknowledged}


def main() -> None:
    kind, folder, seed, track = sys.argv[1], *map(Path, sys.argv[2:5])
    quiet = {"MANYHANDS_REFEREES": "0", "MANYHANDS_TRAINERS": "0"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MANYHANDS_")}
    os.environ.clear()
    os.environ.update(kept | quiet)
    disk: Disk = SmallDisk(folder) if kind == "tmpfs" else LimitedFiles()
    data = folder / "data"
    shutil.copytree(seed, data)
    found = commands(disk, data, track) | serve(disk, data)
    # A mount of this process ends with it.
    shutil.copytree(data, seed, dirs_exist_ok=True)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
