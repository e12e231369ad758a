"""What the commands share: settings, the database of a folder, printing as a table or as JSON."""

from __future__ import annotations

import contextlib
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


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[None]:
    """Write a file that is not there yet; where that fails, none is left.

    Raises:
        InputError: if it exists.
        DiskFullError: if there is no room for it.
    """
    if path.exists():
        raise InputError(f"{path} exists already.", field="out", remedy="Give a new file name.")
    try:
        with disk_in_words(path):
            yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise
