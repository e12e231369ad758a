"""Find assignments by their start: without it every start that is deleted scans all of them."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NAME = "ix_assignments_start_id"


def upgrade() -> None:
    """Create the index."""
    op.create_index(op.f(_NAME), "assignments", ["start_id"], unique=False)


def downgrade() -> None:
    """Drop the index."""
    op.drop_index(op.f(_NAME), table_name="assignments")
