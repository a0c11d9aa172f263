"""Enrolments are found by their student: what changes in Moodle is looked for in Zoho.

Revision 0021, after 0020.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

INDEX, TABLE = "ix_enrollments_live_student_zoho_id", "enrollments"
LIVE = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    """Add the index."""
    op.create_index(INDEX, TABLE, ["tenant_id", "student_zoho_id"], sqlite_where=LIVE, postgresql_where=LIVE)


def downgrade() -> None:
    """Take it away."""
    op.drop_index(INDEX, TABLE)
