"""The revision of each row of a record, which each write raises.

Revision 0017, after 0016.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES = (
    *("students", "teachers", "programs", "units", "classes", "enrollments", "registrations", "payments"),
    *("grades", "requests", "moodle_users", "moodle_courses", "moodle_enrollments", "moodle_marks"),
)


def upgrade() -> None:
    """Add it: what is there begins with 1. With a default, or every row would have to be written anew."""
    for table in TABLES:
        op.add_column(table, sa.Column("revision", sa.BigInteger(), nullable=False, server_default="1"))


def downgrade() -> None:
    """Take it away."""
    for table in TABLES:
        with op.batch_alter_table(table) as altered:
            altered.drop_column("revision")
