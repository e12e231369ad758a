"""Every error the package raises on purpose.

    ManyhandsError
    ├── InputError                 what came from outside has a wrong form or value
    │   ├── NotFoundError          no such campaign, attempt, policy …
    │   ├── TooLargeError          a body, file or track beyond its limit
    │   ├── PolicyFileError        not a policy this version can read
    │   ├── TrackError             not a track this version can drive
    │   ├── TraceError             not a trace of DeepRacer's form
    │   └── RewardError            a reward function that cannot be used (carries its faults)
    ├── AccessError                who asks may not do this
    │   ├── NotSignedInError
    │   ├── ForbiddenError
    │   └── BannedError
    ├── ConflictError              well formed, but at odds with what is recorded
    │   ├── IdempotencyError       a key used again with other parameters
    │   ├── TransitionError        a step that the present state does not allow
    │   ├── ExpiredError           an assignment past its expiry
    │   └── CreditError            an account does not hold the amount
    ├── BusyError                  right, but not now (carries `retry_after_s`)
    │   ├── OverloadedError        the queue of writes is full
    │   ├── JudgeBehindError       too much judging is pending, or no start is ready
    │   └── QuotaError             a player or an address asked too often
    ├── ReplayRefusedError         the replay does not confirm an attempt
    ├── JobError                   the job cannot go on
    │   ├── LeaseLostError         another worker holds it by now
    │   ├── JobCancelledError      somebody asked to stop it
    │   └── UnknownJobError        no function is registered under its kind
    ├── SettingsError              a malformed or contradictory setting
    ├── StorageError               database or files; the program stops
    │   ├── DatabaseLockedError
    │   ├── DiskError              the disk refuses to be read or written
    │   │   └── DiskFullError
    │   ├── ForeignDatabaseError   not ours, or from a newer version
    │   ├── DriverError            SQLite too old, driver not installed
    │   ├── ContentMissingError
    │   ├── ContentCorruptError
    │   └── BackupError
    ├── PortTakenError
    ├── JailError                  this system cannot lock up a reward function
    └── RemoteError                a server we talk to answered with an error

Each carries a stable `code` for machines, the offending `field` where there is one, and a `remedy`:
the sentence that says what to do next. Which HTTP status a code travels with is the server's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


class ManyhandsError(Exception):
    """Base of the tree.

    Args:
        message: one sentence that names the offending value.
        field: the input's name, where one is at fault.
        remedy: what to do next; the class's own remedy where omitted.
    """

    code: ClassVar[str] = "error"
    default_remedy: ClassVar[str] = "Look at the server's log for the cause."

    def __init__(self, message: str, *, field: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.remedy = remedy or self.default_remedy

    def sentence(self) -> str:
        """Return message and remedy as one line for a terminal."""
        return f"{self.message} {self.remedy}"


class InputError(ManyhandsError):
    """What came from outside has a wrong form or value."""

    code = "invalid_input"
    default_remedy = "Correct the named field and send it again."


class NotFoundError(InputError):
    """Nothing is known under this id."""

    code = "not_found"
    default_remedy = "Check the id; lists are under /api/campaigns."


class TooLargeError(InputError):
    """A body, file or track is beyond its limit."""

    code = "too_large"
    default_remedy = "Send less at once."


class PolicyFileError(InputError):
    """The bytes are not a policy this version can read."""

    code = "policy_file"
    default_remedy = "Export the policy again with `manyhands policy export`."


class TrackError(InputError):
    """The file is not a track this version can drive."""

    code = "track"
    default_remedy = "Give an .npy array of shape (points, 6): centre, inner and outer border, in metres."


class TraceError(InputError):
    """The bytes are not a trace of DeepRacer's form."""

    code = "trace"
    default_remedy = (
        "Give N-iteration.csv files (also zipped), or a log with SIM_TRACE_LOG lines, as written."
    )


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a source: its line, 0 where none is known, and a sentence.

    overtime: whether it is that a call took too long.
    """

    line: int
    message: str
    overtime: bool = False

    def sentence(self) -> str:
        """Line and message as one."""
        return f"Line {self.line}: {self.message}" if self.line else self.message


class RewardError(InputError):
    """A reward function cannot be used, or failed.

    faults: all that is known; `line` is the first one's. params: what it was called with, if it was called.
    """

    code = "reward_function"
    default_remedy = "Correct it; `manyhands reward check FILE` lists all of its faults."

    faults: list[Fault] = []  # noqa: RUF012 - replaced, never changed
    line = 0
    params: dict[str, Any] | None = None

    @classmethod
    def of(cls, faults: list[Fault], params: dict[str, Any] | None = None) -> RewardError:
        """The error of at least one fault."""
        made = cls(" ".join(fault.sentence() for fault in faults), field="reward")
        made.faults, made.line, made.params = faults, faults[0].line, params
        return made


class AccessError(ManyhandsError):
    """The one who asks may not do this."""

    code = "access"
    default_remedy = "Sign in with an account that may."


class NotSignedInError(AccessError):
    """The request carries no valid session."""

    code = "not_signed_in"
    default_remedy = "Start a session with POST /api/session first."


class ForbiddenError(AccessError):
    """The session is valid, its role or ownership does not suffice."""

    code = "forbidden"
    default_remedy = "Use the account that owns this, or ask the operator."


class BannedError(AccessError):
    """The player is banned for now."""

    code = "banned"
    default_remedy = "Wait until the ban ends, or ask the operator."


class ConflictError(ManyhandsError):
    """Well formed, but at odds with what is recorded."""

    code = "conflict"
    default_remedy = "Fetch the present state and decide again."


class IdempotencyError(ConflictError):
    """An idempotency key came again with other parameters."""

    code = "idempotency_conflict"
    default_remedy = "Repeat the request unchanged, or use a new key."


class TransitionError(ConflictError):
    """The present state does not allow this step."""

    code = "wrong_state"
    default_remedy = "Fetch the present state and decide again."


class ExpiredError(ConflictError):
    """The assignment is past its expiry."""

    code = "expired"
    default_remedy = "Ask for a new assignment."


class CreditError(ConflictError):
    """An account does not hold the amount."""

    code = "insufficient_credits"
    default_remedy = "Use a smaller amount, or wait for credits to arrive."


class BusyError(ManyhandsError):
    """Right, but not now.

    Args:
        retry_after_s: seconds after which trying again makes sense.
    """

    code = "busy"
    default_remedy = "Try again after the stated time."

    def __init__(
        self, message: str, *, retry_after_s: int = 1, field: str | None = None, remedy: str | None = None
    ) -> None:
        super().__init__(message, field=field, remedy=remedy)
        self.retry_after_s = retry_after_s


class OverloadedError(BusyError):
    """The queue of writes is full."""

    code = "overloaded"


class JudgeBehindError(BusyError):
    """Too much judging is pending, or no start is ready yet."""

    code = "judge_behind"


class QuotaError(BusyError):
    """A player or an address asked too often."""

    code = "quota"


class ReplayRefusedError(ManyhandsError):
    """The replay does not confirm what an attempt claims."""

    code = "replay_refused"
    default_remedy = "Reload the page so that it runs the present rules, and play again."


class JobError(ManyhandsError):
    """A job cannot go on."""

    code = "job"


class LeaseLostError(JobError):
    """Another worker holds the job by now, so this one must stop and keep nothing."""

    code = "lease_lost"
    default_remedy = "Drop the work; the present holder finishes it."


class JobCancelledError(JobError):
    """Somebody asked for the job to stop."""

    code = "job_cancelled"
    default_remedy = "Resume the job if it should go on."


class UnknownJobError(JobError):
    """No function is registered under the job's kind."""

    code = "unknown_job"
    default_remedy = "Start a worker of the version that created the job."


class SettingsError(ManyhandsError):
    """A setting is malformed or contradicts another."""

    code = "settings"
    default_remedy = "Correct it and start again."


class StorageError(ManyhandsError):
    """The database or a file cannot be used; the program stops."""

    code = "storage"


class DatabaseLockedError(StorageError):
    """Another program holds the database's write lock for too long."""

    code = "database_locked"
    default_remedy = "Stop the other program that uses this data folder."


class DiskError(StorageError):
    """The disk refuses to be read or written."""

    code = "disk"
    default_remedy = "Look at that disk's health and at the size that files may have, then try again."


class DiskFullError(DiskError):
    """The disk has no room left for the write."""

    code = "disk_full"
    default_remedy = "Free some space on that disk and try again."


class ForeignDatabaseError(StorageError):
    """The database belongs to another program or to a newer version of this one."""

    code = "foreign_database"
    default_remedy = "Choose another data folder, or upgrade manyhands."


class DriverError(StorageError):
    """The database driver is missing or too old."""

    code = "driver"
    default_remedy = "Install the dependencies that pyproject.toml names."


class ContentMissingError(StorageError):
    """The content store has no file under this id."""

    code = "content_missing"
    default_remedy = "Restore the data folder from a backup."


class ContentCorruptError(StorageError):
    """A stored file no longer matches its id."""

    code = "content_corrupt"
    default_remedy = "Restore the data folder from a backup."


class BackupError(StorageError):
    """A backup cannot be written, or does not verify."""

    code = "backup"
    default_remedy = "Make a new backup and keep the old one until it verifies."


class PortTakenError(ManyhandsError):
    """The address is in use by another program."""

    code = "port_taken"
    default_remedy = "Choose another port with --port."


class JailError(ManyhandsError):
    """This system cannot lock up a reward function."""

    code = "jail"
    default_remedy = "Use Linux on x86-64 or aarch64 with seccomp."


class RemoteError(ManyhandsError):
    """A server that this program talks to answered with an error."""

    code = "remote"
    default_remedy = "Check the address and that server's log."
