"""Seeds: bound to what players sent and to a secret committed before."""

from __future__ import annotations

import hashlib

import jax
import numpy as np

from manyhands.judging import seeds

SECRET = "00" * 31 + "01"


def words(root: str, secret: str, purpose: str) -> tuple[int, ...]:
    return tuple(np.asarray(jax.random.key_data(seeds.key(root, secret, purpose))).tolist())


def test_a_key_hangs_on_root_secret_and_purpose() -> None:
    found = {
        words("a", SECRET, "train"),
        words("b", SECRET, "train"),
        words("a", "00" * 32, "train"),
        words("a", SECRET, "gate-0"),
    }
    assert len(found) == 4
    assert words("a", SECRET, "train") == words("a", SECRET, "train")


def test_a_commitment_hides_and_binds() -> None:
    assert seeds.commitment(SECRET) == hashlib.sha256(bytes.fromhex(SECRET)).hexdigest()
    assert seeds.commitment(SECRET) != seeds.commitment("00" * 32)


def test_secrets_are_fresh() -> None:
    made = {seeds.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(bytes.fromhex(secret)) for secret in made} == {32}


def test_the_order_of_attempts_does_not_matter_but_each_does() -> None:
    assert seeds.round_root(["a", "b", "c"]) == seeds.round_root(["c", "a", "b"])
    assert seeds.round_root(["a", "b"]) != seeds.round_root(["a", "b", "b"])
