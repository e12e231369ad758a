"""The composition root as a user starts it, with a judge that only lives."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from manyhands import app
from manyhands.errors import DatabaseLockedError, PortTakenError, SettingsError, StorageError
from manyhands.settings import Settings

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `manyhands up` on a free port in a data folder of the test's own."""
    running: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        quiet = {"MANYHANDS_REFEREES": "0", "MANYHANDS_TRAINERS": "0"}
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "manyhands.cli",
                "up",
                "--no-open",
                "--data",
                str(tmp_path / "data"),
                *arguments,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **quiet, **variables},
        )
        running.append(process)
        return process

    yield run
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_up_prints_one_line_serves_and_stops_cleanly(start: Start, tmp_path: Path) -> None:
    process = start("--port", "0", "--json")
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["url"]
    with httpx.Client(base_url=url, trust_env=False) as client:
        assert client.get("/healthz").json()["database"] is True
        states = {row["slug"]: row["state"] for row in client.get("/api/campaigns").json()["campaigns"]}
        assert states == {"crowd-circuit-camera": "warming", "crowd-circuit-lidar": "warming"}
        with client.stream("GET", "/api/events") as stream:
            assert next(stream.iter_lines()) == "retry: 2000"
            # An open stream does not keep the server from stopping.
            process.send_signal(signal.SIGTERM)
            output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (0, "", "")
    assert (tmp_path / "data" / "logs" / "server.log").exists()


@pytest.mark.parametrize(
    "opening",
    [
        b"GET /",
        b"GET / HTTP/1.1\r\nX: ",
        b"POST /api/session HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\nX: ",
    ],
    ids=["address", "header", "trailer"],
)
def test_a_head_without_an_end_is_cut_off(start: Start, opening: bytes) -> None:
    process = start("--port", "0", "--json")
    assert process.stdout is not None
    _, _, port = json.loads(process.stdout.readline())["url"].rpartition(":")
    with socket.create_connection(("127.0.0.1", int(port))) as stranger:
        stranger.sendall(opening)
        with pytest.raises(ConnectionError):
            stranger.sendall(2**26 * b"a")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_signals_end_it_in_order(start: Start, number: signal.Signals) -> None:
    process = start("--port", "0")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Manyhands serves http://127.0.0.1:")
    process.send_signal(number)
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == 0


def fails(process: subprocess.Popen[str]) -> str:
    """Return the one sentence on stderr of a start that failed with status 1."""
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output == ""
    assert errors.count("\n") == 1
    assert "Traceback" not in errors
    return errors


def test_a_taken_port_is_one_sentence(start: Start) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert "--port" in fails(start("--port", str(other.getsockname()[1])))


def test_a_foreign_database_is_one_sentence(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with sqlite3.connect(tmp_path / "data" / "manyhands.db") as foreign:
        foreign.execute("CREATE TABLE songs (title TEXT)")
    foreign.close()
    assert "another program's tables" in fails(start("--port", "0"))


def test_a_malformed_setting_is_one_sentence(start: Start) -> None:
    assert "MANYHANDS_PORT" in fails(start(MANYHANDS_PORT="many"))
    assert "MANYHANDS_PROT" in fails(start(MANYHANDS_PROT="80"))


def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with (
        app.locked(tmp_path),
        pytest.raises(DatabaseLockedError, match="Another server"),
        app.locked(tmp_path),
    ):
        pass
    with app.locked(tmp_path):
        pass


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StorageError, match="cannot be used"), app.locked(tmp_path / "data"):
        pass


def test_what_is_served_is_its_users_alone(tmp_path: Path) -> None:
    with app.opened(Settings(data=tmp_path / "data")):
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_keys_in_a_folder_that_others_read_are_not_theirs(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    with app.opened(Settings(data=folder)):
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.glob("manyhands.db*")}
    assert modes["manyhands.db"] == modes["manyhands.db-wal"] == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(PortTakenError, match="Cannot listen"):
        app.listen(Settings(host="192.0.2.1", port=0))
    with pytest.raises(SettingsError, match="not an address"):
        app.listen(Settings(host="no such host", port=0))


def test_children_get_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANYHANDS_STAKE_MICRO", "5")
    environment = app.child_environment(Settings(data=Path("x"), round_size=7))
    assert environment["MANYHANDS_ROUND_SIZE"] == "7"
    assert environment["MANYHANDS_DATA"] == "x"
    assert "MANYHANDS_STAKE_MICRO" not in environment
