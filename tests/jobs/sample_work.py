"""Functions that the worker tests give as duties."""

from __future__ import annotations

import time

from manyhands.jobs import Context, Work, cancel, post
from manyhands.types import Json, Micros


def double(context: Context) -> Json:
    """Report progress, then return a result for the worker to record."""
    context.report(0.5, "halfway", {"seen": True})
    return {"doubled": 2 * context.job.payload["n"]}


def record(context: Context) -> None:
    """Record the outcome in the transaction that finishes the job."""
    with context.outcome({"recorded": True}) as connection:
        post(connection, Work("follow-up", {}), Micros(1))


def explode(_context: Context) -> Json:
    """Fail."""
    raise ValueError("no fuel")


def cancel_itself(context: Context) -> Json:
    """Be cancelled while working, and hear of it from the heartbeat."""
    with context.database.write() as connection:
        cancel(connection, context.job.id, Micros(1))
    while True:
        context.check()
        time.sleep(0.005)


def lose_its_lease(context: Context) -> Json:
    """Be overtaken by another worker while working."""
    with context.database.write() as connection:
        connection.exec_driver_sql("UPDATE jobs SET claim_number = claim_number + 1")
    while True:
        context.check()
        time.sleep(0.005)
