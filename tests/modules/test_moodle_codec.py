"""Moodle's records as its events, its plugin and the ingestion routes write them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import rows

from mzi_adapters.codecs.coerce import ValueRefused
from mzi_adapters.files.ndjson import JsonLine
from mzi_adapters.moodle import MoodleCodec, codec
from mzi_core.mapping import NO_OVERLAY
from mzi_core.module import AnyModule, Kind, declared
from mzi_core.modules import (
    MOODLE_CATALOGUE,
    MOODLE_COURSES,
    MOODLE_ENROLLMENTS,
    MOODLE_MARKS,
    MOODLE_USERS,
    MarkedAttempt,
    MarkedCriterion,
)
from mzi_core.ports import FieldForms
from mzi_core.values import Code, MoodleId, MoodleKey

CODEC = MoodleCodec()
AT = datetime(2026, 2, 9, 12, 30, tzinfo=UTC)
SECONDS = int(AT.timestamp())

GRADED = {
    "gradeid": 40,
    "assignid": 3,
    "assignname": "Unit 1 - Assignment 3",
    "courseid": "2",
    "assigngrademax": -3,
    "userid": 18,
    "attemptnumber": 0,
    "rawgrade": 3,
    "graderid": 3,
    "submissionstatus": "submitted",
    "latest": 1,
    "workflowstate": "released",
    "feedback": "<p>a merit</p>",
    "gradegradeid": "61",
    "gradeitemid": 4,
    "finalgrade": None,
    "criteria": [{"code": "P1", "definition": "Explain", "score": 1, "remark": "well"}],
    "timemodified": SECONDS,
}
"""The facts of a `submission_graded` event."""

SENT = {
    "grade_id": 789,
    "student_id": 4101,
    "assignment_id": 55,
    "course_id": 1001,
    "grade": "M",
    "raw_grade": "3.00000",
    "attempt_number": 2,
    "timestamp": SECONDS,
    "graded_at": "2026-02-09 14:30:00",
    "grader_name": "Lina Saleh",
    "feedback": "Clear design.",
    "workflow_state": "released",
    "learning_outcomes": [{"code": "M1", "score": "0", "achieved": True, "feedback": "not yet"}],
}
"""The same as an older plugin sends it."""


def entity(module: AnyModule, record: object) -> Any:
    found = CODEC.decoder(module, NO_OVERLAY)(record)
    assert found.reasons == ()
    assert found.entity is not None
    assert found.key == found.entity.key
    return found.entity


def refusals(module: AnyModule, record: object) -> list[tuple[Code, str]]:
    found = CODEC.decoder(module, NO_OVERLAY)(record)
    assert found.entity is None
    return [(reason.code, reason.path) for reason in found.reasons]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (SECONDS, AT),
        (str(SECONDS), AT),
        (f" {SECONDS} ", AT),
        (float(SECONDS), AT),
        ("2026-02-09T15:30:00+03:00", AT),
        (-1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (0, None),
        ("0", None),
        ("", None),
        (None, None),
    ],
    ids=repr,
)
def test_a_moment_is_seconds_and_0_is_none(value: object, read: datetime | None) -> None:
    assert codec.moment(value) == read


@pytest.mark.parametrize(
    "value", [SECONDS * 1000, 10**30, -(10**10), "2026-02-09 14:30:00", "soon", True, [1]]
)
def test_what_is_no_moment_is_refused(value: object) -> None:
    with pytest.raises(ValueRefused) as refused:
        codec.moment(value)
    assert str(value) not in refused.value.said


@pytest.mark.parametrize(
    ("read", "value", "kept"),
    [
        (codec.key, 40, "40"),
        (codec.key, "40", "40"),
        (codec.key, {"id": "40", "name": "x"}, "40"),
        (codec.key, 0, None),
        (codec.key, "", None),
        (codec.texts, "Refer,Pass, Merit,Distinction", ("Refer", "Pass", "Merit", "Distinction")),
        (codec.texts, ["Refer", "", "Pass"], ("Refer", "Pass")),
        (codec.texts, None, ()),
    ],
    ids=lambda value: value.__name__ if callable(value) else repr(value),
)
def test_ids_and_scales_are_read_in_every_form(
    read: Callable[[object], object], value: object, kept: object
) -> None:
    assert read(value) == kept


@pytest.mark.parametrize("value", ["x", -1, 1.5, True, {"id": "x"}, []], ids=repr)
def test_what_is_no_id_of_moodle_is_refused(value: object) -> None:
    with pytest.raises(ValueRefused):
        codec.key(value)


@pytest.mark.parametrize(
    ("said", "kept"), [("0", False), (1, True), (True, True), ("yes", True), ("", None)], ids=repr
)
def test_a_switch_is_0_or_1_or_a_word(said: object, kept: bool | None) -> None:
    assert entity(MOODLE_USERS, {"userid": 1, "suspended": said}).suspended is kept


def test_a_user_is_read_as_an_event_tells_it() -> None:
    found = entity(
        MOODLE_USERS,
        {
            "id": "80",
            "username": "ev303@btec.example",
            "email": "Ev303@BTEC.example",
            "phone1": "",
            "deleted": "0",
            "timecreated": str(SECONDS),
            "timemodified": str(SECONDS + 2),
        },
    )
    assert (found.key, found.email, found.phone, found.deleted) == ("80", "ev303@btec.example", "", False)
    assert (found.created_in_moodle, found.modified_at) == (AT, AT + timedelta(seconds=2))


def test_the_digest_that_stands_for_the_address_of_a_deleted_user_is_kept() -> None:
    found = entity(MOODLE_USERS, {"id": 80, "email": "5d41402abc4b2a76b9719d911017c592", "deleted": 1})
    assert (found.email, found.deleted) == ("5d41402abc4b2a76b9719d911017c592", True)


def test_a_course_has_dates_where_moodle_has_any() -> None:
    found = entity(MOODLE_COURSES, {"id": 5, "shortname": "EV1", "startdate": SECONDS, "enddate": 0})
    assert (found.key, found.short_name, found.starts_at, found.ends_at) == ("5", "EV1", AT, None)


@pytest.mark.parametrize(
    ("status", "kept"), [(0, "active"), ("1", "suspended"), ("active", "active"), (None, None)], ids=repr
)
def test_an_enrolment_is_known_by_its_course_and_its_user(status: object, kept: str | None) -> None:
    found = entity(
        MOODLE_ENROLLMENTS,
        {"enrollment_id": 1234, "userid": 4101, "courseid": "1001", "status": status, "timeend": 0},
    )
    assert found.key == MoodleKey("1001_4101")
    assert (found.course, found.user, found.enrollment_id) == ("1001", "4101", 1234)
    assert (found.status, found.ends_at) == (kept, None)


def test_a_mark_holds_the_attempt_that_its_event_tells() -> None:
    found = entity(MOODLE_MARKS, GRADED)
    assert found.key == "18_2_3"
    assert (found.scale, found.maximum, found.workflow, found.item, found.grade_id) == (
        *(3, None, "released"),
        *(4, 61),
    )
    assert found.attempts == (
        MarkedAttempt(
            grade_id=MoodleId(40),
            raw=Decimal(3),
            submission_status="submitted",
            feedback="<p>a merit</p>",
            grader=MoodleId(3),
            graded_at=AT,
            criteria=(MarkedCriterion(code="P1", definition="Explain", score="1", remark="well"),),
        ),
    )


def test_a_mark_of_an_older_plugin_is_the_same() -> None:
    found = entity(MOODLE_MARKS, SENT)
    (attempt,) = found.attempts
    assert (found.key, found.grade_id) == ("4101_1001_55", 789)
    assert (attempt.number, attempt.raw, attempt.letter, attempt.graded_at) == (1, Decimal(3), "M", AT)
    assert attempt.criteria == (MarkedCriterion(code="M1", score="0", achieved="true", remark="not yet"),)


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ({"attempt_number": 1}, 0),
        ({"attempt_number": "2"}, 1),
        ({"attempt_number": 0, "auto_generated": True, "grade": "F"}, 0),
        ({"attempt_number": 0, "auto_generated": "1"}, 0),
        ({"attempt_number": ""}, 0),
        ({"attempt_number": 2, "attemptnumber_zero_indexed": 1}, 1),
        ({"attempt_number": 2, "attemptnumber": 0}, 0),
    ],
    ids=repr,
)
def test_attempts_are_counted_from_0_however_they_are_told(said: dict[str, object], number: int) -> None:
    ids = {"userid": 1, "courseid": 2, "assignid": 3}
    assert [each.number for each in entity(MOODLE_MARKS, {**ids, **said}).attempts] == [number]


@pytest.mark.parametrize(
    "said",
    [
        {"attempt_number": 0},
        {"attempt_number": "0", "auto_generated": False},
        {"attempt_number": -1},
        {"attempt_number": 0.5},
        {"attemptnumber": "", "attempt_number": 0},
    ],
    ids=repr,
)
def test_0_under_a_name_that_counts_from_1_is_refused(said: dict[str, object]) -> None:
    """A sender that counts from 0 there would tell two attempts for one."""
    ids = {"userid": 1, "courseid": 2, "assignid": 3}
    for record in ({**ids, **said}, {**ids, "attempts": [said]}):
        found = CODEC.decoder(MOODLE_MARKS, NO_OVERLAY)(record)
        assert [reason.path.rpartition(".")[2] for reason in found.reasons] == ["attempt_number"]
    found = CODEC.decoder(MOODLE_MARKS, NO_OVERLAY)({**ids, "attempt_number": 0})
    assert [reason.message for reason in found.reasons] == [
        "`attempt_number` counts from 1, so it is never 0; `attemptnumber` counts from 0."
    ]


def test_what_says_that_there_is_no_attempt_yet_is_kept_with_a_parked_record() -> None:
    record = {"userid": 1, "courseid": 2, "assignid": 3, "attempt_number": 0, "auto_generated": True}
    assert CODEC.keeper(MOODLE_MARKS, NO_OVERLAY)({**record, "password": "x"}) == record


@pytest.mark.parametrize(
    ("said", "raw", "letter"),
    [
        ({"grade": "3.00000"}, Decimal(3), None),
        ({"grade": 3}, Decimal(3), None),
        ({"grade": 2.5}, Decimal("2.5"), None),
        ({"grade": "-1.00000"}, Decimal(-1), None),
        ({"grade": "3.00000", "rawgrade": "2.00000"}, Decimal(2), None),
        ({"grade": "M", "rawgrade": "3.00000"}, Decimal(3), "M"),
        ({"grade": "Pass"}, None, "Pass"),
        ({"grade": "3." + "0" * 30}, None, "3." + "0" * 30),
    ],
    ids=repr,
)
def test_a_number_that_moodle_sends_as_the_grade_is_a_mark(
    said: dict[str, object], raw: Decimal | None, letter: str | None
) -> None:
    ids = {"userid": 1, "courseid": 2, "assignid": 3}
    for record in ({**ids, **said}, {**ids, "attempts": [said]}):
        (attempt,) = entity(MOODLE_MARKS, record).attempts
        assert (attempt.raw, attempt.letter) == (raw, letter)


def test_a_mark_can_come_with_all_its_attempts_or_with_none() -> None:
    ids = {"userid": 1, "courseid": 2, "assignid": 3}
    several = [{"attemptnumber": 1, "rawgrade": 2}, {"attemptnumber": 0, "rawgrade": 1}]
    found = entity(MOODLE_MARKS, {**ids, "attempts": several})
    assert [(each.number, each.raw) for each in found.attempts] == [(0, Decimal(1)), (1, Decimal(2))]
    assert entity(MOODLE_MARKS, {**ids, "finalgrade": 85.5, "grademax": 100}).attempts == ()


@pytest.mark.parametrize(
    "told", [{"rawgrade": "4"}, {"feedback": "Well done"}, {"submissionstatus": "submitted"}], ids=str
)
def test_an_attempt_that_is_told_without_its_number_is_the_first(told: dict[str, object]) -> None:
    """Nothing of it is lost; what only the record has, such as its time, is no attempt."""
    ids = {"userid": 1, "courseid": 2, "assignid": 3}
    (attempt,) = entity(MOODLE_MARKS, {**ids, **told, "timemodified": 1770640300}).attempts
    assert attempt.number == 0
    assert entity(MOODLE_MARKS, {**ids, "timemodified": 1770640300, "duedate": 1770640300}).attempts == ()


@pytest.mark.parametrize(
    ("told", "attempts"),
    [
        ({"rawgrade": None}, [(0, None)]),
        ({"attempts": [], "attemptnumber": 1, "rawgrade": 3}, [(1, Decimal(3))]),
        ({"attempts": None, "rawgrade": 3}, [(0, Decimal(3))]),
        (
            {"attempts": [{"rawgrade": 1}], "attemptnumber": 1, "rawgrade": 3},
            [(0, Decimal(1)), (1, Decimal(3))],
        ),
        ({"attempts": [{"rawgrade": 1}], "attemptnumber": 0, "rawgrade": 3}, [(0, Decimal(1))]),
        ({"attempts": [{"rawgrade": 1}], "rawgrade": 3}, [(0, Decimal(1))]),
        ({"attempts": [], "duedate": 0}, []),
    ],
    ids=str,
)
def test_an_attempt_that_stands_beside_the_table_of_attempts_is_one_more(
    told: dict[str, object], attempts: list[tuple[int, Decimal | None]]
) -> None:
    """Where it says which; what the table says of an attempt goes before. No mark is told too."""
    found = entity(MOODLE_MARKS, {"userid": 1, "courseid": 2, "assignid": 3, **told})
    assert [(each.number, each.raw) for each in found.attempts] == attempts


def test_what_lacks_a_part_of_its_key_is_refused_with_every_part() -> None:
    row = {"id": 5001, "userid": 4101, "itemid": 301, "finalgrade": 85.5}
    assert refusals(MOODLE_MARKS, row) == [(Code.REQUIRED, "$.courseid"), (Code.REQUIRED, "$.assignid")]
    assert refusals(MOODLE_ENROLLMENTS, {"courseid": "x", "userid": 0}) == [
        (Code.NUMBER_INVALID, "$.courseid"),
        (Code.REQUIRED, "$.userid"),
    ]
    assert refusals(MOODLE_USERS, []) == [(Code.NOT_AN_OBJECT, "$")]


def test_what_is_wrong_with_an_attempt_is_told_with_its_place_and_once() -> None:
    ids = {"userid": 1, "courseid": 2, "assignid": 3}
    wrong = {"attemptnumber": 0, "rawgrade": "much", "timemodified": "then"}
    assert refusals(MOODLE_MARKS, {**ids, **wrong}) == [
        (Code.DATE_INVALID, "$.timemodified"),
        (Code.NUMBER_INVALID, "$.rawgrade"),
    ]
    rows = [{"attemptnumber": -1, "criteria": [{"code": []}]}, 5]
    assert refusals(MOODLE_MARKS, {**ids, "attempts": rows}) == [
        (Code.OUT_OF_RANGE, "$.attempts[0].attemptnumber"),
        (Code.WRONG_TYPE, "$.attempts[0].criteria[0].code"),
        (Code.NOT_AN_OBJECT, "$.attempts[1]"),
    ]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"attemptnumber": 10**12}, "`attemptnumber` must not be more than 9999."),
        ({"attempt_number": 10_001}, "`attempt_number` must not be more than 9999."),
        (
            {"timegraded": -5},
            "`timegraded` must not be before 1970: send the seconds since then, or 0 for none.",
        ),
        (
            {"timesubmitted": "1969-12-31T23:59:59Z"},
            "`timesubmitted` must not be before 1970: send the seconds since then, or 0 for none.",
        ),
    ],
    ids=repr,
)
def test_what_moodle_cannot_have_of_an_attempt_is_refused(said: dict[str, object], told: str) -> None:
    """Of the record itself, and of the list with the attempt's place; each attempt beside it is good."""
    ids = {"userid": 1, "courseid": 2, "assignid": 3}
    listed = {**ids, "attempts": [{"attemptnumber": 5, "timegraded": 0}, {"rawgrade": 1, **said}]}
    for record, where in (({**ids, "rawgrade": 1, **said}, "$."), (listed, "$.attempts[1].")):
        (reason,) = CODEC.decoder(MOODLE_MARKS, NO_OVERLAY)(record).reasons
        assert (reason.message, reason.path) == (told, where + next(iter(said)))
    (attempt,) = entity(MOODLE_MARKS, {**ids, "attemptnumber": 9999, "timegraded": 1}).attempts
    assert (attempt.number, attempt.graded_at) == (9999, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))


def test_no_record_was_changed_before_1970() -> None:
    """When an event was, puts it in order; a day that a college chooses may be of any year."""
    assert refusals(MOODLE_USERS, {"userid": 1, "timemodified": -1}) == [
        (Code.OUT_OF_RANGE, "$.timemodified")
    ]
    assert entity(MOODLE_COURSES, {"id": 1, "startdate": -86400}).starts_at.year == 1969


# properties


def _plain(module: AnyModule, found: Any) -> Any:
    """An entity that Moodle could have told: whole seconds, ids of digits, words without commas."""
    fixed: dict[str, Any] = {}
    for field in module.fields:
        value = getattr(found, field.name)
        if field.kind is Kind.LOOKUP:
            fixed[field.name] = _id(value)
        elif field.kind is Kind.TEXTS:
            fixed[field.name] = tuple(w for w in (each.replace(",", "").strip() for each in value) if w)
        elif field.kind is Kind.SUBFORM:
            fixed[field.name] = tuple(
                attrs.evolve(
                    row,
                    number=number,
                    graded_at=_by_clock(row.graded_at),
                    submitted_at=_by_clock(row.submitted_at),
                )
                for number, row in enumerate(value)
            )
        elif field.kind is Kind.DATETIME:
            fixed[field.name] = _by_clock(value) if field.wire.by_clock else _seconds(value)
    fixed["field_versions"] = ("1770640200 7 *", "1770640201 - city")
    if fixed["modified_at"] is None:  # without a time of change that of the making is read for it
        fixed["modified_at"] = fixed.get("created_in_moodle")
    parts = module.field[module.key_name].wire.parts
    whole = attrs.evolve(found, **fixed)
    key = "_".join(str(getattr(whole, part)) for part in parts) or _id(found.key)
    return module.complete(attrs.evolve(whole, moodle_key=key))


def _id(text: str) -> str:
    return str(int.from_bytes(text.encode()) % 10**9 + 1)


def _seconds(at: datetime | None) -> datetime | None:
    """Whole seconds; the first of 1970 is none, as Moodle has it."""
    second = None if at is None else at.replace(microsecond=0)
    return None if second == datetime(1970, 1, 1, tzinfo=UTC) else second


def _by_clock(at: datetime | None) -> datetime | None:
    """The same of a moment that Moodle noted, which is never before 1970."""
    return None if at is None else _seconds(at.replace(year=max(at.year, 1972)))


@pytest.mark.parametrize("module", list(MOODLE_CATALOGUE), ids=lambda module: module.name)
@given(data=st.data())
def test_what_is_written_is_read_again(module: AnyModule, data: st.DataObject) -> None:
    made = _plain(module, data.draw(rows(module.entity)))
    record = CODEC.encode(module, made, NO_OVERLAY)
    assert CODEC.decoder(module, NO_OVERLAY)(record).entity == made
    (key,), (mark,) = CODEC.marker(module, NO_OVERLAY)([record])
    assert key == made.key
    assert mark is not None


@pytest.mark.parametrize("module", list(MOODLE_CATALOGUE), ids=lambda module: module.name)
def test_every_alias_of_every_field_is_marked_and_kept(module: AnyModule) -> None:
    mark, keep = CODEC.marker(module, NO_OVERLAY), CODEC.keeper(module, NO_OVERLAY)
    others = [field for field in module.fields if field.kind is not Kind.ID]
    tables = [field.row for field in module.fields if field.wire.is_itself and field.row is not None]
    fields = [*others, *(cell for row in tables for cell in declared(row))]
    ids = {"userid": 1, "courseid": 2, "assignid": 3}
    (_, plain) = mark([ids])
    assert keep({**ids, "nobody_reads_it": 1}) == {
        name: value for name, value in ids.items() if keep({name: value}) != {}
    }
    for field in fields:
        for name in {*field.names, *field.wire.from_one} - {*ids}:
            assert keep({name: 7}) == {name: 7}
            assert mark([{**ids, name: 7}])[1] != plain


def test_a_record_is_marked_as_read_from_a_line_and_as_an_object() -> None:
    mark = CODEC.marker(MOODLE_MARKS, NO_OVERLAY)
    line = b'{"userid": 18, "courseid": 2, "assignid": 3, "rawgrade": 3}'
    found = mark([JsonLine(line), {"userid": 18, "courseid": 2, "assignid": 3, "rawgrade": 3}, None, {}])
    assert found[0] == ["18_2_3", "18_2_3", None, None]
    assert found[1][0] == found[1][1] is not None
    assert mark([{"userid": [], "courseid": 2, "assignid": 3}]) == ([None], [None])


def test_values_are_written_by_their_names_inside() -> None:
    made = entity(MOODLE_ENROLLMENTS, {"userid": 4101, "courseid": "1001", "timestart": SECONDS})
    forms = FieldForms(texts=frozenset(), moments=frozenset(), choices={}, columns={})
    written = CODEC.writer(MOODLE_ENROLLMENTS, NO_OVERLAY, forms)(made)
    assert (written["user"], written["course"], written["starts_at"]) == ("4101", "1001", SECONDS)
    assert "moodle_key" not in written
    assert CODEC.plain_reader(MOODLE_ENROLLMENTS, NO_OVERLAY) is None
