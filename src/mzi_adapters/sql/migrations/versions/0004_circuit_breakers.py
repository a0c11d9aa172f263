"""Services that do not answer, and until when they are left alone.

Revision 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

from mzi_adapters.sql import types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the open circuit breakers: none is."""
    op.create_table(
        "circuit_breakers",
        sa.Column("tenant_id", types.Key(), nullable=False),
        sa.Column("service", types.Key(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("since", types.UtcDateTime(), nullable=False),
        sa.Column("until", types.UtcDateTime(), nullable=False),
        sa.Column("openings", sa.BigInteger(), nullable=False),
        sa.Column("claims", sa.BigInteger(), nullable=False),
        sa.Column("probed_until", types.UtcDateTime()),
        sa.PrimaryKeyConstraint("tenant_id", "service", name=op.f("pk_circuit_breakers")),
    )


def downgrade() -> None:
    """Take them away; the processes open theirs anew where they must."""
    op.drop_table("circuit_breakers")
