from __future__ import annotations

import errno
import sqlite3
from collections import namedtuple
from pathlib import Path

import pytest

from manyhands.errors import DiskError, DiskFullError, StorageError
from manyhands.storage import faults

Usage = namedtuple("Usage", ["total", "used", "free"])


@pytest.mark.parametrize(
    ("said", "free", "kind"),
    [
        ("database or disk is full", 10**9, DiskFullError),
        ("disk I/O error", 0, DiskFullError),
        ("disk I/O error", 10**9, DiskError),
        ("unable to open database file", 0, DiskFullError),
        ("unable to open database file", 10**9, StorageError),
    ],
)
def test_a_full_disk_is_told_whatever_sqlite_says(
    said: str, free: int, kind: type[StorageError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults.shutil, "disk_usage", lambda _: Usage(10**9, 10**9 - free, free))
    found = faults.translate(sqlite3.OperationalError(said), "/data/manyhands.db")
    assert type(found) is kind
    assert "/data/manyhands.db" in found.message


def test_a_place_that_is_no_folder_counts_as_one_with_room() -> None:
    found = faults.translate(sqlite3.OperationalError("disk I/O error"), "postgresql://host/name")
    assert type(found) is DiskError


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskFullError),
        (errno.EDQUOT, DiskFullError),
        (errno.EFBIG, DiskError),
        (errno.EIO, DiskError),
    ],
)
def test_errors_of_the_disk_become_ours(number: int, kind: type[DiskError]) -> None:
    with pytest.raises(kind, match="/data") as caught, faults.disk_in_words(Path("/data")):
        raise OSError(number, "refused")
    assert type(caught.value) is kind


def test_other_errors_pass() -> None:
    with pytest.raises(PermissionError), faults.disk_in_words(Path("/data")):
        raise PermissionError(errno.EACCES, "not yours")
