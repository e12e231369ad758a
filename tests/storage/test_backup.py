"""A backup restores everything into either kind of database, and damage is noticed."""

from __future__ import annotations

import errno
import io
import json
import os
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from manyhands.errors import BackupError, DiskFullError, ManyhandsError
from manyhands.ledger import audit, escrow, issue
from manyhands.storage import ContentStore, Database, events, open_database
from manyhands.storage.backup import restore_backup, verify_backup, write_backup
from manyhands.storage.schema import incidents, metadata
from manyhands.types import CampaignId, Micro, Micros


@pytest.fixture
def content(tmp_path: Path) -> ContentStore:
    store = ContentStore(tmp_path / "content")
    store.put(b"one policy")
    store.put(b"another")
    return store


@pytest.fixture
def filled(database: Database) -> Database:
    with database.write() as connection:
        issue(connection, escrow(CampaignId("cmp_a")), Micro(10), "issue-1", Micros(1))
        events.append(connection, events.ALL, "opened", {"name": "Łódź"}, Micros(2))
        connection.execute(insert(incidents).values(source="t", kind="k", message="m", created_us=3))
    return database


def _tables(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.read() as connection:
        return {
            table.name: sorted(tuple(row) for row in connection.execute(select(table)))
            for table in metadata.sorted_tables
        }


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        create: Callable[[], str] = request.getfixturevalue("new_postgres_url")
        return create()
    return f"sqlite:///{tmp_path / 'restored' / 'manyhands.db'}"


def test_everything_comes_back_in_either_kind(
    filled: Database, content: ContentStore, empty_url: str, tmp_path: Path
) -> None:
    target = tmp_path / "backup.tar"
    written = write_backup(filled, content, target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    store = ContentStore(tmp_path / "restored" / "content")
    assert restore_backup(target, empty_url, store) == written == verify_backup(target)
    assert set(store) == set(content)
    restored = open_database(empty_url)
    assert _tables(restored) == _tables(filled)
    with restored.write() as connection:
        assert audit(connection).faults == []
        assert events.append(connection, events.ALL, "next", {}, Micros(4)) == 2
        connection.execute(insert(incidents).values(source="t", kind="k", message="next", created_us=5))
    restored.close()


def test_it_is_taken_while_others_write_and_holds_nothing_of_theirs(
    filled: Database, content: ContentStore, tmp_path: Path
) -> None:
    before = _tables(filled)
    with filled.write() as connection:
        connection.execute(insert(incidents).values(source="t", kind="k", message="open", created_us=3))
        write_backup(filled, content, tmp_path / "backup.tar")
    url = f"sqlite:///{tmp_path / 'restored' / 'manyhands.db'}"
    restore_backup(tmp_path / "backup.tar", url, ContentStore(tmp_path / "restored" / "content"))
    restored = open_database(url)
    assert _tables(restored) == before
    restored.close()


def test_a_database_in_use_is_not_overwritten(
    filled: Database, database_url: str, content: ContentStore, tmp_path: Path
) -> None:
    write_backup(filled, content, tmp_path / "backup.tar")
    before = _tables(filled)
    with pytest.raises(BackupError, match="not empty"):
        restore_backup(tmp_path / "backup.tar", database_url, content)
    assert _tables(filled) == before


def test_an_existing_file_is_not_overwritten(filled: Database, content: ContentStore, tmp_path: Path) -> None:
    (tmp_path / "backup.tar").write_text("precious")
    with pytest.raises(BackupError, match="exists already"):
        write_backup(filled, content, tmp_path / "backup.tar")
    assert (tmp_path / "backup.tar").read_text() == "precious"


@pytest.mark.parametrize("part", ["manyhands.db", "content/", "manifest.json", "cut", "newer"])
def test_damage_is_noticed_before_anything_is_restored(
    filled: Database, content: ContentStore, tmp_path: Path, part: str
) -> None:
    good, bad = tmp_path / "good.tar", tmp_path / "bad.tar"
    write_backup(filled, content, good)
    if part == "cut":
        bad.write_bytes(good.read_bytes()[:5000])
    else:
        _damage(good, bad, part)
    url = f"sqlite:///{tmp_path / 'new' / 'manyhands.db'}"
    with pytest.raises(ManyhandsError, match=r"damaged|not a complete backup|newer version"):
        restore_backup(bad, url, ContentStore(tmp_path / "new" / "content"))
    assert not (tmp_path / "new").exists()


def _damage(good: Path, bad: Path, part: str) -> None:
    with tarfile.open(good) as source, tarfile.open(bad, "w") as target:
        for member in source.getmembers():
            file = source.extractfile(member)
            assert file is not None
            data = bytearray(file.read())
            if part == "newer" and member.name == "manifest.json":
                data = bytearray(json.dumps({**json.loads(data), "format": 2}).encode())
            elif member.name.startswith(part):
                data[len(data) // 2] ^= 1
                if part == "manifest.json":
                    data = data[:-1]
            member.size = len(data)
            target.addfile(member, io.BytesIO(data))


def test_a_full_disk_leaves_no_backup(
    filled: Database, content: ContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    folder = tmp_path / "backups"
    with pytest.raises(DiskFullError, match="full"):
        write_backup(filled, content, folder / "backup.tar")
    assert list(folder.iterdir()) == []


def test_a_missing_file_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="not a complete backup"):
        verify_backup(tmp_path / "nothing.tar")
