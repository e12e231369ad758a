"""Runs one author's reward function in a jail for many cars: a module each, their calls in order."""

from __future__ import annotations

import math
from itertools import pairwise
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from manyhands.errors import Fault, RewardError
from manyhands.garage.params import Columns
from manyhands.garage.rewards.jail import wire
from manyhands.garage.rewards.limits import DEFAULTS, LARGEST_REWARD, Limits, line_of_function
from manyhands.garage.rewards.opening import opened
from manyhands.garage.rewards.process import SPOKE, Answer, BrokenError, JailedProcess


class RewardRunner:
    """Context manager around one or more jailed processes that hold `cars` instances of a source."""

    def __init__(
        self, source: str, cars: int, limits: Limits = DEFAULTS, processes: int = 1, seed: int = 0
    ) -> None:
        """Start and load. Cars are shared among the processes in blocks.

        seed: of `random` and `numpy.random` in each process; a source that draws by itself gives the same
        rewards for the same number of processes.

        Raises:
            RewardError: with everything that is wrong with the source as it stands, or with loading it.
            JailError: where the system offers no jail.
        """
        self._limits, self._cars, self._line = limits, cars, line_of_function(source)
        edges = np.linspace(0, cars, min(processes, cars) + 1).astype(int).tolist()
        self._shares = list(pairwise(edges))
        self.jails = opened(source, [end - first for first, end in self._shares], limits, seed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes."""
        for jail in self.jails:
            jail.close()
        self.jails = []

    def reward(self, columns: Columns) -> NDArray[np.float64]:
        """Rewards (T, N) float64 of all rows in order; 0 where a car has no episode.

        Raises:
            RewardError: the function raised, took too long, or gave something else than a number from -1e5 to
                1e5. Its params are the call's. The runner is of no use afterwards.
        """
        rewards, objects = np.zeros(columns.alive.shape), columns.objects.shape[-1]
        shared = list(zip(self.jails, self._shares, strict=True))
        try:
            for jail, (first, end) in shared:
                jail.order(wire.ROWS, end - first, objects, columns.packed(first, end))
            for jail, (first, end) in shared:
                self._collect(jail, columns, first, rewards[:, first:end])
        except BrokenError as cause:
            raise RewardError.of([Fault(0, f"The reward function was stopped. {cause}")]) from cause
        self._check(columns, rewards)
        return rewards

    def _collect(
        self, jail: JailedProcess, columns: Columns, first: int, rewards: NDArray[np.float64]
    ) -> None:
        """Write what a process answers into its part (T, cars) of the rewards; `first` is its first car."""
        alive = columns.alive[:, first : first + rewards.shape[1]]
        counts = alive.sum(axis=0)
        cars = np.flatnonzero(counts).tolist()
        patience_s = self._limits.pause_s + int(counts.max(initial=0)) * self._limits.call_s
        error: RewardError | None = None
        for answer in jail.answers(patience_s, len(counts)):
            if answer.kind == wire.FAULT:
                error = error or self._blame(columns, first + answer.first, answer)
                continue
            car = cars.pop(0) if cars else -1
            values = answer.values()
            if answer.first != car or len(values) != counts[car]:
                raise BrokenError(SPOKE)
            rewards[alive[:, car], car] = values
        if error is not None:  # raised here, so that what it printed before is kept
            raise error
        if cars:
            raise BrokenError(SPOKE)

    def printed(self) -> list[str]:
        """Lines printed since the last call of this, the last 200 of each process at most."""
        return [line for jail in self.jails for line in jail.printed()]

    def _blame(self, columns: Columns, car: int, answer: Answer) -> RewardError:
        """The error of a FAULT; car and call are claims of the jailed process."""
        line, kind, words = answer.fault()
        params = None
        if car < self._cars:
            ticks = np.flatnonzero(columns.alive[:, car])
            if answer.second < len(ticks):
                params = columns.params(int(ticks[answer.second]), car)
        return RewardError.of([Fault(line or self._line, words, kind == wire.OVERTIME)], params)

    def _check(self, columns: Columns, rewards: NDArray[np.float64]) -> None:
        wrong = ~(np.abs(rewards) <= LARGEST_REWARD)  # so that NaN is wrong, too
        if wrong.any():
            tick, car = (int(at[0]) for at in np.nonzero(wrong))
            fault = Fault(self._line, beyond(float(rewards[tick, car])))
            raise RewardError.of([fault], columns.params(tick, car))


def beyond(value: float) -> str:
    """Sentence for a reward that is no number in range."""
    said = f"{value:g}" if math.isfinite(value) else "not a number" if math.isnan(value) else "infinite"
    return f"The reward is {said}; it must be a number from -1e5 to 1e5."
