"""What people were told of.

Revision 0023, after 0022.
"""

import sqlalchemy as sa
from alembic import op

from mzi_adapters.sql import types

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it: so far nobody was told anything."""
    op.create_table(
        "told_notices",
        sa.Column("tenant_id", types.Key(), nullable=False),
        sa.Column("way", types.Key(), nullable=False),
        sa.Column("kind", types.Key(), nullable=False),
        sa.Column("of", types.Key(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("told_at", types.UtcDateTime(), nullable=False),
        sa.Column("gone_at", types.UtcDateTime()),
        sa.PrimaryKeyConstraint("tenant_id", "way", "kind", "of", name=op.f("pk_told_notices")),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("told_notices")
