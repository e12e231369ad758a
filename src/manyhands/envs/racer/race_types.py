"""Kinds of races: alone, among boxes, among bot cars, against one another. Plain data, no JAX.

Counts, places and speeds are those of DeepRacer's races. What is drawn follows from a 32-bit word by the hash
of `envs.hashing`, so that the page and the server draw the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from manyhands.envs.hashing import WORD, mixed
from manyhands.envs.limits import require
from manyhands.errors import InputError
from manyhands.types import Json

TRAINED = ("time_trial", "object_avoidance", "head_to_bot")
"""Types that one car alone can be trained in."""
TYPES = (*TRAINED, "head_to_head")
LANES = ("inside", "outside")
MOST_OBJECTS = 6
FIRST_PERCENT, LAST_PERCENT, APART_PERCENT = 7.0, 90.0, 13.0
SPEEDS_MPS = (0.2, 6.0)
CHANGES_S = (1.0, 5.0)
_FRACTIONS = 2**24  # a float32 holds each of them


class Place(NamedTuple):
    """Percentage of the lap from the start line, and lane."""

    percent: float
    lane: str


@dataclass(frozen=True)
class RaceType:
    """What else is on the road; in `head_to_head` the other policies, once each has driven alone.

    objects: boxes or bot cars, 1 to 6 where the type has them, else 0. places: of each, in order, at
    least 13 % of the lap apart within 7 to 90; drawn for each episode if empty.
    speed_mps: of bot cars. changes: whether they change lanes, every `change_s` seconds, least and most.
    """

    type: str = "time_trial"
    objects: int = 0
    places: tuple[Place, ...] = ()
    speed_mps: float = 1.0
    changes: bool = False
    change_s: tuple[float, float] = CHANGES_S

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise InputError(
                f"There is no race type {self.type!r}.", field="race.type", remedy=f"Use {', '.join(TYPES)}."
            )
        crowded = self.type in ("object_avoidance", "head_to_bot")
        require("race.objects", self.objects, int(crowded), MOST_OBJECTS if crowded else 0, whole=True)
        require("race.speed_mps", self.speed_mps, *SPEEDS_MPS)
        for seconds in self.change_s:
            require("race.change_s", seconds, *CHANGES_S)
        if len(self.change_s) != 2 or self.change_s[0] > self.change_s[1]:
            raise InputError(
                f"{list(self.change_s)} are no least and most seconds.",
                field="race.change_s",
                remedy="Give two numbers, the smaller one first.",
            )
        if self.places:
            self._check_places()

    def _check_places(self) -> None:
        if len(self.places) != self.objects:
            raise InputError(
                f"There are {len(self.places)} places for {self.objects} objects.",
                field="race.places",
                remedy="Give one for each, or none to have them drawn.",
            )
        for percent, lane in self.places:
            require("race.places", percent, FIRST_PERCENT, LAST_PERCENT)
            if lane not in LANES:
                raise InputError(
                    f"There is no lane {lane!r}.", field="race.places", remedy=f"Use {' or '.join(LANES)}."
                )
        if any(after - before < APART_PERCENT for (before, _), (after, _) in pairwise(self.places)):
            raise InputError(
                f"Two places are less than {APART_PERCENT:g} % apart.",
                field="race.places",
                remedy="Move them apart and list them in order.",
            )

    @property
    def moving(self) -> bool:
        """Whether what is on the road drives."""
        return self.type == "head_to_bot"

    @property
    def has_final(self) -> bool:
        """Whether the best of those who have driven alone race one another."""
        return self.type == "head_to_head"

    @property
    def plain(self) -> Json:
        """JSON form."""
        lists = {"places": [place._asdict() for place in self.places], "change_s": list(self.change_s)}
        return asdict(self) | lists

    def drawn(self, word: int) -> list[Place]:
        """The fixed places, or those that follow from a 32-bit word.

        Uniform over all lists of places that keep their distance.
        """
        if self.places:
            return list(self.places)
        words = [mixed(word + 1 + number & WORD) for number in range(2 * self.objects)]
        room = LAST_PERCENT - FIRST_PERCENT - APART_PERCENT * (self.objects - 1)
        shares = sorted((one >> 8) / _FRACTIONS for one in words[: self.objects])
        return [
            Place(
                FIRST_PERCENT + room * share + APART_PERCENT * number, LANES[words[self.objects + number] & 1]
            )
            for number, share in enumerate(shares)
        ]


TIME_TRIAL = RaceType()


def parse(plain: Any, types: Sequence[str] = TYPES) -> RaceType:
    """The race type of its JSON form, one of `types`; None is a time trial.

    Raises InputError naming the field.
    """
    if plain is None:
        return TIME_TRIAL
    if not isinstance(plain, dict):
        raise InputError(f"A race type is an object, not {plain!r}.", field="race")
    unknown = sorted(set(plain) - set(RaceType.__dataclass_fields__))
    if unknown:
        raise InputError(f"A race type has no {unknown[0]}.", field="race", remedy="Leave it out.")
    try:
        lists = {
            "places": tuple(Place(**place) for place in plain.get("places", ())),
            "change_s": tuple(plain.get("change_s", CHANGES_S)),
        }
    except (TypeError, ValueError) as fault:
        raise InputError(
            "Each place has a percentage and a lane.",
            field="race.places",
            remedy='Give them as [{"percent": 20, "lane": "inside"}, …].',
        ) from fault
    race = RaceType(**{**plain, **lists})
    if race.type not in types:
        raise InputError(
            f"The race type {race.type} cannot be trained in.",
            field="race.type",
            remedy=f"Use {', '.join(types)}.",
        )
    return race


def words(seed: int, numbers: Sequence[int]) -> list[int]:
    """A 32-bit word for each numbered episode of a seed."""
    base = mixed(seed & WORD)
    return [mixed(base ^ mixed(number + 1 & WORD)) for number in numbers]
