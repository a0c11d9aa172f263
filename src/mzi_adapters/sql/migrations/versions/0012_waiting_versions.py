"""The version of a parked record that waits, beside a newer one that was refused.

Revision 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it: of what is parked until now, one version was kept."""
    op.add_column("parked_records", sa.Column("waiting", sa.Text()))


def downgrade() -> None:
    """Take it away; of two versions the good one stays, which waits."""
    op.execute("UPDATE parked_records SET record = waiting WHERE waiting IS NOT NULL")
    with op.batch_alter_table("parked_records") as parked:
        parked.drop_column("waiting")
