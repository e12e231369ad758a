"""From the areas' plain rows to messages: microsecond columns become times, the rest keeps its name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from manyhands.server.messages.base import Message

M = TypeVar("M", bound=Message)


def time_of(us: int) -> datetime:
    """Return microseconds since 1970 as a UTC time."""
    return datetime.fromtimestamp(us / 1_000_000, UTC)


def _renamed(name: str) -> str:
    if name.endswith("until_us"):
        return name.removesuffix("_us")
    return name.removesuffix("_us") + "_at"


# Plain data of the environments and judges keeps its own names and is passed through untouched.
_OPAQUE = frozenset({"config", "start", "body", "payload", "metadata", "parts"})


def _wire(row: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in row.items():
        if key in _OPAQUE:
            out[key] = value
        elif isinstance(value, dict):
            out[key] = _wire(value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            out[key] = [_wire(item) for item in value]
        elif key.endswith("_us"):
            out[_renamed(key)] = None if value is None else time_of(value)
        else:
            out[key] = value
    return out


def answer(kind: type[M], row: dict[str, Any]) -> M:
    """Return the message of `kind` made from a plain row; `x_us` becomes `x_at`, `x_until_us` `x_until`."""
    return kind(**_wire(row))
