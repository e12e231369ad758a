"""A real campaign in miniature: database, ledger, referee and trainer over the tiny course."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

import tiny_course as tiny
from manyhands.arena import api as arena
from manyhands.arena.referee import Referee
from manyhands.arena.scout import Scout
from manyhands.arena.shelf import Shelf
from manyhands.arena.trainer import Trainer
from manyhands.judging.course import Course
from manyhands.judging.round import RoundConfig
from manyhands.settings import Settings
from manyhands.storage import ContentStore, Database, open_database
from manyhands.storage.schema import assignments, campaigns, starts
from manyhands.types import Json, now_us

STAKE = 2_000_000
BUDGET = 500_000_000
RACER = arena.CampaignOrder("Tiny", None, "racer-v0", "lidar", BUDGET, STAKE, 1.0)


class TinyShelf(Shelf):
    """Every campaign is driven on the tiny course."""

    def _course(self, campaign_id: str) -> Course:
        return tiny.course()


def settings_in(folder: Path) -> Settings:
    return Settings(
        data=folder, round_size=tiny.ATTEMPTS, round_wait_s=600.0, loan_address_day_micro=10**12, lease_s=60.0
    )


@dataclass
class TinyArena:
    """One campaign with its judges and eight players."""

    settings: Settings
    database: Database
    shelf: Shelf
    referee: Referee
    trainer: Trainer
    scout: Scout
    campaign: str
    players: list[str]

    @classmethod
    def open(
        cls,
        folder: Path,
        order: arena.CampaignOrder = RACER,
        shelves: type[Shelf] = TinyShelf,
        judging: RoundConfig = tiny.ROUNDS,
    ) -> TinyArena:
        """A new campaign in an empty folder; its champion is still to be taught by `trainer.step`."""
        settings = settings_in(folder)
        database = open_database(settings.url)
        shelf = shelves(database, ContentStore(settings.content), settings)
        with database.write() as connection:
            campaign = arena.create_campaign(connection, order, None, now_us())
            players = [
                arena.create_guest(connection, None, f"address-{n}", settings, now_us())["id"]
                for n in range(tiny.ATTEMPTS)
            ]
        referee, trainer = Referee(shelf, "referee"), Trainer(shelf, "trainer", judging)
        return cls(settings, database, shelf, referee, trainer, Scout(shelf), campaign, players)

    def champion(self) -> str:
        with self.database.read() as connection:
            query = select(campaigns.c.champion_cid).where(campaigns.c.id == self.campaign)
            return str(connection.execute(query).scalar_one())

    def starts(self) -> list[Json]:
        """Starts of the present champion that wait for players."""
        query = select(starts.c.state).where(
            starts.c.champion_cid == self.champion(), starts.c.used_us.is_(None)
        )
        with self.database.read() as connection:
            return list(connection.execute(query).scalars())

    def assign(self, tag: str) -> list[Json]:
        """An assignment for each player, old enough to be handed in."""
        given = []
        for player in self.players:
            with self.database.write() as connection:
                order = arena.AssignmentOrder(self.campaign, player, f"{tag}-{player}", now_us())
                given.append(arena.assign(connection, order, self.settings))
                connection.execute(
                    update(assignments).values(created_us=assignments.c.created_us - 30_000_000)
                )
        return given

    def play(self, tag: str, held: Any, push: Any = None) -> list[str]:
        """Every player plays one attempt in the same way and hands it in; returns their ids."""
        given = self.assign(tag)
        policy = self.shelf.policy(self.champion())
        states = tiny.stacked([one["start"] for one in given])
        played = tiny.play((policy.network, policy.params), states, held, push)
        bodies = [
            {
                "ticks": attempt.ticks,
                "actions": base64.b64encode(attempt.actions.tobytes()).decode(),
                "actors": base64.b64encode(attempt.actors.tobytes()).decode(),
                "final": attempt.final,
            }
            for attempt in played
        ]
        return self.hand_in(given, bodies)

    def hand_in(self, given: list[Json], bodies: list[Json]) -> list[str]:
        """Every player hands in what it played, as it comes over the wire; returns the attempts' ids."""
        found = []
        for player, one, body in zip(self.players, given, bodies, strict=True):
            wire = arena.Play.parse(**body)
            with self.database.write() as connection:
                found.append(arena.submit(connection, one["id"], player, wire, now_us()))
        return [str(name) for name in found]

    def judge(self) -> None:
        """Let referee, trainer and scout do all that waits."""
        while self.referee.step() or self.trainer.step() or self.scout.step():
            pass
