"""The brake: what was reserved, and the plans that a person decides.

Revision 0019, after 0018.
"""

import sqlalchemy as sa
from alembic import op

from mzi_adapters.sql import types

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them: nothing was reserved yet, and no plan is open."""
    op.create_table(
        "brake_ledger",
        sa.Column("tenant_id", types.Key(), nullable=False),
        sa.Column("flow", types.Key(), nullable=False),
        sa.Column("action", types.Key(), nullable=False),
        sa.Column("key", types.Key(), nullable=False),
        sa.Column("reserved_at", types.UtcDateTime(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "flow", "action", "key", name=op.f("pk_brake_ledger")),
    )
    for columns in (["tenant_id", "flow", "action", "reserved_at"], ["tenant_id", "reserved_at"]):
        op.create_index(op.f(f"ix_brake_ledger_{'_'.join(columns)}"), "brake_ledger", columns)
    op.create_table(
        "plans",
        sa.Column("tenant_id", types.Key(), nullable=False),
        sa.Column("id", types.Key(), nullable=False),
        sa.Column("flow", types.Key(), nullable=False),
        sa.Column("action", types.Key(), nullable=False),
        sa.Column("opened_at", types.UtcDateTime(), nullable=False),
        sa.Column("state", types.Key(), nullable=False),
        sa.Column("decided_at", types.UtcDateTime()),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_plans")),
    )
    op.create_index(op.f("ix_plans_tenant_id_state_id"), "plans", ["tenant_id", "state", "id"])
    is_open = sa.text("state = 'open'")
    op.create_index(
        op.f("uq_plans_open"),
        "plans",
        ["tenant_id", "flow", "action"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def downgrade() -> None:
    """Take them away; what is held stays held until it changes or is made due."""
    for table in ("plans", "brake_ledger"):
        op.drop_table(table)
