"""A scripted player: joins, asks for assignments, plays them in real time, hands them in, reads the card."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

from manyhands.crowd.browser import Browser, Place
from manyhands.crowd.roles import Role
from manyhands.crowd.simulation import Seat, Simulator
from manyhands.crowd.tally import Stopwatch
from manyhands.types import Json

_POOR_S = 5.0
_TROUBLE_S = 3.0
# The server compares its own clock with the ticks; a page is never faster than its display.
_LATE_S = 0.05


@dataclass(frozen=True)
class Habits:
    """How a crowd's players use their time.

    think_s: mean pause between two attempts; reads: share of the attempts whose card is looked at.
    """

    think_s: float = 2.0
    reads: float = 1.0


@dataclass(frozen=True)
class Table:
    """Where a crowd plays: the campaign's slug or id, what computes its attempts, its habits, its clock.

    values: measures the time from handing in to hearing the provisional value, for those who listen.
    """

    place: Place
    campaign: str
    simulator: Simulator
    habits: Habits
    values: Stopwatch


@dataclass
class Account:
    """A player's account and what it has done with it."""

    id: str
    attempts: int = 0
    contributions: int = 0


@dataclass
class ScriptedPlayer:
    """One player of a kind; number counts within the kind.

    driver: whose skill it has; listens: whether it keeps an event stream open, as every page does.
    """

    table: Table
    role: Role
    kind: str
    number: int
    driver: int
    rng: random.Random
    listens: bool = False
    browser: Browser = field(init=False)
    _ears: asyncio.Task[None] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(self.table.place, self.rng)

    async def live(self, join_after_s: float) -> None:
        """Come after a while and play until the shift is over or there is nothing left to play with."""
        shift, tally = self.table.place.shift, self.table.place.tally
        await shift.pause(join_after_s)
        again = True
        while again and not shift.over:
            account = await self._join()
            if account is None:
                break
            tally.playing += 1
            await self._stop_listening()
            if self.listens:
                self._ears = asyncio.create_task(self._listen())
            await self._use(account)
            tally.playing -= 1
            again = bool(self.role.per_account)
            self.browser.forget()

    async def leave(self) -> None:
        """Close the page, on which values may have arrived after the player's time."""
        await self._stop_listening()
        await self.browser.close()

    async def _stop_listening(self) -> None:
        if self._ears is not None:
            self._ears.cancel()
            await asyncio.wait([self._ears])

    async def _listen(self) -> None:
        """Follow the account's events and note when provisional values arrive, until cancelled."""
        async for event in self.browser.events():
            if event["kind"] == "attempt":
                self.table.values.end(event["payload"]["attempt_id"], time.perf_counter())

    async def _join(self) -> Account | None:
        answer = await self.browser.send("POST", "/api/session", {"consent": True})
        if not answer.ok:
            return None
        account = Account(answer.body["id"])
        self.table.place.tally.roles[account.id] = self.kind
        return account

    async def _use(self, account: Account) -> None:
        """Play on an account until it is left."""
        shift, limit = self.table.place.shift, self.role.per_account
        plays = self.rng.randint(1, limit) if limit else None
        while not shift.over and (plays is None or account.attempts < plays):
            assignment = await self._ask()
            if assignment is None:
                return
            attempt_id = await self._play(account, assignment)
            await shift.pause(self.rng.expovariate(1.0 / self.table.habits.think_s))
            if attempt_id and not shift.over and self.rng.random() < self.table.habits.reads:
                await self.browser.send("GET", f"/api/attempts/{attempt_id}")

    async def _ask(self) -> Json | None:
        """An assignment, or None when the shift is over, the campaign closed or the account ruined."""
        path, shift = f"/api/campaigns/{self.table.campaign}/assignments", self.table.place.shift
        while not shift.over:
            key = f"{self.rng.getrandbits(96):024x}"
            answer = await self.browser.send("POST", path, headers={"Idempotency-Key": key})
            if answer.ok:
                return answer.body
            if answer.code in ("wrong_state", "banned"):
                return None
            if answer.code == "insufficient_credits":
                me = (await self.browser.send("GET", "/api/me")).body
                if not me.get("staked_micro"):
                    return None
                await shift.pause(_POOR_S)
            else:
                await shift.pause(_TROUBLE_S)
        return None

    async def _play(self, account: Account, assignment: Json) -> str | None:
        """Play an assignment in real time and hand it in; returns the attempt's id if it was stored."""
        tally, shift = self.table.place.tally, self.table.place.shift
        begun_s = time.perf_counter()
        kind = self.role.at_wheel(self.number, account.contributions)
        play = await self.table.simulator.play(Seat(assignment, kind, self.driver))
        await shift.pause(begun_s + play.seconds + _LATE_S - time.perf_counter())
        path = f"/api/assignments/{assignment['id']}"
        if shift.over:
            await self.browser.send("DELETE", path)
            return None
        handed_s = time.perf_counter()
        answer = await self.browser.send("POST", f"{path}/attempt", play.body)
        account.attempts += 1
        if not answer.ok:
            await self.browser.send("DELETE", path)
            return None
        attempt_id = str(answer.body["attempt_id"])
        account.contributions += play.human_ticks > 0
        tally.acknowledged.append(attempt_id)
        tally.times_s["post_attempt"].append(answer.elapsed_s)
        if self.listens:
            self.table.values.begin(attempt_id, handed_s)
        return attempt_id
