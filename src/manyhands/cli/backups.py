"""`manyhands backup` and `manyhands restore`: everything in one file, and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from manyhands.storage import ContentStore
from manyhands.storage.folder import make_folder
from manyhands.terminal import AsJson, Data, database_of, settings_of, show


def backup(
    target: Annotated[Path, typer.Argument(help="File to write; it must not exist.", metavar="FILE")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Write everything into one file, while the server runs, and read it back."""
    from manyhands.storage.backup import write_backup

    settings = settings_of(data)
    with database_of(settings) as database:
        made = write_backup(database, ContentStore(settings.content), settings.tracks, target)
        show(asdict(made), as_json)


def restore(
    source: Annotated[Path, typer.Argument(help="A file that `backup` wrote.", metavar="FILE")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into a new data folder or an empty database."""
    from manyhands.storage.backup import restore_backup

    settings = settings_of(data)
    make_folder(settings.data)
    made = restore_backup(source, settings.url, ContentStore(settings.content), settings.tracks)
    show(asdict(made), as_json)
