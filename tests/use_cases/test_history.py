"""What was changed of records, and how it is looked at."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

from mzi_adapters.testing.harness import Harness
from mzi_core.errors import NotFound
from mzi_core.mapping import FieldMapping
from mzi_core.modules import CATALOGUE, REGISTRATIONS, STUDENTS
from mzi_core.ports import CausedBy, Causer, ChangeKind, Deleted, HistoryEntry, ValueChange
from mzi_core.use_cases.deletions import MarkDeleted
from mzi_core.use_cases.history import plain
from mzi_core.values import DEFAULT_TENANT, Outcome, State, ZohoId

SENT = CausedBy(Causer.REQUEST, "0a1b2c3d")


def student(**more: Any) -> dict[str, Any]:
    return {"id": "1", "Name": "A1", "Academic_Email": "s1@b.example", **more}


async def sync(mzi: Harness, *records: object, module: str = "students", **how: Any) -> None:
    await mzi.use_cases.sync(DEFAULT_TENANT, CATALOGUE[module], records, **how)


async def history(mzi: Harness, module: str = "students", key: str = "1") -> list[HistoryEntry]:
    page = await mzi.use_cases.show_history(DEFAULT_TENANT, CATALOGUE[module], key)
    assert page.next is None
    return list(page.items)


async def test_an_update_is_told_with_what_was_and_what_is_when_and_by_what() -> None:
    mzi = Harness()
    await sync(mzi, student(City="Irbid"))
    assert await history(mzi) == []
    mzi.clock.advance(timedelta(days=1))
    await sync(mzi, student(City="Zarqa", Phone_Number="1"), caused_by=SENT)
    (entry,) = await history(mzi)
    assert entry == HistoryEntry(
        module="students",
        key=ZohoId("1"),
        kind=ChangeKind.UPDATED,
        changed_at=mzi.clock.now(),
        caused_by=SENT,
        fields={"city": ValueChange("Irbid", "Zarqa"), "phone": ValueChange(None, "1")},
    )


async def test_what_changed_nothing_is_not_in_the_history() -> None:
    mzi = Harness()
    await sync(mzi, student(Modified_Time="2026-01-01T00:00:00Z"))
    for version in (student(), student(Modified_Time="2026-02-01T00:00:00Z"), student(Academic_Email="x")):
        await sync(mzi, version)
    await sync(mzi, student(City="Irbid"), dry_run=True)
    assert await history(mzi) == []


async def test_records_that_are_judged_one_by_one_have_a_history_too() -> None:
    """Two versions in one request end in one row, and are one change."""
    mzi = Harness()
    await sync(mzi, student(City="Irbid"))
    await sync(mzi, student(City="Amman"), student(City="Zarqa", Academic_Email="new@b.example"))
    (entry,) = await history(mzi)
    assert entry.fields == {
        "academic_email": ValueChange("s1@b.example", "new@b.example"),
        "city": ValueChange("Irbid", "Zarqa"),
    }


async def test_a_deletion_and_the_return_after_it_are_told() -> None:
    mzi = Harness()
    await sync(mzi, student())
    delete = MarkDeleted(store=mzi.store, clock=mzi.clock)
    gone = [Deleted(zoho_id=ZohoId("1"), deleted_at=mzi.clock.now(), permanently=False)]
    run = CausedBy(Causer.RUN, "run-1")
    for _ in range(2):
        await delete(DEFAULT_TENANT, STUDENTS, gone, caused_by=run)
    await sync(mzi, student())
    await delete(DEFAULT_TENANT, STUDENTS, gone, caused_by=run)
    await sync(mzi, student(City="Irbid"))
    told = [(entry.kind, entry.caused_by.what, list(entry.fields)) for entry in await history(mzi)]
    assert told == [
        (ChangeKind.RESTORED, Causer.PROGRAM, ["city"]),
        (ChangeKind.DELETED, Causer.RUN, []),
        (ChangeKind.RESTORED, Causer.PROGRAM, []),
        (ChangeKind.DELETED, Causer.RUN, []),
    ]


async def test_an_amendment_and_an_unparked_version_are_changes() -> None:
    mzi = Harness()
    await sync(mzi, student())
    amend = mzi.use_cases.amend
    push = CausedBy(Causer.PUSH)
    outcomes: tuple[Outcome, ...] = await amend(
        DEFAULT_TENANT, STUDENTS, {ZohoId("1"): {"moodle_userid": 7}}, caused_by=push
    )
    assert [each.state for each in outcomes] == [State.UPDATED]
    (entry,) = await history(mzi)
    assert (entry.fields, entry.caused_by) == ({"moodle_userid": ValueChange(None, 7)}, push)

    enrollment = {"id": "9", "Enrolled_Students": {"id": "1"}, "Classes": {"id": "5"}}
    await sync(mzi, {"id": "5", "Class_Name": "C5"}, module="classes")
    await sync(mzi, enrollment, module="enrollments")
    await sync(mzi, enrollment | {"Classes": {"id": "6"}}, module="enrollments")
    await sync(mzi, {"id": "6", "Class_Name": "C6"}, module="classes", caused_by=SENT)
    (entry,) = await history(mzi, "enrollments", "9")
    assert (entry.fields, entry.caused_by) == ({"class_": ValueChange("5", "6")}, SENT)


async def test_what_a_mapping_adds_is_told_under_its_name() -> None:
    mzi = Harness()
    await mzi.use_cases.map_fields(
        DEFAULT_TENANT, STUDENTS, [FieldMapping("extra.fees", "Registration_Fees")]
    )
    await sync(mzi, student(Registration_Fees="41"))
    await sync(mzi, student(Registration_Fees="42"))
    (entry,) = await history(mzi)
    assert entry.fields == {"extra.fees": ValueChange("41", "42")}


async def test_a_run_and_an_event_are_named_by_their_ids() -> None:
    mzi = Harness()
    await sync(mzi, student())
    async with mzi.use_cases.runs.open(DEFAULT_TENANT, STUDENTS, source="file") as run:
        await run.take([student(City="Irbid")])
    (entry,) = await history(mzi)
    assert entry.caused_by == CausedBy(Causer.RUN, run.run.id)


async def test_a_long_history_comes_in_pages() -> None:
    mzi = Harness()
    for n in range(6):
        await sync(mzi, student(City=str(n)))
    show = mzi.use_cases.show_history
    told, before = [], None
    for _ in range(3):
        page = await show(DEFAULT_TENANT, STUDENTS, "1", before=before, limit=2)
        told += [entry.fields["city"].after for entry in page.items]
        before = page.next
    assert (told, before) == (["5", "4", "3", "2", "1"], None)


async def test_of_a_record_that_was_never_stored_there_is_no_history() -> None:
    mzi = Harness()
    await sync(mzi, student(Academic_Email="x"))
    for key in ("1", "2"):
        with pytest.raises(NotFound):
            await history(mzi, "students", key)


@attrs.frozen
class Row:
    amount: Decimal
    due: date | None


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, None),
        ("رنا", "رنا"),
        (True, True),
        (7, 7),
        (Decimal("1E+2"), "100"),
        (Decimal("0.10"), "0.10"),
        (date(2026, 2, 1), "2026-02-01"),
        (datetime(2026, 2, 1, 9, tzinfo=UTC), "2026-02-01T09:00:00Z"),
        ((Row(Decimal(5), None), Row(Decimal(6), date(2026, 2, 1))), [["5", None], ["6", "2026-02-01"]]),
        (("a", "b"), ["a", "b"]),
    ],
    ids=repr,
)
def test_values_are_told_as_json_has_them(value: object, told: object) -> None:
    found = plain(value)
    if isinstance(found, list):
        found = [list(row.values()) if isinstance(row, dict) else row for row in found]
    assert found == told


async def test_rows_of_a_subform_are_told_with_their_cells() -> None:
    mzi = Harness()
    await sync(mzi, student())
    rows = [{"Installment_No": 1, "Installment_Amount": "10"}]
    registration = {"id": "3", "Student_ID": {"id": "1"}, "Program": {"id": "4"}, "Payment_Schedule": rows}
    await sync(mzi, {"id": "4", "Name": "P4"}, module="programs")
    await sync(mzi, registration, module=REGISTRATIONS.name)
    await sync(mzi, registration | {"Payment_Schedule": []}, module=REGISTRATIONS.name)
    (entry,) = await history(mzi, REGISTRATIONS.name, "3")
    ((before, after),) = entry.fields.values()
    assert isinstance(before, list)
    assert (before[0]["amount"], after) == ("10", [])
