"""What both judge processes read again and again: policies, courses, attempts as records."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from manyhands.errors import InputError
from manyhands.judging import course as courses
from manyhands.judging.course import Course
from manyhands.judging.records import Attempt
from manyhands.policies import files, reference
from manyhands.policies.files import Policy
from manyhands.policies.network import NetworkSpec, Params
from manyhands.settings import Settings
from manyhands.storage.content import ContentStore, parse_cid
from manyhands.storage.database import Database
from manyhands.storage.schema import campaigns
from manyhands.types import Cid, Json

POLICIES_KEPT = 64


class Shelf:
    """Reads through caches; everything on it is immutable."""

    def __init__(self, database: Database, content: ContentStore, settings: Settings) -> None:
        self.database = database
        self.content = content
        self.settings = settings
        self.policy = lru_cache(POLICIES_KEPT)(self._policy)
        self.course = lru_cache(None)(self._course)

    def _policy(self, cid: str) -> Policy:
        return files.parse(self.content.get(Cid(cid)))

    def policy_file(self, campaign_id: str, spec: NetworkSpec, params: Params) -> bytes:
        """The file of a campaign's policy: its environment and sensor with the given network."""
        environment, config = self._terms(campaign_id)
        return files.dump(Policy(environment, config["sensor"], spec, params))

    def _course(self, campaign_id: str) -> Course:
        return courses.build(*self._terms(campaign_id))

    def _terms(self, campaign_id: str) -> tuple[str, Json]:
        with self.database.read() as connection:
            row = connection.execute(
                select(campaigns.c.environment, campaigns.c.config).where(campaigns.c.id == campaign_id)
            ).one()
        return row.environment, dict(row.config)


def named_policy(name: str, content: ContentStore) -> Policy:
    """A policy by the path of its file, by its CID in the content store, or by a packaged driver's name.

    Raises InputError where there is no such file, NotFoundError listing the packaged names,
    ContentMissingError, and PolicyFileError.
    """
    path = Path(name)
    if path.is_file():
        return files.parse(path.read_bytes())
    if path.suffix == ".safetensors":
        raise InputError(f"There is no file {name}.", field="policy", remedy="Name a .safetensors file.")
    if name.startswith("bafkrei"):
        return files.parse(content.get(parse_cid(name)))
    return reference.driver(name)


def record(row: Json | Any) -> Attempt:
    """An attempt's row, with its assignment's `start`, as the judge's record."""
    return Attempt(
        id=row["id"],
        player=row["player_id"],
        champion=row["champion_cid"],
        start=row["start"],
        actions=np.frombuffer(row["actions"], np.int8).reshape(row["ticks"], -1),
        actors=np.frombuffer(row["actors"], np.uint8),
        final=row["final"],
    )
