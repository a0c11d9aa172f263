"""The time zone in which the people of a tenant are told times.

Revision 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it: so far times were told in UTC."""
    op.add_column("extension_tenants", sa.Column("zone", sa.Text(), nullable=False, server_default="UTC"))


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("extension_tenants") as tenants:
        tenants.drop_column("zone")
