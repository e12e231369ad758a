"""Computes what scripted players do, many attempts in one compiled call, beside the event loop.

Players wait in real time for what they have played, so nobody notices that a whole attempt is known as soon
as it has begun.
"""

from __future__ import annotations

import asyncio
import base64
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import TypeVar

import jax
import numpy as np

from manyhands.crowd import players
from manyhands.envs import registry
from manyhands.envs.core import Task
from manyhands.policies import files, reference, simulate
from manyhands.policies.files import Policy
from manyhands.types import Json

DRIVERS = {
    "racer-v0": ("racer-lidar-skilled-1", "racer-lidar-skilled-2"),
    "snake-v0": ("snake-grid-skilled-1", "snake-grid-skilled-2"),
}
"""Packaged policies whose skill scripted players have; none is the reference."""
GATHER_S = 0.25


@dataclass(frozen=True)
class Seat:
    """Somebody about to play: the assignment as the API gave it, a kind of `players.KINDS`, a skill."""

    assignment: Json
    kind: str
    driver: int


@dataclass(frozen=True)
class Play:
    """A finished attempt: the body to hand in, how long it lasts, and for how many ticks a human drove."""

    body: Json
    seconds: float
    human_ticks: int


Fetch = Callable[[str], Awaitable[bytes]]
Result = TypeVar("Result")


class Simulator:
    """Takes seats at any time and plays them in batches of one size, which is compiled once."""

    def __init__(self, fetch: Fetch, size: int, seed: int) -> None:
        """Prepare; `run` must run beside those who `play`.

        Args:
            fetch: returns a policy's file by its CID.
            size: attempts in a batch.
            seed: of the players' noise.
        """
        self._fetch = fetch
        self._size = size
        self._key = jax.random.key(seed)
        self._batches = 0
        self._waiting: asyncio.Queue[tuple[Seat, asyncio.Future[Play]]] = asyncio.Queue()
        self._policies: dict[str, Policy] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="simulation")

    async def prepare(self, environment: str, config: Json, cid: str) -> None:
        """Compile for a campaign and its champion before anybody waits, which takes long the first time.

        Raises:
            RemoteError: the champion cannot be fetched.
            PolicyFileError: the server gave out something else.
        """
        given = {"environment": environment, "config": config, "champion_cid": cid}

        def seat(driver: int) -> Seat:
            task = _task(environment, registry.canonical(config))
            return Seat({**given, "start": task.to_plain(task.start(self._key))}, "idle", driver)

        for driver in range(len(DRIVERS[environment])):
            await self._played([await self._aside(partial(seat, driver))])

    async def play(self, seat: Seat) -> Play:
        """Play a whole attempt; returns when it is computed, not when it is over."""
        done: asyncio.Future[Play] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((seat, done))
        return await done

    async def run(self) -> None:
        """Play what waits until cancelled.

        Raises:
            RemoteError: the champion cannot be fetched.
            PolicyFileError: the server gave out something else.
        """
        try:
            while True:
                waiting = [await self._waiting.get()]
                await asyncio.sleep(GATHER_S)
                while not self._waiting.empty():
                    waiting.append(self._waiting.get_nowait())
                for batch in self._batched(waiting):
                    await self._compute(batch)
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _batched(
        self, waiting: Sequence[tuple[Seat, asyncio.Future[Play]]]
    ) -> list[list[tuple[Seat, asyncio.Future[Play]]]]:
        """Seats that one compiled call can play: the same champion, configuration and skill."""
        groups: dict[tuple[str, str, int], list[tuple[Seat, asyncio.Future[Play]]]] = defaultdict(list)
        for seat, done in waiting:
            given = seat.assignment
            key = (registry.canonical(given["config"]), given["champion_cid"], seat.driver)
            groups[key].append((seat, done))
        return [
            group[at : at + self._size]
            for group in groups.values()
            for at in range(0, len(group), self._size)
        ]

    async def _compute(self, batch: list[tuple[Seat, asyncio.Future[Play]]]) -> None:
        plays = await self._played([seat for seat, _ in batch])
        for (_, done), outcome in zip(batch, plays, strict=True):
            done.set_result(outcome)

    async def _played(self, seats: list[Seat]) -> list[Play]:
        """Play seats of one batch."""
        cid = seats[0].assignment["champion_cid"]
        self._batches += 1
        key = jax.random.fold_in(self._key, self._batches)
        if cid not in self._policies:
            self._policies[cid] = files.parse(await self._fetch(cid))
        return await self._aside(partial(play, seats, self._policies[cid], self._size, key))

    async def _aside(self, work: Callable[[], Result]) -> Result:
        """Compute something beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


@cache
def _task(environment: str, config: str) -> Task:
    """The task as the champion sees it."""
    return registry.task(environment, registry.parse(config), "play")


def skill(environment: str, number: int) -> Policy:
    """The driver whose skill a player has; players share the few there are. It has a sensor of its own."""
    names = DRIVERS[environment]
    return reference.driver(names[number % len(names)])


def play(seats: Sequence[Seat], champion: Policy, size: int, key: jax.Array) -> list[Play]:
    """Play the attempts of seats that share configuration, champion and driver, padded to `size`."""
    first = seats[0].assignment
    task = _task(first["environment"], registry.canonical(first["config"]))
    driver = skill(first["environment"], seats[0].driver)
    kinds = [players.KINDS[seat.kind] for seat in seats]
    kinds += [players.KINDS["idle"]] * (size - len(seats))
    states = simulate.stack_states([task.from_plain(seat.assignment["start"]) for seat in seats], size)
    played = players.play(
        task,
        registry.with_sensor(task, driver.sensor),
        (champion.network, driver.network),
        (champion.params, driver.params),
        players.traits(kinds),
        states,
        key,
    )
    actions, actors, ticks = (np.asarray(part) for part in (played.actions, played.actors, played.ticks))
    final = simulate.pick(played.final, np.arange(size))
    found = []
    for row in range(len(seats)):
        count = int(ticks[row])
        body = {
            "ticks": count,
            "actions": _wire(actions[:count, row]),
            "actors": _wire(actors[:count, row]),
            "final": task.final_of(jax.tree.map(lambda leaf, row=row: leaf[row], final)),
        }
        found.append(Play(body, count / task.ticks_per_s, int(actors[:count, row].sum())))
    return found


def _wire(values: np.ndarray) -> str:
    """Bytes in row-major order, as base64."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")
