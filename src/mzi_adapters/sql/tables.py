"""The schema: one table per module, built from its declaration, and the tables for what mzi itself keeps.

Every row belongs to a tenant, and the tenant is part of every key, so that two tenants may share every id
and no foreign key can cross from one to the other.

A table of records has as few indexes as its statements can do with, for every row pays for each of them:

* the primary key (tenant, key), by which rows are found, replaced, and pointed at by foreign keys;
* one for each unique field, over the live records that have a value;
* `live` and `deleted`, (state, tenant, updated_at, key): every row is in one of them. A list is made of
  its states, so that none is walked through in search of another. The state comes first, or PostgreSQL would
  look for the owner of a value in `live`, by the tenant alone, as long as it knows nothing of the table.

Our own `id` is in none: nothing is found by it.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from mzi_adapters.sql.types import Digest, Exact, Id, Json, Key, UtcDateTime
from mzi_core.module import AnyModule, Field, Kind
from mzi_core.modules import CATALOGUE
from mzi_core.ports import DeliveryState, PlanState

_metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

_TYPES: Mapping[Kind, type[sa.types.TypeEngine[Any]]] = {
    Kind.ID: Key,
    Kind.TEXT: sa.Text,
    Kind.EMAIL: sa.Text,
    Kind.INTEGER: sa.BigInteger,
    Kind.DECIMAL: Exact,
    Kind.MONEY: Exact,
    Kind.DATE: sa.Date,
    Kind.DATETIME: UtcDateTime,
    Kind.BOOLEAN: sa.Boolean,
    Kind.LOOKUP: Key,
    Kind.LOOKUPS: Json,
    Kind.MOODLE_ID: sa.BigInteger,
    Kind.TEXTS: Json,
    Kind.SUBFORM: Json,
    Kind.CRITERIA: Json,
}

IN_JSON = frozenset(kind for kind, column in _TYPES.items() if column is Json)
"""The kinds of field that are kept as JSON in one column."""


REVISION = "revision"
"""The column that each write to a row of a record raises."""


def column_of(field: Field) -> str:
    """The column of a declared field: its own name; `student_zoho_id` for the lookup `student` of Zoho."""
    name = field.name.rstrip("_")
    return name if field.points_at is None else f"{name}_{field.points_at.key_name}"


def _optional(field: Field) -> bool:
    return field.default is None


def columns_of(module: AnyModule) -> Iterator[sa.schema.SchemaItem]:
    """The columns of a table of records."""
    yield sa.Column("tenant_id", Key, primary_key=True)
    yield sa.Column("id", Id, nullable=False)
    for field in module.fields:
        is_key = field.kind is Kind.ID
        yield sa.Column(column_of(field), _TYPES[field.kind], nullable=_optional(field), primary_key=is_key)
    yield sa.Column("extra", Json, nullable=False)
    yield sa.Column("fingerprint", Digest(32), nullable=False)
    yield sa.Column("mark", Digest(16))
    yield sa.Column(REVISION, sa.BigInteger, nullable=False)
    yield sa.Column("state", sa.Text, nullable=False)
    yield sa.Column("created_at", UtcDateTime, nullable=False)
    yield sa.Column("updated_at", UtcDateTime, nullable=False)
    yield sa.Column("deleted_at", UtcDateTime)


def _rules(module: AnyModule) -> Iterator[sa.schema.SchemaItem]:
    for name, parent in module.depends_on.items():
        column = column_of(module.field[name])
        key = CATALOGUE[parent].key_name
        yield sa.ForeignKeyConstraint(("tenant_id", column), (f"{parent}.tenant_id", f"{parent}.{key}"))


def add_indexes(module: AnyModule, table: sa.Table) -> None:
    """Give a table of records the indexes it needs."""
    tenant = table.c.tenant_id
    for field in module.unique:
        column = table.c[column_of(field)]
        live: sa.ColumnElement[bool] = table.c.deleted_at.is_(None)
        if _optional(field):  # said of a column that is never NULL, SQLite would not use the index
            live = sa.and_(live, column.is_not(None))
        name = f"uq_{table.name}_live_{column.name}"
        sa.Index(name, tenant, column, unique=True, sqlite_where=live, postgresql_where=live)
    for name in module.found_by:
        column = table.c[column_of(module.field[name])]
        live = table.c.deleted_at.is_(None)
        index = f"ix_{table.name}_live_{column.name}"
        sa.Index(index, tenant, column, sqlite_where=live, postgresql_where=live)
    listed = (table.c.state, tenant, table.c.updated_at, table.c[module.key_name])
    for name, which in (("live", table.c.deleted_at.is_(None)), ("deleted", table.c.deleted_at.is_not(None))):
        sa.Index(f"ix_{table.name}_{name}", *listed, sqlite_where=which, postgresql_where=which)


def _table(module: AnyModule) -> sa.Table:
    return sa.Table(module.name, _metadata, *columns_of(module), *_rules(module))


RECORDS: Mapping[str, sa.Table] = {module.name: _table(module) for module in CATALOGUE}
"""The table of each module, by the module's name; its indexes are only in `schema()`."""


OWN = "own_"
"""How the names of the tables begin that a program has for modules of its own."""


@cache
def schema() -> sa.MetaData:
    """All tables with all indexes, as migrations make them.

    To say of an index what PostgreSQL is to know imports all that SQLAlchemy has for PostgreSQL, and nobody
    who reads or writes records looks at one.
    """
    for module in CATALOGUE:
        add_indexes(module, RECORDS[module.name])
    _add_repeats_index()
    _add_delivery_indexes()
    _add_open_plan_index()
    return _metadata


COUNTS = sa.Table(
    "record_counts",
    _metadata,
    sa.Column("tenant_id", Key, primary_key=True),
    sa.Column("module", Key, primary_key=True),
    sa.Column("state", Key, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
)
"""How many live records a module has in each state, and how many held ones; kept by whoever writes them."""

TENANTS = sa.Table(
    "extension_tenants",
    _metadata,
    sa.Column("tenant_id", Key, primary_key=True),
    sa.Column("policies", Json, nullable=False),
    sa.Column("zone", sa.Text, nullable=False),
    sa.Column("rules", Json, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

MAPPINGS = sa.Table(
    "extension_field_mappings",
    _metadata,
    sa.Column("tenant_id", Key, sa.ForeignKey("extension_tenants.tenant_id"), primary_key=True),
    sa.Column("module", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("zoho_name", sa.Text, nullable=False),
)

RUNS = sa.Table(
    "extension_sync_runs",
    _metadata,
    sa.Column("tenant_id", Key, primary_key=True),
    sa.Column("id", Id, primary_key=True),
    sa.Column("module", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("cursor", sa.BigInteger, nullable=False),
    sa.Column("counts", Json, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("bookmark", sa.Text, nullable=False, server_default=""),
    sa.Column("watermark", UtcDateTime),
    sa.Index(None, "tenant_id", "started_at", "id"),
)

ACCESS_TOKENS = sa.Table(
    "service_grants",
    _metadata,
    sa.Column("tenant_id", Key, primary_key=True),
    sa.Column("name", Key, primary_key=True),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("token", sa.Text),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("renewing_until", UtcDateTime),
    sa.Column("renewals", Json, nullable=False),
    sa.Column("paused_until", UtcDateTime),
    sa.Column("revoked", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
)

CIRCUIT_BREAKERS = sa.Table(
    "circuit_breakers",
    _metadata,
    sa.Column("tenant_id", Key, primary_key=True),
    sa.Column("service", Key, primary_key=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("until", UtcDateTime, nullable=False),
    sa.Column("openings", sa.BigInteger, nullable=False),
    sa.Column("claims", sa.BigInteger, nullable=False),
    sa.Column("probed_until", UtcDateTime),
)
"""The open ones: a service that answers has no row."""

PARKED_RECORDS = sa.Table(
    "parked_records",
    _metadata,
    sa.Column("tenant_id", Key, primary_key=True),
    sa.Column("module", Key, primary_key=True),
    sa.Column("zoho_id", Key, primary_key=True),
    # Text, not JSON: what was refused may be just what a JSON column refuses, such as a NUL.
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reasons", Json, nullable=False),
    sa.Column("waits_for_module", sa.Text),
    sa.Column("waits_for_zoho_id", Key),
    sa.Column("held_at", UtcDateTime, nullable=False),
    sa.Column("waiting", sa.Text),
    sa.Index(None, "tenant_id", "module", "state", "held_at", "zoho_id"),
    sa.Index(None, "tenant_id", "waits_for_module", "waits_for_zoho_id"),
)

DELIVERIES = sa.Table(
    "deliveries",
    _metadata,
    sa.Column("tenant_id", Key, primary_key=True),
    sa.Column("flow", Key, primary_key=True),
    sa.Column("key", Key, primary_key=True),
    sa.Column("subject", Key, nullable=False),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Column("settled", sa.BigInteger, nullable=False),
    sa.Column("state", Key, nullable=False),
    sa.Column("was", Key, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("claim", sa.BigInteger, nullable=False),
    sa.Column("leased_until", UtcDateTime),
    sa.Column("starts", sa.Integer, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("look_at", UtcDateTime),
    sa.Column("waits_flow", Key),
    sa.Column("waits_key", Key),
    sa.Column("agreed", Json),
    sa.Column("intent", Json),
    sa.Column("plan_id", Key, nullable=False),
    sa.Column("approved_generation", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
)
"""What is due to be looked at, and how that stands; see `mzi_core.ports.deliveries`.

`was`: the state before the last change, by which whoever made it learns what to count. `claim` and what goes
with it, `updated_at` too, are in no index, so that a claim is written beside its row and touches none.
"""


def _add_delivery_indexes() -> None:
    """One for each question, over the rows it is about."""
    columns, state = DELIVERIES.c, DELIVERIES.c.state
    partial: Mapping[str, tuple[Sequence[sa.Column[Any]], sa.ColumnElement[bool]]] = {
        "due": ((columns.flow, columns.due_at), state == DeliveryState.DUE.value),
        "look": (
            (columns.flow, columns.look_at),
            sa.and_(state == DeliveryState.SETTLED.value, columns.look_at.is_not(None)),
        ),
        "waits": ((columns.waits_flow, columns.waits_key), state == DeliveryState.WAITING.value),
        "plan": ((columns.plan_id, columns.flow, columns.key), state == DeliveryState.HELD.value),
        "subject": ((columns.subject, columns.flow, columns.key), columns.subject != ""),
    }
    for name, (wanted, which) in partial.items():
        indexed = (columns.tenant_id, *wanted)
        sa.Index(f"ix_deliveries_{name}", *indexed, sqlite_where=which, postgresql_where=which)
    # The state comes first: else PostgreSQL might look a key up here, by the tenant and the flow alone.
    sa.Index("ix_deliveries_state", state, columns.tenant_id, columns.flow, columns.key)


DELIVERY_COUNTS = sa.Table(
    "delivery_counts",
    _metadata,
    sa.Column("tenant_id", Key, primary_key=True),
    sa.Column("flow", Key, primary_key=True),
    sa.Column("state", Key, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
)
"""How many deliveries a flow has in each state; kept by whoever changes them, as the last of his session."""

DELIVERY_PAUSES = sa.Table(
    "delivery_pauses",
    _metadata,
    sa.Column("tenant_id", Key, primary_key=True),
    sa.Column("flow", Key, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("paused_at", UtcDateTime, nullable=False),
)
"""The flows of which nothing is claimed."""

BRAKE_LEDGER = sa.Table(
    "brake_ledger",
    _metadata,
    sa.Column("tenant_id", Key, primary_key=True),
    sa.Column("flow", Key, primary_key=True),
    sa.Column("action", Key, primary_key=True),
    sa.Column("key", Key, primary_key=True),
    sa.Column("reserved_at", UtcDateTime, nullable=False),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Column("approved", sa.Boolean, nullable=False),
    sa.Index(None, "tenant_id", "flow", "action", "reserved_at"),
    sa.Index(None, "tenant_id", "reserved_at"),
)
"""What was reserved at the brake, each key once; counted by the first index, forgotten by the other."""

PLANS = sa.Table(
    "plans",
    _metadata,
    sa.Column("tenant_id", Key, primary_key=True),
    sa.Column("id", Key, primary_key=True),
    sa.Column("flow", Key, nullable=False),
    sa.Column("action", Key, nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("state", Key, nullable=False),
    sa.Column("decided_at", UtcDateTime),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Index(None, "tenant_id", "state", "id"),
)


def _add_open_plan_index() -> None:
    one, which = (PLANS.c.tenant_id, PLANS.c.flow, PLANS.c.action), PLANS.c.state == PlanState.OPEN.value
    sa.Index("uq_plans_open", *one, unique=True, sqlite_where=which, postgresql_where=which)


REVIEWS = sa.Table(
    "review_items",
    _metadata,
    sa.Column("tenant_id", Key, primary_key=True),
    sa.Column("kind", Key, primary_key=True),
    sa.Column("key", Key, primary_key=True),
    sa.Column("subject", Key, nullable=False),
    sa.Column("module", Key, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("candidates", Json, nullable=False),
    sa.Column("sentences", Json, nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("state", Key, nullable=False),
    sa.Column("choice", sa.BigInteger),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", UtcDateTime),
    # The state comes first, as in `deliveries`.
    sa.Index("ix_review_items_state", "state", "tenant_id", "kind", "key"),
)
"""What a person must decide: `candidates` are ids of Moodle, `sentences` what is said of each."""

NOTICES = sa.Table(
    "told_notices",
    _metadata,
    sa.Column("tenant_id", Key, primary_key=True),
    sa.Column("way", Key, primary_key=True),
    sa.Column("kind", Key, primary_key=True),
    sa.Column("of", Key, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("told_at", UtcDateTime, nullable=False),
    sa.Column("gone_at", UtcDateTime),
)
"""What people were told last of each notice, by each way; `number` is 0 where that was that it is over."""

DECISIONS = sa.Table(
    "grade_decisions",
    _metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("tenant_id", Key, nullable=False),
    sa.Column("key", Key, nullable=False),
    sa.Column("decided_at", UtcDateTime, nullable=False),
    sa.Column("marking", Json, nullable=False),
    sa.Column("policy", Json, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("grade", sa.Text, nullable=False),
    sa.Column("settled", sa.Text, nullable=False),
    sa.Column("capped_from", sa.Text),
    sa.Column("trace", Json, nullable=False),
    sa.Index(None, "tenant_id", "key", "decided_at", "number"),
)

HISTORY = sa.Table(
    "record_changes",
    _metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("tenant_id", Key, nullable=False),
    sa.Column("module", Key, nullable=False),
    sa.Column("key", Key, nullable=False),
    sa.Column("kind", Key, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Column("caused_by", Key, nullable=False),
    sa.Column("cause_id", Key, nullable=False),
    # Text, not JSON: nothing is looked for inside, and a bulk of it is written in half the time.
    sa.Column("fields", sa.Text, nullable=False),
    sa.Index(None, "tenant_id", "module", "key", "number"),
)

EVENTS = sa.Table(
    "event_logs",
    _metadata,
    sa.Column("tenant_id", Key, primary_key=True),
    sa.Column("id", Id, primary_key=True),
    sa.Column("source", Key, nullable=False),
    sa.Column("kind", Key, nullable=False),
    sa.Column("sent_as", sa.Text),
    sa.Column("repeats", Key),
    sa.Column("module", Key),
    sa.Column("key", Key),
    # Text, not JSON: what came is kept byte for byte, and a JSON column refuses some of it, such as a NUL.
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("state", Key, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Index(None, "tenant_id", "state", "id"),
    sa.Index(None, "tenant_id", "source", "id"),
    sa.Index(None, "tenant_id", "kind", "id"),
    sa.Index(None, "tenant_id", "module", "key", "id"),
)
"""What sources told; an event is found by its state, its source, its kind, its record, or what it repeats."""


def _add_repeats_index() -> None:
    once, which = EVENTS.c.repeats, EVENTS.c.repeats.is_not(None)
    key = (EVENTS.c.tenant_id, EVENTS.c.source, once)
    sa.Index("uq_event_logs_repeats", *key, unique=True, sqlite_where=which, postgresql_where=which)


STORED_RESPONSES = sa.Table(
    "idempotency_answers",
    _metadata,
    sa.Column("tenant_id", Key, primary_key=True),
    sa.Column("key", Key, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("body", sa.Text),
    sa.Column("answered_at", UtcDateTime, nullable=False),
    sa.Index(None, "tenant_id", "answered_at"),
)

API_KEYS = sa.Table(
    "api_keys",
    _metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("tenant_id", Key),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("revoked_at", UtcDateTime),
)

EVENT_SOURCES = sa.Table(
    "event_sources",
    _metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("tenant_id", Key, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("revoked_at", UtcDateTime),
    sa.Index(None, "origin", "scheme", "tenant_id"),
)

EVENT_SOURCE_SECRETS = sa.Table(
    "event_source_secrets",
    _metadata,
    sa.Column("source_id", Key, sa.ForeignKey("event_sources.id"), primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("retires_at", UtcDateTime),
    sa.Column("digest", sa.Text),
    sa.Column("sealed", sa.Text),
    sa.Index("uq_event_source_secrets_digest", "digest", unique=True),
)
"""Of a token the digest, by which its source is found; of a key what a vault sealed."""
