"""One tar file that holds everything: all tables as an SQLite database, all content, and a manifest.

Whatever database is in use, the backup holds SQLite, so it can be restored into either kind. It is taken
while the server runs: the database first, at one moment, then the content, which only ever grows.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from manyhands.errors import BackupError, ContentCorruptError
from manyhands.storage import migrate
from manyhands.storage.content import ContentStore, content_id, parse_cid
from manyhands.storage.database import Database, open_database
from manyhands.storage.faults import disk_in_words
from manyhands.storage.schema import counters, metadata
from manyhands.types import Cid, now_us

FORMAT = 1
_DATABASE, _MANIFEST, _CONTENT = "manyhands.db", "manifest.json", "content/"
_ROWS_AT_ONCE = 500
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class BackupSummary:
    """What a backup holds."""

    created_us: int
    rows: int
    contents: int
    size_bytes: int


def write_backup(database: Database, content: ContentStore, target: Path) -> BackupSummary:
    """Write a backup to the file `target` and read it back before it gets its name.

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
        manifest = {
            "format": FORMAT,
            "created_us": now_us(),
            "revision": migrate.head(),
            "rows": rows,
            "database_sha256": _file_hash(folder / _DATABASE),
            "contents": contents,
        }
        with tarfile.open(part, "w") as tar:
            _add(tar, _MANIFEST, json.dumps(manifest).encode())
            tar.add(folder / _DATABASE, _DATABASE)
            for cid in contents:
                _add(tar, _CONTENT + cid, content.get(cid))
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
        return _unpack(source, Path(folder) / _DATABASE, None)


def restore_backup(source: Path, url: str, content: ContentStore) -> BackupSummary:
    """Restore a backup into an empty database and the content store.

    Args:
        source: the file that `write_backup` made.
        url: of a database that is missing or empty.
        content: the store to fill; what it holds already is kept.

    Raises:
        BackupError: if the backup is damaged or the database is not empty; the database is unchanged.
    """
    with _place_in_words(content.root), tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / _DATABASE
        verify_backup(source)
        summary = _unpack(source, copy, content)
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


def _unpack(source: Path, database: Path, content: ContentStore | None) -> BackupSummary:
    try:
        with tarfile.open(source) as tar:
            manifest = json.loads(_member(tar, _MANIFEST))
            if manifest["format"] != FORMAT:
                raise BackupError(f"{source} was made by a newer version.", remedy="Upgrade manyhands.")
            with disk_in_words(database), database.open("wb") as file:
                for block in _blocks(tar, _DATABASE):
                    file.write(block)
            if _file_hash(database) != manifest["database_sha256"]:
                raise BackupError(f"The database inside {source} is damaged.")
            for cid in manifest["contents"]:
                _check_content(tar, parse_cid(cid), content)
    except (tarfile.TarError, json.JSONDecodeError, KeyError, OSError) as error:
        raise BackupError(f"{source} is not a complete backup: {error}.") from error
    return BackupSummary(
        manifest["created_us"], manifest["rows"], len(manifest["contents"]), source.stat().st_size
    )


def _check_content(tar: tarfile.TarFile, cid: Cid, content: ContentStore | None) -> None:
    data = _member(tar, _CONTENT + cid)
    if content_id(data) != cid:
        raise ContentCorruptError(f"The backup's copy of {cid} is damaged.")
    if content is not None:
        content.put(data)


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
