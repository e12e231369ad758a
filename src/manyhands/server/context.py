"""The server's long-lived objects and the few ways a request reaches the database.

Reads are short and run in the event loop; long ones go to a thread; writes queue for the next group
commit, and their answer waits until it is durable.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec, TypeVar

from fastapi import Request
from sqlalchemy import Connection

from manyhands.arena import api as arena
from manyhands.server import cookies
from manyhands.server.addresses import client_address
from manyhands.server.assets import Assets
from manyhands.server.broadcast import Broadcaster
from manyhands.server.cookies import Session
from manyhands.server.limits import OneEach, Queues, Turns
from manyhands.server.metrics import Metrics
from manyhands.server.shared import Shared
from manyhands.settings import Settings
from manyhands.storage.database import Database
from manyhands.storage.writer import GroupWriter
from manyhands.types import Json, now_us

P = ParamSpec("P")
T = TypeVar("T")

_CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no letter is taken for a digit


@dataclass(frozen=True)
class Keys:
    """Keys made at the first start and kept in the database."""

    cookie: bytes
    address: bytes


@dataclass
class Context:
    """Everything a request may need; built once in the composition root."""

    settings: Settings
    database: Database
    writer: GroupWriter
    keys: Keys
    assets: Assets
    metrics: Metrics
    broadcaster: Broadcaster
    answers: Shared = field(default_factory=Shared)
    checks: Turns = field(default_factory=lambda: Turns(at_once=1, waiting=8))
    uploads: OneEach = field(default_factory=OneEach)
    starts: Queues = field(default_factory=Queues)

    def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a short query now and return its answer."""
        with self.database.read() as connection:
            return query(connection, *args, **kwargs)

    async def read_aside(
        self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a long query in a thread."""
        return await asyncio.to_thread(lambda: self.read(query, *args, **kwargs))

    async def shared(
        self, key: str, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a long query that many ask at once, at most once a second.

        `key` names it together with its arguments.
        """
        found: T = await self.answers.get(key, lambda: self.read_aside(query, *args, **kwargs))
        return found

    def forget_shared(self) -> None:
        """Let the next asker see what has just changed."""
        self.answers.forget()

    async def aside(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run work that touches no database in a thread."""
        return await asyncio.to_thread(work, *args, **kwargs)

    async def write(
        self, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a change within the next group commit; returns once it is durable.

        Raises:
            OverloadedError: when the queue of writes is full.
        """
        pending = self.writer.submit(lambda connection: change(connection, *args, **kwargs))
        return await asyncio.wrap_future(pending)

    async def write_as(
        self,
        session: Session,
        change: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Like `write`, for a change that reads nothing of the player before: one transaction does it all.

        Raises:
            NotSignedInError: when the session is over.
            BannedError: when its player is banned.
        """
        return await asyncio.wrap_future(self.writer.submit(_admitted(session, change, *args, **kwargs)))

    async def write_first(
        self,
        session: Session,
        change: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Like `write_as`, before all other writes that wait: for what a person has already done."""
        admitted = _admitted(session, change, *args, **kwargs)
        return await asyncio.wrap_future(self.writer.submit(admitted, pressing=True))

    def player_of_cookie(self, value: str | None) -> Json | None:
        """Return the player's row that a cookie names, None for no cookie or one that does not verify."""
        session = self.session_of_cookie(value)
        if session is None:
            return None
        player = self.read(arena.find_player, session.player_id)
        return player if player is not None and player["session_number"] == session.number else None

    def session_of_cookie(self, value: str | None) -> Session | None:
        """Return the session that a cookie names, which may be over; None if it does not verify."""
        return cookies.verify(self.keys.cookie, value) if value else None

    def address_hash(self, request: Request) -> str:
        """Return a keyed hash of the client's address: enough to count by, useless to anybody else."""
        address = client_address(request.scope, self.settings.trusted_proxies)
        return hmac.new(self.keys.address, address.encode(), hashlib.sha256).hexdigest()[:32]

    def recovery_hash(self, code: str) -> str:
        """Return the stored form of a recovery code; blanks, hyphens and case do not matter."""
        plain = "".join(code.split()).replace("-", "").upper()
        return hmac.new(self.keys.cookie, b"recovery:" + plain.encode(), hashlib.sha256).hexdigest()

    def new_recovery_code(self) -> tuple[str, str]:
        """Return a fresh recovery code of 100 random bits and its stored form."""
        groups = ["".join(secrets.choice(_CODE_ALPHABET) for _ in range(5)) for _ in range(4)]
        code = "-".join(groups)
        return code, self.recovery_hash(code)

    def token_hash(self, token: str) -> str:
        """Return the stored form of an operator's token."""
        return arena.token_hash(token)


def _admitted(
    session: Session, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
) -> Callable[[Connection], T]:
    def admitted(connection: Connection) -> T:
        arena.admit(connection, session.player_id, session.number, now_us())
        return change(connection, *args, **kwargs)

    return admitted
