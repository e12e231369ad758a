"""Token buckets: who asks too often waits, and is told how long."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass

from manyhands.errors import OverloadedError


@dataclass(frozen=True)
class Rate:
    """Allow `per_s` requests a second on average and `burst` at once."""

    per_s: float
    burst: float

    @classmethod
    def per_minute(cls, count: int) -> Rate:
        """Return a rate of `count` a minute that lets a third of a minute's worth through at once."""
        return cls(count / 60, max(3.0, count / 3))

    @classmethod
    def per_hour(cls, count: int) -> Rate:
        """Return a rate of `count` an hour, all of which may come at once."""
        return cls(count / 3600, float(count))


class Buckets:
    """One bucket per key, filled by the clock that is passed in; forgets the keys that are full again."""

    def __init__(self, rate: Rate, capacity: int = 50_000) -> None:
        self._rate = rate
        self._capacity = capacity
        self._state: dict[str, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._state)

    def wait_s(self, key: str, now_s: float) -> int:
        """Take one token and return 0, or return the whole seconds after which one is there."""
        tokens, then_s = self._state.get(key, (self._rate.burst, now_s))
        tokens = min(self._rate.burst, tokens + (now_s - then_s) * self._rate.per_s)
        if tokens < 1.0:
            self._state[key] = (tokens, now_s)
            return max(1, math.ceil((1.0 - tokens) / self._rate.per_s))
        if len(self._state) >= self._capacity and key not in self._state:
            self._forget(now_s)
        self._state[key] = (tokens - 1.0, now_s)
        return 0

    def _forget(self, now_s: float) -> None:
        refill_s = self._rate.burst / self._rate.per_s
        self._state = {key: state for key, state in self._state.items() if now_s - state[1] < refill_s}
        if len(self._state) >= self._capacity:
            # More live keys than memory is set aside for: the oldest start over with a full bucket.
            newest = sorted(self._state.items(), key=lambda item: item[1][1])[self._capacity // 2 :]
            self._state = dict(newest)


class Turns:
    """Some work at a time, some wait, the rest is refused: for requests that take a second of a core."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._room = asyncio.Semaphore(at_once)
        self._waiting, self._most = 0, waiting

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn and hold it.

        Raises:
            OverloadedError: too many wait already.
        """
        if self._waiting >= self._most:
            raise OverloadedError("Too many wait for this already.", retry_after_s=2)
        self._waiting += 1
        try:
            await self._room.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._room.release()
