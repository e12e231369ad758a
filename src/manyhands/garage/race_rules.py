"""What a race asks for, as plain data; the server reads it without JAX."""

from dataclasses import asdict, dataclass

from manyhands.envs.hashing import WORD
from manyhands.envs.limits import require
from manyhands.envs.racer import race_types
from manyhands.envs.racer.race_types import TIME_TRIAL, RaceType
from manyhands.errors import InputError
from manyhands.types import Json

DIRECTIONS = ("forward", "reverse")
"""In which a road can be driven: in the order of its file's points, or against it."""


@dataclass(frozen=True)
class RaceRules:
    """What a race asks for; the defaults are those of DeepRacer's simulator.

    laps: to be driven; consecutive: laps of the best average; off_track_ms, crash_ms: penalties; most_resets:
    after which the race is given up; limit_s: of driving, penalties not counted; race: what else is on the
    road; seed: of what is drawn of it, the same for everyone who races.
    """

    laps: int = 3
    consecutive: int = 3
    off_track_ms: int = 2000
    crash_ms: int = 5000
    most_resets: int = 10_000
    limit_s: int = 600
    race: RaceType = TIME_TRIAL
    seed: int = 0

    def __post_init__(self) -> None:
        require("laps", self.laps, 1, 100, whole=True)
        require("consecutive", self.consecutive, 1, self.laps, whole=True)
        require("off_track_ms", self.off_track_ms, 0, 60_000, whole=True)
        require("crash_ms", self.crash_ms, 0, 60_000, whole=True)
        require("most_resets", self.most_resets, 0, 10_000, whole=True)
        require("limit_s", self.limit_s, 1, 3600, whole=True)
        require("seed", self.seed, 0, WORD, whole=True)

    @property
    def plain(self) -> Json:
        """JSON form."""
        return asdict(self) | {"race": self.race.plain}


def parse(plain: Json) -> RaceRules:
    """The rules of their JSON form. Raises InputError naming the field."""
    return RaceRules(**{**plain, "race": race_types.parse(plain.get("race"))})


def is_reverse(direction: str) -> bool:
    """Whether a direction is against the order of the points. Raises InputError for none of DIRECTIONS."""
    if direction not in DIRECTIONS:
        raise InputError(
            f"There is no direction {direction!r}.",
            field="direction",
            remedy=f"Use {' or '.join(DIRECTIONS)}.",
        )
    return direction == "reverse"


DEFAULT_RULES = RaceRules()
