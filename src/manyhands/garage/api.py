"""What the rest of the program may use of the garage; nothing here needs JAX.

As in `manyhands.arena.api`, functions take a database connection first and return plain rows.
"""

from manyhands.garage.checks import check_reward
from manyhands.garage.options import options
from manyhands.garage.race_rules import DEFAULT_RULES, RaceRules
from manyhands.garage.race_rules import parse as race_rules
from manyhands.garage.rewards.limits import MOST_CHARACTERS
from manyhands.garage.runs import (
    RUN_JOB,
    RunOrder,
    create,
    folder_of,
    listed,
    of_player,
    own,
    policy_data,
    remove,
    stop,
    withdraw,
)

__all__ = [
    "DEFAULT_RULES",
    "MOST_CHARACTERS",
    "RUN_JOB",
    "RaceRules",
    "RunOrder",
    "check_reward",
    "create",
    "folder_of",
    "listed",
    "of_player",
    "options",
    "own",
    "policy_data",
    "race_rules",
    "remove",
    "stop",
    "withdraw",
]
