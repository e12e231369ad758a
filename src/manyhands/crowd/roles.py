"""The kinds of scripted players and a crowd's mix of them.

Most kinds are one way of driving (`players.KINDS`); the attackers among them change what they do from account
to account or over an account's life.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from manyhands.errors import InputError

DEFAULT_MIX = "skilled=.35,casual=.25,careless=.1,troll=.1,random=.1,idle=.1"


@dataclass(frozen=True)
class Role:
    """How accounts of a kind behave over time.

    plays: what it does at the wheel, a name in `players.KINDS`; partner: what every second player of the kind
    does instead; later: what it does after `turn` contributions; per_account: attempts after which its
    operator goes on with a new account at the latest, 0 for never.
    """

    plays: str
    partner: str = ""
    later: str = ""
    turn: int = 0
    per_account: int = 0

    def at_wheel(self, number: int, contributions: int) -> str:
        """What player `number` of the kind does next, after `contributions` of its account."""
        if self.later and contributions >= self.turn:
            return self.later
        return self.partner if self.partner and number % 2 else self.plays


_PLAIN = (
    "skilled",
    "casual",
    "careless",
    "troll",
    "random",
    "idle",
    "copycat",
    "danger",
    "demonstrator",
)
ROLES = {name: Role(name) for name in _PLAIN} | {
    # One makes the dangers that the other is paid for leaving.
    "colluders": Role("danger", partner="skilled"),
    # One operator, many accounts, each gone before its running bound can fall below zero.
    "sybils": Role("random", partner="copycat", per_account=2),
    # Earns trust first.
    "sleeper": Role("skilled", later="troll", turn=8),
}


def parse_mix(text: str) -> dict[str, float]:
    """Read `kind=share,kind=share` and return the shares, scaled to a sum of 1.

    Raises:
        InputError: naming the part that is malformed, unknown, repeated or not positive.
    """
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = (piece.strip() for piece in part.partition("="))
        if name not in ROLES:
            kinds = ", ".join(sorted(ROLES))
            raise InputError(f"There is no kind {name!r}.", field="mix", remedy=f"Choose among {kinds}.")
        if name in shares:
            raise InputError(f"The kind {name} is named twice.", field="mix")
        try:
            shares[name] = float(share)
        except ValueError:
            shares[name] = -1.0
        if not 0.0 < shares[name] < float("inf"):
            raise InputError(
                f"The share of {name} is {share!r}, not a number above 0.",
                field="mix",
                remedy="Write it as in skilled=.5,troll=.5.",
            )
    whole = sum(shares.values())
    return {name: share / whole for name, share in shares.items()}


def cast(mix: dict[str, float], count: int, seed: int) -> list[str]:
    """Deal `count` players the kinds of a mix, by largest remainder, in an order drawn from the seed."""
    exact = {name: share * count for name, share in mix.items()}
    dealt = {name: int(number) for name, number in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (dealt[name] - exact[name], name))
    for name in by_remainder[: count - sum(dealt.values())]:
        dealt[name] += 1
    found = [name for name, number in dealt.items() for _ in range(number)]
    random.Random(seed).shuffle(found)
    return found
