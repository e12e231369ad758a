"""What the rest of the program may use of the league; nothing here needs JAX.

As in `manyhands.arena.api`, functions take a database connection first and return plain rows.
"""

from manyhands.league.auditing import audit
from manyhands.league.entries import (
    A_DAY,
    ENTRY_JOB,
    EntryOrder,
    check_open,
    enter,
    entries_of,
    entry,
    of_player,
    path,
    store_policy,
    with_policy,
    withdraw,
)
from manyhands.league.finals import FINAL_JOB
from manyhands.league.races import (
    RaceOrder,
    close,
    create,
    detail,
    final_replay,
    is_settling_due,
    listed,
    may_manage,
    settle,
)

__all__ = [
    "A_DAY",
    "ENTRY_JOB",
    "FINAL_JOB",
    "EntryOrder",
    "RaceOrder",
    "audit",
    "check_open",
    "close",
    "create",
    "detail",
    "enter",
    "entries_of",
    "entry",
    "final_replay",
    "is_settling_due",
    "listed",
    "may_manage",
    "of_player",
    "path",
    "settle",
    "store_policy",
    "with_policy",
    "withdraw",
]
