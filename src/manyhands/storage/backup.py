"""One tar file that holds everything: all tables as an SQLite database, content, tracks, and a manifest.

Whatever database is in use, the backup holds SQLite, so it can be restored into either kind. It is taken
while the server runs: the database first, at one moment, then the content, which only ever grows, and the
imported tracks, which rows name by their ids.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from manyhands.errors import BackupError, ContentCorruptError
from manyhands.storage import migrate
from manyhands.storage.content import ContentStore, content_id, parse_cid, write_whole
from manyhands.storage.database import Database, open_database
from manyhands.storage.faults import disk_in_words
from manyhands.storage.schema import counters, metadata
from manyhands.types import Cid, now_us

FORMAT = 2
_READ = (1, FORMAT)  # 1 had no tracks
_DATABASE, _MANIFEST, _CONTENT, _TRACKS = "manyhands.db", "manifest.json", "content/", "tracks/"
_TRACK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.npy")
_ROWS_AT_ONCE = 500
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class BackupSummary:
    """What a backup holds."""

    created_us: int
    rows: int
    contents: int
    tracks: int
    size_bytes: int


def write_backup(database: Database, content: ContentStore, tracks: Path, target: Path) -> BackupSummary:
    """Write a backup to the file `target` and read it back before it gets its name.

    tracks: folder of the imported ones, which may be missing.

    Raises:
        BackupError: if `target` exists, or what was written does not verify.
        DiskFullError: if there is no room; no file is left.
    """
    if target.exists():
        raise BackupError(f"{target} exists already.", remedy="Give a new file name.")
    with _place_in_words(target), _scratch(target.parent) as folder:
        rows = _copy_into_sqlite(database, folder / _DATABASE)
        part = folder / "backup.tar"
        contents = sorted(content)
        roads = {file.name: file.read_bytes() for file in tracks.glob("*.npy") if _TRACK.fullmatch(file.name)}
        manifest = {
            "format": FORMAT,
            "created_us": now_us(),
            "revision": migrate.head(),
            "rows": rows,
            "database_sha256": _file_hash(folder / _DATABASE),
            "contents": contents,
            "tracks": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(roads.items())},
        }
        with tarfile.open(part, "w") as tar:
            _add(tar, _MANIFEST, json.dumps(manifest).encode())
            tar.add(folder / _DATABASE, _DATABASE)
            for cid in contents:
                _add(tar, _CONTENT + cid, content.get(cid))
            for name, data in sorted(roads.items()):
                _add(tar, _TRACKS + name, data)
        summary = verify_backup(part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.chmod(0o600)  # it holds the server's keys
        os.replace(part, target)
    return summary


def verify_backup(source: Path) -> BackupSummary:
    """Check every byte of a backup against its manifest and return what it holds.

    Raises:
        BackupError: naming what is missing or damaged.
    """
    with tempfile.TemporaryDirectory() as folder:
        return _unpack(source, Path(folder) / _DATABASE)


def restore_backup(source: Path, url: str, content: ContentStore, tracks: Path) -> BackupSummary:
    """Restore a backup into an empty database, the content store and the folder of imported tracks.

    Args:
        source: the file that `write_backup` made.
        url: of a database that is missing or empty.
        content: the store to fill; what it holds already is kept.
        tracks: the folder to fill; what it holds already is kept.

    Raises:
        BackupError: if the backup is damaged, the database is not empty, or a track of the folder is another
            one than the backup's of that name; the database is unchanged.
    """
    with _place_in_words(content.root), tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / _DATABASE
        verify_backup(source)
        summary = _unpack(source, copy, content, tracks)
        saved = open_database(f"sqlite:///{copy}")
        database = open_database(url)
        try:
            with saved.read() as origin, database.write() as connection:
                if _count_rows(connection):
                    raise BackupError(
                        f"The database {database.engine.url.database} is not empty.",
                        remedy="Restore into a new data folder or database.",
                    )
                connection.execute(counters.delete())
                _copy_rows(origin, connection)
        finally:
            saved.close()
            database.close()
    return summary


def _copy_into_sqlite(database: Database, target: Path) -> int:
    copy = open_database(f"sqlite:///{target}")
    try:
        with database.read() as origin, copy.write() as connection:
            connection.execute(counters.delete())
            rows = _copy_rows(origin, connection)
    finally:
        # The last connection to close moves everything from the write-ahead log into the file.
        copy.close()
    return rows


def _copy_rows(origin: Connection, target: Connection) -> int:
    rows = 0
    for table in metadata.sorted_tables:
        found = origin.execute(select(table), execution_options={"yield_per": _ROWS_AT_ONCE})
        for block in found.mappings().partitions(_ROWS_AT_ONCE):
            target.execute(insert(table), [dict(row) for row in block])
            rows += len(block)
        if target.dialect.name == "postgresql" and table.name == "incidents":
            # Rows came with their numbers; the sequence must continue after them.
            target.exec_driver_sql(
                "SELECT setval(pg_get_serial_sequence('incidents', 'id'),"
                " (SELECT coalesce(max(id), 0) + 1 FROM incidents), false)"
            )
    return rows


def _count_rows(connection: Connection) -> int:
    return sum(
        connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
        if table is not counters
    )


def _unpack(
    source: Path, database: Path, content: ContentStore | None = None, tracks: Path | None = None
) -> BackupSummary:
    try:
        with tarfile.open(source) as tar:
            manifest = json.loads(_member(tar, _MANIFEST))
            if manifest["format"] not in _READ:
                raise BackupError(f"{source} was made by a newer version.", remedy="Upgrade manyhands.")
            with disk_in_words(database), database.open("wb") as file:
                for block in _blocks(tar, _DATABASE):
                    file.write(block)
            if _file_hash(database) != manifest["database_sha256"]:
                raise BackupError(f"The database inside {source} is damaged.")
            for cid in manifest["contents"]:
                _check_content(tar, parse_cid(cid), content)
            roads = manifest["tracks"] if manifest["format"] > 1 else {}
            for name, sha256 in roads.items():
                _check_track(tar, name, sha256, tracks)
    except (tarfile.TarError, json.JSONDecodeError, KeyError, OSError) as error:
        raise BackupError(f"{source} is not a complete backup: {error}.") from error
    return BackupSummary(
        manifest["created_us"],
        manifest["rows"],
        len(manifest["contents"]),
        len(roads),
        source.stat().st_size,
    )


def _check_content(tar: tarfile.TarFile, cid: Cid, content: ContentStore | None) -> None:
    data = _member(tar, _CONTENT + cid)
    if content_id(data) != cid:
        raise ContentCorruptError(f"The backup's copy of {cid} is damaged.")
    if content is not None:
        content.put(data)


def _check_track(tar: tarfile.TarFile, name: str, sha256: str, tracks: Path | None) -> None:
    if not _TRACK.fullmatch(name):
        raise BackupError(f"{name[:80]!r} inside the backup is no name of a track.")
    data = _member(tar, _TRACKS + name)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BackupError(f"The backup's copy of the track {name} is damaged.")
    if tracks is None:
        return
    if (tracks / name).exists():
        if (tracks / name).read_bytes() != data:
            raise BackupError(
                f"{tracks / name} is another track than the backup's.",
                remedy="Restore into a new data folder, or move that track away.",
            )
        return
    with disk_in_words(tracks):
        tracks.mkdir(parents=True, exist_ok=True)
        write_whole(tracks / name, data)


def _blocks(tar: tarfile.TarFile, name: str) -> Iterator[bytes]:
    file = tar.extractfile(name)
    if file is None:
        raise BackupError(f"{name} inside the backup is not a file.")
    while block := file.read(_BLOCK_BYTES):
        yield block


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    return b"".join(_blocks(tar, name))


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=".backup-") as folder:
        yield Path(folder)


@contextlib.contextmanager
def _place_in_words(place: Path) -> Iterator[None]:
    try:
        with disk_in_words(place):
            yield
    except OSError as error:
        raise BackupError(f"Cannot use {place}: {error.strerror}.") from error
