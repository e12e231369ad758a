"""A stranger's ways out, each contained, and told as the author's error."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from escapes import AT_LOADING, ENDED, HARMLESS, REFUSED, source

from drives import drive
from manyhands.envs.racer import tracks
from manyhands.errors import JailError, RewardError
from manyhands.garage.params import Columns, columns
from manyhands.garage.rewards import process
from manyhands.garage.rewards.jail import seccomp
from manyhands.garage.rewards.limits import Limits
from manyhands.garage.rewards.runner import RewardRunner

LIMITS = Limits(memory_bytes=192 << 20, load_s=2.0, pause_s=0.5, grace_s=0.3)
SECRET = "not-for-strangers"


@pytest.fixture(scope="module")
def told() -> Columns:
    """Four cars, two ticks."""
    return columns(drive(tracks.track("gen-1"), ticks=2, cars=4))


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something in this process's environment that nobody may see."""
    monkeypatch.setenv("MANYHANDS_TEST_SECRET", SECRET)


def failure(text: str, told: Columns) -> RewardError:
    """The author's error that a source ends with."""
    with pytest.raises(RewardError) as caught, RewardRunner(text, 4, LIMITS) as runner:
        runner.reward(told)
    return caught.value


def left_over() -> set[str]:
    """What lies where the escapes would have written."""
    return {path.name for folder in (Path("/tmp"), Path.cwd()) for path in folder.glob("escaped*")}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_a_line(name: str, told: Columns) -> None:
    error = failure(source(REFUSED[name]), told)
    assert error.line >= 1
    assert "\n" not in error.message
    assert SECRET not in str(error.params) + error.message
    assert not left_over()


@pytest.mark.parametrize("name", ENDED)
def test_it_is_ended_or_speaks_out_of_turn(name: str, told: Columns) -> None:
    error = failure(source(ENDED[name]), told)
    assert error.message
    assert not left_over()


@pytest.mark.parametrize("name", HARMLESS)
def test_it_harms_nobody_else(name: str, told: Columns) -> None:
    plain = "def reward_function(params):\n    return params['x'] + params['steps']\n"
    with RewardRunner(plain, 4, LIMITS) as other, RewardRunner(source(HARMLESS[name]), 4, LIMITS) as runner:
        before = other.reward(told)
        assert (runner.reward(told) == 1.0).all()
        assert sum(map(len, runner.printed())) <= 70_000
        assert (other.reward(told) == before).all()
    assert np.sin(0.5) > 0.0
    assert not left_over()


@pytest.mark.parametrize("name", AT_LOADING)
def test_loading_fails_with_a_reason(name: str, told: Columns) -> None:
    error = failure(AT_LOADING[name], told)
    assert error.message
    assert error.sentence().endswith(".")


def test_rewards_beside_what_was_written_by_hand_are_not_believed(told: Columns) -> None:
    answer = "struct.pack('<4sIIQ', b'VALS', 3, 2, 16) + struct.pack('<dd', 7.0, 7.0)"
    text = source(
        f"import os, struct\nfor n in range(3, 64):\n    try: os.write(n, {answer})\n    except OSError: pass"
    )
    assert "pipe" in failure(text, told).message


def test_a_pipe_left_unread_does_not_hold_the_runner(told: Columns) -> None:
    text = "import time\ndef reward_function(params):\n    time.sleep(100)\n    return 1.0\n"
    assert "too long" in failure(text, told).message


def test_who_is_kept_from_the_processor_is_waited_for(told: Columns) -> None:
    """A function is not too slow because something else runs on the machine."""
    with RewardRunner("def reward_function(params):\n    return 1.5\n", 4, LIMITS) as runner:
        pid = runner.jails[0].pid
        os.kill(pid, signal.SIGSTOP)
        later = threading.Timer(3 * LIMITS.pause_s, os.kill, (pid, signal.SIGCONT))
        later.start()
        assert (runner.reward(told) == 1.5).all()
        later.join()


def test_who_is_never_let_to_the_processor_is_given_up(told: Columns) -> None:
    limits = replace(LIMITS, pause_s=0.1)
    with RewardRunner("def reward_function(params):\n    return 1.5\n", 4, limits) as runner:
        os.kill(runner.jails[0].pid, signal.SIGSTOP)
        with pytest.raises(RewardError, match="too long"):
            runner.reward(told)


def test_its_end_leaves_no_process_and_no_folder(told: Columns) -> None:
    with RewardRunner(source("pass"), 4, LIMITS, processes=2) as runner:
        pids = [jail.pid for jail in runner.jails]
        folders = [jail.folder for jail in runner.jails]
        assert all(folder.is_dir() for folder in folders)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert not any(folder.exists() for folder in folders)


def test_a_process_killed_from_outside_is_told(told: Columns) -> None:
    with RewardRunner(source("pass"), 4, LIMITS) as runner:
        os.kill(runner.jails[0].pid, signal.SIGKILL)
        with pytest.raises(RewardError, match="SIGKILL"):
            runner.reward(told)


def test_nothing_is_inherited() -> None:
    text = """
        import os, sys
        print(*os.environ, *sys.path, sep="\\n")
    """
    with RewardRunner(source(text), 1, LIMITS) as runner:
        runner.reward(columns(drive(tracks.track("gen-1"), ticks=1, cars=1)))
        said = "".join(runner.printed())
    assert SECRET not in said
    assert "MANYHANDS" not in said


def test_runners_work_in_threads_of_their_own(told: Columns) -> None:
    found: list[float] = []

    def work() -> None:
        with RewardRunner(source("return params['x']"), 4, LIMITS) as runner:
            found.append(float(runner.reward(told).sum()))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [pytest.approx(float(told.values["x"].sum()))] * 3


def test_a_system_without_a_jail_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, told: Columns
) -> None:
    monkeypatch.setattr(seccomp.platform, "system", lambda: "Darwin")
    with pytest.raises(JailError, match="does not offer") as caught:
        RewardRunner(source("pass"), 4, LIMITS)
    assert "INSECURE" in caught.value.remedy
    with RewardRunner(source("pass"), 4, replace(LIMITS, jailed=False)) as runner:
        assert (runner.reward(told) == 1.0).all()


def test_a_jail_that_cannot_be_built_is_not_the_authors_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_PROGRAM", "raise SystemExit(3)")
    with pytest.raises(JailError, match="code 3"):
        RewardRunner(source("pass"), 1, LIMITS)
