"""Durable jobs over the database: names and JSON, leases instead of locks, judging before training."""

from manyhands.jobs.executor import make_executor
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
    release,
    resume,
    stop,
)
from manyhands.jobs.registry import Duties, Registry
from manyhands.jobs.worker import Context, WorkerTerms, run_one, run_worker

__all__ = [
    "UNLIMITED",
    "Context",
    "Duties",
    "Job",
    "Rank",
    "Registry",
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
    "make_executor",
    "post",
    "release",
    "resume",
    "run_one",
    "run_worker",
    "stop",
]
