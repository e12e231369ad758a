"""A full disk: one sentence from commands, 507 or 503 from the server, nothing lost, and it recovers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arena_harness import Stage
from sqlalchemy import select

from manyhands import ledger
from manyhands.settings import Settings
from manyhands.storage import open_database
from manyhands.storage.schema import attempts
from manyhands.types import now_us

DAY = Path(__file__).with_name("full_disk_day.py")
UNSHARE = ("unshare", "-Urm")
# The whole way needs a disk that may be filled, which not every kernel lets a user mount; the limit of a
# file's size, which every one knows, stops the same writes with another error.
MOUNTS = subprocess.run([*UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"], check=False, capture_output=True)
KINDS = ["limit", *(["tmpfs"] if MOUNTS.returncode == 0 else [])]


@pytest.fixture
def track(tmp_path: Path) -> Path:
    """A round road as a DeepRacer file."""
    turn = np.linspace(0.0, 2.0 * np.pi, 120)[:, None]
    ring = np.concatenate([np.cos(turn), np.sin(turn)], axis=1)
    path = tmp_path / "ring.npy"
    np.save(path, np.concatenate([3.0 * ring, 2.6 * ring, 3.4 * ring], axis=1))
    return path


@pytest.fixture(params=KINDS)
def day(request: pytest.FixtureRequest, tmp_path: Path, track: Path) -> dict[str, Any]:
    """What was said on that day; the data folder is left in `tmp_path / "seed"`."""
    seed, folder = tmp_path / "seed", tmp_path / "disk"
    folder.mkdir()
    database = open_database(Settings(data=seed).url)
    with database.write() as connection:
        Stage(connection, now=now_us()).set_up()
    database.close()
    order = [sys.executable, str(DAY), request.param, str(folder), str(seed), str(track)]
    if request.param == "tmpfs":
        order = [*UNSHARE, *order]
    # What judges compile is to be kept on the disk that fills up, not where the run keeps it.
    environment = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
    done = subprocess.run(order, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"kind": request.param}


def test_a_full_disk_costs_nothing_but_patience(day: dict[str, Any], tmp_path: Path) -> None:
    full = day["kind"] == "tmpfs"
    for name, said in day["commands"].items():
        assert said["status"] == 1, (name, said)
        assert said["out"] == "", name
        assert len(said["lines"]) == 1, (name, said)
        assert ("is full" in said["lines"][0]) or not full, said
        assert "disk" in said["lines"][0], said
    assert day["left"] == []

    server = day["server"]
    for refused in server["attempt"]:
        assert refused["type"] == "application/problem+json"
        assert (refused["status"], refused["body"]["code"]) == ((507, "disk_full") if full else (503, "disk"))
        assert int(refused["retry_after"]) == refused["body"]["retry_after_s"] > 0
        assert refused["body"]["detail"].endswith("; nothing was changed.")
        assert str(tmp_path) not in json.dumps(refused)
    assert server["read"]["status"] == server["health"]["status"] == 200
    assert server["after"]["status"] == server["again"]["status"] == 202
    assert server["end"] == 0

    database = open_database(Settings(data=tmp_path / "seed").url)
    with database.read() as connection:
        assert sorted(connection.execute(select(attempts.c.id)).scalars()) == sorted(day["acknowledged"])
        assert len(day["acknowledged"]) == 3
        assert ledger.audit(connection).faults == []
    database.close()
