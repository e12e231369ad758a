"""The integer hash from which environments draw later events: the same in Python, JAX and TypeScript."""

from typing import Any, TypeVar

import numpy as np

WORD = 0xFFFFFFFF
MULTIPLIERS = (0x7FEB352D, 0x846CA68B)
"""Of the low-bias 32-bit hash in C. Wellons, "Prospecting for Hash Functions", 2018."""

Words = TypeVar("Words")


def mixed(word: int) -> int:
    """A 32-bit word scrambled."""
    word ^= word >> 16
    word = word * MULTIPLIERS[0] & WORD
    word ^= word >> 15
    word = word * MULTIPLIERS[1] & WORD
    return word ^ word >> 16


def mixed_words(words: Words) -> Words:
    """`mixed` for uint32 arrays, of numpy or traced."""
    word: Any = words
    word = word ^ (word >> 16)
    word = word * np.uint32(MULTIPLIERS[0])
    word = word ^ (word >> 15)
    word = word * np.uint32(MULTIPLIERS[1])
    mixed_up: Words = word ^ (word >> 16)
    return mixed_up
