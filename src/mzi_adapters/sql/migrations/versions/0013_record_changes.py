"""What was changed of records.

Revision 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

from mzi_adapters.sql import types

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the history: of what was changed before nothing is known."""
    op.create_table(
        "record_changes",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("tenant_id", types.Key(), nullable=False),
        sa.Column("module", types.Key(), nullable=False),
        sa.Column("key", types.Key(), nullable=False),
        sa.Column("kind", types.Key(), nullable=False),
        sa.Column("changed_at", types.UtcDateTime(), nullable=False),
        sa.Column("caused_by", types.Key(), nullable=False),
        sa.Column("cause_id", types.Key(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_record_changes")),
    )
    columns = ["tenant_id", "module", "key", "number"]
    op.create_index(op.f(f"ix_record_changes_{'_'.join(columns)}"), "record_changes", columns)


def downgrade() -> None:
    """Take it away."""
    op.drop_table("record_changes")
