"""Supervised children, with tiny programs in place of the judges."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from manyhands import processes
from manyhands.processes import Program, Supervisor

PATIENCE_S = 60.0


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition, as long as a busy machine may need."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline_s:
            pytest.fail(f"Still waiting for {what}.")
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Return whether a process runs; one that ended and was not waited for counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def module(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Writes a module called `child` and returns the environment in which it is found."""

    def write(source: str) -> dict[str, str]:
        (tmp_path / "child.py").write_text(textwrap.dedent(source))
        path = os.pathsep.join([str(tmp_path), *sys.path])
        return {**os.environ, "PYTHONPATH": path}

    return write


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., tuple[Supervisor, list[str]]]]:
    """Starts supervisors and stops them at the end."""
    started: list[Supervisor] = []

    def start(environment: dict[str, str]) -> tuple[Supervisor, list[str]]:
        deaths: list[str] = []
        program = Program("judge-1", "child", ("--flag", "value"))
        supervisor = Supervisor(
            [program], tmp_path / "logs", environment, lambda _, text: deaths.append(text)
        )
        started.append(supervisor)
        supervisor.start()
        return supervisor, deaths

    yield start
    for supervisor in started:
        supervisor.stop()


SLEEPER = """
    import sys, time
    print("arguments", sys.argv[1:], __name__, flush=True)
    time.sleep(600)
"""


DEAF = """
    import signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("deaf", flush=True)
    time.sleep(600)
"""


def test_a_child_gets_its_arguments_and_writes_its_log(
    tmp_path: Path,
    module: Callable[[str], dict[str, str]],
    supervise: Callable[..., tuple[Supervisor, list[str]]],
) -> None:
    supervise(module(SLEEPER))
    log = tmp_path / "logs" / "judge-1.log"
    until(lambda: log.exists() and "arguments ['--flag', 'value'] __main__" in log.read_text(), "the log")


def test_a_killed_child_is_started_again_and_its_death_told(
    module: Callable[[str], dict[str, str]],
    supervise: Callable[..., tuple[Supervisor, list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "FIRST_BACKOFF_S", 0.01)
    supervisor, deaths = supervise(module(SLEEPER))
    until(supervisor.pids, "the first start")
    first = supervisor.pids()["judge-1"]
    os.kill(first, 9)
    until(lambda: supervisor.pids().get("judge-1", first) != first, "the second start")
    assert deaths == ["judge-1 ended with code -9 and is started again in 0.01 s."]


def test_one_whose_log_cannot_be_opened_is_tried_again(
    tmp_path: Path,
    module: Callable[[str], dict[str, str]],
    supervise: Callable[..., tuple[Supervisor, list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "FIRST_BACKOFF_S", 0.01)
    log = tmp_path / "logs" / "judge-1.log"
    log.mkdir(parents=True)
    supervisor, deaths = supervise(module(SLEEPER))
    until(lambda: deaths, "the first failure")
    assert deaths[0] == "judge-1 could not be started (Is a directory) and is started again in 0.01 s."
    log.rmdir()
    until(supervisor.pids, "the start")


def test_one_that_dies_at_once_is_started_less_and_less_often(
    module: Callable[[str], dict[str, str]],
    supervise: Callable[..., tuple[Supervisor, list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "FIRST_BACKOFF_S", 0.01)
    monkeypatch.setattr(processes, "LONGEST_BACKOFF_S", 0.03)
    _, deaths = supervise(module("raise SystemExit(3)"))
    until(lambda: len(deaths) >= 4, "four deaths")
    waits = [text.rsplit(" ", 2)[1] for text in deaths[:4]]
    assert waits == ["0.01", "0.02", "0.03", "0.03"]
    assert deaths[0].startswith("judge-1 ended with code 3 ")


def test_stopping_ends_also_a_child_that_does_not_listen(
    module: Callable[[str], dict[str, str]],
    supervise: Callable[..., tuple[Supervisor, list[str]]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(processes, "STOP_S", 0.2)
    supervisor, deaths = supervise(module(DEAF))
    log = tmp_path / "logs" / "judge-1.log"
    until(lambda: log.exists() and "deaf" in log.read_text(), "the child")
    pid = supervisor.pids()["judge-1"]
    supervisor.stop()
    until(lambda: not alive(pid), "its end")
    assert deaths == []


def test_a_child_does_not_outlive_a_killed_parent(
    tmp_path: Path, module: Callable[[str], dict[str, str]]
) -> None:
    environment = module("import os, time\nprint('pid', os.getpid(), flush=True)\ntime.sleep(600)")
    parent = textwrap.dedent(f"""
        import os, time
        from pathlib import Path
        from manyhands.processes import Program, Supervisor
        Supervisor([Program("judge-1", "child", ())], Path({str(tmp_path)!r}), os.environ, print).start()
        time.sleep(600)
    """)
    started = subprocess.Popen([sys.executable, "-c", parent], env=environment)
    log = tmp_path / "judge-1.log"
    until(lambda: log.exists() and "pid" in log.read_text(), "the child")
    child = int(log.read_text().split()[1])
    assert alive(child)
    started.kill()
    started.wait()
    until(lambda: not alive(child), "the child's end")


def test_no_threads_are_left(
    module: Callable[[str], dict[str, str]], supervise: Callable[..., tuple[Supervisor, list[str]]]
) -> None:
    before = threading.active_count()
    supervisor, _ = supervise(module(SLEEPER))
    supervisor.stop()
    assert threading.active_count() == before
