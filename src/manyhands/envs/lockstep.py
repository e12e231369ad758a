"""Lockstep batches on all processors, each of which computes some parts of the rows.

XLA runs most of a compiled loop in one thread, so a batch in one call leaves the other processors idle. How a
batch is cut follows from its rows alone: the last bits of a row can depend on how many are computed with it,
and must not depend on the machine's processors.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import jax
import numpy as np

LEAST_ROWS = 256
"""of a part: with fewer, starting the loop's many small kernels takes longer than computing them"""


def parts_of(rows: int) -> int:
    """Into how many equal parts a batch is cut: as many as leave LEAST_ROWS in each."""
    most = max(1, rows // LEAST_ROWS)
    return next(parts for parts in range(most, 0, -1) if rows % parts == 0)


def spread(run: Callable[..., tuple[Any, ...]], batches: tuple[Any, ...], axes: tuple[int, ...]) -> Any:
    """`run(*batches)` on the host, as many parts of the rows at the same time as there are processors.

    run: compiled; returns as many stacks of arrays as there are `axes`, which tell where their rows are, and
    computes each row from the same row of the batches. batches: stacked arrays (B, ...). A call by `run` of
    `spread` would wait for itself.
    """
    # On the host a part is a view; on the device each leaf of it would be a call of its own.
    batches = jax.tree.map(np.asarray, batches)
    rows = len(jax.tree.leaves(batches)[0])
    size = rows // parts_of(rows)
    cut = [jax.tree.map(lambda leaf, at=at: leaf[at : at + size], batches) for at in range(0, rows, size)]

    def made_of(part: tuple[Any, ...]) -> Any:
        # Reading waits. Otherwise one thread would take all parts, and XLA takes a thread's calls in turn.
        return jax.tree.map(np.asarray, run(*part))

    # The first call returns when all is compiled, and computes on beside the others.
    made = [run(*cut[0]), *_threads().map(made_of, cut[1:])]
    return tuple(
        jax.tree.map(lambda *leaves, axis=axis: np.concatenate(leaves, axis), *stacks)
        for axis, *stacks in zip(axes, *made, strict=True)
    )


@cache
def _threads() -> ThreadPoolExecutor:
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ThreadPoolExecutor(processors, "lockstep")
