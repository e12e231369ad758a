"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_COUNTERS = ("events", "transfers")


def _players() -> None:
    op.create_table(
        "players",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), server_default="player", nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("consent_us", sa.BigInteger(), nullable=False),
        sa.Column("recovery_hash", sa.String(), nullable=True),
        sa.Column("session_number", sa.Integer(), server_default="0", nullable=False),
        sa.Column("address_hash", sa.String(), server_default="", nullable=False),
        sa.Column("banned_until_us", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ban_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("forged_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("slow_until_us", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("withdrawn_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("role IN ('player', 'funder', 'operator')", name=op.f("ck_players_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_players")),
        sa.UniqueConstraint("recovery_hash", name=op.f("uq_players_recovery_hash")),
    )


def _campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), server_default="warming", nullable=False),
        sa.Column("stake_micro", sa.BigInteger(), nullable=False),
        sa.Column("target_score", sa.Float(), nullable=False),
        sa.Column("withdrawable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("funder_id", sa.String(), nullable=True),
        sa.Column("champion_cid", sa.String(), nullable=True),
        sa.Column("reference_score", sa.Float(), nullable=True),
        sa.Column("score_first", sa.Float(), nullable=True),
        sa.Column("score_now", sa.Float(), nullable=True),
        sa.Column("score_low", sa.Float(), nullable=True),
        sa.Column("score_high", sa.Float(), nullable=True),
        sa.Column("paid_fraction", sa.Float(), server_default="0", nullable=False),
        sa.Column("sum_gain", sa.Float(), server_default="0", nullable=False),
        sa.Column("sum_variance", sa.Float(), server_default="0", nullable=False),
        sa.Column("lot_number", sa.Integer(), server_default="1", nullable=False),
        sa.Column("lot_tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lot_tried_size", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("closed_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('warming', 'open', 'closing', 'closed')", name=op.f("ck_campaigns_state")
        ),
        sa.CheckConstraint(
            "paid_fraction >= 0 AND paid_fraction <= 1", name=op.f("ck_campaigns_paid_fraction")
        ),
        sa.CheckConstraint("stake_micro >= 0", name=op.f("ck_campaigns_stake_micro")),
        sa.ForeignKeyConstraint(["funder_id"], ["players.id"], name=op.f("fk_campaigns_funder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("slug", name=op.f("uq_campaigns_slug")),
    )


def _policies() -> None:
    op.create_table(
        "policies",
        sa.Column("cid", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("parent_cid", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("verdict_id", sa.String(), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('seed', 'candidate', 'control', 'reference')", name=op.f("ck_policies_kind")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_policies_campaign_id")),
        sa.PrimaryKeyConstraint("cid", "campaign_id", name=op.f("pk_policies")),
    )
    op.create_index(
        op.f("ix_policies_campaign_id_created_us"), "policies", ["campaign_id", "created_us"], unique=False
    )


def _starts() -> None:
    op.create_table(
        "starts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("champion_cid", sa.String(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("used_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_starts_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_starts")),
    )
    op.create_index(
        op.f("ix_starts_campaign_id_champion_cid_used_us"),
        "starts",
        ["campaign_id", "champion_cid", "used_us"],
        unique=False,
    )


def _assignments() -> None:
    op.create_table(
        "assignments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("player_id", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("start_id", sa.String(), nullable=False),
        sa.Column("start", sa.JSON(), nullable=False),
        sa.Column("champion_cid", sa.String(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("stake_micro", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), server_default="open", nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'played', 'expired', 'cancelled')", name=op.f("ck_assignments_state")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_assignments_campaign_id")),
        sa.ForeignKeyConstraint(["player_id"], ["players.id"], name=op.f("fk_assignments_player_id")),
        sa.ForeignKeyConstraint(["start_id"], ["starts.id"], name=op.f("fk_assignments_start_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
        sa.UniqueConstraint(
            "player_id", "idempotency_key", name=op.f("uq_assignments_player_id_idempotency_key")
        ),
    )
    op.create_index(
        op.f("ix_assignments_state_expires_us"), "assignments", ["state", "expires_us"], unique=False
    )
    op.create_index(
        "uq_assignments_open_player",
        "assignments",
        ["player_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _rounds() -> None:
    op.create_table(
        "rounds",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), server_default="open", nullable=False),
        sa.Column("opened_us", sa.BigInteger(), nullable=False),
        sa.Column("closed_us", sa.BigInteger(), nullable=True),
        sa.Column("judged_us", sa.BigInteger(), nullable=True),
        sa.Column("secret_commit", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("verdict_id", sa.String(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'closed', 'judged')", name=op.f("ck_rounds_state")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_rounds_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rounds")),
        sa.UniqueConstraint("campaign_id", "number", name=op.f("uq_rounds_campaign_id_number")),
    )
    op.create_index(op.f("ix_rounds_state"), "rounds", ["state"], unique=False)


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("assignment_id", sa.String(), nullable=False),
        sa.Column("player_id", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("champion_cid", sa.String(), nullable=False),
        sa.Column("ticks", sa.Integer(), nullable=False),
        sa.Column("actions", sa.LargeBinary(), nullable=False),
        sa.Column("actors", sa.LargeBinary(), nullable=False),
        sa.Column("final", sa.JSON(), nullable=False),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("received_us", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), server_default="pending", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=True),
        sa.Column("valued_us", sa.BigInteger(), nullable=True),
        sa.Column("round_id", sa.String(), nullable=True),
        sa.Column("lot_number", sa.Integer(), nullable=True),
        sa.Column("stake_micro", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paid_micro", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("charged_micro", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("judged_us", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'valued', 'refused', 'judged', 'withdrawn')",
            name=op.f("ck_attempts_status"),
        ),
        sa.CheckConstraint(
            "charged_micro >= 0 AND charged_micro <= stake_micro", name=op.f("ck_attempts_charged_micro")
        ),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name=op.f("fk_attempts_assignment_id")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_attempts_campaign_id")),
        sa.ForeignKeyConstraint(["player_id"], ["players.id"], name=op.f("fk_attempts_player_id")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_attempts_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("assignment_id", name=op.f("uq_attempts_assignment_id")),
    )
    op.create_index(
        op.f("ix_attempts_campaign_id_lot_number"), "attempts", ["campaign_id", "lot_number"], unique=False
    )
    op.create_index(
        op.f("ix_attempts_campaign_id_status_received_us"),
        "attempts",
        ["campaign_id", "status", "received_us"],
        unique=False,
    )
    op.create_index(
        op.f("ix_attempts_player_id_received_us"), "attempts", ["player_id", "received_us"], unique=False
    )
    op.create_index(op.f("ix_attempts_round_id"), "attempts", ["round_id"], unique=False)


def _verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("champion_before", sa.String(), nullable=True),
        sa.Column("champion_after", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('promoted', 'kept', 'control_promoted', 'rolled_back', 'bootstrap')",
            name=op.f("ck_verdicts_kind"),
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_verdicts_campaign_id")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_verdicts_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
        sa.UniqueConstraint("campaign_id", "number", name=op.f("uq_verdicts_campaign_id_number")),
        sa.UniqueConstraint("round_id", name=op.f("uq_verdicts_round_id")),
    )


def _disputes() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("attempt_id", sa.String(), nullable=False),
        sa.Column("verdict_id", sa.String(), nullable=True),
        sa.Column("player_id", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), server_default="open", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("answered_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'answered')", name=op.f("ck_disputes_state")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_disputes_attempt_id")),
        sa.ForeignKeyConstraint(["player_id"], ["players.id"], name=op.f("fk_disputes_player_id")),
        sa.ForeignKeyConstraint(["verdict_id"], ["verdicts.id"], name=op.f("fk_disputes_verdict_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        sa.UniqueConstraint("attempt_id", "player_id", name=op.f("uq_disputes_attempt_id_player_id")),
    )
    op.create_index(op.f("ix_disputes_state_created_us"), "disputes", ["state", "created_us"], unique=False)


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("unique_key", sa.String(), nullable=True),
        sa.Column("state", sa.String(), server_default="ready", nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("not_before_us", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_until_us", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("claim_number", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("max_tries", sa.Integer(), server_default="5", nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("progress", sa.Float(), server_default="0", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("checkpoint", sa.JSON(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("started_us", sa.BigInteger(), nullable=True),
        sa.Column("finished_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('ready', 'claimed', 'done', 'failed', 'cancelled')", name=op.f("ck_jobs_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("unique_key", name=op.f("uq_jobs_unique_key")),
    )
    op.create_index(op.f("ix_jobs_campaign_id_state"), "jobs", ["campaign_id", "state"], unique=False)
    op.create_index(
        op.f("ix_jobs_state_priority_created_us"), "jobs", ["state", "priority", "created_us"], unique=False
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_created_us"), "events", ["created_us"], unique=False)


def _counters() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )


def _gauges() -> None:
    op.create_table(
        "gauges",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("updated_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_gauges")),
    )


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index(op.f("ix_incidents_created_us"), "incidents", ["created_us"], unique=False)


def _secrets() -> None:
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
    )


def _loans() -> None:
    op.create_table(
        "loans",
        sa.Column("player_id", sa.String(), nullable=False),
        sa.Column("address_hash", sa.String(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("amount_micro", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("player_id", name=op.f("pk_loans")),
    )
    op.create_index(op.f("ix_loans_day_address_hash"), "loans", ["day", "address_hash"], unique=False)


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("balance_micro", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "balance_micro >= 0 OR name = 'issuer' OR name LIKE 'loan:%'",
            name=op.f("ck_accounts_balance_micro"),
        ),
        sa.CheckConstraint("name NOT LIKE 'loan:%' OR balance_micro <= 0", name=op.f("ck_accounts_loan")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_accounts")),
    )


def _transfers() -> None:
    op.create_table(
        "transfers",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=True),
        sa.Column("attempt_id", sa.String(), nullable=True),
        sa.Column("memo", sa.JSON(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("parameters_hash", sa.String(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_transfers")),
        sa.UniqueConstraint("hash", name=op.f("uq_transfers_hash")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_transfers_idempotency_key")),
    )
    op.create_index(op.f("ix_transfers_attempt_id"), "transfers", ["attempt_id"], unique=False)
    op.create_index(op.f("ix_transfers_campaign_id_kind"), "transfers", ["campaign_id", "kind"], unique=False)


def _entries() -> None:
    op.create_table(
        "entries",
        sa.Column("transfer_number", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("amount_micro", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_micro <> 0", name=op.f("ck_entries_amount_micro")),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name=op.f("fk_entries_account")),
        sa.ForeignKeyConstraint(
            ["transfer_number"], ["transfers.number"], name=op.f("fk_entries_transfer_number")
        ),
        sa.PrimaryKeyConstraint("transfer_number", "position", name=op.f("pk_entries")),
    )
    op.create_index(
        op.f("ix_entries_account_transfer_number"), "entries", ["account", "transfer_number"], unique=False
    )


def upgrade() -> None:
    """Create every table, and the counters at zero."""
    _accounts()
    _counters()
    _events()
    _gauges()
    _incidents()
    _jobs()
    _loans()
    _players()
    _secrets()
    _transfers()
    _campaigns()
    _entries()
    _policies()
    _rounds()
    _starts()
    _assignments()
    _verdicts()
    _attempts()
    _disputes()
    table = sa.table("counters", sa.column("name", sa.String), sa.column("value", sa.BigInteger))
    op.bulk_insert(table, [{"name": name, "value": 0} for name in _COUNTERS])


def downgrade() -> None:
    """Drop every table."""
    for name in (
        "disputes",
        "attempts",
        "verdicts",
        "assignments",
        "starts",
        "rounds",
        "policies",
        "entries",
        "campaigns",
        "transfers",
        "secrets",
        "players",
        "loans",
        "jobs",
        "incidents",
        "gauges",
        "events",
        "counters",
        "accounts",
    ):
        op.drop_table(name)
