"""An arena in a database, without server or judge: campaigns, a champion, starts, players and their plays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, update

from manyhands import ledger
from manyhands.arena import api as arena
from manyhands.settings import Settings
from manyhands.storage.content import content_id
from manyhands.storage.schema import attempts, campaigns, policies, rounds, starts, verdicts
from manyhands.types import Json, Micros, new_start_id

START = {"track": "gen-3", "waypoint": 4, "motion": {"x": 1.5}}
CID = content_id(b"a policy")
SECOND = 1_000_000
NOON = Micros(1_700_000_000 * SECOND)


@dataclass
class Stage:
    """The lidar campaign of a database, and what happens in it at a clock of its own."""

    connection: Connection
    settings: Settings = field(default_factory=Settings)
    now: int = NOON
    campaign_id: str = ""
    keys: int = 0

    def set_up(self, starts_stored: int = 20) -> None:
        """Create both ready-made campaigns and open the lidar one."""
        _, lidar = arena.ensure_ready_made(self.connection, self.settings, Micros(self.now))
        self.campaign_id = lidar
        self.connection.execute(
            insert(policies).values(cid=CID, campaign_id=lidar, kind="seed", score=0.25, created_us=self.now)
        )
        self.connection.execute(
            update(campaigns)
            .where(campaigns.c.id == lidar)
            .values(champion_cid=CID, state="open", score_first=0.25, score_now=0.25)
        )
        rows = [
            {"id": new_start_id(), "campaign_id": lidar, "champion_cid": CID, "state": START}
            for _ in range(starts_stored)
        ]
        self.connection.execute(insert(starts), rows)

    def guest(self, address: str = "a") -> str:
        """Return a new player's id."""
        row = arena.create_guest(self.connection, None, address, self.settings, Micros(self.now))
        return str(row["id"])

    def assign(self, player_id: str) -> Json:
        """Return an assignment for a player."""
        self.keys += 1
        order = arena.AssignmentOrder(
            self.campaign_id, player_id, f"key-number-{self.keys}", Micros(self.now)
        )
        return arena.assign(self.connection, order, self.settings)

    def play(self, player_id: str, human: int = 1) -> str:
        """Let a player play an assignment of two ticks and return the attempt's id."""
        given = self.assign(player_id)
        self.now += SECOND
        handed = arena.Play(2, bytes([1, 2, 3, 4]), bytes(2 - human) + bytes([1] * human), {"x": 1.0})
        return str(arena.submit(self.connection, given["id"], player_id, handed, Micros(self.now)))

    def value(self, attempt_id: str, value: float, round_id: str | None = None, **changes: Any) -> None:
        """Value an attempt as the referee does and return its stake."""
        row = {
            "status": "valued",
            "value": value,
            "round_id": round_id,
            "lot_number": 1,
            "valued_us": self.now,
        }
        self.connection.execute(update(attempts).where(attempts.c.id == attempt_id).values(**(row | changes)))

    def judge(self, number: int, kind: str, **body: Any) -> tuple[str, str]:
        """Write a round and its verdict and return their ids."""
        round_id, verdict_id = f"rnd_{number}", f"vrd_{number}"
        self.connection.execute(
            insert(rounds).values(
                id=round_id, campaign_id=self.campaign_id, number=number, state="judged", opened_us=self.now,
                secret_commit="ab", secret="cd", verdict_id=verdict_id,
            )
        )  # fmt: skip
        self.connection.execute(
            insert(verdicts).values(
                id=verdict_id, campaign_id=self.campaign_id, round_id=round_id, number=number, kind=kind,
                champion_before=CID, champion_after=CID, body={"lot_number": 1, **body}, created_us=self.now,
            )
        )  # fmt: skip
        return round_id, verdict_id

    def pay(self, verdict_id: str, attempt_id: str, player_id: str, amount: int) -> None:
        """Pay one attempt out of the escrow, which ends its lot."""
        claim = ledger.Claim(attempt_id, player_id, 1.0)  # type: ignore[arg-type]
        ledger.pay_lot(self.connection, self.campaign_id, verdict_id, amount, [claim], self.now)  # type: ignore[arg-type]
        self.connection.execute(
            update(attempts).where(attempts.c.id == attempt_id).values(paid_micro=amount, status="judged")
        )
        self.connection.execute(
            update(campaigns)
            .where(campaigns.c.id == self.campaign_id)
            .values(lot_number=campaigns.c.lot_number + 1)
        )
