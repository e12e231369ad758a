"""The referee: claims handed-in attempts, replays and values them, settles their stakes.

What an attempt is worth does not depend on anybody else's, so its player hears of it within a second, and a
charge or the return of the stake follows at once. Whether the data teach is the trainer's question.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import defaultdict
from dataclasses import asdict

from sqlalchemy import Connection, bindparam, select, update

from manyhands import jobs, ledger
from manyhands.arena import gauges, rounds
from manyhands.arena.attempts import VALUE_JOB
from manyhands.arena.lots import demonstration
from manyhands.arena.shelf import Shelf, record
from manyhands.errors import DatabaseLockedError, DiskError, LeaseLostError
from manyhands.judging import payout
from manyhands.judging import value as valuing
from manyhands.judging.records import Valued
from manyhands.storage import events
from manyhands.storage.schema import assignments, attempts, players, verdicts
from manyhands.types import AssignmentId, AttemptId, Json, Micro, Micros, PlayerId, now_us

BATCH = 128
COMMIT = 4  # attempts settled in one transaction; the server's requests wait for it
TRIES = 5  # of an attempt that raises; deaths of the judge count as well
UNVALUED = "The judge could not replay this attempt, so it does not count; your stake is back."

# Statements of every attempt are composed once; composing costs more than running them.
_EARLIER = (
    select(attempts.c.value)
    .where(
        attempts.c.player_id == bindparam("player"),
        attempts.c.campaign_id == bindparam("campaign"),
        attempts.c.round_id.is_not(None),
    )
    .order_by(attempts.c.valued_us.desc())
    .limit(payout.HISTORY - 1)
)
_FIRST_CHAMPION = (
    select(verdicts.c.campaign_id, verdicts.c.body)
    .where(verdicts.c.kind == "bootstrap", verdicts.c.campaign_id.not_in(bindparam("warmed", expanding=True)))
    .limit(1)
)
_MINE = update(attempts).where(attempts.c.id == bindparam("attempt"))

_log = logging.getLogger(__name__)


class Referee:
    """One referee process's work; several may run beside each other."""

    def __init__(self, shelf: Shelf, name: str) -> None:
        self._shelf = shelf
        self._settings = shelf.settings
        self._database = shelf.database
        self._name = name
        self._warmed: set[str] = set()

    def step(self) -> bool:
        """Value what waits and close rounds that are due; returns False if there was nothing to do."""
        with self._database.touch() as connection:
            claimed = jobs.claim(
                connection, [VALUE_JOB], self._name, now_us(), lease_s=self._settings.lease_s, limit=BATCH
            )
        if claimed:
            begun = time.perf_counter()
            self._judge(claimed)
            # A batch costs the same however full it is: what counts is how many there could have been.
            rows = -(-len(claimed) // valuing.ROWS) * valuing.ROWS
            rate = rows / (time.perf_counter() - begun)
            with self._database.touch() as connection:
                gauges.set_gauge(connection, gauges.JUDGED_PER_S, rate, "", now_us())
        rounds.close_due(self._database, self._settings)
        return bool(claimed) or self._warm()

    def _warm(self) -> bool:
        """Compile for one campaign that has opened, by valuing the demonstration its first champion had."""
        with self._database.read() as connection:
            row = connection.execute(_FIRST_CHAMPION, {"warmed": list(self._warmed)}).one_or_none()
        if row is None:
            return False
        self._warmed.add(row.campaign_id)
        attempt = demonstration(row.body["seed"])
        play, policy = self._shelf.course(row.campaign_id).play, self._shelf.policy(attempt.champion)
        valuing.value(play, policy.network, policy.params, [attempt])
        return True

    def _judge(self, claimed: list[jobs.Job]) -> None:
        """Value a batch; if it fails, its attempts one by one, so that a bad one is put aside alone."""
        try:
            rows = self._rows([job.payload["attempt_id"] for job in claimed])
            found = self._value(list(rows.values()))
        except (DiskError, DatabaseLockedError):
            raise  # no fault of an attempt's
        except Exception as fault:  # noqa: BLE001 - whatever it is, the other attempts are not to suffer
            if len(claimed) == 1:
                _log.exception("attempt %s cannot be valued", claimed[0].payload["attempt_id"])
                self._put_aside(claimed[0], f"{type(fault).__name__}: {fault}"[:500])
                return
            for job in claimed:
                self._judge([job])
            return
        for first in range(0, len(claimed), COMMIT):
            self._settle(claimed[first : first + COMMIT], rows, found)

    def _settle(self, claimed: list[jobs.Job], rows: dict[str, Json], found: dict[str, Valued]) -> None:
        with self._database.write() as connection:
            for job in claimed:
                attempt_id = job.payload["attempt_id"]
                try:
                    with connection.begin_nested():
                        jobs.finish(connection, job, {}, now_us())
                        self._record(connection, rows[attempt_id], found[attempt_id], now_us())
                except LeaseLostError:
                    _log.warning("attempt %s was valued by another referee", attempt_id)

    def _put_aside(self, job: jobs.Job, note: str) -> None:
        """Try an attempt again later; one that cannot be valued at all goes back to its player unjudged."""
        now = now_us()
        [row] = self._rows([job.payload["attempt_id"]]).values()
        with contextlib.suppress(LeaseLostError), self._database.write() as connection:
            if job.tries < TRIES:
                jobs.fail(connection, job, note, now)
                return
            jobs.finish(connection, job, {"unvalued": note}, now)
            self._tell(connection, row, "refused", None, now)
            _update(connection, row, status="refused", reason=UNVALUED, valued_us=now, judged_us=now)
            ledger.return_stake(connection, AssignmentId(row["assignment_id"]), now)

    def _rows(self, ids: list[str]) -> dict[str, Json]:
        query = (
            select(attempts, assignments.c.start)
            .join(assignments, assignments.c.id == attempts.c.assignment_id)
            .where(attempts.c.id.in_(ids))
        )
        with self._database.read() as connection:
            return {row["id"]: dict(row) for row in connection.execute(query).mappings()}

    def _value(self, rows: list[Json]) -> dict[str, Valued]:
        grouped: dict[tuple[str, str], list[Json]] = defaultdict(list)
        for row in rows:
            grouped[row["campaign_id"], row["champion_cid"]].append(row)
        found: dict[str, Valued] = {}
        for (campaign_id, cid), group in grouped.items():
            play, policy = self._shelf.course(campaign_id).play, self._shelf.policy(cid)
            for valued in valuing.value(play, policy.network, policy.params, [record(row) for row in group]):
                found[valued.attempt] = valued
        return found

    def _record(self, connection: Connection, row: Json, valued: Valued, now: Micros) -> None:
        """Store what an attempt is worth and settle its stake, all or nothing."""
        if valued.refusal:
            self._refuse(connection, row, valued, now)
        elif not valued.human_ticks:
            _update(
                connection,
                row,
                status="judged",
                value=0.0,
                detail=detail(valued),
                valued_us=now,
                judged_us=now,
            )
            ledger.return_stake(connection, AssignmentId(row["assignment_id"]), now)
        else:
            self._enter(connection, row, valued, now)
        status = "refused" if valued.refusal else "valued" if valued.human_ticks else "judged"
        self._tell(connection, row, status, None if valued.refusal else valued.value, now)

    def _tell(self, connection: Connection, row: Json, status: str, value: float | None, now: Micros) -> None:
        """Tell the player's pages."""
        audience = events.player_audience(PlayerId(row["player_id"]))
        payload = {
            "attempt_id": row["id"],
            "campaign_id": row["campaign_id"],
            "status": status,
            "value": value,
        }
        events.append_all(connection, [(audience, "attempt", payload), (audience, "balance", {})], now)

    def _enter(self, connection: Connection, row: Json, valued: Valued, now: Micros) -> None:
        history = [*self._history(connection, row), valued.value]
        charged = payout.charge(row["stake_micro"], history)
        round_id, lot_number = rounds.join(connection, row["campaign_id"], self._settings, now)
        _update(
            connection,
            row,
            status="valued",
            value=valued.value,
            detail=detail(valued) | {"history": history[-payout.HISTORY :]},
            valued_us=now,
            round_id=round_id,
            lot_number=lot_number,
            charged_micro=charged,
        )
        assignment = AssignmentId(row["assignment_id"])
        ledger.charge(connection, assignment, AttemptId(row["id"]), Micro(charged), now)

    def _history(self, connection: Connection, row: Json) -> list[float]:
        """Values of the player's last contributions to this campaign, oldest first."""
        whose = {"player": row["player_id"], "campaign": row["campaign_id"]}
        return [float(value) for value in connection.execute(_EARLIER, whose).scalars()][::-1]

    def _refuse(self, connection: Connection, row: Json, valued: Valued, now: Micros) -> None:
        """Return the stake; whoever keeps sending what the replay refuses has to wait longer and longer."""
        _update(connection, row, status="refused", reason=valued.refusal, valued_us=now, judged_us=now)
        ledger.return_stake(connection, AssignmentId(row["assignment_id"]), now)
        count = connection.execute(
            update(players)
            .where(players.c.id == row["player_id"])
            .values(forged_count=players.c.forged_count + 1)
            .returning(players.c.forged_count)
        ).scalar_one()
        beyond = count - self._settings.forgeries_tolerated
        if beyond > 0:
            until = now + round(beyond * self._settings.slow_s * 1e6)
            connection.execute(
                update(players).where(players.c.id == row["player_id"]).values(slow_until_us=until)
            )


def _update(connection: Connection, row: Json, **values: object) -> None:
    # Names of columns among the parameters become what is set.
    connection.execute(_MINE, {"attempt": row["id"], **values})


def detail(valued: Valued) -> Json:
    """What a page and an auditor read of a valued attempt."""
    return {
        "takeovers": [asdict(takeover) for takeover in valued.takeovers],
        "parts": {
            "progress_m": valued.progress,
            "alone_progress_m": valued.alone_progress,
            "human_ticks": valued.human_ticks,
            "ended_s": valued.ended_s,
            "crashed": valued.crashed,
        },
    }
