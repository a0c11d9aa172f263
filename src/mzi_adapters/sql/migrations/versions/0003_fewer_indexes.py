"""Fewer and narrower indexes, ids and digests as bytes, counts that are kept.

A record is found by its tenant and Zoho's id and by nothing else of ours: that becomes its primary key, and
what the foreign keys point at. So the columns with our own id of a parent go (`student_id` beside
`student_zoho_id`); they come back on the way down. On PostgreSQL our ids become UUID and the digests BYTEA.

Revision 0003, after 0002. Every table of records is locked against readers and writers to the end of the one
transaction, and written anew, for which there must be room. On two shared cores a million records took some
50 s up and 110 s down on PostgreSQL, 50 s and 80 s on SQLite; measured were 100,000 students, each with a
registration.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

from mzi_adapters.sql import types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PARENTS: Mapping[str, Mapping[str, str]] = {
    "students": {},
    "teachers": {},
    "programs": {},
    "units": {},
    "classes": {},
    "enrollments": {"student": "students", "class": "classes"},
    "grades": {"student": "students", "unit": "units", "class": "classes"},
    "registrations": {"student": "students", "program": "programs"},
    "payments": {"registration": "registrations"},
    "requests": {"student": "students"},
}
"""The tables of records, parents first, and the lookups of each whose record must be there."""

OPTIONAL = {("grades", "unit"), ("grades", "class"), ("requests", "student")}

UNUSED = {"units": "unit_code", "programs": "moodle_id"}
"""What was indexed, and no statement looks for."""

LISTED = ("state", "tenant_id", "updated_at", "zoho_id")
LISTED_BEFORE = ("tenant_id", "updated_at", "zoho_id")
HELD = ("tenant_id", "module", "state", "held_at", "zoho_id")
HELD_BEFORE = ("tenant_id", "module", "held_at", "zoho_id")

NATIVE = """\
ALTER TABLE {table} DROP CONSTRAINT pk_{table}, DROP CONSTRAINT uq_{table}_tenant_id_zoho_id,
    ALTER COLUMN id TYPE UUID USING id::uuid,
    ALTER COLUMN fingerprint TYPE BYTEA USING decode(fingerprint, 'hex'),
    ALTER COLUMN mark TYPE BYTEA USING decode(mark, 'hex'),
    ADD CONSTRAINT pk_{table} PRIMARY KEY (tenant_id, zoho_id)"""

TEXT = """\
ALTER TABLE {table} DROP CONSTRAINT pk_{table},
    ALTER COLUMN id TYPE VARCHAR(36) USING id::text,
    ALTER COLUMN fingerprint TYPE VARCHAR(64) USING encode(fingerprint, 'hex'),
    ALTER COLUMN mark TYPE VARCHAR(32) USING encode(mark, 'hex'),
    ADD CONSTRAINT pk_{table} PRIMARY KEY (tenant_id, id),
    ADD CONSTRAINT uq_{table}_tenant_id_zoho_id UNIQUE (tenant_id, zoho_id)"""

FOUND = """\
UPDATE {table} SET {name}_id = (SELECT id FROM {parent}
    WHERE {parent}.tenant_id = {table}.tenant_id AND {parent}.zoho_id = {table}.{name}_zoho_id)"""

COUNTED = """\
INSERT INTO record_counts (tenant_id, module, state, number)
SELECT tenant_id, '{table}', state, count(*) FROM {table}
WHERE deleted_at IS NULL GROUP BY tenant_id, state"""

HELD_COUNTED = """\
INSERT INTO record_counts (tenant_id, module, state, number)
SELECT tenant_id, module, state, count(*) FROM parked_records GROUP BY tenant_id, module, state"""


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)


def _no_index(table: str, *columns: str) -> None:
    op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table)


def _lists(table: str) -> None:
    for name, which in (("live", "deleted_at IS NULL"), ("deleted", "deleted_at IS NOT NULL")):
        where = sa.text(which)
        op.create_index(op.f(f"ix_{table}_{name}"), table, LISTED, sqlite_where=where, postgresql_where=where)


def _lookup(name: str) -> str:
    return f"{name}_zoho_id"


def _key(table: str, column: str) -> str:
    return op.f(f"fk_{table}_tenant_id_{column}")


def upgrade() -> None:
    """Take the parents' ids away, bring each table into its new form, and point the children at it."""
    for table, parents in PARENTS.items():
        _no_index(table, *LISTED_BEFORE)
        if parents:
            _no_index(table, "tenant_id", *map(_lookup, parents))
    for table, column in UNUSED.items():
        _no_index(table, "tenant_id", column)
    if _is_postgres():
        _change_on_postgres()
    else:
        _change_on_sqlite()
    op.create_table(
        "record_counts",
        sa.Column("tenant_id", types.Key(), nullable=False),
        sa.Column("module", types.Key(), nullable=False),
        sa.Column("state", types.Key(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "module", "state", name=op.f("pk_record_counts")),
    )
    for table in PARENTS:
        _lists(table)
        op.execute(COUNTED.format(table=table))
    op.execute(HELD_COUNTED)
    _no_index("parked_records", *HELD_BEFORE)
    _index("parked_records", *HELD)


def _change_on_postgres() -> None:
    for table, parents in PARENTS.items():
        for name in parents:
            op.drop_column(table, f"{name}_id")  # and with it the foreign key and the check
    for table in PARENTS:
        op.execute(NATIVE.format(table=table))
    for table, parents in PARENTS.items():
        for name, parent in parents.items():
            there = ["tenant_id", "zoho_id"]
            op.create_foreign_key(
                _key(table, _lookup(name)), table, parent, ["tenant_id", _lookup(name)], there
            )
    op.execute("ALTER TABLE extension_sync_runs ALTER COLUMN id TYPE UUID USING id::uuid")


def _change_on_sqlite() -> None:
    with op.batch_alter_table("extension_sync_runs") as change:
        change.alter_column("id", existing_type=sa.Text(), type_=sa.String(36))
    for table, parents in PARENTS.items():
        with op.batch_alter_table(table) as change:
            change.drop_constraint(op.f(f"uq_{table}_tenant_id_zoho_id"), type_="unique")
            change.drop_constraint(op.f(f"pk_{table}"), type_="primary")
            change.create_primary_key(op.f(f"pk_{table}"), ["tenant_id", "zoho_id"])
            for name, parent in parents.items():
                change.drop_constraint(_key(table, f"{name}_id"), type_="foreignkey")
                if (table, name) in OPTIONAL:
                    change.drop_constraint(op.f(f"ck_{table}_{name}_id_found"), type_="check")
                change.drop_column(f"{name}_id")
                there = ["tenant_id", "zoho_id"]
                change.create_foreign_key(
                    _key(table, _lookup(name)), parent, ["tenant_id", _lookup(name)], there
                )


def downgrade() -> None:
    """Find the parents' ids again, and point the children at them."""
    _no_index("parked_records", *HELD)
    _index("parked_records", *HELD_BEFORE)
    op.drop_table("record_counts")
    for table in PARENTS:
        op.drop_index(op.f(f"ix_{table}_live"), table)
        op.drop_index(op.f(f"ix_{table}_deleted"), table)
    if _is_postgres():
        _restore_on_postgres()
    else:
        _restore_on_sqlite()
    for table, parents in PARENTS.items():
        if parents:
            _restore_parents(table, parents)
            _index(table, "tenant_id", *map(_lookup, parents))
        _index(table, *LISTED_BEFORE)
    for table, column in UNUSED.items():
        _index(table, "tenant_id", column)


def _restore_on_postgres() -> None:
    op.execute('ALTER TABLE extension_sync_runs ALTER COLUMN id TYPE TEXT COLLATE "C" USING id::text')
    for table, parents in PARENTS.items():
        for name in parents:
            op.drop_constraint(_key(table, _lookup(name)), table, type_="foreignkey")
    for table in PARENTS:
        op.execute(TEXT.format(table=table))


def _restore_on_sqlite() -> None:
    with op.batch_alter_table("extension_sync_runs") as change:
        change.alter_column("id", existing_type=sa.String(36), type_=sa.Text())
    for table, parents in PARENTS.items():
        with op.batch_alter_table(table) as change:
            for name in parents:
                change.drop_constraint(_key(table, _lookup(name)), type_="foreignkey")
            change.drop_constraint(op.f(f"pk_{table}"), type_="primary")
            change.create_primary_key(op.f(f"pk_{table}"), ["tenant_id", "id"])
            change.create_unique_constraint(op.f(f"uq_{table}_tenant_id_zoho_id"), ["tenant_id", "zoho_id"])


def _restore_parents(table: str, parents: Mapping[str, str]) -> None:
    for name, parent in parents.items():
        op.add_column(table, sa.Column(f"{name}_id", sa.String(36)))
        op.execute(FOUND.format(table=table, name=name, parent=parent))
    with op.batch_alter_table(table) as change:
        for name, parent in parents.items():
            column = f"{name}_id"
            change.create_foreign_key(_key(table, column), parent, ["tenant_id", column], ["tenant_id", "id"])
            if (table, name) in OPTIONAL:
                both = f"({column} IS NULL) = ({_lookup(name)} IS NULL)"
                change.create_check_constraint(op.f(f"ck_{table}_{column}_found"), both)
            else:
                change.alter_column(column, existing_type=sa.String(36), nullable=False)
