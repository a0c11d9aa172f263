"""What went wrong first when an access token was asked for in vain.

Revision 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it: of what went wrong before nothing is known."""
    op.add_column("service_grants", sa.Column("cause", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("service_grants") as grants:
        grants.drop_column("cause")
