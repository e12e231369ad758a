"""`manyhands reward check` and `run`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from manyhands import cli
from manyhands.errors import InputError

COUNTING = """
n = 0
def reward_function(params):
    global n
    n += 1
    print('call', n)
    if params['x'] == 'wait':
        while True: pass
    if params['x'] == 'exit':
        import os; os._exit(3)
    return n + params['x']
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A reward function that counts."""
    path = tmp_path / "my.py"
    path.write_text(COUNTING)
    return path


def run(*arguments: str, standard_input: str | None = None, code: int = 0) -> str:
    """What a command printed."""
    result = CliRunner().invoke(cli.app, ["reward", *arguments], input=standard_input)
    if isinstance(result.exception, InputError):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


def test_numbers_and_errors_line_by_line_with_state_kept(file: Path, tmp_path: Path) -> None:
    states = tmp_path / "states.jsonl"
    states.write_text('{"x": 1.5}\n\n{"y": 1}\n{"x": 2}\n[1]\nnot json\n{"x": NaN}\n{"x": 1}\n')
    found = [
        json.loads(line) for line in run("run", str(file), "--states", str(states), "--json").splitlines()
    ]
    assert found[0] == 2.5
    assert found[1] == {"error": "KeyError: 'x'", "line": 7, "state": "kept"}
    assert found[2] == 5
    assert [one["line"] for one in found[3:6]] == [None, None, 3]
    assert found[6] == 6


def test_a_function_that_ends_its_process_begins_anew(file: Path) -> None:
    lines = '{"x": 1}\n{"x": "exit"}\n{"x": 1}\n'
    found = [
        json.loads(line) for line in run("run", str(file), "--states", "-", standard_input=lines).splitlines()
    ]
    assert found[0] == found[2] == 2
    assert found[1]["state"] == "lost"
    assert "code 3" in found[1]["error"]


def test_a_function_that_waits_is_ended_and_keeps_its_state(file: Path) -> None:
    lines = '{"x": 1}\n{"x": "wait"}\n{"x": 1}\n'
    found = [
        json.loads(line) for line in run("run", str(file), "--states", "-", standard_input=lines).splitlines()
    ]
    assert found == [2, {"error": "It took too long.", "line": 8, "state": "kept"}, 4]


def test_prints_are_shown_where_asked(file: Path) -> None:
    result = CliRunner().invoke(
        cli.app, ["reward", "run", str(file), "--states", "-", "--prints"], input='{"x": 1}\n'
    )
    assert result.stderr == "call 1\n"


def test_check_lists_faults_and_sets_the_exit_status(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text("import json\ndef reward_function(params):\n    return params['speeed']\n")
    report = json.loads(run("check", str(path), "--json", code=1))
    assert report["faults"][0]["line"] == 3
    assert not report["ok"]
    text = run("check", str(path), code=1)
    assert "line 3: fault: KeyError: 'speeed' (first step" in text
    assert "line 1: warning:" in text
    path.write_text("def reward_function(params):\n    return 1.0\n")
    assert run("check", str(path)) == "Nothing is wrong with it.\n"


@pytest.mark.parametrize("command", [("check",), ("run", "--states", "-")])
def test_a_file_that_cannot_be_read(tmp_path: Path, command: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="There is no file"):
        run(command[0], str(tmp_path / "none.py"), *command[1:])
    path = tmp_path / "latin.py"
    path.write_bytes(b"# \xe9\nx = '\xe9'\n")
    if command[0] == "check":
        assert "line 2: fault: SyntaxError" in run(command[0], str(path), code=1)
    else:
        with pytest.raises(InputError, match="Line 2: SyntaxError"):
            run(command[0], str(path), *command[1:])


def test_states_that_do_not_exist(file: Path) -> None:
    with pytest.raises(InputError, match="There is no file none"):
        run("run", str(file), "--states", "none.jsonl")
