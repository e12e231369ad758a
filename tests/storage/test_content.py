"""The content store names bytes by what they are and notices when they change."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyhands.errors import ContentCorruptError, ContentMissingError, DiskFullError, InputError, StorageError
from manyhands.storage.content import ContentStore, content_id, parse_cid
from manyhands.types import Cid

# Published example of the multiformats project: the id of "hello world" and a line feed.
HELLO, HELLO_CID = b"hello world\n", "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"


def test_the_id_is_the_one_that_ipfs_tools_compute() -> None:
    assert content_id(HELLO) == HELLO_CID


@given(st.binary(max_size=200))
def test_every_id_parses(data: bytes) -> None:
    assert parse_cid(content_id(data)) == content_id(data)


def test_what_is_put_is_got_and_listed(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    first, second = store.put(HELLO), store.put(b"")
    assert store.put(HELLO) == first
    assert store.get(first) == HELLO
    assert store.get(second) == b""
    assert set(store) == {first, second}
    assert store.has(first)
    assert not store.has(content_id(b"other"))


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    cid = store.put(HELLO)
    store.path(cid).write_bytes(b"hello world?")
    with pytest.raises(ContentCorruptError, match=cid):
        store.get(cid)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContentMissingError, match=HELLO_CID):
        ContentStore(tmp_path).get(Cid(HELLO_CID))


@pytest.mark.parametrize("text", ["", "../../etc/passwd", HELLO_CID[:-1], HELLO_CID.upper(), HELLO_CID + "a"])
def test_what_is_no_id_never_becomes_a_path(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="not a content id"):
        ContentStore(tmp_path).get(Cid(text))


def test_a_full_disk_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = ContentStore(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError, match="full"):
        store.put(HELLO)
    assert list(store) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_place_that_cannot_hold_files_is_named(tmp_path: Path) -> None:
    (tmp_path / "content").write_text("a file")
    with pytest.raises(StorageError, match="Cannot write into"):
        ContentStore(tmp_path / "content").put(HELLO)
