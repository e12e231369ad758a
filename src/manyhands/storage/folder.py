"""The data folder, which nobody but its user may look into: the server's keys lie in it."""

from __future__ import annotations

from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder, with those above it, that is its user's alone; one that is there stays as it is.

    Raises:
        OSError: if it cannot be made, or a file has its name.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
