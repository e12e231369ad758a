"""Secrets are made once, kept, and the same for every process."""

from __future__ import annotations

import threading

from manyhands.storage import Database
from manyhands.storage.secrets import made_secret, read_secret, store_secret
from manyhands.types import Micros


def test_a_secret_is_made_once_and_differs_from_others(database: Database) -> None:
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(made_secret(database, "cookie"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found[0]) == 32
    assert made_secret(database, "address") != found[0]


def test_a_stored_secret_replaces_the_earlier_one(database: Database) -> None:
    with database.write() as connection:
        assert read_secret(connection, "token") is None
        store_secret(connection, "token", "first", Micros(1))
        store_secret(connection, "token", "second", Micros(2))
        assert read_secret(connection, "token") == "second"
