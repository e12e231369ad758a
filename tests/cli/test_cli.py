"""Every command on a small data folder, as text and as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from sqlalchemy import insert, update
from typer.testing import CliRunner

from manyhands import cli
from manyhands.arena import api as arena
from manyhands.errors import ManyhandsError
from manyhands.judging.evaluate import Evaluation
from manyhands.settings import Settings
from manyhands.storage import ContentStore, open_database
from manyhands.storage.schema import players, policies
from manyhands.types import now_us

POLICY = (2).to_bytes(8, "little") + b"{}"
Run = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path, sqlite_url: str) -> Path:
    """A data folder with the two ready-made campaigns and one policy; `sqlite_url` lies in it."""
    settings = Settings(data=tmp_path)
    database = open_database(sqlite_url)
    cid = ContentStore(settings.content).put(POLICY)
    with database.write() as connection:
        first, _ = arena.ensure_ready_made(connection, settings, now_us())
        row = {"cid": cid, "campaign_id": first, "kind": "seed", "score": 0.25, "created_us": now_us()}
        connection.execute(insert(policies).values(row))
    database.close()
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """Runs a command on the folder and returns what it printed; a known error is raised."""

    def invoke(*arguments: str) -> str:
        result = CliRunner().invoke(cli.app, [*arguments, "--data", str(folder)])
        if isinstance(result.exception, ManyhandsError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return invoke


@pytest.fixture
def load(run: Run) -> Callable[..., Any]:
    """Runs a command with --json and returns its one document."""
    return lambda *arguments: json.loads(run(*arguments, "--json"))


def commands(group: typer.main.TyperGroup | Any, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Names of all commands below a group."""
    if not hasattr(group, "commands"):
        return [prefix]
    return [name for key, child in group.commands.items() for name in commands(child, (*prefix, key))]


ALL = commands(typer.main.get_command(cli.app))


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_every_command_has_help_and_json(command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli.app, [*command, "--help"], terminal_width=120)
    assert result.exit_code == 0
    assert "--json" in result.output


def test_campaigns_are_listed_and_shown(run: Run, load: Callable[..., Any]) -> None:
    text = run("campaign", "list")
    assert "crowd-circuit-lidar" in text
    assert "1000.00 cr" in text
    rows = load("campaign", "list")
    assert [row["state"] for row in rows] == ["warming", "warming"]
    assert load("campaign", "show", "crowd-circuit-lidar")["sensor"] == "lidar"
    assert "warming" in run("campaign", "show", "crowd-circuit-lidar")


def test_a_campaign_is_created_funded_and_closed(load: Callable[..., Any]) -> None:
    made = load("campaign", "create", "Rainy Day", "--sensor", "camera", "--budget", "50", "--stake", "1")
    assert made["slug"] == "rainy-day"
    assert load("campaign", "fund", "rainy-day", "25.5")["escrow_micro"] == 75_500_000
    assert load("campaign", "close", "rainy-day")["state"] == "closing"


def test_a_snake_campaign_is_created(load: Callable[..., Any]) -> None:
    made = load("campaign", "create", "Long Snakes", "--environment", "snake-v0", "--budget", "50")
    shown = load("campaign", "show", made["slug"])
    assert (shown["environment"], shown["sensor"]) == ("snake-v0", "grid")


def test_a_wrong_sensor_is_a_sentence(run: Run) -> None:
    with pytest.raises(ManyhandsError, match="no sensor"):
        run("campaign", "create", "Rainy Day", "--sensor", "radar")


def test_an_export_is_written_once(run: Run, load: Callable[..., Any], folder: Path) -> None:
    target = folder / "out.jsonl"
    assert load("campaign", "export", "crowd-circuit-lidar", "--out", str(target))["contributions"] == 0
    assert json.loads(target.read_text())["licence"] == "CC-BY-4.0"
    with pytest.raises(ManyhandsError, match="exists already"):
        run("campaign", "export", "crowd-circuit-lidar", "--out", str(target))


def test_an_operator_token_is_known_afterwards(load: Callable[..., Any], folder: Path) -> None:
    token = load("operator", "token")["token"]
    database = open_database(f"sqlite:///{folder / 'manyhands.db'}")
    with database.read() as connection:
        assert arena.is_operator_token(connection, arena.token_hash(token))
        assert not arena.is_operator_token(connection, arena.token_hash(token + "x"))
    database.close()


def test_policies_are_listed_shown_and_exported(load: Callable[..., Any], run: Run, folder: Path) -> None:
    (row,) = load("policy", "list", "--campaign", "crowd-circuit-camera")
    assert load("policy", "list", "--campaign", "crowd-circuit-lidar") == []
    assert load("policy", "show", row["cid"])["size_bytes"] == len(POLICY)
    assert "25.0 %" in run("policy", "list")
    load("policy", "export", row["cid"], "--out", str(folder / "policy.safetensors"))
    assert (folder / "policy.safetensors").read_bytes() == POLICY


def ring_track(folder: Path) -> Path:
    """A file with a road of DeepRacer's form."""
    angle = np.linspace(0, 2 * np.pi, 80)
    ring = [np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]) for radius in (3.0, 2.6, 3.4)]
    np.save(folder / "my-ring.npy", np.hstack(ring))
    return folder / "my-ring.npy"


def test_a_backup_is_restored_elsewhere(load: Callable[..., Any], folder: Path, tmp_path: Path) -> None:
    load("track", "import", str(ring_track(folder)))
    saved = load("backup", str(folder / "backup.tar"))
    other = tmp_path / "other"
    result = CliRunner().invoke(
        cli.app, ["restore", str(folder / "backup.tar"), "--data", str(other), "--json"]
    )
    assert json.loads(result.output)["rows"] == saved["rows"]
    assert other.stat().st_mode & 0o077 == 0
    listed = CliRunner().invoke(cli.app, ["campaign", "list", "--data", str(other), "--json"])
    assert len(json.loads(listed.output)) == 2
    shown = CliRunner().invoke(cli.app, ["track", "show", "my-ring", "--data", str(other), "--json"])
    assert json.loads(shown.output) == load("track", "show", "my-ring")


def test_tracks_are_imported_listed_and_shown(load: Callable[..., Any], run: Run, folder: Path) -> None:
    assert load("track", "import", str(ring_track(folder)))["id"] == "my-ring"
    assert "my-ring" in [row["id"] for row in load("track", "list")]
    assert len(load("track", "show", "my-ring")["centre_m"]) > 100
    assert "length_m" in run("track", "show", "gen-3")
    with pytest.raises(ManyhandsError, match="no file"):
        run("track", "import", str(folder / "none.npy"))


def test_a_clean_folder_passes_the_audit_and_a_changed_one_fails(
    load: Callable[..., Any], run: Run, folder: Path
) -> None:
    assert load("audit", "--sample", "0")["ok"] is True
    assert "all agree" in run("audit", "--sample", "0")
    database = open_database(f"sqlite:///{folder / 'manyhands.db'}")
    from manyhands.storage.schema import accounts

    with database.write() as connection:
        connection.execute(
            update(accounts)
            .where(accounts.c.name.like("escrow:%"))
            .values(balance_micro=accounts.c.balance_micro + 1)
        )
    database.close()
    result = CliRunner().invoke(cli.app, ["audit", "--sample", "0", "--json", "--data", str(folder)])
    assert result.exit_code == 1
    assert json.loads(result.output)["faults"]


def test_a_policy_is_scored_by_file_or_content_id(
    load: Callable[..., Any], run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[object, ...]] = []

    def measure(*arguments: object) -> Evaluation:
        asked.append(arguments)
        return Evaluation(8, 3, "heldout", 0.5, 0.4, 0.6, 0.25, 10.0, 0.9, 20.0)

    monkeypatch.setattr("manyhands.judging.evaluate.evaluate", measure)
    monkeypatch.setattr("manyhands.policies.files.parse", lambda data: data)
    (row,) = load("policy", "list")
    (folder / "mine.safetensors").write_bytes(POLICY)
    assert "50.0 % of the reference (95 %: 40.0 to 60.0)" in run("evaluate", row["cid"], "--starts", "8")
    assert run("evaluate", str(folder / "mine.safetensors"), "--seed", "3", "--suite", "play")
    assert asked == [(POLICY, 8, 0, "heldout"), (POLICY, 256, 3, "play")]
    with pytest.raises(ManyhandsError, match="no file"):
        run("evaluate", str(folder / "none.safetensors"))


def test_benchmarks_are_run_by_name(tmp_path: Path) -> None:
    (tmp_path / "quick.py").write_text("if __name__ == '__main__':\n    print('fast')")
    (tmp_path / "broken.py").write_text("if __name__ == '__main__':\n    raise SystemExit(2)")
    (tmp_path / "shared.py").write_text("SHARED = 1")
    fine = CliRunner().invoke(cli.app, ["bench", "quick", "--folder", str(tmp_path), "--json"])
    assert json.loads(fine.stdout)["benchmarks"][0]["status"] == 0
    assert CliRunner().invoke(cli.app, ["bench", "--folder", str(tmp_path)]).exit_code == 1
    missing = CliRunner().invoke(cli.app, ["bench", "slow", "--folder", str(tmp_path)])
    assert "Choose of broken, quick." in missing.exception.sentence()  # type: ignore[union-attr]


def test_a_mistyped_folder_is_not_made(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.app, ["campaign", "list", "--data", str(tmp_path / "nowhere")])
    assert isinstance(result.exception, ManyhandsError)
    assert not (tmp_path / "nowhere").exists()


def test_known_errors_are_one_sentence_and_status_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["manyhands", "campaign", "list", "--data", str(tmp_path / "nowhere")])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("There is no database in ")


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.app, ["--version"])
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert f'version = "{result.output.strip()}"' in text


def test_an_operator_gives_roles(run: Run, load: Callable[..., Any], folder: Path) -> None:
    database = open_database(f"sqlite:///{folder / 'manyhands.db'}")
    with database.write() as connection:
        ada = arena.create_guest(connection, "Ada 100%", "somewhere", Settings(), now_us())["id"]
    database.close()
    assert load("operator", "role", ada, "operator") == {"id": ada, "name": "Ada 100%", "role": "operator"}
    assert load("operator", "players", "0%") == [{"id": ada, "name": "Ada 100%", "role": "operator"}]
    with pytest.raises(ManyhandsError, match="no role 'king'"):
        run("operator", "role", ada, "king")
    with pytest.raises(ManyhandsError, match="no player"):
        run("operator", "role", "p_nobody", "funder")


def test_an_experiment_is_created_imported_shown_and_exported(
    load: Callable[..., Any], run: Run, folder: Path, tmp_path: Path
) -> None:
    database = open_database(Settings(data=folder).url)
    with database.write() as connection:
        player = "plr_aaaaaaaaaaaaaaaa"
        row = {"id": player, "name": "Ada", "created_us": now_us(), "consent_us": now_us()}
        connection.execute(insert(players).values(row))
    database.close()
    whose = ("--player", player)
    created = load("experiment", "create", "Walls", *whose, "--wanted", "200")
    assert (created["name"], created["wanted"], created["observations"]) == ("Walls", 200, 0)
    assert load("experiment", "show", created["id"], *whose)["next_game"]["number"] == 1
    assert "Walls" in run("experiment", "show", created["id"], *whose)
    stretches = load("experiment", "create", "Stretches", *whose, "--takeovers")
    assert (created["best"], stretches["best"], stretches["takeovers"]) == (0, None, True)
    state = [0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0.0, 0.5]
    rows = [{"state": state, "action": "straight", "reward": 0, "nextState": state}] * 120
    (tmp_path / "old.json").write_text(json.dumps(rows))
    imported = load("experiment", "import", str(tmp_path / "old.json"), *whose)
    assert (imported["name"], imported["observations"]) == ("old", 120)
    assert any("walls" in sentence for sentence in imported["report"])
    out = tmp_path / "out.json"
    load("experiment", "export", imported["id"], *whose, "--out", str(out))
    assert len(json.loads(out.read_text())["observations"]) == 120
    with pytest.raises(ManyhandsError, match="There is no file"):
        run("experiment", "import", str(tmp_path / "none.json"), *whose)
    with pytest.raises(ManyhandsError, match="observations are recorded"):
        run("experiment", "train", created["id"], *whose)
