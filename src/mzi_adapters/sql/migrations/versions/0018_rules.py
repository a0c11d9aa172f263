"""The rules of a tenant.

Revision 0018, after 0017.
"""

import sqlalchemy as sa
from alembic import op

from mzi_adapters.sql import types

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them: so far no tenant chose any."""
    op.add_column("extension_tenants", sa.Column("rules", types.Json(), nullable=False, server_default="{}"))


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table("extension_tenants") as tenants:
        tenants.drop_column("rules")
