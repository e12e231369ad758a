"""Settings come from the environment and the command line, and malformed ones stop the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from manyhands.errors import SettingsError
from manyhands.settings import Settings, page, read_settings, settings_table


def test_the_command_line_wins_over_the_environment_over_the_default() -> None:
    environ = {"MANYHANDS_PORT": "9000", "MANYHANDS_HOST": "127.0.0.2", "PATH": "/bin"}
    settings = read_settings(environ, {"port": 9001, "data": None})
    assert (settings.port, settings.host, settings.data) == (9001, "127.0.0.2", Path("data"))


def test_values_are_parsed_by_their_type() -> None:
    settings = read_settings(
        {
            "MANYHANDS_DATA": "/srv/manyhands",
            "MANYHANDS_OPEN_BROWSER": "no",
            "MANYHANDS_LEASE_S": "2.5",
            "MANYHANDS_REFEREES": "2",
            "MANYHANDS_TEST_POSTGRES": "not a setting",
        }
    )
    assert settings.data == Path("/srv/manyhands")
    assert settings.open_browser is False
    assert (settings.lease_s, settings.referees) == (2.5, 2)
    assert settings.url == "sqlite:////srv/manyhands/manyhands.db"
    assert settings.content == Path("/srv/manyhands/content")


@pytest.mark.parametrize(
    ("variable", "text", "field", "sentence"),
    [
        ("MANYHANDS_PORT", "eighty", "port", "must be a whole number"),
        ("MANYHANDS_PORT", "70000", "port", "does not exist"),
        ("MANYHANDS_LEASE_S", "long", "lease_s", "must be a number"),
        ("MANYHANDS_LEASE_S", "0", "lease_s", "must be above 0"),
        ("MANYHANDS_LEASE_S", "nan", "lease_s", "must be above 0"),
        ("MANYHANDS_REFEREES", "-1", "referees", "must not be negative"),
        ("MANYHANDS_OPEN_BROWSER", "perhaps", "open_browser", "may be true or false"),
        ("MANYHANDS_DATABASE_URL", "mysql://x", "database_url", "must begin with"),
        ("MANYHANDS_PROT", "80", "prot", "no such setting"),
    ],
)
def test_malformed_settings_are_named(variable: str, text: str, field: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence) as caught:
        read_settings({variable: text})
    assert caught.value.field == field


def test_the_resolved_settings_show_no_password() -> None:
    settings = Settings(database_url="postgresql://me:hunter2@db/x")
    assert "hunter2" not in str(settings.as_json())
    assert settings.url == "postgresql://me:hunter2@db/x"
    assert Settings().as_json()["database_url"] == ""


def test_the_origin_is_the_address_unless_a_public_one_is_named() -> None:
    assert Settings().origin == "http://127.0.0.1:8000"
    assert Settings(public_url="https://hands.example/").origin == "https://hands.example"


def test_the_table_explains_every_setting() -> None:
    rows = {row[0]: row for row in settings_table()}
    assert rows["port"] == ("port", "MANYHANDS_PORT", "8000", "Port to listen on.")
    assert list(rows) == list(Settings.__slots__)
    assert all(row[3].endswith(".") for row in rows.values())


def test_the_documentation_has_every_setting() -> None:
    assert (Path(__file__).parents[1] / "docs" / "settings.md").read_text() == page()
