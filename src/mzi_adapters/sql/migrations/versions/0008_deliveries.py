"""What is due to be looked at, and how that stands.

Revision 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

from mzi_adapters.sql import types

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INDEXES = {
    "due": (["tenant_id", "flow", "due_at"], "state = 'due'"),
    "look": (["tenant_id", "flow", "look_at"], "state = 'settled' AND look_at IS NOT NULL"),
    "waits": (["tenant_id", "waits_flow", "waits_key"], "state = 'waiting'"),
    "plan": (["tenant_id", "plan_id", "flow", "key"], "state = 'held'"),
    "subject": (["tenant_id", "subject", "flow", "key"], "subject != ''"),
    "state": (["state", "tenant_id", "flow", "key"], None),
}

OFTEN_CHANGED = """\
ALTER TABLE deliveries SET (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 500)"""
"""Each row changes several times an hour: room beside it for its next version, and statistics before long."""


def upgrade() -> None:
    """Add deliveries, their numbers, and which flows are paused: nothing is due yet."""
    op.create_table(
        "deliveries",
        sa.Column("tenant_id", types.Key(), nullable=False),
        sa.Column("flow", types.Key(), nullable=False),
        sa.Column("key", types.Key(), nullable=False),
        sa.Column("subject", types.Key(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.Column("state", types.Key(), nullable=False),
        sa.Column("was", types.Key(), nullable=False),
        sa.Column("due_at", types.UtcDateTime(), nullable=False),
        sa.Column("claim", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", types.UtcDateTime()),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("look_at", types.UtcDateTime()),
        sa.Column("waits_flow", types.Key()),
        sa.Column("waits_key", types.Key()),
        sa.Column("agreed", types.Json()),
        sa.Column("intent", types.Json()),
        sa.Column("plan_id", types.Key(), nullable=False),
        sa.Column("approved_generation", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "flow", "key", name=op.f("pk_deliveries")),
    )
    for name, (columns, which) in INDEXES.items():
        where = None if which is None else sa.text(which)
        op.create_index(
            op.f(f"ix_deliveries_{name}"),
            "deliveries",
            columns,
            sqlite_where=where,
            postgresql_where=where,
        )
    if op.get_context().dialect.name == "postgresql":
        op.execute(OFTEN_CHANGED)
    op.create_table(
        "delivery_counts",
        sa.Column("tenant_id", types.Key(), nullable=False),
        sa.Column("flow", types.Key(), nullable=False),
        sa.Column("state", types.Key(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "flow", "state", name=op.f("pk_delivery_counts")),
    )
    op.create_table(
        "delivery_pauses",
        sa.Column("tenant_id", types.Key(), nullable=False),
        sa.Column("flow", types.Key(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("paused_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "flow", name=op.f("pk_delivery_pauses")),
    )


def downgrade() -> None:
    """Take them away, with all that is due; a reconciliation finds it again."""
    for table in ("delivery_pauses", "delivery_counts", "deliveries"):
        op.drop_table(table)
