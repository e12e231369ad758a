"""Watches a campaign without playing: its state, when its rounds close, its verdicts, who earned."""

from __future__ import annotations

import asyncio
import contextlib
import random
from datetime import datetime

from manyhands.crowd.browser import Answer, Browser, Place
from manyhands.errors import RemoteError
from manyhands.types import Json

_LOOK_S = 0.5


def seconds_between(earlier: str, later: str) -> float:
    """Seconds between two RFC 3339 times as the API writes them."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


class Spectator:
    """A visitor without an account.

    patience_s: how long a server that cannot be reached is waited for.
    """

    def __init__(self, place: Place, rng: random.Random, patience_s: float) -> None:
        self._url = place.url
        self._browser = Browser(place, rng, patience_s)
        self.closed_at: dict[str, str] = {}

    async def close(self) -> None:
        """Leave."""
        await self._browser.close()

    async def greet(self) -> None:
        """See whether the server is there at all.

        Raises:
            RemoteError: if it is not.
        """
        answer, _ = await self._browser.once("GET", "/healthz")
        self._heard(answer)

    def _heard(self, answer: Answer) -> None:
        """Raise RemoteError if nothing was said."""
        if not answer.status:
            raise RemoteError(f"Nothing answers at {self._url}.", remedy="Start `manyhands up` there first.")

    async def read(self, path: str) -> Json:
        """A document of the API.

        Raises:
            RemoteError: with the server's own sentence if there is one; if it is gone.
        """
        answer = await self._browser.send("GET", f"/api{path}")
        self._heard(answer)
        if not answer.ok:
            said = answer.body.get("detail") or f"The server answered with status {answer.status}."
            raise RemoteError(f"GET /api{path} failed: {said}")
        return answer.body

    async def pages(self, path: str, name: str) -> list[Json]:
        """All rows of a list that the API gives in pages."""
        found: list[Json] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await self.read(f"{path}?cursor={cursor}" if cursor else path)
            found += page[name]
            cursor = page["next_cursor"]
        return found

    async def fetch_policy(self, cid: str) -> bytes:
        """A policy's file.

        Raises:
            RemoteError: if the server does not give it.
        """
        for pause_s in (1.0, 2.0, 4.0, 8.0, 0.0):
            data = await self._browser.download(f"/api/policies/{cid}.safetensors")
            if data is not None:
                return data
            await asyncio.sleep(pause_s)
        raise RemoteError(f"The server does not give out the policy {cid}.")

    async def choose(self, key: str | None) -> Json:
        """The campaign with that slug or id; without one, the lidar campaign or else the first.

        Raises:
            RemoteError: if there is none.
        """
        if key is not None:
            return await self.read(f"/campaigns/{key}")
        found = [one for one in (await self.read("/campaigns"))["campaigns"] if one["state"] != "closed"]
        if not found:
            raise RemoteError("The server has no campaign to play.", remedy="Create one there first.")
        quick = [one for one in found if one["sensor"] == "lidar"]
        return await self.read(f"/campaigns/{(quick or found)[0]['slug']}")

    async def watch(self, campaign_id: str) -> None:
        """Note when the campaign's rounds close, until cancelled."""
        async for event in self._browser.events():
            payload = event["payload"]
            if (
                event["kind"] == "round"
                and payload["campaign_id"] == campaign_id
                and payload["state"] == "closed"
            ):
                self.closed_at[payload["round_id"]] = event["created_at"]

    async def judged(self, slug: str, patience_s: float) -> bool:
        """Wait until everything that was handed in has its verdict; False if patience ran out first."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while await self._waiting(slug):
                    await asyncio.sleep(_LOOK_S)
                return True
        return False

    async def _waiting(self, slug: str) -> int:
        """Attempts and rounds without a verdict."""
        campaign = await self.read(f"/campaigns/{slug}")
        lot = campaign["lot"]
        return int(campaign["judge"]["pending_attempts"] + lot["round_contributions"] + lot["rounds_waiting"])
