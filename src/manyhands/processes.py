"""Child processes that are restarted when they die and that never outlive their parent.

A child is started through this module (`python -m manyhands.processes MODULE ARGS…`), with a pipe as its
standard input whose other end the parent holds. However the parent dies, the pipe closes, and the child ends.
"""

from __future__ import annotations

import logging
import os
import runpy
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 30.0
SETTLED_S = 60.0
STOP_S = 8.0
_LARGEST_LOG_BYTES = 5_000_000


@dataclass(frozen=True)
class Program:
    """A child: its name in logs and on the operator's page, the module to run and its arguments."""

    name: str
    module: str
    arguments: tuple[str, ...]


class Supervisor:
    """Keeps one process per program alive; a thread each waits for its end and starts it again."""

    def __init__(
        self,
        programs: list[Program],
        logs: Path,
        environment: Mapping[str, str],
        on_death: Callable[[str, str], None],
    ) -> None:
        """Prepare; `start` begins.

        Args:
            programs: what to keep alive.
            logs: folder for NAME.log, where a child's output goes.
            environment: the children's environment variables.
            on_death: called with name and a sentence when a child ended by itself.
        """
        self._logs = logs
        self._environment = dict(environment)
        self._on_death = on_death
        self._stopping = threading.Event()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._guard = threading.Lock()
        self._threads = [
            threading.Thread(target=self._keep, args=(program,), name=program.name, daemon=True)
            for program in programs
        ]

    def start(self) -> None:
        """Start all programs."""
        self._logs.mkdir(parents=True, exist_ok=True)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask all children to end, and end those that do not within STOP_S seconds."""
        self._stopping.set()
        with self._guard:
            running = list(self._running.values())
            for process in running:
                process.terminate()
        deadline_s = time.monotonic() + STOP_S
        for process in running:
            try:
                process.wait(max(0.0, deadline_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(STOP_S)

    def pids(self) -> dict[str, int]:
        """Return the process id of each running child by name."""
        with self._guard:
            return {name: process.pid for name, process in self._running.items()}

    def _keep(self, program: Program) -> None:
        backoff_s = FIRST_BACKOFF_S
        while not self._stopping.is_set():
            started_s = time.monotonic()
            try:
                end = f"ended with code {self._run(program)}"
            except OSError as error:  # its log cannot be opened on a full disk, say
                end = f"could not be started ({error.strerror})"
            if self._stopping.is_set():
                return
            if time.monotonic() - started_s > SETTLED_S:
                backoff_s = FIRST_BACKOFF_S
            message = f"{program.name} {end} and is started again in {backoff_s:g} s."
            log.warning(message)
            self._on_death(program.name, message)
            self._stopping.wait(backoff_s)
            backoff_s = min(LONGEST_BACKOFF_S, 2 * backoff_s)

    def _run(self, program: Program) -> int | None:
        """Run a child to its end and return its exit code, None if it was not started any more."""
        command = [sys.executable, "-m", __name__, program.module, *program.arguments]
        path = self._logs / f"{program.name}.log"
        mode = "wb" if path.exists() and path.stat().st_size > _LARGEST_LOG_BYTES else "ab"
        with path.open(mode) as output:
            with self._guard:
                if self._stopping.is_set():
                    return None
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=self._environment,
                    # Ctrl-C in the terminal is for the parent, which then stops its children in order. A
                    # group and not a session: Linux weighs niceness among the processes of one session only.
                    process_group=0,
                )
                self._running[program.name] = process
            try:
                return process.wait()
            finally:
                with self._guard:
                    self._running.pop(program.name, None)
                if process.stdin is not None:
                    process.stdin.close()


def end_with_parent() -> None:
    """Watch standard input in a thread and end this process at once when the parent is gone."""

    def watch() -> None:
        # The parent never writes; reading returns when its end of the pipe is closed.
        while os.read(0, 64):
            pass
        os._exit(0)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


if __name__ == "__main__":
    end_with_parent()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
