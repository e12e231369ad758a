"""Processes for the crash test: a writer and a judge that know the protocol and nothing else.

Run as a script: it imports everything once, then forks what its standard input asks for, so that killing
two hundred processes does not mean importing two hundred times. Commands, one a line, answered by one:
`judge URL`, `writer URL ACKNOWLEDGED` -> the new process's id; `kill PID` -> how it ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import NoReturn

from sqlalchemy import Connection, insert, update

from manyhands import jobs, ledger, types
from manyhands.errors import LeaseLostError
from manyhands.jobs import Job, Work
from manyhands.storage import GroupWriter, open_database
from manyhands.storage.events import ALL, append
from manyhands.storage.schema import assignments, attempts
from manyhands.types import AttemptId, CampaignId, Micro, PlayerId, VerdictId, now_us

KIND = "value"
LEASE_S = 0.3
STAKE = Micro(10)
PLAYERS = [PlayerId(f"plr_{i}") for i in range(8)]
CAMPAIGN = CampaignId("cmp_crash")
ESCROW = Micro(1_000_000)
PAY = Micro(3)


def hand_in(connection: Connection, attempt: AttemptId, player: PlayerId) -> AttemptId:
    """What the server does for an attempt: assignment, stake, attempt and job in one change."""
    assignment, now = types.new_assignment_id(), now_us()
    connection.execute(
        insert(assignments).values(
            id=assignment,
            player_id=player,
            campaign_id=CAMPAIGN,
            start_id="sta_crash",
            start={},
            champion_cid="bafkrei",
            seed=1,
            stake_micro=STAKE,
            state="played",
            idempotency_key=attempt,
            created_us=now,
            expires_us=now,
        )
    )
    ledger.lock_stake(connection, player, CAMPAIGN, assignment, STAKE, now)
    connection.execute(
        insert(attempts).values(
            id=attempt,
            assignment_id=assignment,
            player_id=player,
            campaign_id=CAMPAIGN,
            champion_cid="bafkrei",
            ticks=1,
            actions=b"\1\2",
            actors=b"\1",
            final={},
            root=attempt,
            received_us=now,
            stake_micro=STAKE,
        )
    )
    payload = {"attempt": attempt, "assignment": assignment, "player": player}
    jobs.post(connection, Work(KIND, payload, campaign=CAMPAIGN, max_tries=1000), now)
    return attempt


def write(url: str, acknowledged: str) -> None:
    """Hand in attempts for ever; note each in a file once its commit has been answered."""
    writer = GroupWriter(open_database(url))
    writer.start()
    file = os.open(acknowledged, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    while True:
        made = [types.new_attempt_id() for _ in PLAYERS]
        futures = [
            writer.submit(lambda c, attempt=attempt, player=player: hand_in(c, attempt, player))
            for attempt, player in zip(made, PLAYERS, strict=True)
        ]
        for future in futures:
            os.write(file, f"{future.result()}\n".encode())
        time.sleep(0.03)


def settle(connection: Connection, job: Job) -> None:
    """What the judge does for an attempt, in one change: charge every third, pay the others."""
    attempt, now = job.payload["attempt"], now_us()
    bad = int.from_bytes(attempt.encode()) % 3 == 0
    jobs.finish(connection, job, {"bad": bad}, now)
    ledger.charge(connection, job.payload["assignment"], attempt, STAKE if bad else Micro(0), now)
    if not bad:
        claim = ledger.Claim(attempt, job.payload["player"], 1.0)
        ledger.pay_lot(connection, CAMPAIGN, VerdictId(f"vrd_{attempt}"), PAY, [claim], now)
    connection.execute(
        update(attempts).where(attempts.c.id == attempt).values(status="judged", judged_us=now)
    )
    append(connection, ALL, "judged", {"attempt": attempt}, now)


def judge(url: str) -> None:
    """Claim attempts and settle them, for ever."""
    database = open_database(url)
    name = f"judge-{os.getpid()}"
    while True:
        with database.touch() as connection:
            claimed = jobs.claim(connection, [KIND], name, now_us(), lease_s=LEASE_S, limit=6)
        for job in claimed:
            # The lease may run out while others compute: then the work belongs to somebody else.
            with contextlib.suppress(LeaseLostError), database.write() as connection:
                settle(connection, job)
        if not claimed:
            time.sleep(0.005)


def _fork(body: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    _child(body)


def _child(body: Callable[[], None]) -> NoReturn:
    try:
        body()
    except BaseException:  # noqa: BLE001 - the parent's loop must not go on in the child
        traceback.print_exc()
    os._exit(1)


def main() -> None:
    """Answer commands until standard input closes, then kill what still runs."""
    running: set[int] = set()
    for line in sys.stdin:
        command, *words = line.split()
        if command == "kill":
            pid = int(words[0])
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            running.discard(pid)
            print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201
        else:
            body = {"judge": judge, "writer": write}[command]
            pid = _fork(lambda body=body, words=words: body(*words))
            running.add(pid)
            print(pid, flush=True)  # noqa: T201
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
