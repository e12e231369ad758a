"""Brings a database to this version's schema, or refuses it in one sentence."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from manyhands.errors import ForeignDatabaseError

VERSION_TABLE = "manyhands_version"
_FOLDER = Path(__file__).with_name("migrations")


def configuration() -> Config:
    """Return Alembic's configuration; the revisions lie inside the package."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


@cache
def head() -> str:
    """Return the revision that this version of the program needs.

    Raises:
        ForeignDatabaseError: if the installation has no migrations.
    """
    revision = ScriptDirectory.from_config(configuration()).get_current_head()
    if revision is None:
        raise ForeignDatabaseError(
            "This installation lacks its migrations.", remedy="Install manyhands again."
        )
    return revision


def is_current(connection: Connection) -> bool:
    """Return whether nothing is to be done.

    Raises:
        ForeignDatabaseError: if the tables are another program's, or a newer version's.
    """
    tables = inspect(connection).get_table_names()
    place = connection.engine.url.database
    if not tables:
        return False
    if VERSION_TABLE not in tables:
        raise ForeignDatabaseError(
            f"The database {place} holds another program's tables.",
            remedy="Choose another data folder or database.",
        )
    revision = MigrationContext.configure(
        connection, opts={"version_table": VERSION_TABLE}
    ).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if revision not in known:
        raise ForeignDatabaseError(
            f"The database {place} was written by a newer version of manyhands.",
            remedy="Upgrade manyhands, or choose another data folder.",
        )
    return revision == head()


def upgrade(connection: Connection) -> None:
    """Run the missing migrations within the open transaction; all of them take effect, or none.

    Args:
        connection: from `Database.write`, so that two processes starting at once do it in turn.
    """
    if is_current(connection):
        return
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
