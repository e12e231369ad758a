"""Which databases and drivers are accepted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from manyhands.errors import DriverError, SettingsError
from manyhands.storage.engine import OLDEST_SQLITE, check_sqlite, create_engine


def test_sqlite_is_configured_to_survive_a_power_cut(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        version = str(connection.execute(text("SELECT sqlite_version()")).scalar())
    engine.dispose()
    assert tuple(map(int, version.split("."))) >= OLDEST_SQLITE


def test_an_sqlite_with_the_reset_bug_is_refused() -> None:
    with pytest.raises(DriverError, match=r"SQLite 3\.40\.1 can corrupt databases; 3\.51\.3"):
        check_sqlite((3, 40, 1))
    check_sqlite(OLDEST_SQLITE)


@pytest.mark.parametrize("url", ["mysql://localhost/x", "", "not a url"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        create_engine(url)
    assert caught.value.field == "database_url"


def test_a_missing_driver_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DriverError, match="psycopg") as caught:
        create_engine("postgresql://localhost/x")
    assert "pip install" in caught.value.remedy
