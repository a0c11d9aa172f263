"""Registrations enrol in the course of their programme: what Zoho says of that, and how they are found.

Revision 0022, after 0021.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLE = "registrations"
SAID = ("moodle_course_id", "student_moodle_id")
FOUND_BY = ("student_zoho_id", "program_zoho_id")
LIVE = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    """Add the columns and the indexes. What the records said is forgotten, so that they are read whole."""
    for column in SAID:
        op.add_column(TABLE, sa.Column(column, sa.BigInteger()))
    op.execute(f"UPDATE {TABLE} SET mark = NULL")  # noqa: S608  # a name of the schema
    for column in FOUND_BY:
        op.create_index(
            f"ix_{TABLE}_live_{column}",
            TABLE,
            ["tenant_id", column],
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        )


def downgrade() -> None:
    """Take them away."""
    for column in FOUND_BY:
        op.drop_index(f"ix_{TABLE}_live_{column}", TABLE)
    with op.batch_alter_table(TABLE) as altered:
        for column in SAID:
            altered.drop_column(column)
