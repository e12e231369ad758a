"""Durable jobs over the database: names and JSON, leases instead of locks, judging before training."""

from manyhands.jobs.duties import Duties
from manyhands.jobs.queue import (
    UNLIMITED,
    Job,
    Rank,
    Work,
    cancel,
    claim,
    counts,
    fail,
    finish,
    get,
    heartbeat,
    is_waiting,
    post,
    resume,
    stop,
)
from manyhands.jobs.worker import Context, WorkerTerms, run_one

__all__ = [
    "UNLIMITED",
    "Context",
    "Duties",
    "Job",
    "Rank",
    "Work",
    "WorkerTerms",
    "cancel",
    "claim",
    "counts",
    "fail",
    "finish",
    "get",
    "heartbeat",
    "is_waiting",
    "post",
    "resume",
    "run_one",
    "stop",
]
