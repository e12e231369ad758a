"""A whole crowd against a running server, over the public API alone, and the report of how it went."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from manyhands.computing import yield_cores
from manyhands.crowd import report, roles
from manyhands.crowd.browser import Place, Shift
from manyhands.crowd.roles import ROLES
from manyhands.crowd.scripted import Habits, ScriptedPlayer, Table
from manyhands.crowd.simulation import Simulator
from manyhands.crowd.spectator import Spectator
from manyhands.crowd.tally import Stopwatch, Tally
from manyhands.errors import InputError, ManyhandsError, RemoteError
from manyhands.types import Json

PROGRESS_S = 5.0
WARMUP_S = 900.0
NICENESS = 10
"""of computing what players do: a server on the same machine is not to be slowed by it"""
_BATCHES = ((16, 8), (200, 32))
_LARGEST_BATCH = 64


@dataclass(frozen=True)
class Orders:
    """What a crowd is to do.

    mix: shares by kind, summing to 1; seconds: how long it plays; campaign: slug or id, None for the server's
    lidar campaign; attempts: stored attempts after which it goes home earlier; settle_s: how long to wait
    afterwards for the last verdicts; patience_s: how long the server may be out of reach before nothing more
    is asked of it; listeners: players who keep an event stream open; join_s: time over which the players
    arrive.
    """

    url: str
    players: int
    mix: dict[str, float]
    seconds: float
    campaign: str | None = None
    seed: int = 0
    attempts: int | None = None
    settle_s: float = 30.0
    patience_s: float = 60.0
    listeners: int = 16
    join_s: float = 2.0
    habits: Habits = field(default_factory=Habits)

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            InputError: naming the field.
        """
        if self.players < 1:
            raise InputError(f"A crowd of {self.players} players does nothing.", field="players")
        if not 0.0 < self.seconds < float("inf"):
            raise InputError(f"A crowd cannot play for {self.seconds:g} seconds.", field="seconds")
        if not self.url.startswith(("http://", "https://")):
            raise InputError(
                f"{self.url!r} is not a server's address.",
                field="url",
                remedy="Give it as `up` prints it, http://127.0.0.1:8000 for one.",
            )


@dataclass(frozen=True)
class Result:
    """The report, and the ids of all attempts that the server said it had stored."""

    report: Json
    acknowledged: list[str]


Tell = Callable[[str], None]


def batch_size(players: int) -> int:
    """Attempts that are simulated at once: a large batch is mostly padding for a small crowd."""
    return next((size for limit, size in _BATCHES if players <= limit), _LARGEST_BATCH)


def hints(tally: Tally) -> list[str]:
    """What kept players from playing, and the server's setting that would let them."""
    found = []
    if tally.errors["insufficient_credits"]:
        found.append(
            f"{tally.errors['insufficient_credits']} times a player had nothing to stake: an address gets so "
            "many starter loans a day. Raise the server's MANYHANDS_LOAN_ADDRESS_DAY_MICRO for more."
        )
    if tally.busy["429"]:
        found.append(
            f"The server's limits made players wait {tally.busy['429']} times. Raise its "
            "MANYHANDS_SESSIONS_PER_HOUR and MANYHANDS_ATTEMPTS_PER_MINUTE for a larger crowd."
        )
    return found


async def run(orders: Orders, tell: Tell) -> Result:
    """Let a crowd play and return what came of it; Ctrl-C sends it home early.

    Args:
        orders: what to do.
        tell: called with a line of progress every few seconds.

    Raises:
        RemoteError: the server does not answer or goes away, has no such campaign or does not give out its
            champion.
    """
    tally, shift = Tally(), Shift()
    place = Place(orders.url.rstrip("/"), tally, shift)
    # Who only watches stays until everything is judged.
    watching = replace(place, shift=Shift())
    spectator = Spectator(watching, random.Random(orders.seed), orders.patience_s)
    try:
        await spectator.greet()
        campaign = await _warm(spectator, await spectator.choose(orders.campaign), tell)
        simulator = Simulator(spectator.fetch_policy, batch_size(orders.players), orders.seed)
        tell("Compiling the players.")
        yield_cores(NICENESS)
        await simulator.prepare(campaign["environment"], campaign["config"], campaign["champion_cid"])
        values = Stopwatch(tally.times_s["value"])
        table = Table(place, campaign["slug"], simulator, orders.habits, values)
        settled, played_s = await _play(orders, table, spectator, campaign, tell)
        for hint in hints(tally):
            tell(hint)
        scene = report.Scene(spectator, tally, campaign, random.Random(orders.seed))
        found = await report.make(scene)
        header = {"url": orders.url, "seed": orders.seed, "seconds": round(played_s, 1), "settled": settled}
        return Result(header | found, tally.acknowledged)
    finally:
        await spectator.close()


async def _warm(spectator: Spectator, campaign: Json, tell: Tell) -> Json:
    """Wait until the campaign is open."""
    deadline_s, told = time.monotonic() + WARMUP_S, ""
    while campaign["state"] == "warming":
        if time.monotonic() > deadline_s:
            raise RemoteError(f"The campaign {campaign['slug']} still has no champion.")
        note = campaign["judge"]["note"] or campaign["judge"]["state"]
        if note != told:
            tell(f"Waiting for the first champion of {campaign['slug']}: {note}.")
            told = note
        await asyncio.sleep(PROGRESS_S)
        campaign = await spectator.read(f"/campaigns/{campaign['slug']}")
    return campaign


async def _play(
    orders: Orders, table: Table, spectator: Spectator, campaign: Json, tell: Tell
) -> tuple[bool, float]:
    """The players' time; returns whether all verdicts came in the end, and the seconds that were played."""
    crew = _crew(orders, table)
    joining, begun_s = random.Random(orders.seed), time.perf_counter()
    beside = (
        table.simulator.run(),
        spectator.watch(campaign["id"]),
        _progress(table, tell),
        _end_shift(orders, table.place),
    )
    try:
        async with asyncio.TaskGroup() as group:
            companions = [group.create_task(companion) for companion in beside]
            lives = [group.create_task(player.live(joining.uniform(0.0, orders.join_s))) for player in crew]
            with _interruptible(table.place.shift):
                await asyncio.wait(lives)
            played_s = time.perf_counter() - begun_s
            tell("The crowd went home; waiting for the last verdicts.")
            settled = await spectator.judged(campaign["slug"], orders.settle_s)
            for companion in companions:
                companion.cancel()
            return settled, played_s
    except BaseExceptionGroup as faults:
        if isinstance(faults.exceptions[0], ManyhandsError):
            raise faults.exceptions[0] from None
        raise
    finally:
        await asyncio.gather(*(player.leave() for player in crew))


def _crew(orders: Orders, table: Table) -> list[ScriptedPlayer]:
    """The players of the mix, with one of two trained drivers' skill each."""
    kinds = roles.cast(orders.mix, orders.players, orders.seed)
    every = max(1, len(kinds) // orders.listeners) if orders.listeners else len(kinds) + 1
    return [
        ScriptedPlayer(
            table=table,
            role=ROLES[kind],
            kind=kind,
            number=kinds[:place].count(kind),
            driver=place % 2,
            rng=random.Random(f"{orders.seed}:{place}"),
            listens=(place + 1) % every == 0,
        )
        for place, kind in enumerate(kinds)
    ]


async def _end_shift(orders: Orders, place: Place) -> None:
    """End the shift when the time is up or enough is played."""
    end_s = time.monotonic() + orders.seconds
    while (left_s := end_s - time.monotonic()) > 0.0 and not place.shift.over:
        if orders.attempts is not None and len(place.tally.acknowledged) >= orders.attempts:
            break
        await place.shift.pause(min(left_s, 0.2))
    place.shift.end()


async def _progress(table: Table, tell: Tell) -> None:
    """Tell every few seconds how it goes, until cancelled."""
    begun_s, tally = time.monotonic(), table.place.tally
    while True:
        await asyncio.sleep(PROGRESS_S)
        told_s = time.monotonic() - begun_s
        posts = tally.times_s["post_attempt"][-200:]
        latest = f", handing in takes {1000 * sorted(posts)[len(posts) // 2]:.0f} ms" if posts else ""
        refused = sum(tally.errors.values())
        tell(
            f"{told_s:4.0f} s: {tally.playing} playing, {len(tally.acknowledged)} attempts"
            f"{latest}, {sum(tally.busy.values())} times told to wait, {refused} refusals"
        )


@contextlib.contextmanager
def _interruptible(shift: Shift) -> Iterator[None]:
    """Let the first Ctrl-C end the shift instead of the program."""
    loop = asyncio.get_running_loop()

    def go_home() -> None:
        shift.end()
        loop.remove_signal_handler(signal.SIGINT)

    loop.add_signal_handler(signal.SIGINT, go_home)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
