"""A running service for a benchmark: `manyhands up` on a folder of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def served(folder: Path, settings: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Address and process id of a server with its judges.

    settings: names without `MANYHANDS_`, values as in the environment, whose own settings do not count.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MANYHANDS_")}
    chosen = {f"MANYHANDS_{name}": value for name, value in settings.items()}
    order = [sys.executable, "-m", "manyhands.cli", "up", "--no-open", "--json", "--port", "0"]
    running = subprocess.Popen(
        [*order, "--data", str(folder)], stdout=subprocess.PIPE, text=True, env=kept | chosen
    )
    assert running.stdout is not None
    try:
        yield json.loads(running.stdout.readline())["url"], running.pid
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(timeout=60)
