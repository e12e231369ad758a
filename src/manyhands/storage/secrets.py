"""Secrets that the server makes for itself at the first start; no default exists to be forgotten."""

from __future__ import annotations

import secrets as randomness

from sqlalchemy import Connection, insert, select, update

from manyhands.storage.database import Database
from manyhands.storage.schema import secrets
from manyhands.types import Micros, now_us

_BYTES = 32


def made_secret(database: Database, name: str) -> bytes:
    """Return the secret of this name (32 bytes), made and kept at the first call.

    Safe to call from several processes at once: all get the same one.
    """
    with database.read() as connection:
        value = read_secret(connection, name)
    if value is None:
        with database.write() as connection:
            value = read_secret(connection, name)
            if value is None:
                value = randomness.token_hex(_BYTES)
                store_secret(connection, name, value, now_us())
    return bytes.fromhex(value)


def read_secret(connection: Connection, name: str) -> str | None:
    """Return the stored text of a secret, None if there is none."""
    value = connection.execute(select(secrets.c.value).where(secrets.c.name == name)).scalar()
    return None if value is None else str(value)


def store_secret(connection: Connection, name: str, value: str, now: Micros) -> None:
    """Store a secret's text, in place of an earlier one; for an operator's token, store its hash."""
    changed = connection.execute(
        update(secrets).where(secrets.c.name == name).values(value=value, created_us=now)
    )
    if changed.rowcount == 0:
        connection.execute(insert(secrets).values(name=name, value=value, created_us=now))
