"""How a process computes with JAX: what it has compiled is kept, and what is urgent goes before it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import jax
import jax.numpy as jnp


def remember_compilations(folder: Path) -> None:
    """Keep compiled programs on the disk: a second start is ready in seconds."""
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
