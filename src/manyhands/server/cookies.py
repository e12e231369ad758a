"""The session cookie: a player's id signed with a key that the database made at its first start.

The value is `player.session_number.signature`; the signature is HMAC-SHA256 over the rest. Raising the
player's session number signs every browser out.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

COOKIE = "manyhands"
MAX_AGE_S = 400 * 24 * 3600  # browsers keep no cookie for longer

_SHAPE = re.compile(r"(plr_[a-z0-9]{16})\.(\d{1,9})\.([0-9a-f]{64})")


def _signature(key: bytes, text: str) -> str:
    return hmac.new(key, b"session:" + text.encode(), hashlib.sha256).hexdigest()


def sign(key: bytes, player_id: str, session_number: int) -> str:
    """Return the cookie's value for a player."""
    text = f"{player_id}.{session_number}"
    return f"{text}.{_signature(key, text)}"


@dataclass(frozen=True, slots=True)
class Session:
    """What a cookie says; whether the session is still open only the database knows."""

    player_id: str
    number: int


def verify(key: bytes, value: str) -> Session | None:
    """Return the session of a cookie that `sign` made with this key, else None."""
    match = _SHAPE.fullmatch(value)
    if match is None:
        return None
    player_id, number, signature = match.groups()
    if not hmac.compare_digest(_signature(key, f"{player_id}.{number}"), signature):
        return None
    return Session(player_id, int(number))
