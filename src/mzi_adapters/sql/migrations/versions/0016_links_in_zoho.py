"""What Zoho says of each link to Moodle, beside the link.

Revision 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

LINKS = {
    "students": "moodle_userid",
    "teachers": "moodle_userid",
    "classes": "moodle_class_id",
    "grades": "moodle_grade_id",
    "requests": "moodle_request_id",
}


def upgrade() -> None:
    """Add it, as the link: where Zoho has not been told of that, its next word says so.

    What these records said before is forgotten, so that they are read again when they come.
    """
    for table, link in LINKS.items():
        op.add_column(table, sa.Column(f"{link}_in_zoho", sa.BigInteger()))
        op.execute(f"UPDATE {table} SET {link}_in_zoho = {link}, mark = NULL WHERE {link} IS NOT NULL")  # noqa: S608  # names of the schema


def downgrade() -> None:
    """Take it away: the link is there already."""
    for table, link in LINKS.items():
        with op.batch_alter_table(table) as altered:
            altered.drop_column(f"{link}_in_zoho")
