"""What the judge processes say about themselves, for the server to read.

`heartbeat:NAME` (value 1 ready, 0 still compiling), `judged_per_s` (attempts valued a second while there is
work) and `warmup:CAMPAIGN` (value 0 to 1, note in words) are written by the judges and read here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from manyhands.storage.schema import attempts, campaigns, gauges
from manyhands.types import Micros

HEARTBEAT = "heartbeat:"
JUDGED_PER_S = "judged_per_s"
WARMUP = "warmup:"
AWAY_AFTER_S = 15.0
GONE_AFTER_S = 120.0  # longer than any pause before a dead process is started again
UNMEASURED_PER_S = 5.0


_ALL = select(gauges)
_IS_BEAT = gauges.c.name.startswith(HEARTBEAT)
# Naming the campaigns lets the index over (campaign, status) answer instead of a scan.
_PENDING = (
    select(func.count())
    .select_from(attempts)
    .where(attempts.c.campaign_id.in_(select(campaigns.c.id)), attempts.c.status == "pending")
)


@dataclass(frozen=True, slots=True)
class Gauge:
    """One reading."""

    name: str
    value: float
    note: str
    updated_us: Micros


def set_gauge(connection: Connection, name: str, value: float, note: str, now: Micros) -> None:
    """Store a reading in place of the last one of this name."""
    fields = {"value": value, "note": note, "updated_us": now}
    if connection.execute(update(gauges).where(gauges.c.name == name).values(fields)).rowcount == 0:
        connection.execute(insert(gauges).values(name=name, **fields))


def beat(connection: Connection, process: str, *, ready: bool, note: str, now: Micros) -> None:
    """Say that a judge process lives, and whether it is ready; call it at least every five seconds.

    Rows of processes that are gone are deleted; the last one of all stays, so that health knows its age.
    """
    set_gauge(connection, HEARTBEAT + process, 1.0 if ready else 0.0, note, now)
    connection.execute(delete(gauges).where(_IS_BEAT, gauges.c.updated_us < now - round(GONE_AFTER_S * 1e6)))


def read_gauges(connection: Connection) -> dict[str, Gauge]:
    """Return all readings by name."""
    return {row["name"]: Gauge(**row) for row in connection.execute(_ALL).mappings()}


def living(readings: dict[str, Gauge], now: Micros) -> dict[str, Gauge]:
    """Return the newest heartbeat of every judge process that is not gone, by its name, in order."""
    return {
        name.removeprefix(HEARTBEAT): gauge
        for name, gauge in sorted(readings.items())
        if name.startswith(HEARTBEAT) and now - gauge.updated_us <= GONE_AFTER_S * 1e6
    }


def heartbeat_age_s(readings: dict[str, Gauge], now: Micros) -> float | None:
    """Return the age of the newest heartbeat in seconds, None if no judge has ever run."""
    beats = [gauge.updated_us for name, gauge in readings.items() if name.startswith(HEARTBEAT)]
    return max(0.0, (now - max(beats)) / 1e6) if beats else None


def judge_state(readings: dict[str, Gauge], now: Micros, role: str = "") -> str:
    """Return `ready`, `warming` or `away` for the judges together, or for those of one role."""
    alive = [
        gauge
        for name, gauge in readings.items()
        if name.startswith(HEARTBEAT + role) and now - gauge.updated_us <= AWAY_AFTER_S * 1e6
    ]
    if not alive:
        return "away"
    return "ready" if all(gauge.value >= 1.0 for gauge in alive) else "warming"


def pending_attempts(connection: Connection) -> int:
    """Return how many attempts of all campaigns wait to be valued."""
    return connection.execute(_PENDING).scalar_one()


def pending_s(pending: int, readings: dict[str, Gauge]) -> float:
    """Return how long judging `pending` attempts takes at the measured speed, in seconds."""
    gauge = readings.get(JUDGED_PER_S)
    rate = gauge.value if gauge is not None and gauge.value > 0 else UNMEASURED_PER_S
    return pending / rate
