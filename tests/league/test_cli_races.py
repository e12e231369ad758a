"""`manyhands race …` on a data folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from manyhands import cli
from manyhands.errors import InputError, NotFoundError
from manyhands.settings import PREFIX
from manyhands.storage import open_database


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Path:
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", sqlite_url)
    open_database(sqlite_url).close()
    return tmp_path


def race(folder: Path, *arguments: str) -> Any:
    done = CliRunner().invoke(
        cli.app, ["race", *arguments, "--data", str(folder), "--json"], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


CREATE = ("create", "First light", "--track", "kidney", "--season", "2026")


def test_a_race_is_created_listed_shown_and_closed(folder: Path) -> None:
    made = race(folder, *CREATE, "--prize", "10", "--laps", "2", "--ranking", "best_lap", "--shares", "60,40")
    assert (made["state"], made["prize_micro"], made["shares"]) == ("open", 10_000_000, [60, 40])
    assert made["rules"]["consecutive"] == 2
    assert [row["id"] for row in race(folder, "list")] == [made["id"]]
    assert race(folder, "list", "--season", "1999") == []
    assert race(folder, "show", made["id"])["board"] == []
    assert race(folder, "close", made["id"])["state"] == "closed"
    assert race(folder, "close", made["id"])["state"] == "closed"
    audited = CliRunner().invoke(cli.app, ["audit", "--data", str(folder), "--sample", "0", "--json"])
    report = json.loads(audited.output)
    assert (report["ok"], report["races"], report["faults"]) == (True, 1, [])


def test_a_race_among_bots_says_so(folder: Path) -> None:
    bots = ("--type", "head-to-bot", "--objects", "2", "--bot-speed", "0.6", "--lane-changes", "1,3")
    rules = race(folder, *CREATE, *bots, "--seed", "7")["rules"]
    assert rules["seed"] == 7
    assert rules["race"] == {
        "type": "head_to_bot",
        "objects": 2,
        "places": [],
        "speed_mps": 0.6,
        "changes": True,
        "change_s": [1.0, 3.0],
    }


def test_a_race_head_to_head_says_so(folder: Path) -> None:
    made = race(folder, *CREATE, "--type", "head-to-head", "--ranking", "best_lap")
    assert (made["type"], made["rules"]["race"]["objects"]) == ("head_to_head", 0)
    with pytest.raises(InputError, match=r"objects"):
        race(folder, *CREATE, "--type", "head-to-head", "--objects", "2")
    closed = race(folder, "close", made["id"])
    assert (closed["state"], closed["final"]) == ("closed", None)


def test_tables_are_readable(folder: Path) -> None:
    made = race(folder, *CREATE)
    listed = CliRunner().invoke(cli.app, ["race", "list", "--data", str(folder)])
    assert "First light" in listed.output
    shown = CliRunner().invoke(cli.app, ["race", "show", made["id"], "--data", str(folder)])
    assert "total_time" in shown.output


def test_what_cannot_be_is_one_sentence(folder: Path) -> None:
    with pytest.raises(InputError, match="are no shares"):
        race(folder, *CREATE, "--shares", "half")
    with pytest.raises(NotFoundError, match="no track"):
        race(folder, *CREATE[:2], "--track", "nowhere", "--season", "2026")
    with pytest.raises(NotFoundError, match="no race"):
        race(folder, "show", "rac_none")
