"""The only seam to compute: a `concurrent.futures.Executor`, here or on a cluster."""

from __future__ import annotations

import importlib
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import Any, ParamSpec, TypeVar

from manyhands.errors import SettingsError

P = ParamSpec("P")
T = TypeVar("T")


def make_executor(name: str, workers: int) -> Executor:
    """Return an executor: `process` for a pool of spawned processes, `ray` for a Ray cluster.

    Processes are spawned, not forked: numerical libraries hold threads that do not survive a fork.

    Raises:
        SettingsError: for another name, or if Ray is not installed.
    """
    if name == "process":
        return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    if name == "ray":
        try:
            return RayExecutor(importlib.import_module("ray"))
        except ModuleNotFoundError:
            raise SettingsError(
                "The executor 'ray' needs Ray, which is not installed.",
                field="executor",
                remedy="Run pip install ray, or use the executor 'process'.",
            ) from None
    raise SettingsError(f"Executor {name!r} is unknown; it may be 'process' or 'ray'.", field="executor")


class RayExecutor(Executor):
    """Submits calls as Ray tasks."""

    def __init__(self, ray: Any) -> None:
        """Connect to the cluster that Ray's own settings name.

        Args:
            ray: the imported module.
        """
        self._ray = ray
        ray.init(ignore_reinit_error=True)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run the call on the cluster and return its future."""
        future: Future[T] = self._ray.remote(fn).remote(*args, **kwargs).future()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """Leave the cluster, which ends this program's tasks there; both arguments mean nothing to it."""
        self._ray.shutdown()
