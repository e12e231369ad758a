"""Compiled programs on the disk: what a killed process leaves, and where they lie."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from manyhands.computing import _WholeEntries

PROGRAM = """
import sys
from pathlib import Path

import jax
import jax.numpy as jnp

from manyhands.computing import remember_compilations

remember_compilations(Path(sys.argv[1]))
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
counted = []
jax.monitoring.register_event_listener(lambda event, **_: counted.append(event.rpartition("/")[2]))
assert float(jax.jit(lambda x: jnp.tanh(x @ x).sum())(jnp.zeros((8, 8)))) == 0.0
print(counted.count("cache_hits"), counted.count("cache_misses"))
"""


def computed(folder: Path, **variables: str) -> tuple[int, int, str]:
    """Programs that a new process found in the folder and compiled, and what it complained about."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        check=True,
        capture_output=True,
        text=True,
        env=kept | variables,
    )
    hits, misses = map(int, done.stdout.split())
    return hits, misses, done.stderr


def test_what_one_process_compiled_is_found_by_others_and_mended_where_it_is_broken(tmp_path: Path) -> None:
    """Nothing of the product leaves a half entry; a machine that lost its power may."""
    hits, programs, _ = computed(tmp_path)
    assert (hits, programs > 2) == (0, True)
    assert computed(tmp_path) == (programs, 0, "")
    for left, entry in zip(itertools.cycle([0, 3, -1]), tmp_path.iterdir(), strict=False):
        entry.write_bytes(entry.read_bytes()[:left])
    hits, misses, said = computed(tmp_path)
    assert (hits, misses) == (0, programs)
    assert "Error reading persistent compilation cache" in said
    assert computed(tmp_path) == (programs, 0, "")


def test_an_entry_appears_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that dies before the end has touched no entry."""

    class Killed(BaseException):
        pass

    entries = _WholeEntries(str(tmp_path), max_size=-1)
    entries.put("program", b"first")

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed)
        with pytest.raises(Killed):
            entries.put("program", b"second")
    assert entries.get("program") == b"first"
    entries.put("program", b"third")
    assert entries.get("program") == b"third"
    assert [path.name for path in tmp_path.iterdir()] == ["program-cache"]


def test_jax_own_variable_names_the_folder(tmp_path: Path) -> None:
    _, misses, _ = computed(tmp_path / "given", JAX_COMPILATION_CACHE_DIR=str(tmp_path / "named"))
    assert misses == len(list((tmp_path / "named").iterdir()))
    assert not (tmp_path / "given").exists()
