"""Where a player takes over: positions that the packaged agent came to in games of its own.

What an agent does not know shows where it comes to be, not where a better player would (S. Ross, G. Gordon,
J. A. Bagnell, "A Reduction of Imitation Learning and Structured Prediction to No-Regret Online Learning",
2011). The games lie beside this file; `python -m manyhands.learners.snake_leads --out FILE` makes them again.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources

STRETCH = 20
"""Moves of a player from one such position, at most."""
LEFT = 10  # moves that the agent still lived, so that something can be done
_FILE = "leads.txt.gz"


@dataclass(frozen=True)
class Lead:
    """A game's seed on the arcade board and the moves that were made before, a text of S, R and L."""

    seed: int
    moves: str


def chosen(name: str) -> Lead:
    """The position that belongs to a name: the same for whoever asks, evenly over games and their moves."""
    digest = hashlib.sha256(name.encode()).digest()
    games = _games()
    seed, moves = games[int.from_bytes(digest[:8], "big") % len(games)]
    return Lead(seed, moves[: int.from_bytes(digest[8:16], "big") % (len(moves) - LEFT + 1)])


@cache
def _games() -> tuple[tuple[int, str], ...]:
    """Seed and moves of each game."""
    data = (resources.files("manyhands.envs.snake") / _FILE).read_bytes()
    lines = gzip.decompress(data).decode("ascii").splitlines()
    return tuple((int(seed), moves) for seed, moves in (line.split(" ") for line in lines))


def packed(games: list[tuple[int, str]]) -> bytes:
    """The content of the file: a line `seed moves` for each game."""
    text = "".join(f"{seed} {moves}\n" for seed, moves in games)
    return gzip.compress(text.encode("ascii"), mtime=0)
