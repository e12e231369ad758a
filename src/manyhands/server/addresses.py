"""The client's address, through the configured number of reverse proxies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def client_address(scope: Mapping[str, Any], trusted_proxies: int) -> str:
    """Return the address to count by.

    With n trusted proxies the n-th entry from the right of X-Forwarded-For was written by the outermost of
    them; anything further left is the client's own claim and is ignored. IPv6 addresses are cut to their
    /64, which is what one subscriber gets.
    """
    peer = str((scope.get("client") or ("unknown", 0))[0])
    if trusted_proxies > 0:
        forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        entries = [part.strip() for part in b",".join(forwarded).decode("latin-1").split(",")]
        if len(entries) >= trusted_proxies and entries[-trusted_proxies]:
            peer = entries[-trusted_proxies][:64]
    return ":".join(peer.split(":")[:4]) + "::/64" if peer.count(":") > 3 else peer
