"""Content store: immutable bytes named by what they are.

A content id is a CIDv1 with the raw codec and a sha2-256 multihash in lower-case base32
(<https://github.com/multiformats/cid>), so any IPFS tool computes the same name.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from manyhands.errors import ContentCorruptError, ContentMissingError, InputError, StorageError
from manyhands.storage.faults import disk_in_words
from manyhands.types import Cid

_VERSION_CODEC_HASH_LENGTH = bytes([0x01, 0x55, 0x12, 0x20])
_PATTERN = re.compile(r"bafkrei[a-z2-7]{52}")


def content_id(data: bytes) -> Cid:
    """Return the content id of `data`."""
    return cid_from_digest(hashlib.sha256(data).digest())


def cid_from_digest(digest: bytes) -> Cid:
    """Return the content id of bytes whose sha256 is `digest` (32 bytes)."""
    encoded = base64.b32encode(_VERSION_CODEC_HASH_LENGTH + digest).decode("ascii")
    return Cid("b" + encoded.rstrip("=").lower())


def parse_cid(text: str) -> Cid:
    """Return `text` as a content id.

    Raises:
        InputError: if it is not a CIDv1 of the kind this store uses.
    """
    if not _PATTERN.fullmatch(text):
        raise InputError(
            f"{text[:80]!r} is not a content id.",
            field="cid",
            remedy="Give the 59 characters after bafkrei… in full.",
        )
    return Cid(text)


def write_whole(target: Path, data: bytes) -> None:
    """Write a file durably into a folder that is there; it gets its name when all of it is on the disk."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class ContentStore:
    """A folder of immutable files; safe for any number of processes at once.

    A file appears under its name only when all its bytes are on the disk, hence a crash leaves at most
    a temporary file behind.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, cid: Cid) -> Path:
        """Return where the content lies; two characters of the hash spread the files over folders."""
        return self.root / cid[-2:] / parse_cid(cid)

    def has(self, cid: Cid) -> bool:
        """Return whether the store holds `cid`, without reading it."""
        return self.path(cid).is_file()

    def put(self, data: bytes) -> Cid:
        """Store `data` durably and return its id; storing it again changes nothing.

        Raises:
            DiskFullError: if the disk has no room; nothing is left under the id.
            DiskError: if it refuses the write in another way.
            StorageError: if the folder may not be written.
        """
        cid = content_id(data)
        target = self.path(cid)
        if target.is_file():
            return cid
        try:
            with disk_in_words(self.root):
                target.parent.mkdir(parents=True, exist_ok=True)
                write_whole(target, data)
        except OSError as error:
            raise StorageError(
                f"Cannot write into {self.root}: {error.strerror}.", remedy="Make the folder writable."
            ) from error
        return cid

    def get(self, cid: Cid) -> bytes:
        """Return the bytes named `cid`, checked against it.

        Raises:
            ContentMissingError: if the store does not hold it.
            ContentCorruptError: if the file on disk has changed.
        """
        path = self.path(cid)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise ContentMissingError(f"The content store does not hold {cid}.") from None
        if content_id(data) != cid:
            raise ContentCorruptError(f"The stored file of {cid} has changed on disk.")
        return data

    def __iter__(self) -> Iterator[Cid]:
        """Yield every id in the store, sorted by its last two characters, then by itself."""
        for folder in sorted(self.root.glob("??")):
            for path in sorted(folder.iterdir()):
                if _PATTERN.fullmatch(path.name):
                    yield Cid(path.name)
