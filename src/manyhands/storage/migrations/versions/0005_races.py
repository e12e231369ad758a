"""Races of the league and what is entered into them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _races()
    _entries()


def _races() -> None:
    op.create_table(
        "races",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organiser_id", sa.String(), nullable=True),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("season", sa.String(), nullable=False),
        sa.Column("division", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("track", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("ranking", sa.String(), nullable=False),
        sa.Column("opens_us", sa.BigInteger(), nullable=False),
        sa.Column("closes_us", sa.BigInteger(), nullable=False),
        sa.Column("prize_micro", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("shares", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), server_default="open", nullable=False),
        sa.Column("awards", sa.JSON(), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("closed_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("direction IN ('forward', 'reverse')", name=op.f("ck_races_direction")),
        sa.CheckConstraint(
            "ranking IN ('best_lap', 'average_lap', 'total_time')", name=op.f("ck_races_ranking")
        ),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_races_state")),
        sa.CheckConstraint("prize_micro >= 0", name=op.f("ck_races_prize_micro")),
        sa.CheckConstraint("opens_us < closes_us", name=op.f("ck_races_closes_us")),
        sa.ForeignKeyConstraint(["organiser_id"], ["players.id"], name=op.f("fk_races_organiser_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_races")),
        sa.UniqueConstraint(
            "organiser_id", "idempotency_key", name=op.f("uq_races_organiser_id_idempotency_key")
        ),
    )
    op.create_index(op.f("ix_races_state_closes_us"), "races", ["state", "closes_us"])


def _entries() -> None:
    op.create_table(
        "race_entries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("race_id", sa.String(), nullable=False),
        sa.Column("player_id", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("policy_cid", sa.String(), nullable=True),
        sa.Column("actions", sa.LargeBinary(), nullable=True),
        sa.Column("claimed", sa.JSON(), nullable=True),
        sa.Column("origin", sa.JSON(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('policy', 'hand')", name=op.f("ck_race_entries_kind")),
        sa.ForeignKeyConstraint(["race_id"], ["races.id"], name=op.f("fk_race_entries_race_id")),
        sa.ForeignKeyConstraint(["player_id"], ["players.id"], name=op.f("fk_race_entries_player_id")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_race_entries_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_race_entries")),
        sa.UniqueConstraint(
            "player_id", "idempotency_key", name=op.f("uq_race_entries_player_id_idempotency_key")
        ),
    )
    op.create_index(op.f("ix_race_entries_race_id_created_us"), "race_entries", ["race_id", "created_us"])
    op.create_index(op.f("ix_race_entries_player_id_created_us"), "race_entries", ["player_id", "created_us"])


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("race_entries")
    op.drop_table("races")
