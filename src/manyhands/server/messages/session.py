"""Messages of sessions, the signed-in player and the player's own data."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from manyhands.server.messages.base import Cursor, Id, Message, Micro, Name, Request, Time

Role = Literal["player", "funder", "operator"]


class SessionCreate(Request):
    """Start as a guest."""

    consent: Literal[True] = Field(description="Attempts may be stored, judged and used for training.")
    name: Name | None = Field(default=None, description="Shown to others; one is made up if absent.")


class SessionRecover(Request):
    """Open an existing account in this browser."""

    code: str = Field(
        min_length=16, max_length=64, pattern=r"^[A-Za-z0-9 -]+$", description="The recovery code."
    )


class Me(Message):
    """The signed-in player."""

    id: Id
    name: str
    role: Role
    balance_micro: Micro = Field(description="Free play credits, in micro-credits.")
    cash_micro: Micro = Field(description="Credits earned in withdrawable campaigns, in micro-credits.")
    staked_micro: Micro = Field(description="Locked by open or unjudged attempts, in micro-credits.")
    loan_micro: Micro = Field(
        description="Outstanding starter loan, in micro-credits, not negative; repaid first from earnings."
    )
    withdrawable_micro: Micro = Field(description="What could be withdrawn now, in micro-credits.")
    open_assignment_id: Id | None = Field(description="The one open assignment, if there is one.")
    has_recovery_code: bool
    created_at: Time
    consent_at: Time
    banned_until: Time | None
    slow_until: Time | None = Field(description="Until then new assignments wait, after refused replays.")


class MePatch(Request):
    """Change what the player may change."""

    name: Name


class RecoveryCode(Message):
    """A new recovery code; shown once, only its hash is stored, an older one stops working."""

    code: str


class StatementLine(Message):
    """One transfer as it moved one of the player's accounts."""

    transfer_id: Id
    kind: str = Field(description="loan, stake, return, charge, pay, fund, refund, issue, sponsor, prize.")
    account: Literal["wallet", "cash", "stake", "loan"]
    amount_micro: Micro = Field(description="Signed change of that account, in micro-credits.")
    balance_micro: Micro = Field(description="That account's balance afterwards, in micro-credits.")
    campaign_id: Id | None
    attempt_id: Id | None
    verdict_id: Id | None
    memo: str
    hash: str = Field(description="Hex sha256 of the transfer in the ledger's hash chain.")
    created_at: Time


class Statement(Message):
    """A page of the player's statement, newest first."""

    lines: list[StatementLine]
    next_cursor: Cursor


class DataExport(Message):
    """Everything stored about the player, as rows of plain data."""

    licence: str
    player: dict[str, JsonValue]
    assignments: list[dict[str, JsonValue]]
    attempts: list[dict[str, JsonValue]]
    disputes: list[dict[str, JsonValue]]
    experiments: list[dict[str, JsonValue]]
    runs: list[dict[str, JsonValue]]
    race_entries: list[dict[str, JsonValue]]
    statement: list[StatementLine]


class DataWithdrawn(Message):
    """The player's contributions no longer train anything; the books stay."""

    attempts_withdrawn: int
    experiments_deleted: int
    runs_deleted: int
    entries_deleted: int = Field(description="Entries into races that have neither closed nor a final.")
    note: str
