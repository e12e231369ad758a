"""Players: guests with a starter loan, their names, balances and recovery."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from manyhands import ledger
from manyhands.errors import BannedError, InputError, NotFoundError, NotSignedInError, QuotaError
from manyhands.settings import Settings
from manyhands.storage.schema import assignments, players
from manyhands.storage.schema import secrets as secrets_table
from manyhands.types import MICROS_PER_SECOND, Json, Micro, Micros, PlayerId, new_player_id

ROLES = ("player", "funder", "operator")
_FIRST = [
    "Amber",
    "Brisk",
    "Calm",
    "Clever",
    "Dapper",
    "Early",
    "Gentle",
    "Keen",
    "Lucky",
    "Mellow",
    "Nimble",
    "Quiet",
    "Rapid",
    "Steady",
    "Sunny",
]
_SECOND = [
    "Badger",
    "Crane",
    "Dolphin",
    "Falcon",
    "Finch",
    "Hare",
    "Heron",
    "Lynx",
    "Marten",
    "Otter",
    "Plover",
    "Raven",
    "Stoat",
    "Swift",
    "Wren",
]


# Statements of every request are composed once; composing costs more than running them.
_BY_ID = select(players).where(players.c.id == bindparam("player"))
_ADMISSION = select(players.c.session_number, players.c.banned_until_us).where(
    players.c.id == bindparam("player")
)
_OPEN = select(assignments.c.id).where(
    assignments.c.player_id == bindparam("player"), assignments.c.state == "open"
)


def create_guest(
    connection: Connection, name: str | None, address_hash: str, settings: Settings, now: Micros
) -> Json:
    """Create a player and lend the starter credits, as far as the address's day allows.

    Args:
        connection: the writing transaction.
        name: shown to others; one is made up if None.
        address_hash: keyed hash of the client's address, which loans are counted by.
        settings: the loan and its caps.
        now: the moment.

    Returns the player's row.
    """
    player_id = new_player_id()
    made_up = f"{secrets.choice(_FIRST)} {secrets.choice(_SECOND)}"
    connection.execute(
        insert(players).values(
            id=player_id,
            name=name or made_up,
            created_us=now,
            consent_us=now,
            address_hash=address_hash,
        )
    )
    if settings.loan_micro:
        terms = ledger.LoanTerms(
            Micro(settings.loan_micro), Micro(settings.loan_address_day_micro), Micro(settings.loan_day_micro)
        )
        # Without a loan the guest still watches, and plays where the stake is 0; tomorrow there are new ones.
        with contextlib.suppress(QuotaError):
            ledger.starter_loan(connection, player_id, address_hash, terms, now)
    return existing_player(connection, player_id)


def find_player(connection: Connection, player_id: str) -> Json | None:
    """Return a player's row, or None."""
    row = connection.execute(_BY_ID, {"player": player_id}).mappings().one_or_none()
    return None if row is None else dict(row)


def admit(connection: Connection, player_id: str, session_number: int, now: Micros) -> None:
    """Check that a session is open and its player not banned.

    Raises:
        NotSignedInError: if it is over.
        BannedError: if the player is banned.
    """
    row = connection.execute(_ADMISSION, {"player": player_id}).one_or_none()
    if row is None or row.session_number != session_number:
        raise NotSignedInError("This needs a player.", field="Cookie")
    refuse_banned(row.banned_until_us, now)


def refuse_banned(until: Micros, now: Micros) -> None:
    """Raise BannedError while a player is banned."""
    if until > now:
        moment = datetime.fromtimestamp(until / MICROS_PER_SECOND, tz=UTC)
        raise BannedError(f"This player is banned until {moment:%Y-%m-%d %H:%M} UTC.")


def existing_player(connection: Connection, player_id: str) -> Json:
    """Return a player's row.

    Raises:
        NotFoundError: if there is no such player.
    """
    row = find_player(connection, player_id)
    if row is None:
        raise NotFoundError(
            f"There is no player {player_id}.", field="player_id", remedy="Check the id on the leaderboard."
        )
    return row


def own_view(connection: Connection, player: Json) -> Json:
    """Return what a player sees of itself: name, role, balances, limits."""
    player_id = player["id"]
    held = ledger.player_balances(connection, player_id)
    open_id = open_assignment(connection, player_id)
    return {
        "id": player_id,
        "name": player["name"],
        "role": player["role"],
        "balance_micro": held.wallet_micro,
        "cash_micro": held.cash_micro,
        "staked_micro": held.stake_micro,
        "loan_micro": held.loan_micro,
        "withdrawable_micro": held.withdrawable_micro,
        "open_assignment_id": open_id,
        "has_recovery_code": player["recovery_hash"] is not None,
        "created_us": player["created_us"],
        "consent_us": player["consent_us"],
        "banned_until_us": player["banned_until_us"] or None,
        "slow_until_us": player["slow_until_us"] or None,
    }


def open_assignment(connection: Connection, player_id: str) -> str | None:
    """Return the id of a player's open assignment, None if it has none."""
    found: str | None = connection.execute(_OPEN, {"player": player_id}).scalar()
    return found


def give_role(connection: Connection, player_id: str, role: str) -> Json:
    """Change what a player may do and return the row.

    Raises:
        NotFoundError: if there is no such player.
        InputError: for a role that does not exist.
    """
    if role not in ROLES:
        raise InputError(
            f"There is no role {role!r}.", field="role", remedy=f"Choose one of {', '.join(ROLES)}."
        )
    existing_player(connection, player_id)
    connection.execute(update(players).where(players.c.id == player_id).values(role=role))
    return existing_player(connection, player_id)


def named_players(connection: Connection, name: str, limit: int = 20) -> list[Json]:
    """Return the players whose name holds `name`, newest first."""
    query = (
        select(players)
        .where(players.c.name.icontains(name, autoescape=True))
        .order_by(players.c.created_us.desc())
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def rename_player(connection: Connection, player_id: str, name: str) -> Json:
    """Change the name others see and return the row."""
    connection.execute(update(players).where(players.c.id == player_id).values(name=name))
    return existing_player(connection, player_id)


def set_recovery(connection: Connection, player_id: PlayerId, code_hash: str) -> None:
    """Store the hash of a new recovery code in place of an older one."""
    connection.execute(update(players).where(players.c.id == player_id).values(recovery_hash=code_hash))


def player_by_recovery(connection: Connection, code_hash: str) -> Json:
    """Return the player whose recovery code has this hash.

    Raises:
        NotFoundError: if no player has it.
    """
    row = (
        connection.execute(select(players).where(players.c.recovery_hash == code_hash))
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError(
            "No account has this recovery code.",
            field="code",
            remedy="Check the code; a newer one replaces an older one.",
        )
    return dict(row)


_TOKEN_PREFIX = "operator_token:"


def token_hash(token: str) -> str:
    """Return the stored form of an operator's token; tokens are random, so a plain hash suffices."""
    return hashlib.sha256(b"manyhands operator " + token.encode()).hexdigest()


def create_operator_token(connection: Connection, now: Micros) -> str:
    """Make an operator's token; only its hash is kept."""
    token = "mho_" + secrets.token_urlsafe(24)
    connection.execute(
        insert(secrets_table).values(name=_TOKEN_PREFIX + token_hash(token), value="", created_us=now)
    )
    return token


def is_operator_token(connection: Connection, hashed: str) -> bool:
    """Return whether `token_hash` of a made token gave this."""
    name = _TOKEN_PREFIX + hashed
    return (
        connection.execute(select(secrets_table.c.name).where(secrets_table.c.name == name)).first()
        is not None
    )
