"""The first schema: the ten modules, what the tenants chose, and what mzi keeps for itself.

Revision 0001, after nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from mzi_adapters.sql import types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "payments",
    "registrations",
    "requests",
    "grades",
    "enrollments",
    "classes",
    "units",
    "programs",
    "teachers",
    "students",
    "extension_sync_runs",
    "extension_field_mappings",
    "extension_tenants",
    "parked_records",
    "grade_decisions",
    "idempotency_answers",
    "api_keys",
)


def _of(kind: Any, *names: str, needed: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=not needed) for name in names]


def _text(*names: str, needed: bool = False) -> list[sa.Column[Any]]:
    return _of(sa.Text(), *names, needed=needed)


def _key(*names: str, needed: bool = False) -> list[sa.Column[Any]]:
    return _of(types.Key(), *names, needed=needed)


def _number(*names: str, needed: bool = False) -> list[sa.Column[Any]]:
    return _of(sa.BigInteger(), *names, needed=needed)


def _exact(*names: str, needed: bool = False) -> list[sa.Column[Any]]:
    return _of(types.Exact(), *names, needed=needed)


def _day(*names: str) -> list[sa.Column[Any]]:
    return _of(sa.Date(), *names)


def _moment(*names: str, needed: bool = False) -> list[sa.Column[Any]]:
    return _of(types.UtcDateTime(), *names, needed=needed)


def _json(*names: str) -> list[sa.Column[Any]]:
    return _of(types.Json(), *names, needed=True)


def _create(table: str, *parts: Iterable[sa.schema.SchemaItem], primary: Sequence[str]) -> None:
    items = [item for part in parts for item in part]
    op.create_table(table, *items, sa.PrimaryKeyConstraint(*primary, name=op.f(f"pk_{table}")))


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)


def _unique_live(table: str, *columns: str, needed: bool = False) -> None:
    for column in columns:
        live = sa.text("deleted_at IS NULL" if needed else f"deleted_at IS NULL AND {column} IS NOT NULL")
        op.create_index(
            op.f(f"uq_{table}_live_{column}"),
            table,
            ["tenant_id", column],
            unique=True,
            sqlite_where=live,
            postgresql_where=live,
        )


def _parent(table: str, name: str, parent: str, *, needed: bool = True) -> list[sa.schema.SchemaItem]:
    column = f"{name}_id"
    items: list[sa.schema.SchemaItem] = [
        sa.Column(column, sa.String(36), nullable=not needed),
        sa.ForeignKeyConstraint(
            ["tenant_id", column],
            [f"{parent}.tenant_id", f"{parent}.id"],
            name=op.f(f"fk_{table}_tenant_id_{column}"),
        ),
    ]
    if not needed:
        both = f"({column} IS NULL) = ({name}_zoho_id IS NULL)"
        items.append(sa.CheckConstraint(both, name=op.f(f"ck_{table}_{column}_found")))
    return items


def _records(table: str, *parts: Iterable[sa.schema.SchemaItem]) -> None:
    """A table of records: what every one has around the fields of its module."""
    _create(
        table,
        _key("tenant_id", needed=True),
        _of(sa.String(36), "id", needed=True),
        _key("zoho_id", needed=True),
        _moment("modified_at"),
        *parts,
        _json("extra"),
        _of(sa.String(64), "fingerprint", needed=True),
        _of(sa.String(32), "mark"),
        _text("state", needed=True),
        _moment("created_at", "updated_at", needed=True),
        _moment("deleted_at"),
        [sa.UniqueConstraint("tenant_id", "zoho_id", name=op.f(f"uq_{table}_tenant_id_zoho_id"))],
        primary=("tenant_id", "id"),
    )
    _index(table, "tenant_id", "updated_at", "zoho_id")


def _people() -> None:
    _records(
        "students",
        _text("display_name", "academic_email", needed=True),
        _text("first_name", "last_name", "full_name", "first_name_native", "last_name_native"),
        _text("email", "secondary_email", "phone", "city", "address", "nationality"),
        _day("birth_date"),
        _text("gender", "emergency_contact_name", "emergency_phone", "national_number"),
        _text("major", "sub_major", "academic_program"),
        _key("program_zoho_id"),
        _text("status"),
        _number("moodle_userid"),
    )
    _unique_live("students", "academic_email", needed=True)
    _unique_live("students", "moodle_userid")
    _records(
        "teachers",
        _text("name", needed=True),
        _text("academic_email", "email", "phone"),
        _number("moodle_userid"),
    )
    _unique_live("teachers", "academic_email", "moodle_userid")


def _structure() -> None:
    _records(
        "programs",
        _text("name", needed=True),
        _text("code"),
        _exact("price"),
        _text("currency"),
        _number("moodle_id"),
        _text("major", "sub_major", "type", "award"),
        _of(sa.Boolean(), "active"),
        _text("description", "status"),
    )
    _index("programs", "tenant_id", "moodle_id")
    _records(
        "units",
        _text("unit_name", needed=True),
        _text("unit_code", "description"),
        _exact("credit_hours"),
        _text("level", "major"),
        _text("status", needed=True),
        _key("program_zoho_id"),
        _text("grading_template"),
        _json("criteria"),
    )
    _index("units", "tenant_id", "unit_code")
    _records(
        "classes",
        _text("name", needed=True),
        _text("short_name", "status", "major"),
        _day("start_date", "end_date"),
        _number("moodle_class_id"),
        _text("ms_teams_id"),
        _key("teacher_zoho_id", "unit_zoho_id", "program_zoho_id"),
        _text("study_mode", "classroom", "term", "year"),
        _json("enrolled_students"),
    )
    _unique_live("classes", "moodle_class_id")


def _study() -> None:
    _records(
        "enrollments",
        _key("student_zoho_id", "class_zoho_id", needed=True),
        _text("student_name", "class_name", "class_teacher", "enrolled_program", "status", "type"),
        _day("start_date", "end_date"),
        _number("moodle_course_id"),
        _parent("enrollments", "student", "students"),
        _parent("enrollments", "class", "classes"),
    )
    _index("enrollments", "tenant_id", "student_zoho_id", "class_zoho_id")
    _records(
        "grades",
        _key("student_zoho_id", needed=True),
        _key("unit_zoho_id", "class_zoho_id"),
        _text("unit_name", "class_name", "grade_name", "grade_value"),
        _exact("score"),
        _day("grade_date"),
        _number("attempt_number"),
        _text("grade_status", "grader_name", "iv_name", "feedback"),
        _number("moodle_grade_id"),
        _text("composite_key"),
        _json("outcomes"),
        _parent("grades", "student", "students"),
        _parent("grades", "unit", "units", needed=False),
        _parent("grades", "class", "classes", needed=False),
    )
    _index("grades", "tenant_id", "student_zoho_id", "unit_zoho_id", "class_zoho_id")
    _unique_live("grades", "moodle_grade_id", "composite_key")


def _office() -> None:
    _records(
        "registrations",
        _key("student_zoho_id", "program_zoho_id", needed=True),
        _text("number", "enrollment_status"),
        _day("registration_date", "completion_date"),
        _number("version"),
        _text("study_mode", "study_language", "program_level"),
        _exact("program_price", "paid_amount", "remaining_amount"),
        _text("currency"),
        _of(sa.Boolean(), "discount"),
        _exact("discount_percentage"),
        _text("discount_reason"),
        _json("installments"),
        _parent("registrations", "student", "students"),
        _parent("registrations", "program", "programs"),
    )
    _index("registrations", "tenant_id", "student_zoho_id", "program_zoho_id")
    _records(
        "payments",
        _key("registration_zoho_id", needed=True),
        _exact("amount", needed=True),
        _text("currency", "number"),
        _key("student_zoho_id"),
        _day("payment_date"),
        _text("payment_method", "payment_type", "payment_status"),
        _number("installment_number"),
        _text("voucher_number", "receipt_number", "bank_name"),
        _exact("original_amount"),
        _text("original_currency", "active", "decline_reason", "description", "note"),
        _parent("payments", "registration", "registrations"),
    )
    _index("payments", "tenant_id", "registration_zoho_id")
    _records(
        "requests",
        _key("student_zoho_id"),
        _text("number", "request_type", "status", "reason", "description", "note"),
        _day("request_date"),
        _text("student_name", "academic_email"),
        _number("moodle_user_id", "moodle_request_id"),
        _json("changes", "requested_classes"),
        _parent("requests", "student", "students", needed=False),
    )
    _index("requests", "tenant_id", "student_zoho_id")
    _unique_live("requests", "moodle_request_id")


def _tenants() -> None:
    _create(
        "extension_tenants",
        _key("tenant_id", needed=True),
        _json("policies"),
        _moment("created_at", needed=True),
        primary=("tenant_id",),
    )
    tenants = sa.table(
        "extension_tenants",
        sa.column("tenant_id", types.Key()),
        sa.column("policies", types.Json()),
        sa.column("created_at", types.UtcDateTime()),
    )
    op.bulk_insert(tenants, [{"tenant_id": "default", "policies": {}, "created_at": datetime.now(UTC)}])
    _create(
        "extension_field_mappings",
        _key("tenant_id", needed=True),
        _text("module", needed=True),
        _of(sa.Integer(), "position", needed=True),
        _text("field", "zoho_name", needed=True),
        [
            sa.ForeignKeyConstraint(
                ["tenant_id"],
                ["extension_tenants.tenant_id"],
                name=op.f("fk_extension_field_mappings_tenant_id"),
            )
        ],
        primary=("tenant_id", "module", "position"),
    )
    _create(
        "extension_sync_runs",
        _key("tenant_id", "id", needed=True),
        _text("module", "source", "status", needed=True),
        _moment("started_at", needed=True),
        _moment("finished_at"),
        _number("cursor", needed=True),
        _json("counts"),
        _text("message", needed=True),
        primary=("tenant_id", "id"),
    )
    _index("extension_sync_runs", "tenant_id", "started_at", "id")


def _kept() -> None:
    _create(
        "parked_records",
        _key("tenant_id", "module", "zoho_id", needed=True),
        _text("record", "state", needed=True),
        _json("reasons"),
        _text("waits_for_module"),
        _key("waits_for_zoho_id"),
        _moment("held_at", needed=True),
        primary=("tenant_id", "module", "zoho_id"),
    )
    _index("parked_records", "tenant_id", "module", "held_at", "zoho_id")
    _index("parked_records", "tenant_id", "waits_for_module", "waits_for_zoho_id")
    _create(
        "grade_decisions",
        _of(sa.BigInteger().with_variant(sa.Integer(), "sqlite"), "number", needed=True),
        _key("tenant_id", "key", needed=True),
        _moment("decided_at", needed=True),
        _json("marking", "policy"),
        _text("rule", "grade", "settled", needed=True),
        _text("capped_from"),
        _json("trace"),
        primary=("number",),
    )
    _index("grade_decisions", "tenant_id", "key", "decided_at", "number")
    _create(
        "idempotency_answers",
        _key("tenant_id", "key", needed=True),
        _text("digest", needed=True),
        _text("body"),
        _moment("answered_at", needed=True),
        primary=("tenant_id", "key"),
    )
    _index("idempotency_answers", "tenant_id", "answered_at")
    _create(
        "api_keys",
        _key("id", needed=True),
        _text("digest", "label", needed=True),
        _key("tenant_id"),
        _moment("created_at", needed=True),
        _moment("revoked_at"),
        primary=("id",),
    )


def upgrade() -> None:
    """Make every table, and the tenant that is always there."""
    _people()
    _structure()
    _study()
    _office()
    _tenants()
    _kept()


def downgrade() -> None:
    """Drop every table."""
    for table in TABLES:
        op.drop_table(table)
