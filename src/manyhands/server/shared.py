"""Answers that everybody asks for at once are computed once a second, whoever asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any


class Shared:
    """Keeps the last answer of each key for a short time; concurrent askers wait for one computation."""

    def __init__(self, ttl_s: float = 1.0, capacity: int = 256) -> None:
        self._ttl_s = ttl_s
        self._capacity = capacity
        self._kept: dict[str, tuple[float, asyncio.Future[Any]]] = {}

    async def get(self, key: str, compute: Callable[[], Awaitable[Any]]) -> Any:
        """Return the answer of `key`, computing it if the kept one is older than the time to live.

        An error is raised to everybody who waited for it and is not kept.
        """
        kept = self._kept.get(key)
        if kept is not None and kept[0] > time.monotonic():
            return await asyncio.shield(kept[1])
        future: asyncio.Future[Any] = asyncio.ensure_future(compute())
        if len(self._kept) >= self._capacity:
            self._kept.clear()
        self._kept[key] = (time.monotonic() + self._ttl_s, future)
        try:
            return await asyncio.shield(future)
        except BaseException:
            self._kept.pop(key, None)
            raise

    def forget(self) -> None:
        """Drop all answers, after a change that its author wants to see."""
        self._kept.clear()
