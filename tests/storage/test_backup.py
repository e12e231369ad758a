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
def tracks(tmp_path: Path) -> Path:
    folder = tmp_path / "tracks"
    folder.mkdir()
    (folder / "my-ring.npy").write_bytes(b"a road")
    (folder / ".my-oval.partial").write_bytes(b"half of one")
    return folder


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
    filled: Database, content: ContentStore, tracks: Path, empty_url: str, tmp_path: Path
) -> None:
    target = tmp_path / "backup.tar"
    written = write_backup(filled, content, tracks, target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    store = ContentStore(tmp_path / "restored" / "content")
    roads = tmp_path / "restored" / "tracks"
    assert restore_backup(target, empty_url, store, roads) == written == verify_backup(target)
    assert set(store) == set(content)
    assert {file.name: file.read_bytes() for file in roads.iterdir()} == {"my-ring.npy": b"a road"}
    restored = open_database(empty_url)
    assert _tables(restored) == _tables(filled)
    with restored.write() as connection:
        assert audit(connection).faults == []
        assert events.append(connection, events.ALL, "next", {}, Micros(4)) == 2
        connection.execute(insert(incidents).values(source="t", kind="k", message="next", created_us=5))
    restored.close()


def test_it_is_taken_while_others_write_and_holds_nothing_of_theirs(
    filled: Database, content: ContentStore, tracks: Path, tmp_path: Path
) -> None:
    before = _tables(filled)
    with filled.write() as connection:
        connection.execute(insert(incidents).values(source="t", kind="k", message="open", created_us=3))
        write_backup(filled, content, tracks, tmp_path / "backup.tar")
    url = f"sqlite:///{tmp_path / 'restored' / 'manyhands.db'}"
    other = tmp_path / "restored"
    restore_backup(tmp_path / "backup.tar", url, ContentStore(other / "content"), other / "tracks")
    restored = open_database(url)
    assert _tables(restored) == before
    restored.close()


def test_a_database_in_use_is_not_overwritten(
    filled: Database, database_url: str, content: ContentStore, tracks: Path, tmp_path: Path
) -> None:
    write_backup(filled, content, tracks, tmp_path / "backup.tar")
    before = _tables(filled)
    with pytest.raises(BackupError, match="not empty"):
        restore_backup(tmp_path / "backup.tar", database_url, content, tracks)
    assert _tables(filled) == before


def test_an_existing_file_is_not_overwritten(
    filled: Database, content: ContentStore, tracks: Path, tmp_path: Path
) -> None:
    (tmp_path / "backup.tar").write_text("precious")
    with pytest.raises(BackupError, match="exists already"):
        write_backup(filled, content, tracks, tmp_path / "backup.tar")
    assert (tmp_path / "backup.tar").read_text() == "precious"


@pytest.mark.parametrize("part", ["manyhands.db", "content/", "tracks/", "manifest.json", "cut", "newer"])
def test_damage_is_noticed_before_anything_is_restored(
    filled: Database, content: ContentStore, tracks: Path, tmp_path: Path, part: str
) -> None:
    good, bad = tmp_path / "good.tar", tmp_path / "bad.tar"
    write_backup(filled, content, tracks, good)
    if part == "cut":
        bad.write_bytes(good.read_bytes()[:5000])
    else:
        _rewrite(good, bad, lambda name, data: _damaged(name, data, part))
    url = f"sqlite:///{tmp_path / 'new' / 'manyhands.db'}"
    with pytest.raises(ManyhandsError, match=r"damaged|not a complete backup|newer version"):
        restore_backup(bad, url, ContentStore(tmp_path / "new" / "content"), tmp_path / "new" / "tracks")
    assert not (tmp_path / "new").exists()


def _rewrite(good: Path, bad: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """Copy a backup, each file as `change` returns it, or not at all."""
    with tarfile.open(good) as source, tarfile.open(bad, "w") as target:
        for member in source.getmembers():
            file = source.extractfile(member)
            assert file is not None
            data = change(member.name, file.read())
            if data is not None:
                member.size = len(data)
                target.addfile(member, io.BytesIO(data))


def _damaged(name: str, data: bytes, part: str) -> bytes:
    if part == "newer" and name == "manifest.json":
        return json.dumps({**json.loads(data), "format": 3}).encode()
    if not name.startswith(part):
        return data
    middle = len(data) // 2
    changed = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    return changed[:-1] if part == "manifest.json" else changed


def test_a_backup_of_before_tracks_were_in_it_is_restored(
    filled: Database, content: ContentStore, tracks: Path, tmp_path: Path
) -> None:
    def older(name: str, data: bytes) -> bytes | None:
        if name != "manifest.json":
            return None if name.startswith("tracks/") else data
        manifest = {**json.loads(data), "format": 1}
        del manifest["tracks"]
        return json.dumps(manifest).encode()

    write_backup(filled, content, tracks, tmp_path / "good.tar")
    _rewrite(tmp_path / "good.tar", tmp_path / "old.tar", older)
    other = tmp_path / "restored"
    url = f"sqlite:///{other / 'manyhands.db'}"
    found = restore_backup(tmp_path / "old.tar", url, ContentStore(other / "content"), other / "tracks")
    assert (found.contents, found.tracks) == (2, 0)
    assert not (other / "tracks").exists()


@pytest.mark.parametrize("name", ["../my-ring.npy", "a/b.npy", ".hidden.npy", "my-ring.txt", ""])
def test_no_track_gets_out_of_its_folder(
    filled: Database, content: ContentStore, tracks: Path, tmp_path: Path, name: str
) -> None:
    def renamed(old: str, data: bytes) -> bytes:
        if old != "manifest.json":
            return data
        manifest = json.loads(data)
        return json.dumps({**manifest, "tracks": {name: manifest["tracks"]["my-ring.npy"]}}).encode()

    write_backup(filled, content, tracks, tmp_path / "good.tar")
    _rewrite(tmp_path / "good.tar", tmp_path / "bad.tar", renamed)
    other = tmp_path / "new"
    url = f"sqlite:///{other / 'manyhands.db'}"
    with pytest.raises(BackupError, match="no name of a track"):
        restore_backup(tmp_path / "bad.tar", url, ContentStore(other / "content"), other / "tracks")
    assert not other.exists()


def test_another_track_of_the_same_name_is_kept(
    filled: Database, content: ContentStore, tracks: Path, tmp_path: Path
) -> None:
    write_backup(filled, content, tracks, tmp_path / "backup.tar")
    (tracks / "my-ring.npy").write_bytes(b"another road")
    url = f"sqlite:///{tmp_path / 'restored' / 'manyhands.db'}"
    with pytest.raises(BackupError, match="another track"):
        restore_backup(tmp_path / "backup.tar", url, content, tracks)
    assert (tracks / "my-ring.npy").read_bytes() == b"another road"
    assert not (tmp_path / "restored").exists()


def test_a_full_disk_leaves_no_backup(
    filled: Database, content: ContentStore, tracks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    folder = tmp_path / "backups"
    with pytest.raises(DiskFullError, match="full"):
        write_backup(filled, content, tracks, folder / "backup.tar")
    assert list(folder.iterdir()) == []


def test_a_missing_file_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="not a complete backup"):
        verify_backup(tmp_path / "nothing.tar")
