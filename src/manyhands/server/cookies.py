"""The session cookie: a player's id signed with a key that the database made at its first start.

The value is `player.session_number.signature`; the signature is HMAC-SHA256 over the rest. Raising the
player's session number signs every browser out.
"""

from __future__ import annotations

import hashlib
import hmac
import re

COOKIE = "manyhands"
MAX_AGE_S = 400 * 24 * 3600  # browsers keep no cookie for longer

_SHAPE = re.compile(r"(plr_[a-z0-9]{16})\.(\d{1,9})\.([0-9a-f]{64})")


def _signature(key: bytes, text: str) -> str:
    return hmac.new(key, b"session:" + text.encode(), hashlib.sha256).hexdigest()


def sign(key: bytes, player_id: str, session_number: int) -> str:
    """Return the cookie's value for a player."""
    text = f"{player_id}.{session_number}"
    return f"{text}.{_signature(key, text)}"


def verify(key: bytes, value: str) -> tuple[str, int] | None:
    """Return (player id, session number) of a cookie that `sign` made with this key, else None."""
    match = _SHAPE.fullmatch(value)
    if match is None:
        return None
    player_id, number, signature = match.groups()
    if not hmac.compare_digest(_signature(key, f"{player_id}.{number}"), signature):
        return None
    return player_id, int(number)
