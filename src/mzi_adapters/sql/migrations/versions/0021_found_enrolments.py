"""Enrolments are found by their student and their class: what changes in Moodle is looked for in Zoho.

Revision 0021, after 0020.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLE, COLUMNS = "enrollments", ("student_zoho_id", "class_zoho_id")
LIVE = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    """Add the indexes."""
    for column in COLUMNS:
        op.create_index(
            f"ix_{TABLE}_live_{column}",
            TABLE,
            ["tenant_id", column],
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        )


def downgrade() -> None:
    """Take them away."""
    for column in COLUMNS:
        op.drop_index(f"ix_{TABLE}_live_{column}", TABLE)
