"""How a process computes with JAX: what it has compiled is kept, and what is urgent goes before it."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path

import jax
import jax.numpy as jnp
from jax._src import compilation_cache
from jax._src.lru_cache import LRUCache


class _WholeEntries(LRUCache):
    """JAX's folder of compiled programs, whose entries appear whole or not at all.

    JAX writes an entry under its own name and never again. One whose writer was killed stays half, so each
    start warns of it and compiles the program anew; who reads while another process writes is warned, too.
    JAX's bound on the folder's size takes a lock, but an entry that the dead left without its time of use
    then ends all writing (<https://github.com/jax-ml/jax/issues/39880>).
    """

    def put(self, key: str, value: bytes) -> None:
        """Store a program that was just compiled.

        JAX asks for it only after it found no entry or could not read it, hence what is there by now is
        replaced: it is the same program or a broken one.
        """
        if self.eviction_enabled:  # by JAX's own variable; sizes are then counted under its lock
            super().put(key, value)
            return
        handle, name = tempfile.mkstemp(dir=self.path, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(value)
            os.replace(name, self.path / f"{key}-cache")
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def remember_compilations(folder: Path) -> None:
    """Keep compiled programs on the disk: a second start is ready in seconds.

    Any number of processes may share a folder. JAX's own variable `JAX_COMPILATION_CACHE_DIR` goes before
    `folder`. Call it before anything else has used JAX.
    """
    compilation_cache.LRUCache = _WholeEntries  # type: ignore[attr-defined]
    if jax.config.jax_compilation_cache_dir is None:  # type: ignore[attr-defined]
        folder.mkdir(parents=True, exist_ok=True)
        jax.config.update("jax_compilation_cache_dir", str(folder))  # type: ignore[no-untyped-call]
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.3)  # type: ignore[no-untyped-call]


def yield_cores(niceness: int, *, wholly: bool = False) -> None:
    """Make the threads that compute for JAX give way to other programs; the caller's thread does not.

    With `wholly` they compute only when a core has nothing else to do (Linux's SCHED_IDLE; elsewhere they are
    as nice as given): whatever wakes up takes the core from them at once, which a nice thread may keep for
    some milliseconds.

    Who writes to the database holds a lock that requests wait for, so it must not give way itself. On Linux
    niceness belongs to a thread and passes to those it starts, so a nicer thread starts JAX's. Call it before
    anything else has used JAX.
    """

    def begin() -> None:
        os.nice(niceness)
        if wholly and hasattr(os, "SCHED_IDLE"):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        jax.jit(lambda x: x @ x)(jnp.ones((512, 512))).block_until_ready()

    thread = threading.Thread(target=begin, name="begin-jax")
    thread.start()
    thread.join()
