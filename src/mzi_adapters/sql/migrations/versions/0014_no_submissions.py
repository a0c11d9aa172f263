"""Whether nothing can be handed in for the assignment of a mark.

Revision 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it: of the marks until now it is told with the next pull."""
    op.add_column("moodle_marks", sa.Column("no_submissions", sa.Boolean()))


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("moodle_marks") as marks:
        marks.drop_column("no_submissions")
