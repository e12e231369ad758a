"""What the rest of the program may use of the lab; nothing here needs JAX.

As in `manyhands.arena.api`, functions take a database connection first and return plain rows.
"""

from manyhands.lab.experiments import (
    ARCADE,
    ExperimentOrder,
    Played,
    add_game,
    create,
    detail,
    listed,
    of_player,
    own,
    read_file,
    remove,
    replayed,
    teach,
    withdraw,
)
from manyhands.lab.exports import export_json, export_minari
from manyhands.lab.lessons import (
    LEARNERS,
    LESSON_JOB,
    board,
    cancel,
    latest,
    policy_cid,
    resume,
    unfinished,
)
from manyhands.lab.lessons import own as own_lesson

__all__ = [
    "ARCADE",
    "LEARNERS",
    "LESSON_JOB",
    "ExperimentOrder",
    "Played",
    "add_game",
    "board",
    "cancel",
    "create",
    "detail",
    "export_json",
    "export_minari",
    "latest",
    "listed",
    "of_player",
    "own",
    "own_lesson",
    "policy_cid",
    "read_file",
    "remove",
    "replayed",
    "resume",
    "teach",
    "unfinished",
    "withdraw",
]
