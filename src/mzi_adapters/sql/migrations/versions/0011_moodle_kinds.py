"""The kinds of record of Moodle: users, courses, enrolments and marks.

Revision 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

from mzi_adapters.sql import types

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KINDS = ("moodle_users", "moodle_courses", "moodle_enrollments", "moodle_marks")


def _kind(name: str, *columns: sa.Column[object], parents: tuple[tuple[str, str], ...] = ()) -> None:
    """A table of records with these columns of its own, and with foreign keys to its `parents`."""
    op.create_table(
        name,
        sa.Column("tenant_id", types.Key(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("modified_at", types.UtcDateTime()),
        sa.Column("event_number", sa.BigInteger()),
        sa.Column("moodle_key", types.Key(), nullable=False),
        *columns,
        sa.Column("extra", types.Json(), nullable=False),
        sa.Column("fingerprint", types.Digest(32), nullable=False),
        sa.Column("mark", types.Digest(16)),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.Column("deleted_at", types.UtcDateTime()),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                [f"{parent}.tenant_id", f"{parent}.moodle_key"],
                name=f"fk_{name}_tenant_id_{column}",
            )
            for column, parent in parents
        ),
        sa.PrimaryKeyConstraint("tenant_id", "moodle_key", name=f"pk_{name}"),
    )
    for which, said in (("live", "deleted_at IS NULL"), ("deleted", "deleted_at IS NOT NULL")):
        op.create_index(
            f"ix_{name}_{which}",
            name,
            ["state", "tenant_id", "updated_at", "moodle_key"],
            sqlite_where=sa.text(said),
            postgresql_where=sa.text(said),
        )


def upgrade() -> None:
    """Make their tables."""
    _kind(
        "moodle_users",
        sa.Column("username", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("first_name", sa.Text()),
        sa.Column("last_name", sa.Text()),
        sa.Column("full_name", sa.Text()),
        sa.Column("id_number", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.Column("second_phone", sa.Text()),
        sa.Column("city", sa.Text()),
        sa.Column("country", sa.Text()),
        sa.Column("suspended", sa.Boolean()),
        sa.Column("deleted", sa.Boolean()),
        sa.Column("role", sa.Text()),
        sa.Column("created_in_moodle", types.UtcDateTime()),
    )
    _kind(
        "moodle_courses",
        sa.Column("short_name", sa.Text()),
        sa.Column("full_name", sa.Text()),
        sa.Column("id_number", sa.Text()),
        sa.Column("category", sa.BigInteger()),
        sa.Column("starts_at", types.UtcDateTime()),
        sa.Column("ends_at", types.UtcDateTime()),
        sa.Column("visible", sa.Boolean()),
        sa.Column("created_in_moodle", types.UtcDateTime()),
    )
    _kind(
        "moodle_enrollments",
        sa.Column("course_moodle_key", types.Key(), nullable=False),
        sa.Column("user_moodle_key", types.Key(), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger()),
        sa.Column("role", sa.BigInteger()),
        sa.Column("status", sa.Text()),
        sa.Column("starts_at", types.UtcDateTime()),
        sa.Column("ends_at", types.UtcDateTime()),
        sa.Column("method", sa.Text()),
        sa.Column("maker", sa.BigInteger()),
        sa.Column("made_as", sa.BigInteger()),
        sa.Column("created_in_moodle", types.UtcDateTime()),
        parents=(("user_moodle_key", "moodle_users"), ("course_moodle_key", "moodle_courses")),
    )
    _kind(
        "moodle_marks",
        sa.Column("student_moodle_key", types.Key(), nullable=False),
        sa.Column("course_moodle_key", types.Key(), nullable=False),
        sa.Column("assignment", sa.BigInteger(), nullable=False),
        sa.Column("assignment_name", sa.Text()),
        sa.Column("minimum", types.Exact()),
        sa.Column("maximum", types.Exact()),
        sa.Column("scale", sa.BigInteger()),
        sa.Column("scale_items", types.Json(), nullable=False),
        sa.Column("workflow", sa.Text()),
        sa.Column("due", types.UtcDateTime()),
        sa.Column("extension", types.UtcDateTime()),
        sa.Column("cutoff", types.UtcDateTime()),
        sa.Column("item", sa.BigInteger()),
        sa.Column("grade_id", sa.BigInteger()),
        sa.Column("final", types.Exact()),
        sa.Column("attempts", types.Json(), nullable=False),
        parents=(("student_moodle_key", "moodle_users"), ("course_moodle_key", "moodle_courses")),
    )


def downgrade() -> None:
    """Take them away, with what is parked of them and how many there were."""
    for name in reversed(KINDS):
        op.drop_table(name)
    for table in ("parked_records", "record_counts"):
        module = sa.table(table, sa.column("module", sa.Text()))
        op.execute(module.delete().where(module.c.module.in_(KINDS)))
