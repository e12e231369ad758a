"""Rate limits, and queues for what is short: whoever has to wait is told how long."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from manyhands.errors import JudgeBehindError, OverloadedError, QuotaError

HOLD_S = 0.5
"""How long an answer that there is nothing holds for everybody."""
SERVED_S = 10.0
"""Over which the rate is taken at which a queue moves."""
SLOWEST_PER_S = 1.0
"""Rate of a queue that has not been seen to move."""
LONGEST_RETRY_S = 10


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


class OneEach:
    """One piece of work under way for each who asks; another is refused, as its body would wait in memory."""

    def __init__(self) -> None:
        self._busy: set[str] = set()

    @contextlib.contextmanager
    def turn(self, who: str) -> Iterator[None]:
        """Hold the only turn that somebody has.

        Raises:
            QuotaError: it is held already.
        """
        if who in self._busy:
            raise QuotaError(
                "Another request of yours is still under way.",
                retry_after_s=1,
                remedy="Wait for its answer before the next one.",
            )
        self._busy.add(who)
        try:
            yield
        finally:
            self._busy.remove(who)


@dataclass
class _Queue:
    """Who waits for one thing: when each was last told so, and when others were served."""

    fault: JudgeBehindError
    holds_until_s: float
    told_s: dict[str, float] = field(default_factory=dict)
    served_s: deque[float] = field(default_factory=lambda: deque(maxlen=1000))


class Queues:
    """What many ask for when there is none: they are told to come back when it may be their turn.

    Asking costs a transaction, and whoever is told "in three seconds" asks again in three seconds: with
    enough of them the asking takes the time in which more would be made. So an answer that there is nothing
    holds for everybody for HOLD_S, and says as many seconds as those who wait need at the rate of the last
    SERVED_S (Little's law), at most LONGEST_RETRY_S, since a queue that nobody asks for does not move.
    """

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}

    @contextlib.contextmanager
    def ask(self, thing: str, who: str, now_s: float) -> Iterator[None]:
        """Ask for a thing inside; a JudgeBehindError from there is told to all who ask soon after.

        Raises:
            JudgeBehindError: somebody has just been told that there is none.
        """
        queue = self._queues.get(thing)
        if queue is not None and now_s < queue.holds_until_s:
            raise _told(queue, who, now_s)
        try:
            yield
        except JudgeBehindError as fault:
            queue = self._queues.setdefault(thing, _Queue(fault, now_s))
            queue.fault, queue.holds_until_s = fault, now_s + HOLD_S
            raise _told(queue, who, now_s) from fault
        if queue is not None:
            queue.told_s.pop(who, None)
            queue.served_s.append(now_s)


def _told(queue: _Queue, who: str, now_s: float) -> JudgeBehindError:
    """What somebody who asked in vain is told, who waits from now on."""
    queue.told_s.pop(who, None)
    queue.told_s[who] = now_s
    # They stand in the order of their asking; who should have come back by now does not wait any more.
    while now_s - queue.told_s[first := next(iter(queue.told_s))] > 2 * LONGEST_RETRY_S:
        del queue.told_s[first]
    while queue.served_s and now_s - queue.served_s[0] > SERVED_S:
        queue.served_s.popleft()
    turn_s = len(queue.told_s) / max(SLOWEST_PER_S, len(queue.served_s) / SERVED_S)
    fault = queue.fault
    retry_s = max(fault.retry_after_s, min(LONGEST_RETRY_S, math.ceil(turn_s)))
    return JudgeBehindError(fault.message, retry_after_s=retry_s, field=fault.field, remedy=fault.remedy)
