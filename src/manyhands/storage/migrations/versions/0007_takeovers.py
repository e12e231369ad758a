"""Experiments in which a player takes over in games of the agent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add whether one takes over, and the moves before a game's own."""
    op.add_column(
        "experiments", sa.Column("takeovers", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    op.add_column("recorded_games", sa.Column("lead", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop both."""
    op.drop_column("recorded_games", "lead")
    op.drop_column("experiments", "takeovers")
