"""What the rest of the program may use of the garage; nothing here needs JAX.

As in `manyhands.arena.api`, functions take a database connection first and return plain rows.
"""

from manyhands.garage.checks import check_reward
from manyhands.garage.options import options
from manyhands.garage.race_rules import DEFAULT_RULES, RaceRules, is_reverse
from manyhands.garage.race_rules import parse as race_rules
from manyhands.garage.rewards.limits import MOST_CHARACTERS
from manyhands.garage.run_traces import file_analysis, run_analysis, trace_file
from manyhands.garage.runs import (
    RUN_JOB,
    RunOrder,
    create,
    listed,
    of_player,
    own,
    policy_data,
    remove,
    stop,
    unfinished,
    withdraw,
)
from manyhands.garage.trace_files import MOST_BYTES as MOST_TRACE_BYTES

__all__ = [
    "DEFAULT_RULES",
    "MOST_CHARACTERS",
    "MOST_TRACE_BYTES",
    "RUN_JOB",
    "RaceRules",
    "RunOrder",
    "check_reward",
    "create",
    "file_analysis",
    "is_reverse",
    "listed",
    "of_player",
    "options",
    "own",
    "policy_data",
    "race_rules",
    "remove",
    "run_analysis",
    "stop",
    "trace_file",
    "unfinished",
    "withdraw",
]
