"""Randomness that nobody can choose: from what players sent and a secret committed before they sent it."""

import hashlib
import secrets
from collections.abc import Iterable

import jax
from jax import Array


def new_secret() -> str:
    """256 fresh random bits as hex."""
    return secrets.token_hex(32)


def commitment(secret: str) -> str:
    """What is published before the round opens: sha256 of the secret, hex."""
    return hashlib.sha256(bytes.fromhex(secret)).hexdigest()


def round_root(attempt_roots: Iterable[str]) -> str:
    """One hash over the hashes of a round's attempts; their order does not matter."""
    return hashlib.sha256("".join(sorted(attempt_roots)).encode()).hexdigest()


def key(root: str, secret: str, purpose: str) -> Array:
    """The JAX key of one purpose (`train`, `gate`, `pay` ...) of one round: H(root, secret, purpose)."""
    digest = hashlib.sha256(f"{root}|{secret}|{purpose}".encode()).digest()
    words = [int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:8], "big")]
    made: Array = jax.random.wrap_key_data(jax.numpy.array(words, jax.numpy.uint32))
    return made
