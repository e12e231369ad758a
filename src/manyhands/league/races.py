"""Races: created by organisers, funded once, closed with their prizes paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from manyhands import ledger
from manyhands.errors import (
    ConflictError,
    ForbiddenError,
    IdempotencyError,
    InputError,
    NotFoundError,
)
from manyhands.garage.api import RaceRules, is_reverse, race_rules
from manyhands.league import finals
from manyhands.league.entries import driven_of, is_pending
from manyhands.league.standings import RANKINGS, awards, table
from manyhands.ledger import Prize
from manyhands.settings import Settings
from manyhands.storage import events
from manyhands.storage.schema import players, race_entries, race_finals, races
from manyhands.types import MICROS_PER_SECOND, Json, Micro, Micros, PlayerId, RaceId, new_race_id

ORGANISERS = ("funder", "operator")
"""Roles that may hold races."""
MOST_OPEN = 20
"""Races that one organiser may have open at a time."""
MOST_SHARES = 20
LONGEST_US = 400 * 86_400 * MICROS_PER_SECOND


@dataclass(frozen=True)
class RaceOrder:
    """What a new race is to be.

    rules: how it is driven; ranking: of standings.RANKINGS; shares: percentages of the prize for the first,
    second …; moments in microseconds; the track's id is one that exists.
    """

    idempotency_key: str
    name: str
    season: str
    division: str
    track: str
    direction: str
    rules: RaceRules
    ranking: str
    opens_us: int
    closes_us: int
    prize_micro: int = 0
    shares: Sequence[int] = (50, 30, 20)

    def columns(self) -> Json:
        """The race's own columns."""
        return {**asdict(self), "rules": self.rules.plain, "shares": list(self.shares)}


def create(connection: Connection, order: RaceOrder, organiser: Json | None, now: Micros) -> RaceId:
    """Create a race and put its prize money into escrow, once per organiser and key; return its id.

    Args:
        connection: the writing transaction.
        order: what it is to be.
        organiser: the player's row whose wallet pays; None lets the house issue the prize.
        now: the moment.

    Raises:
        ForbiddenError: the player has no organiser's role.
        InputError: naming the field of the order that cannot be.
        IdempotencyError: the key was used for another race.
        ConflictError: too many races of this organiser are open.
        CreditError: the wallet does not hold the prize.
    """
    organiser_id = None if organiser is None else PlayerId(organiser["id"])
    if organiser is not None:
        if organiser["role"] not in ORGANISERS:
            raise ForbiddenError(
                "Only funders and operators hold races.", remedy="Ask the operator for the funder's role."
            )
        known = _by_key(connection, organiser["id"], order)
        if known is not None:
            return known
        _make_room(connection, organiser["id"])
    _check(order, now)
    race_id = new_race_id()
    connection.execute(
        insert(races).values(id=race_id, organiser_id=organiser_id, created_us=now, **order.columns())
    )
    if order.prize_micro:
        ledger.sponsor(connection, race_id, organiser_id, Micro(order.prize_micro), now)
    _announce(connection, [] if organiser_id is None else [organiser_id], now)
    return race_id


def _by_key(connection: Connection, organiser_id: str, order: RaceOrder) -> RaceId | None:
    known = connection.execute(
        select(races).where(
            races.c.organiser_id == organiser_id, races.c.idempotency_key == order.idempotency_key
        )
    ).one_or_none()
    if known is None:
        return None
    if {name: known._mapping[name] for name in order.columns()} != order.columns():
        raise IdempotencyError("This key was used for another race.", field="Idempotency-Key")
    return RaceId(known.id)


def _make_room(connection: Connection, organiser_id: str) -> None:
    number = connection.execute(
        select(func.count()).where(races.c.organiser_id == organiser_id, races.c.state == "open")
    ).scalar_one()
    if number >= MOST_OPEN:
        raise ConflictError(
            f"{number} of this organiser's races are open.",
            remedy="Close one of them before creating another.",
        )


def _check(order: RaceOrder, now: Micros) -> None:
    is_reverse(order.direction)
    if order.ranking not in RANKINGS:
        raise InputError(
            f"There is no ranking {order.ranking!r}.", field="ranking", remedy=f"Use {', '.join(RANKINGS)}."
        )
    if not max(order.opens_us, now) < order.closes_us <= order.opens_us + LONGEST_US:
        raise InputError(
            "The race closes before it opens, in the past or later than 400 days after its opening.",
            field="closes_at",
            remedy="Give a later moment, within 400 days.",
        )
    if order.prize_micro < 0:
        raise InputError("The prize is below zero.", field="prize_micro")
    shares = order.shares
    if len(shares) > MOST_SHARES or sum(shares) > 100 or any(share < 1 for share in shares):
        raise InputError(
            f"The shares {', '.join(map(str, shares))} cannot be paid.",
            field="shares",
            remedy=f"Give at most {MOST_SHARES} whole percentages from 1 that sum to 100 at most.",
        )
    if order.prize_micro and not shares:
        raise InputError("A prize needs shares.", field="shares", remedy="Give the winner's percentage.")


def listed(connection: Connection, now: Micros, season: str | None = None) -> list[Json]:
    """Return all races, or those of a season, the latest opening first, with the number of their racers."""
    racers = (
        select(race_entries.c.race_id, func.count(race_entries.c.player_id.distinct()).label("racers"))
        .group_by(race_entries.c.race_id)
        .subquery()
    )
    query = (
        select(
            races,
            players.c.name.label("organiser"),
            func.coalesce(racers.c.racers, 0).label("racers"),
            race_finals.c.race_id.is_not(None).label("has_final"),
        )
        .outerjoin(players, players.c.id == races.c.organiser_id)
        .outerjoin(racers, racers.c.race_id == races.c.id)
        .outerjoin(race_finals, race_finals.c.race_id == races.c.id)
        .order_by(races.c.opens_us.desc(), races.c.id)
    )
    if season is not None:
        query = query.where(races.c.season == season)
    return [
        _view(row, now, has_final=row.has_final) | {"racers": row.racers} for row in connection.execute(query)
    ]


def find(connection: Connection, race_id: str) -> Row[Any]:
    """Return a race's row.

    Raises:
        NotFoundError: if there is none.
    """
    row = connection.execute(select(races).where(races.c.id == race_id)).one_or_none()
    if row is None:
        raise NotFoundError(
            f"There is no race {race_id!r}.", field="race_id", remedy="List the races with GET /api/races."
        )
    return row


def detail(connection: Connection, race_id: str, now: Micros) -> Json:
    """Return a race with its final and its leaderboards, of policies and of hands.

    Until its final has been shown to the end, the board is that of qualifying.

    Raises:
        NotFoundError: if there is none.
    """
    row = find(connection, race_id)
    organiser = connection.execute(select(players.c.name).where(players.c.id == row.organiser_id)).scalar()
    won = {award["entry_id"]: award["amount_micro"] for award in row.awards or []}
    qualified, hands = (_qualifying(connection, row, kind) for kind in ("policy", "hand"))
    final = finals.find(connection, race_id)
    over = row.state == "closed" or finals.is_over(final, now)
    lines = finals.standings(qualified, final) if over else qualified
    board, by_hand = (
        [{**line, "prize_micro": won.get(line["entry_id"], 0)} for line in _named(connection, found)]
        for found in (lines, hands)
    )
    racers = len({line["player_id"] for line in (*board, *by_hand)})
    view = _view(row, now, has_final=final is not None) | {"organiser": organiser, "racers": racers}
    told = {"rules": row.rules, "final": finals.view(final, over=over)}
    return {**view, **told, "board": board, "hands": by_hand}


def _qualifying(connection: Connection, row: Row[Any], kind: str = "policy") -> list[Json]:
    """Return how those stand who drove alone."""
    return table(driven_of(connection, row.id, kind), row.ranking)


def standings(connection: Connection, row: Row[Any]) -> list[Json]:
    """Return what decides a race that has ended, its final's order if it had one; of policies."""
    return finals.standings(_qualifying(connection, row), finals.find(connection, row.id))


def _named(connection: Connection, lines: list[Json]) -> list[Json]:
    wanted = [line["player_id"] for line in lines]
    found = connection.execute(select(players.c.id, players.c.name).where(players.c.id.in_(wanted)))
    names = {row.id: row.name for row in found}
    return [{**line, "racer": names[line["player_id"]]} for line in lines]


def _view(row: Row[Any], now: Micros, *, has_final: bool) -> Json:
    state = row.state
    if state == "open":
        ended = "final" if has_final else "closing"
        state = "upcoming" if now < row.opens_us else ended if now >= row.closes_us else "open"
    names = ("id", "name", "season", "division", "track", "direction", "ranking", "opens_us", "closes_us")
    money = ("prize_micro", "shares", "organiser_id", "closed_us")
    plain = {name: row._mapping[name] for name in (*names, *money)}
    kind = race_rules(row.rules).race.type
    return {**plain, "type": kind, "organiser": row._mapping.get("organiser"), "state": state}


def final_replay(connection: Connection, race_id: str, settings: Settings) -> Json:
    """Return the way of every car of a race's final, as `finals.replay`.

    Raises:
        NotFoundError: there is no such race.
        TransitionError: it has no final that can be shown yet.
    """
    find(connection, race_id)
    return finals.replay(connection, race_id, settings)


def may_manage(race: Json, player: Json | None) -> bool:
    """Return whether a player may close a race."""
    return player is not None and (player["role"] == "operator" or player["id"] == race["organiser_id"])


def close(connection: Connection, race_id: str, player: Json | None, now: Micros) -> None:
    """Take no more entries from now on; what is entered is driven, then the prizes are paid.

    Args:
        connection: the writing transaction.
        race_id: its id.
        player: who asks; None is the operator at the command line.
        now: the moment.

    Raises:
        NotFoundError: if there is none.
        ForbiddenError: unless the player holds it or is an operator.
    """
    row = find(connection, race_id)
    if player is not None and not may_manage(dict(row._mapping), player):
        raise ForbiddenError("Only its organiser or an operator closes a race.")
    if row.state == "closed":
        return
    if now < row.closes_us:
        # Not even a race that has yet to open may close before it opens.
        moments = {"closes_us": now, "opens_us": min(row.opens_us, now - 1)}
        connection.execute(update(races).where(races.c.id == race_id).values(**moments))
    settle(connection, now)


def is_settling_due(connection: Connection, now: Micros) -> bool:
    """Return whether a race is past its end and not closed, without waiting to write."""
    due = select(races.c.id).where(races.c.state == "open", races.c.closes_us <= now).limit(1)
    return connection.execute(due).first() is not None


def settle(connection: Connection, now: Micros) -> int:
    """Close and pay the races that are past their end with nothing left to drive; return how many.

    A final is begun first, and shown to its end.
    """
    due = select(races).where(races.c.state == "open", races.c.closes_us <= now).order_by(races.c.id)
    closed = 0
    for row in connection.execute(due).all():
        if is_pending(connection, row.id):
            continue
        if finals.is_awaited(connection, row, now):
            continue
        won = awards(row.prize_micro, row.shares, standings(connection, row))
        prizes = [Prize(PlayerId(award["player_id"]), award["amount_micro"]) for award in won]
        if row.prize_micro:
            ledger.pay_prizes(connection, RaceId(row.id), prizes, row.organiser_id, now)
        connection.execute(
            update(races).where(races.c.id == row.id).values(state="closed", awards=won, closed_us=now)
        )
        told = {prize.player for prize in prizes} | ({row.organiser_id} - {None})
        _announce(connection, sorted(told), now)
        finals.tell(connection, row.id, now)
        closed += 1
    return closed


def _announce(connection: Connection, moved: list[PlayerId], now: Micros) -> None:
    """Tell those whose balances have moved."""
    told: list[tuple[str, str, Json]] = [(events.player_audience(one), "balance", {}) for one in moved]
    if told:
        events.append_all(connection, told, now)
