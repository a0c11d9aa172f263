"""What remote services grant us, and where a run's source is to be taken up again.

Revision 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

from mzi_adapters.sql import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the grants, and the bookmark of a run; earlier runs have none."""
    op.create_table(
        "service_grants",
        sa.Column("tenant_id", types.Key(), nullable=False),
        sa.Column("name", types.Key(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("token", sa.Text()),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime()),
        sa.Column("renewing_until", types.UtcDateTime()),
        sa.Column("renewals", types.Json(), nullable=False),
        sa.Column("paused_until", types.UtcDateTime()),
        sa.Column("revoked", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_service_grants")),
    )
    op.add_column("extension_sync_runs", sa.Column("bookmark", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take both away."""
    with op.batch_alter_table("extension_sync_runs") as runs:
        runs.drop_column("bookmark")
    op.drop_table("service_grants")
