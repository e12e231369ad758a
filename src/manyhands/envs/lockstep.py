"""Lockstep batches on all processors, each of which computes a part of the rows.

XLA runs most of a compiled loop in one thread, so a batch in one call leaves the other processors idle. Rows
of a batch do not touch each other: what comes out is the same wherever it is cut.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import jax
import numpy as np

LEAST_ROWS = 64
"""of a part: with fewer, starting the loop's many small kernels takes longer than computing them"""


def parts_of(rows: int) -> int:
    """Into how many equal parts a batch is cut: at most one for each processor, none below LEAST_ROWS."""
    most = max(1, min(_processors(), rows // LEAST_ROWS))
    return next(parts for parts in range(most, 0, -1) if rows % parts == 0)


def spread(run: Callable[..., tuple[Any, ...]], batches: tuple[Any, ...], axes: tuple[int, ...]) -> Any:
    """`run(*batches)` on the host, with a part of the rows on each processor at the same time.

    run: compiled; returns as many stacks of arrays as there are `axes`, which tell where their rows are, and
    computes each row from the same row of the batches. batches: stacked arrays (B, ...). A call by `run` of
    `spread` would wait for itself.
    """
    rows = len(jax.tree.leaves(batches)[0])
    size = rows // parts_of(rows)
    cut = [jax.tree.map(lambda leaf, at=at: leaf[at : at + size], batches) for at in range(0, rows, size)]
    # The first call returns when all is compiled, and computes on; XLA takes calls of one thread in turn.
    made = [run(*cut[0]), *_threads().map(lambda part: run(*part), cut[1:])]
    return tuple(
        jax.tree.map(lambda *leaves, axis=axis: np.concatenate(leaves, axis), *stacks)
        for axis, *stacks in zip(axes, *made, strict=True)
    )


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, _processors() - 1), "lockstep")
