"""The review list.

Revision 0020, after 0019.
"""

import sqlalchemy as sa
from alembic import op

from mzi_adapters.sql import types

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it: so far a person was asked nothing."""
    op.create_table(
        "review_items",
        sa.Column("tenant_id", types.Key(), nullable=False),
        sa.Column("kind", types.Key(), nullable=False),
        sa.Column("key", types.Key(), nullable=False),
        sa.Column("subject", types.Key(), nullable=False),
        sa.Column("module", types.Key(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("candidates", types.Json(), nullable=False),
        sa.Column("sentences", types.Json(), nullable=False),
        sa.Column("opened_at", types.UtcDateTime(), nullable=False),
        sa.Column("state", types.Key(), nullable=False),
        sa.Column("choice", sa.BigInteger()),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", types.UtcDateTime()),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "key", name=op.f("pk_review_items")),
    )
    columns = ["state", "tenant_id", "kind", "key"]
    op.create_index(op.f("ix_review_items_state"), "review_items", columns)


def downgrade() -> None:
    """Take it away."""
    op.drop_table("review_items")
