"""Of when the fields of Moodle's records are, where they are older than the record.

Revision 0015, after 0014.
"""

import sqlalchemy as sa
from alembic import op

from mzi_adapters.sql import types

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KINDS = ("moodle_users", "moodle_courses", "moodle_enrollments", "moodle_marks")


def upgrade() -> None:
    """Add it: what has a value until now is of the version of its record, and what has none was not told.

    With a default, or every row would have to be written anew.
    """
    for kind in KINDS:
        op.add_column(kind, sa.Column("field_versions", types.Json(), nullable=False, server_default="[]"))


def downgrade() -> None:
    """Take it away."""
    for kind in KINDS:
        with op.batch_alter_table(kind) as table:
            table.drop_column("field_versions")
