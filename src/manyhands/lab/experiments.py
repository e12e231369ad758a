"""Experiments: one person's games on one board, replayed before they are believed."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace

import numpy as np
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from manyhands.envs.snake import leads, reference_form
from manyhands.envs.snake.board import TURNS, Board
from manyhands.envs.snake.leads import Lead
from manyhands.envs.snake.replay import position
from manyhands.errors import ConflictError, IdempotencyError, InputError, NotFoundError, TransitionError
from manyhands.lab import lessons
from manyhands.storage.schema import experiments, recorded_games
from manyhands.types import Json, Micros, new_experiment_id

MOST = 100
"""Experiments that a player may keep."""
RECENT = 20
ARCADE: Json = asdict(Board())
"""Board of the public experiment."""
LEAST, MOST_OBSERVATIONS = 100, 5000
_BY_KEY = select(experiments).where(
    experiments.c.player_id == bindparam("player"), experiments.c.idempotency_key == bindparam("key")
)
_OWN = select(experiments).where(
    experiments.c.id == bindparam("experiment"), experiments.c.player_id == bindparam("player")
)


@dataclass(frozen=True)
class ExperimentOrder:
    """What an experiment is to be.

    board: fields of `envs.snake.board.Board`; takeovers: whether the player takes over in games of the
    packaged agent, on the arcade board.
    """

    player_id: str
    idempotency_key: str
    name: str
    style: str
    wanted: int
    balance: bool
    board: Json
    takeovers: bool = False

    def terms(self) -> Json:
        """What must be equal when an idempotency key is used again."""
        hidden = ("player_id", "idempotency_key")
        return {name: value for name, value in asdict(self).items() if name not in hidden}


@dataclass(frozen=True)
class Played:
    """A game as a page handed it in."""

    number: int
    moves: str
    score: int
    over: bool


@dataclass(frozen=True)
class Replayed:
    """A game that the rules confirm."""

    played: Played
    lead: Lead
    length: int


@dataclass(frozen=True)
class ReadFile:
    """An experiment to be made from a file's observations, and what was corrected or refused."""

    order: ExperimentOrder
    rows: Json
    report: list[str]


def read_file(order: ExperimentOrder, data: bytes) -> ReadFile:
    """Read observations in the form of `envs.snake.reference_form`; `order.wanted` becomes their number.

    Raises:
        InputError: the file is not of the form, or holds too few or too many observations.
    """
    found = reference_form.parse(data)
    count = len(found.turn)
    if not LEAST <= count <= MOST_OBSERVATIONS:
        raise InputError(
            f"The file holds {count} observations that can be taken.",
            field="file",
            remedy=f"Give from {LEAST} to {MOST_OBSERVATIONS}.",
        )
    rows = {
        "seen": np.round(found.seen.astype(float), 6).tolist(),
        "turn": found.turn.tolist(),
        "reward": found.reward.tolist(),
        "after": np.round(found.after.astype(float), 6).tolist(),
    }
    return ReadFile(replace(order, wanted=count), rows, found.report)


def create(connection: Connection, order: ExperimentOrder, now: Micros, imported: Json | None = None) -> str:
    """Begin an experiment, once per key, and return its id.

    imported: rows of `read_file`, with which it has all it wants.

    Raises:
        IdempotencyError: the key was used for another experiment.
        ConflictError: the player keeps too many already.
        InputError: the board does not fit the rules, or the agent has no games on it to take over in.
    """
    _board(order.board)
    if order.takeovers and order.board != ARCADE:
        raise InputError(
            "The agent whose games are taken over plays on the arcade board.",
            field="takeovers",
            remedy="Choose the arcade board, or play from the start.",
        )
    key = {"player": order.player_id, "key": order.idempotency_key}
    known = connection.execute(_BY_KEY, key).mappings().one_or_none()
    if known is not None:
        if any(known[name] != value for name, value in order.terms().items()):
            raise IdempotencyError("This key was used for another experiment.", field="Idempotency-Key")
        return str(known["id"])
    kept = connection.execute(
        select(func.count()).select_from(experiments).where(experiments.c.player_id == order.player_id)
    ).scalar_one()
    if kept >= MOST:
        raise ConflictError(
            f"This player keeps {kept} experiments.", remedy="Delete one of them before beginning another."
        )
    experiment_id = new_experiment_id()
    connection.execute(
        insert(experiments).values(
            id=experiment_id,
            player_id=order.player_id,
            idempotency_key=order.idempotency_key,
            created_us=now,
            **order.terms(),
            **({"imported": imported, "observations": order.wanted} if imported else {}),
        )
    )
    return experiment_id


def own(connection: Connection, experiment_id: str, player_id: str) -> Json:
    """Return the row of one of the player's own experiments.

    Raises:
        NotFoundError: if there is none; another player's is not told apart from none.
    """
    row = (
        connection.execute(_OWN, {"experiment": experiment_id, "player": player_id}).mappings().one_or_none()
    )
    if row is None:
        raise NotFoundError(
            f"This player has no experiment {experiment_id}.",
            field="experiment_id",
            remedy="List the experiments with GET /api/experiments.",
        )
    return dict(row)


def lead_of(experiment: Json, number: int) -> Lead:
    """Seed of an experiment's game, 32 bits, and the moves before the player's.

    They are the same for whoever asks, and chosen by nobody.
    """
    name = f"{experiment['id']}:{number}"
    if experiment["takeovers"]:
        return leads.chosen(name)
    return Lead(int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big"), "")


def replayed(experiment: Json, played: Played) -> Replayed:
    """Play a game again that was handed in; takes microseconds a move and no database.

    Raises:
        InputError: naming the field in which the rules find otherwise.
    """
    if experiment["takeovers"] and len(played.moves) > leads.STRETCH:
        raise InputError(
            f"The game has {len(played.moves)} moves after the agent's; {leads.STRETCH} are played of each.",
            field="moves",
            remedy=f"Hand in the first {leads.STRETCH} moves.",
        )
    lead = lead_of(experiment, played.number)
    game = position(_board(experiment["board"]), lead.seed, lead.moves)
    before = game.eaten
    for place, letter in enumerate(played.moves):
        if game.ended:
            raise InputError(
                f"The game ended with move {place}, and {len(played.moves)} moves were handed in.",
                field="moves",
                remedy="Hand in the game as it was played; reload the page for the present rules.",
            )
        game.move(TURNS[letter])
    for name, told, found in (
        ("score", played.score, game.eaten - before),
        ("over", played.over, bool(game.ended)),
    ):
        if told != found:
            raise InputError(
                f"After these moves the game's {name} is {found}, not {told}.",
                field=name,
                remedy="Reload the page for the present rules.",
            )
    return Replayed(played, lead, len(game.body))


def add_game(connection: Connection, experiment_id: str, player_id: str, game: Replayed, now: Micros) -> None:
    """Store an experiment's next game; the same game again changes nothing.

    Raises:
        NotFoundError: the experiment is not this player's.
        ConflictError: another game has this number, or it is not the next one's.
        TransitionError: enough is recorded.
        InputError: the game has more moves than are wanted.
    """
    experiment, played = own(connection, experiment_id, player_id), game.played
    stored = connection.execute(
        select(recorded_games.c.moves).where(
            recorded_games.c.experiment_id == experiment_id, recorded_games.c.number == played.number
        )
    ).scalar()
    if stored == played.moves:
        return
    if stored is not None or played.number != experiment["games"] + 1:
        raise ConflictError(
            f"The next game has number {experiment['games'] + 1}.",
            field="number",
            remedy="Reload the page: another one may have recorded games meanwhile.",
        )
    left = experiment["wanted"] - experiment["observations"]
    if left <= 0:
        raise TransitionError(
            f"All {experiment['wanted']} observations are recorded.", field="number", remedy="Train models."
        )
    if len(played.moves) > left:
        raise InputError(
            f"The game has {len(played.moves)} moves, of which {left} are wanted.",
            field="moves",
            remedy=f"Hand in the first {left} moves.",
        )
    connection.execute(
        insert(recorded_games).values(
            experiment_id=experiment_id,
            number=played.number,
            seed=game.lead.seed,
            lead=game.lead.moves,
            moves=played.moves,
            score=played.score,
            length=game.length,
            over=played.over,
            received_us=now,
        )
    )
    connection.execute(
        update(experiments)
        .where(experiments.c.id == experiment_id)
        .values(
            observations=experiments.c.observations + len(played.moves),
            games=played.number,
            best=max(experiment["best"], played.score),
        )
    )


def teach(
    connection: Connection, experiment_id: str, player_id: str, learners: list[str], now: Micros
) -> None:
    """Let learners train in the background on all that is recorded.

    Raises:
        NotFoundError: the experiment is not this player's.
        InputError: too little is recorded, or a learner is named twice.
        ConflictError: one of them is under way.
    """
    lessons.request(connection, own(connection, experiment_id, player_id), learners, now)


def remove(connection: Connection, experiment_id: str, player_id: str, now: Micros) -> None:
    """Delete an experiment with its games and lessons; one being trained is cancelled.

    Raises:
        NotFoundError: if it is not the player's.
    """
    own(connection, experiment_id, player_id)
    lessons.remove(connection, experiment_id, now)
    connection.execute(delete(recorded_games).where(recorded_games.c.experiment_id == experiment_id))
    connection.execute(delete(experiments).where(experiments.c.id == experiment_id))


def detail(connection: Connection, experiment_id: str, player_id: str) -> Json:
    """Return one of the player's own experiments with its latest games and lessons.

    Raises:
        NotFoundError: if it is not the player's.
    """
    row = own(connection, experiment_id, player_id)
    number = row["games"] + 1
    # Stretches of the agent's games are no games whose foods could be compared with a policy's.
    ended = [] if row["takeovers"] else _ended(connection, experiment_id)
    full = row["observations"] >= row["wanted"]
    return {
        **_summary(row),
        "board": row["board"],
        "balance": row["balance"],
        "score": estimate([game["score"] for game in ended]),
        "game": ended[(len(ended) - 1) // 2] if ended else None,
        "next_game": None if full else _next(row, number),
        "recent": _recent(connection, experiment_id),
        "lessons": lessons.latest(connection, experiment_id),
    }


def _next(experiment: Json, number: int) -> Json:
    lead = lead_of(experiment, number)
    most = leads.STRETCH if experiment["takeovers"] else None
    return {"number": number, "seed": lead.seed, "lead": lead.moves, "most": most}


def estimate(scores: list[int]) -> Json | None:
    """Mean of games with its 95 % interval, not below 0; None for less than two, of which nothing is known.

    The quantile of Student's t comes from the normal one by expansion 26.7.5 of Abramowitz and Stegun, 1964:
    within 1 % from three games on.
    """
    if len(scores) < 2:
        return None
    z, freedom = 1.959964, len(scores) - 1
    t = (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * freedom**4)
    )
    mean = float(np.mean(scores))
    reach = t * float(np.std(scores, ddof=1)) / len(scores) ** 0.5
    return {"mean": mean, "low": max(0.0, mean - reach), "high": mean + reach}


def _ended(connection: Connection, experiment_id: str) -> list[Json]:
    """Return the games that ended, those of few foods first."""
    names = (recorded_games.c.seed, recorded_games.c.moves, recorded_games.c.score)
    rows = connection.execute(
        select(*names)
        .where(recorded_games.c.experiment_id == experiment_id, recorded_games.c.over)
        .order_by(recorded_games.c.score, recorded_games.c.number)
    ).mappings()
    return [dict(row) for row in rows]


_SUMMARY = ("id", "name", "style", "takeovers", "observations", "wanted", "games", "best", "created_us")


def _summary(row: Json) -> Json:
    return {name: row[name] for name in _SUMMARY}


def _recent(connection: Connection, experiment_id: str) -> list[Json]:
    rows = connection.execute(
        select(recorded_games)
        .where(recorded_games.c.experiment_id == experiment_id)
        .order_by(recorded_games.c.number.desc())
        .limit(RECENT)
    ).mappings()
    return [
        {
            "number": row["number"],
            "score": row["score"],
            "steps": len(row["moves"]),
            "over": row["over"],
            "received_us": row["received_us"],
        }
        for row in rows
    ]


def listed(connection: Connection, player_id: str) -> list[Json]:
    """Return the player's own experiments, newest first."""
    rows = connection.execute(
        select(*(experiments.c[name] for name in _SUMMARY))
        .where(experiments.c.player_id == player_id)
        .order_by(experiments.c.created_us.desc(), experiments.c.id)
    ).mappings()
    return [dict(row) for row in rows]


def games_of(connection: Connection, experiment_id: str) -> list[Json]:
    """Return all recorded games of an experiment in order."""
    rows = connection.execute(
        select(recorded_games)
        .where(recorded_games.c.experiment_id == experiment_id)
        .order_by(recorded_games.c.number)
    ).mappings()
    return [dict(row) for row in rows]


def of_player(connection: Connection, player_id: str) -> list[Json]:
    """Return everything stored about a player's experiments, for the player's own export."""
    rows = connection.execute(select(experiments).where(experiments.c.player_id == player_id)).mappings()
    return [{**row, "recorded_games": games_of(connection, row["id"])} for row in rows]


def withdraw(connection: Connection, player_id: str, now: Micros) -> int:
    """Delete all experiments of a player and return how many they were."""
    found = [row["id"] for row in listed(connection, player_id)]
    for experiment_id in found:
        remove(connection, experiment_id, player_id, now)
    return len(found)


def _board(plain: Json) -> Board:
    return Board(**plain)
