"""What sources told.

Revision 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

from mzi_adapters.sql import types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the log of events: none was told."""
    op.create_table(
        "event_logs",
        sa.Column("tenant_id", types.Key(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("source", types.Key(), nullable=False),
        sa.Column("kind", types.Key(), nullable=False),
        sa.Column("sent_as", sa.Text()),
        sa.Column("repeats", types.Key()),
        sa.Column("module", types.Key()),
        sa.Column("key", types.Key()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("received_at", types.UtcDateTime(), nullable=False),
        sa.Column("state", types.Key(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_at", types.UtcDateTime()),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_event_logs")),
    )
    for columns in (("state",), ("source",), ("kind",), ("module", "key")):
        name = op.f(f"ix_event_logs_tenant_id_{'_'.join(columns)}_id")
        op.create_index(name, "event_logs", ["tenant_id", *columns, "id"])
    op.create_index(
        "uq_event_logs_repeats",
        "event_logs",
        ["tenant_id", "source", "repeats"],
        unique=True,
        sqlite_where=sa.text("repeats IS NOT NULL"),
        postgresql_where=sa.text("repeats IS NOT NULL"),
    )


def downgrade() -> None:
    """Take it away, with all that was told; what of it was taken stays."""
    op.drop_table("event_logs")
    op.execute(sa.text("DELETE FROM record_counts WHERE module = 'event log'"))
