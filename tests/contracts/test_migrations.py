"""The schema that the migrations make is the one that the catalogue asks for, there and back."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mzi_adapters.sql import check, current, downgrade, open_store, upgrade
from mzi_adapters.sql.engine import engine_for
from mzi_adapters.sql.migrations import head, revisions
from mzi_adapters.sql.tables import column_of, schema
from mzi_adapters.sql.types import Key
from mzi_adapters.testing.contracts.fixtures import (
    BEGAN,
    CANARY,
    OURS,
    Everything,
    everything,
    fill_records,
    furnish,
    furnished,
    raises,
)
from mzi_adapters.testing.contracts.samples import bare, key_of, row, sample
from mzi_core.errors import StoreRefused, StoreUnavailable
from mzi_core.modules import MOODLE_CATALOGUE, REGISTRATIONS, REQUESTS, STUDENTS, ZOHO_CATALOGUE
from mzi_core.ports import FIRST_REVISION, Stored
from mzi_core.values import State

OLDEST = {"sqlite": 3, "postgresql": 14}


@pytest.fixture
def url(empty_url: str) -> str:
    """A database of each kind without a schema."""
    return empty_url


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    """Where no file is yet."""
    return f"sqlite:///{tmp_path}/mzi.db"


@asynccontextmanager
async def _connected(url: str, *, foreign_keys: bool = True) -> AsyncIterator[AsyncConnection]:
    engine = engine_for(url, create=True, foreign_keys=foreign_keys)
    async with engine.begin() as connection:
        yield connection
    await engine.dispose()


def _rules(connection: sa.Connection) -> dict[str, object]:
    """What alembic's comparison leaves out: checks, collations, and for which rows an index is unique."""
    inspector = sa.inspect(connection)
    found: dict[str, object] = {}
    for table in schema().tables:
        checks = {check["name"]: check["sqltext"] for check in inspector.get_check_constraints(table)}
        where = {
            index["name"]: str(index.get("dialect_options", {}).get(f"{connection.dialect.name}_where"))
            for index in inspector.get_indexes(table)
        }
        columns = {
            column["name"]: (str(column["type"].compile(connection.dialect)), column["nullable"])
            for column in inspector.get_columns(table)
        }
        found[table] = (checks, where, columns, inspector.get_pk_constraint(table)["constrained_columns"])
    return found


async def test_the_migrations_make_what_the_catalogue_asks_for(url: str) -> None:
    """No difference is left; upgrading again changes nothing."""
    await upgrade(url)
    assert (await current(url), await check(url)) == (head(), [])
    await upgrade(url)
    assert await check(url) == []


async def test_every_revision_there_ever_was_can_be_brought_up_to_date(url: str) -> None:
    """From one to the next, stopping at each: who stands at any of them has the rest of this way to go."""
    for earlier in sorted(revisions()):
        await upgrade(url, earlier)
        assert await current(url) == earlier
    assert await check(url) == []
    async with open_store(url) as store, furnished(store):
        pass


async def test_the_last_revision_can_be_taken_back(url: str) -> None:
    """And made again."""
    await upgrade(url)
    await downgrade(url, "-1")
    assert await current(url) != head()
    await upgrade(url)
    assert (await current(url), await check(url)) == (head(), [])


async def test_checks_and_partial_indexes_are_the_catalogue_s_too(url: str) -> None:
    """Rule by rule the same as in a schema made straight from the catalogue."""
    await upgrade(url)
    async with _connected(url) as connection:
        migrated = await connection.run_sync(_rules)
    await downgrade(url)
    async with _connected(url) as connection:
        await connection.run_sync(schema().create_all)
        assert migrated == await connection.run_sync(_rules)


async def test_ids_are_compared_letter_by_letter(empty_postgres_url: str) -> None:
    """Whatever language the database was made for, pages are in the order of code points."""
    await upgrade(empty_postgres_url)
    async with _connected(empty_postgres_url) as connection:
        found = await connection.exec_driver_sql(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE collation_name = 'C' AND table_schema = 'public'"
        )
        kept = set(found.all())
    keys = {
        (table.name, column.name)
        for table in schema().tables.values()
        for column in table.columns
        if isinstance(column.type, Key)
    }
    assert kept == keys


async def test_differences_are_named(url: str) -> None:
    """A column too many, a table too few."""
    await upgrade(url)
    async with _connected(url) as connection:
        await connection.exec_driver_sql("ALTER TABLE students ADD COLUMN shoe_size INTEGER")
        await connection.exec_driver_sql("DROP TABLE api_keys")
    said = "\n".join(await check(url))
    assert "shoe_size" in said
    assert "api_keys" in said


async def test_the_schema_can_be_taken_down_and_made_again(url: str) -> None:
    """Down to nothing at all, and up to a store that works."""
    await upgrade(url)
    async with open_store(url) as store, furnished(store):
        pass
    await downgrade(url)
    assert await current(url) is None
    async with _connected(url) as connection:
        tables = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
    assert tables == ["alembic_version"]
    await upgrade(url)
    async with open_store(url) as store:
        assert (await everything(store, OURS)).records["students"] == []


@attrs.frozen
class _Lookup:
    """A lookup of a record of revision 0002: our id of the parent beside Zoho's."""

    child: str
    column: str
    parent: str


PARENTS_OF_0002 = [
    _Lookup(module.name, column_of(module.field[name]).removesuffix("_zoho_id"), parent)
    for module in ZOHO_CATALOGUE
    for name, parent in module.depends_on.items()
]


async def _rows(url: str, statement: str) -> list[dict[str, Any]]:
    async with _connected(url) as connection:
        found = await connection.exec_driver_sql(statement)
        return [dict(row) for row in found.mappings()]


NOT_IN_0002: dict[str, dict[str, Any]] = {
    REGISTRATIONS.name: dict.fromkeys(("moodle_course_id", "student_moodle_id")),
}
"""The fields that a schema so old has no column for, as they come out of it."""


def _anew(name: str, row: Any) -> Any:
    """A row as if it was just added, from a record that came by way of 0002; a parked one as it is."""
    if not isinstance(row, Stored):
        return row
    entity = attrs.evolve(row.entity, **NOT_IN_0002.get(name, {}))
    return attrs.evolve(row, revision=FIRST_REVISION, entity=entity)


def _all_anew(found: Everything) -> Everything:
    records = {name: [_anew(name, row) for row in rows] for name, rows in found.records.items()}
    return attrs.evolve(found, records=records)


async def test_records_survive_the_way_to_0002_and_back(url: str) -> None:
    """Every one as it was, with its counts; our ids and digests are text there, and parents have our id.

    What was told and what is due is lost, and so are revisions, rules and fields of later on: a schema that
    old has no place for them. On the way up the words of records with a link are forgotten.
    """
    await upgrade(url)
    async with open_store(url) as store:
        await furnish(store)
        async with store.begin(OURS) as session:
            marked = [attrs.evolve(row(STUDENTS, sample(STUDENTS, n)), mark=f"{n:032x}") for n in (20, 21)]
            bare_request = [row(REQUESTS, bare(REQUESTS, 20))]
            await session.write(STUDENTS, marked, BEGAN)
            await session.write(REQUESTS, bare_request, BEGAN)
            await session.delete(STUDENTS, [key_of(STUDENTS, 21)], BEGAN)
        before = [await everything(store, tenant) for tenant in (OURS, CANARY)]
        students = {
            (tenant, each.entity.key): (each.id, each.fingerprint)
            for tenant, all_of_it in zip((OURS, CANARY), before, strict=True)
            for each in all_of_it.records["students"]
            if isinstance(each, Stored)
        }
        downs = []
        for marks in ([f"{n:032x}" for n in (20, 21)], []):
            await downgrade(url, "0002")
            whole = [await _rows(url, WHOLE.format(table=module.name)) for module in ZOHO_CATALOGUE]
            downs.append([[{**each, "mark": None} for each in rows] for rows in whole])
            told = await _rows(url, "SELECT tenant_id, zoho_id, id, fingerprint, mark FROM students")
            assert {(t["tenant_id"], t["zoho_id"]): (t["id"], t["fingerprint"]) for t in told} == students
            assert sorted(t["mark"] for t in told if t["mark"]) == marks
            for each in PARENTS_OF_0002:
                lost = await _rows(url, LOST.format(child=each.child, column=each.column, parent=each.parent))
                assert lost == [], each
            await upgrade(url)
            for tenant in (OURS, CANARY):  # 0002 has no place for what is Moodle's
                async with store.begin(tenant) as session:
                    assert [await session.count(module) for module in MOODLE_CATALOGUE] == [{}] * 4
                    await fill_records(session, f"of {tenant}", MOODLE_CATALOGUE)
            after = [await everything(store, tenant) for tenant in (OURS, CANARY)]
            gone: dict[str, Any] = {
                "changes": [],
                "events": [],
                "event_counts": {},
                "deliveries": [],
                "pauses": {},
                "plans": [],
                "reviews": [],
                "notices": [],
            }
            kept = [
                attrs.evolve(each, **gone, settings=attrs.evolve(each.settings, rules={})) for each in before
            ]
            assert [_all_anew(each) for each in after] == [_all_anew(each) for each in kept]
            async with store.read(OURS) as session:
                assert await session.count(STUDENTS) == {State.NEW: 3, State.INVALID: 1}
                assert await session.count(REGISTRATIONS) == {State.NEW: 2, State.INVALID: 1}
        assert downs[0] == downs[1]


WHOLE = "SELECT * FROM {table} ORDER BY tenant_id, zoho_id"

LOST = """\
SELECT child.zoho_id FROM {child} AS child LEFT JOIN {parent} AS parent
ON parent.tenant_id = child.tenant_id AND parent.id = child.{column}_id
WHERE child.{column}_zoho_id IS DISTINCT FROM parent.zoho_id"""
"""The children whose two ways of naming their parent do not agree."""


async def test_a_store_without_its_schema_says_what_to_do(url: str) -> None:
    """In its health and at every session, until it is done; it need not be opened again."""
    async with _connected(url):
        pass
    async with open_store(url) as store:
        health = await store.health()
        assert (health.backend, health.ready) == (engine_for(url).dialect.name, False)
        assert int(health.version.split(".")[0]) >= OLDEST[health.backend]
        assert "`mzi db upgrade`" in health.message
        with raises(StoreUnavailable) as caught:
            async with store.begin(OURS):
                raise AssertionError("A session without a schema.")
        assert "`mzi db upgrade`" in caught.message
        with raises(StoreUnavailable):
            async with store.registry():
                raise AssertionError("A registry without a schema.")
        await upgrade(url)
        assert (await store.health()).ready
        async with store.begin(OURS) as session:
            await session.settings()


async def test_a_store_of_a_newer_version_is_left_alone(url: str) -> None:
    """Upgrading is no remedy there."""
    await upgrade(url)
    async with _connected(url) as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    async with open_store(url) as store:
        health = await store.health()
        assert not health.ready
        assert "newer version of mzi" in health.message


async def test_a_file_that_is_not_there_is_not_made_by_looking(file_url: str, tmp_path: Path) -> None:
    """A mistyped path is no empty database; only `upgrade` makes one."""
    async with open_store(file_url) as store:
        health = await store.health()
        assert not health.ready
        assert "no such file" in health.message
        with raises(StoreUnavailable):
            async with store.begin(OURS):
                raise AssertionError("A session in no file.")
    with raises(StoreUnavailable):
        await current(file_url)
    assert os.listdir(tmp_path) == []


async def test_a_file_that_is_no_database_is_named_as_such(file_url: str, tmp_path: Path) -> None:
    """And left as it is."""
    (tmp_path / "mzi.db").write_text("name;email\n" * 1000)
    async with open_store(file_url) as store:
        health = await store.health()
        assert not health.ready
        assert "not a database" in health.message
    with raises(StoreUnavailable):
        await upgrade(file_url)
    assert (tmp_path / "mzi.db").read_text().startswith("name;email")


async def test_a_migration_that_would_lose_parents_changes_nothing(file_url: str) -> None:
    """Rows are checked at the end, for SQLite rebuilds tables with its foreign keys off."""
    await upgrade(file_url)
    async with _connected(file_url, foreign_keys=False) as connection:
        await connection.exec_driver_sql(
            "INSERT INTO extension_field_mappings VALUES ('nobody', 'students', 0, 'city', 'City')"
        )
    with raises(StoreRefused) as caught:
        await upgrade(file_url)
    assert "extension_field_mappings" in caught.message


async def test_a_database_in_memory_is_born_with_its_schema() -> None:
    """It could not be migrated from outside, and is gone when the store is closed."""
    for _ in range(2):
        async with open_store("sqlite:///:memory:") as store:
            assert (await store.health()).ready
            async with store.begin(OURS) as session:
                await session.write(STUDENTS, [row(STUDENTS, sample(STUDENTS, 1))], BEGAN)
            async with store.begin(OURS, discard=True) as session:
                await session.write(STUDENTS, [row(STUDENTS, sample(STUDENTS, 2))], BEGAN)
            assert len((await everything(store, OURS)).records["students"]) == 1


@pytest.mark.parametrize("wrong", ["", "mzi.db", "mysql://host/mzi", "sqlite:/mzi.db", "://"])
async def test_a_url_of_no_database_mzi_can_use_is_refused(wrong: str) -> None:
    """With an example of a right one, and without repeating a password."""
    with raises(StoreUnavailable) as caught:
        async with open_store(wrong):
            raise AssertionError("Opened nothing.")
    assert "sqlite:///mzi.db" in caught.message


async def test_paths_may_hold_what_urls_may_not(tmp_path: Path) -> None:
    """Blanks, percent signs, hashes, Arabic."""
    path = tmp_path / "قسم 100% a+b#c"
    path.mkdir()
    url = f"sqlite:///{path}/mzi.db"
    await upgrade(url)
    assert (path / "mzi.db").exists()
    assert await check(url) == []
