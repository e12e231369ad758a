"""What the commands share: settings, the database of a folder, printing as a table or as JSON."""

from __future__ import annotations

import contextlib
import errno
import functools
import inspect
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from manyhands.errors import InputError, NotFoundError
from manyhands.settings import Settings, read_settings
from manyhands.storage import Database, open_database
from manyhands.storage.faults import disk_in_words
from manyhands.types import Json

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Folder that holds the database, policies and logs.", metavar="DIR"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]
_OTHER_NAME = "Give the name of a new one, where you may write."
Out = Annotated[Path, typer.Option("--out", "-o", help="File to write; it must not exist.", metavar="FILE")]


def options_of(form: type[Any]) -> Callable[[Callable[[Any], None]], Callable[..., None]]:
    """Make a command of a function that takes one dataclass, whose fields become the command's options."""
    types = get_type_hints(form, include_extras=True)
    parameters = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=types[field.name],
        )
        for field in fields(form)
    ]

    def bind(command: Callable[[Any], None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(**given: Any) -> None:
            command(form(**given))

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {name: types[name] for name in types}
        return run

    return bind


def settings_of(data: Path | None, **overrides: Any) -> Settings:
    """Return the settings from the environment, with the command line's values on top."""
    return read_settings(os.environ, {"data": data, **overrides})


@contextlib.contextmanager
def database_of(settings: Settings) -> Iterator[Database]:
    """Open the database of an existing data folder; a mistyped folder is not made into a new one.

    Raises:
        NotFoundError: if the folder holds no database.
    """
    if not settings.database_url and not (settings.data / "manyhands.db").is_file():
        raise NotFoundError(
            f"There is no database in {settings.data}.",
            field="data",
            remedy="Name the folder with --data; `manyhands up` makes a new one.",
        )
    database = open_database(settings.url)
    try:
        yield database
    finally:
        database.close()


def show(value: Any, as_json: bool, columns: dict[str, str] | None = None) -> None:
    """Print a JSON document, or rows as a table of `columns` (key to heading), or one row as a list."""
    if as_json:
        typer.echo(json.dumps(value, default=str))
    elif isinstance(value, list):
        typer.echo(table(value, columns or {}))
    else:
        width = max(map(len, value), default=0)
        for name, item in value.items():
            typer.echo(f"{name:<{width}}  {cell(name, item)}")


def table(rows: list[Json], columns: dict[str, str]) -> str:
    """Return rows as aligned text."""
    lines = [list(columns.values())] + [[cell(name, row.get(name)) for name in columns] for row in rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def cell(name: str, value: Any) -> str:
    """Return a value as a table shows it; credits with two decimals, scores in percent."""
    if value is None:
        return "-"
    if name.endswith("_micro"):
        return f"{value / 1e6:.2f} cr"
    if name.startswith("score") or name == "target_score":
        return f"{100 * value:.1f} %"
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def check_new(path: Path) -> None:
    """Refuse a file or folder that could not be written, before the work that is to be written there.

    Folders above it may be missing.

    Raises:
        InputError: if it exists, or cannot be made where it is to be.
    """
    with writing(path):
        if path.exists():
            raise InputError(f"{path} exists already.", field="out", remedy=_OTHER_NAME)
        above = next(folder for folder in path.absolute().parents if folder.exists())
        if not above.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(above, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in a sentence what keeps a file or folder from being written.

    Raises:
        InputError: if it cannot be made there.
        DiskFullError, DiskError: if there is no room for it, or the disk refuses it.
    """
    try:
        with disk_in_words(path):
            yield
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}.", field="out", remedy=_OTHER_NAME
        ) from error


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[None]:
    """Write a file that is not there yet, with the folders above it; where that fails, no file is left.

    Raises:
        InputError: if it exists or cannot be made there.
        DiskFullError, DiskError: if there is no room for it, or the disk refuses it.
    """
    check_new(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield
        except BaseException:
            path.unlink(missing_ok=True)
            raise
