"""The database's tables, as SQLAlchemy Core metadata shared by SQLite and PostgreSQL.

Conventions: columns that end in `_us` are microseconds since 1970 (UTC), those in `_micro` are
micro-credits, ids are opaque text, JSON columns hold plain objects. What is legal for a `state` is
stated in a CHECK so that no program can store another word.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _words(column: str, *allowed: str) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in allowed)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


players = Table(
    "players",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False, server_default="player"),
    Column("created_us", BigInteger, nullable=False),
    Column("consent_us", BigInteger, nullable=False),
    Column("recovery_hash", String, unique=True),
    # Cookies carry this number; raising it signs every other browser out.
    Column("session_number", Integer, nullable=False, server_default="0"),
    Column("address_hash", String, nullable=False, server_default=""),
    Column("banned_until_us", BigInteger, nullable=False, server_default="0"),
    Column("ban_reason", Text, nullable=False, server_default=""),
    Column("forged_count", Integer, nullable=False, server_default="0"),
    Column("slow_until_us", BigInteger, nullable=False, server_default="0"),
    Column("withdrawn_us", BigInteger),
    _words("role", "player", "funder", "operator"),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", String, primary_key=True),
    Column("slug", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("config", JSON, nullable=False),
    Column("state", String, nullable=False, server_default="warming"),
    Column("stake_micro", BigInteger, nullable=False),
    Column("target_score", Float, nullable=False),
    Column("withdrawable", Boolean, nullable=False, server_default=text("false")),
    Column("funder_id", String, ForeignKey("players.id")),
    Column("champion_cid", String),
    Column("reference_score", Float),
    Column("score_first", Float),
    Column("score_now", Float),
    Column("score_low", Float),
    Column("score_high", Float),
    Column("paid_fraction", Float, nullable=False, server_default="0"),
    Column("sum_gain", Float, nullable=False, server_default="0"),
    Column("sum_variance", Float, nullable=False, server_default="0"),
    Column("lot_number", Integer, nullable=False, server_default="1"),
    Column("lot_tries", Integer, nullable=False, server_default="0"),
    # Useful contributions of the lot at its last try; the next needs a quarter more.
    Column("lot_tried_size", Integer, nullable=False, server_default="0"),
    Column("created_us", BigInteger, nullable=False),
    Column("closed_us", BigInteger),
    _words("state", "warming", "open", "closing", "closed"),
    CheckConstraint("paid_fraction >= 0 AND paid_fraction <= 1", name="paid_fraction"),
    CheckConstraint("stake_micro >= 0", name="stake_micro"),
)

policies = Table(
    "policies",
    metadata,
    Column("cid", String, primary_key=True),
    Column("campaign_id", String, ForeignKey("campaigns.id"), primary_key=True),
    Column("parent_cid", String),
    Column("kind", String, nullable=False),
    Column("score", Float),
    Column("low", Float),
    Column("high", Float),
    Column("verdict_id", String),
    Column("created_us", BigInteger, nullable=False),
    _words("kind", "seed", "candidate", "control", "reference"),
    Index(None, "campaign_id", "created_us"),
)

starts = Table(
    "starts",
    metadata,
    Column("id", String, primary_key=True),
    Column("campaign_id", String, ForeignKey("campaigns.id"), nullable=False),
    Column("champion_cid", String, nullable=False),
    Column("state", JSON, nullable=False),
    Column("used_us", BigInteger),
    Index(None, "campaign_id", "champion_cid", "used_us"),
)

assignments = Table(
    "assignments",
    metadata,
    Column("id", String, primary_key=True),
    Column("player_id", String, ForeignKey("players.id"), nullable=False),
    Column("campaign_id", String, ForeignKey("campaigns.id"), nullable=False),
    Column("start_id", String, ForeignKey("starts.id"), nullable=False),
    Column("start", JSON, nullable=False),
    Column("champion_cid", String, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("stake_micro", BigInteger, nullable=False),
    Column("state", String, nullable=False, server_default="open"),
    Column("idempotency_key", String, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    _words("state", "open", "played", "expired", "cancelled"),
    UniqueConstraint("player_id", "idempotency_key"),
    # The rule "one open assignment per player" holds in the database itself.
    Index(
        "uq_assignments_open_player",
        "player_id",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
    Index(None, "state", "expires_us"),
    # Deleting a start asks whether an assignment names it.
    Index(None, "start_id"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", String, primary_key=True),
    Column("assignment_id", String, ForeignKey("assignments.id"), nullable=False, unique=True),
    Column("player_id", String, ForeignKey("players.id"), nullable=False),
    Column("campaign_id", String, ForeignKey("campaigns.id"), nullable=False),
    Column("champion_cid", String, nullable=False),
    Column("ticks", Integer, nullable=False),
    Column("actions", LargeBinary, nullable=False),
    Column("actors", LargeBinary, nullable=False),
    Column("final", JSON, nullable=False),
    Column("root", String, nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Column("status", String, nullable=False, server_default="pending"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("value", Float),
    Column("detail", JSON),
    Column("valued_us", BigInteger),
    Column("round_id", String, ForeignKey("rounds.id")),
    Column("lot_number", Integer),
    Column("stake_micro", BigInteger, nullable=False, server_default="0"),
    Column("paid_micro", BigInteger, nullable=False, server_default="0"),
    Column("charged_micro", BigInteger, nullable=False, server_default="0"),
    Column("judged_us", BigInteger),
    Column("withdrawn_us", BigInteger),
    _words("status", "pending", "valued", "refused", "judged", "withdrawn"),
    CheckConstraint("charged_micro >= 0 AND charged_micro <= stake_micro", name="charged_micro"),
    Index(None, "campaign_id", "status", "received_us"),
    Index(None, "player_id", "received_us"),
    Index(None, "campaign_id", "lot_number"),
    Index(None, "round_id"),
)

rounds = Table(
    "rounds",
    metadata,
    Column("id", String, primary_key=True),
    Column("campaign_id", String, ForeignKey("campaigns.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String, nullable=False, server_default="open"),
    Column("opened_us", BigInteger, nullable=False),
    Column("closed_us", BigInteger),
    Column("judged_us", BigInteger),
    Column("secret_commit", String, nullable=False),
    Column("secret", String, nullable=False),
    Column("verdict_id", String),
    _words("state", "open", "closed", "judged"),
    UniqueConstraint("campaign_id", "number"),
    Index(None, "state"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", String, primary_key=True),
    Column("campaign_id", String, ForeignKey("campaigns.id"), nullable=False),
    # A round has one verdict; bootstraps and roll-backs belong to none.
    Column("round_id", String, ForeignKey("rounds.id"), unique=True),
    Column("number", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("champion_before", String),
    Column("champion_after", String, nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    _words("kind", "promoted", "kept", "control_promoted", "rolled_back", "bootstrap"),
    UniqueConstraint("campaign_id", "number"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("campaign_id", String),
    Column("payload", JSON, nullable=False),
    # Posting the same work twice finds the first job by this key.
    Column("unique_key", String, unique=True),
    Column("state", String, nullable=False, server_default="ready"),
    Column("priority", Integer, nullable=False),
    Column("not_before_us", BigInteger, nullable=False, server_default="0"),
    Column("lease_until_us", BigInteger, nullable=False, server_default="0"),
    Column("worker", String),
    # Raised at each claim: a worker that lost its lease holds an older number.
    Column("claim_number", Integer, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("max_tries", Integer, nullable=False, server_default="5"),
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
    Column("progress", Float, nullable=False, server_default="0"),
    Column("note", Text, nullable=False, server_default=""),
    Column("checkpoint", JSON),
    Column("result", JSON),
    Column("created_us", BigInteger, nullable=False),
    Column("started_us", BigInteger),
    Column("finished_us", BigInteger),
    _words("state", "ready", "claimed", "done", "failed", "cancelled"),
    Index(None, "state", "priority", "created_us"),
    Index(None, "campaign_id", "state"),
)

events = Table(
    "events",
    metadata,
    # Drawn from `counters` inside the writing transaction: numbers appear in commit order, without gaps.
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("audience", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Index(None, "created_us"),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

disputes = Table(
    "disputes",
    metadata,
    Column("id", String, primary_key=True),
    Column("attempt_id", String, ForeignKey("attempts.id"), nullable=False),
    Column("verdict_id", String, ForeignKey("verdicts.id")),
    Column("player_id", String, ForeignKey("players.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("state", String, nullable=False, server_default="open"),
    Column("answer", Text, nullable=False, server_default=""),
    Column("created_us", BigInteger, nullable=False),
    Column("answered_us", BigInteger),
    _words("state", "open", "answered"),
    UniqueConstraint("attempt_id", "player_id"),
    Index(None, "state", "created_us"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("source", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Index(None, "created_us"),
)

gauges = Table(
    "gauges",
    metadata,
    # What a process measures about itself for the others to read: heartbeats, speeds, warm-up progress.
    Column("name", String, primary_key=True),
    Column("value", Float, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("updated_us", BigInteger, nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
    Column("created_us", BigInteger, nullable=False),
)

loans = Table(
    "loans",
    metadata,
    Column("player_id", String, primary_key=True),
    Column("address_hash", String, nullable=False),
    Column("day", Integer, nullable=False),
    Column("amount_micro", BigInteger, nullable=False),
    Index(None, "day", "address_hash"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("name", String, primary_key=True),
    Column("balance_micro", BigInteger, nullable=False, server_default="0"),
    Column("created_us", BigInteger, nullable=False),
    # The issuer goes negative by what it issued, a loan account by what is outstanding; no other may.
    CheckConstraint(
        "balance_micro >= 0 OR name = 'issuer' OR name LIKE 'loan:%'",
        name="balance_micro",
    ),
    CheckConstraint("name NOT LIKE 'loan:%' OR balance_micro <= 0", name="loan"),
)

transfers = Table(
    "transfers",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("idempotency_key", String, nullable=False, unique=True),
    Column("campaign_id", String),
    Column("attempt_id", String),
    Column("memo", JSON, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("parameters_hash", String, nullable=False),
    Column("previous_hash", String, nullable=False),
    Column("hash", String, nullable=False, unique=True),
    Index(None, "campaign_id", "kind"),
    Index(None, "attempt_id"),
)

entries = Table(
    "entries",
    metadata,
    Column("transfer_number", BigInteger, ForeignKey("transfers.number"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("account", String, ForeignKey("accounts.name"), nullable=False),
    Column("amount_micro", BigInteger, nullable=False),
    CheckConstraint("amount_micro <> 0", name="amount_micro"),
    Index(None, "account", "transfer_number"),
)

experiments = Table(
    "experiments",
    metadata,
    Column("id", String, primary_key=True),
    Column("player_id", String, ForeignKey("players.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("style", String, nullable=False, server_default=""),
    # Of the board: width, height, start_length, cap.
    Column("board", JSON, nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("balance", Boolean, nullable=False),
    # Whether one plays on where the agent came to, instead of from the start.
    Column("takeovers", Boolean, nullable=False, server_default=text("false")),
    Column("observations", Integer, nullable=False, server_default="0"),
    Column("games", Integer, nullable=False, server_default="0"),
    Column("best", Integer, nullable=False, server_default="0"),
    # Observations without games, from a file: {seen, turn, reward, after}.
    Column("imported", JSON),
    Column("idempotency_key", String, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    UniqueConstraint("player_id", "idempotency_key"),
    CheckConstraint("observations <= wanted", name="observations"),
    Index(None, "player_id", "created_us"),
)

recorded_games = Table(
    "recorded_games",
    metadata,
    Column("experiment_id", String, ForeignKey("experiments.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("seed", BigInteger, nullable=False),
    # The agent's moves before the player's; score counts the player's alone.
    Column("lead", Text, nullable=False, server_default=""),
    Column("moves", Text, nullable=False),
    Column("score", Integer, nullable=False),
    Column("length", Integer, nullable=False),
    Column("over", Boolean, nullable=False),
    Column("received_us", BigInteger, nullable=False),
)

lessons = Table(
    "lessons",
    metadata,
    Column("id", String, primary_key=True),
    Column("experiment_id", String, ForeignKey("experiments.id"), nullable=False),
    Column("learner", String, nullable=False),
    Column("observations", Integer, nullable=False),
    # The job knows how far it is; a lesson has a result from the transaction on that ends its job.
    Column("job_id", String, ForeignKey("jobs.id"), nullable=False),
    Column("result", JSON),
    Column("created_us", BigInteger, nullable=False),
    _words("learner", "finetuned", "supervised", "inverse-q"),
    Index(None, "experiment_id", "created_us"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String, primary_key=True),
    Column("player_id", String, ForeignKey("players.id"), nullable=False),
    Column("idempotency_key", String, nullable=False),
    # What is to be trained: the fields of `garage.runs.RunOrder`.
    Column("terms", JSON, nullable=False),
    Column("job_id", String, ForeignKey("jobs.id"), nullable=False),
    Column("stopping", Boolean, nullable=False, server_default=text("false")),
    Column("result", JSON),
    Column("created_us", BigInteger, nullable=False),
    UniqueConstraint("player_id", "idempotency_key"),
    Index(None, "player_id", "created_us"),
)

races = Table(
    "races",
    metadata,
    Column("id", String, primary_key=True),
    # None where the house holds the race, from the command line.
    Column("organiser_id", String, ForeignKey("players.id")),
    Column("idempotency_key", String, nullable=False),
    Column("season", String, nullable=False),
    Column("division", String, nullable=False),
    Column("name", String, nullable=False),
    Column("track", String, nullable=False),
    Column("direction", String, nullable=False),
    # The fields of `garage.race_rules.RaceRules`.
    Column("rules", JSON, nullable=False),
    Column("ranking", String, nullable=False),
    Column("opens_us", BigInteger, nullable=False),
    Column("closes_us", BigInteger, nullable=False),
    Column("prize_micro", BigInteger, nullable=False, server_default="0"),
    # Percentages of the prize for the first, second … of the ranking.
    Column("shares", JSON, nullable=False),
    Column("state", String, nullable=False, server_default="open"),
    # Once closed, who got what: [{entry_id, player_id, amount_micro}] in the order of the ranking.
    Column("awards", JSON),
    Column("created_us", BigInteger, nullable=False),
    Column("closed_us", BigInteger),
    _words("direction", "forward", "reverse"),
    _words("ranking", "best_lap", "average_lap", "total_time"),
    _words("state", "open", "closed"),
    CheckConstraint("prize_micro >= 0", name="prize_micro"),
    CheckConstraint("opens_us < closes_us", name="closes_us"),
    UniqueConstraint("organiser_id", "idempotency_key"),
    Index(None, "state", "closes_us"),
)

race_entries = Table(
    "race_entries",
    metadata,
    Column("id", String, primary_key=True),
    Column("race_id", String, ForeignKey("races.id"), nullable=False),
    Column("player_id", String, ForeignKey("players.id"), nullable=False),
    Column("idempotency_key", String, nullable=False),
    Column("kind", String, nullable=False),
    # What drives: a policy, or int8 pairs of steering and throttle that a hand made.
    Column("policy_cid", String),
    Column("actions", LargeBinary),
    # Laps in milliseconds that the page saw a hand drive.
    Column("claimed", JSON),
    # Where the policy came from: {run_id, which}, {campaign_id} or {file}.
    Column("origin", JSON, nullable=False),
    Column("job_id", String, ForeignKey("jobs.id"), nullable=False),
    Column("result", JSON),
    Column("created_us", BigInteger, nullable=False),
    _words("kind", "policy", "hand"),
    UniqueConstraint("player_id", "idempotency_key"),
    Index(None, "race_id", "created_us"),
    Index(None, "player_id", "created_us"),
)

race_finals = Table(
    "race_finals",
    metadata,
    Column("race_id", String, ForeignKey("races.id"), primary_key=True),
    Column("job_id", String, ForeignKey("jobs.id"), nullable=False),
    # Ids of the entries that race one another, in the order of the grid.
    Column("grid", JSON, nullable=False),
    Column("result", JSON),
    # When every page begins to show it; the server sets it once the result is there.
    Column("starts_us", BigInteger),
    Column("created_us", BigInteger, nullable=False),
)
