"""Of when fields are, and what several tellings of one record come to in whatever order and grouping."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial, reduce
from itertools import permutations
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mzi_adapters.moodle.codec import MoodleCodec
from mzi_core.field_versions import read_versions, tells, written_versions
from mzi_core.last_writer_wins import brought_together, without_what_ended
from mzi_core.mapping import NO_OVERLAY, ExtraField, Overlay, overlay
from mzi_core.module import AnyModule, Kind, Version
from mzi_core.modules import MOODLE_ENROLLMENTS, MOODLE_MARKS, MOODLE_USERS
from mzi_core.values import MoodleKey

AT = 1770640000


def moment(second: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=AT + second)


def told(module: AnyModule, when: int | None, *, mapping: Overlay = NO_OVERLAY, **fields: Any) -> Any:
    """A record as an event of this second tells it, which has the second as its number too."""
    ids = {
        MOODLE_USERS: {"userid": 7},
        MOODLE_ENROLLMENTS: {"userid": 7, "courseid": 2},
        MOODLE_MARKS: {"userid": 7, "courseid": 2, "assignid": 3},
    }[module]
    order = {} if when is None else {"timemodified": AT + when, "event_number": when}
    found = MoodleCodec().decoder(module, mapping)({**ids, **order, **fields})
    assert found.entity is not None, found.reasons
    return found.entity


user, enrolled, marked = (partial(told, each) for each in (MOODLE_USERS, MOODLE_ENROLLMENTS, MOODLE_MARKS))


def plain(record: Any) -> Any:
    """Without what is kept beside the values."""
    return attrs.evolve(record, field_versions=())


def together(module: AnyModule, tellings: Sequence[Any]) -> Any:
    return reduce(partial(brought_together, module), tellings)


def test_versions_are_written_as_texts_and_read_again() -> None:
    versions = {
        "city": Version(moment(1), 5),
        "*": Version(moment(0), None),
        "last_name": Version(moment(1), 5),
        "phone": Version(None, 4),
        "role": Version(),
    }
    texts = written_versions(versions)
    assert texts == ("- - role", "- 4 phone", f"{AT} - *", f"{AT + 1} 5 city last_name")
    assert read_versions(texts) == versions


@pytest.mark.parametrize("text", ["", "1", "x 1 city", "1 x city", f"{10**30} 1 city"])
def test_what_is_no_such_text_is_refused_with_its_field(text: str) -> None:
    found = MoodleCodec().decoder(MOODLE_USERS, NO_OVERLAY)({"userid": 7, "field_versions": [text]})
    if not text:
        assert found.entity is not None, "an empty text is none"
        return
    assert [reason.path for reason in found.reasons] == ["$.field_versions"]
    assert "leave it out" in found.reasons[0].message


def test_what_a_record_names_as_empty_is_told_and_what_it_does_not_name_is_not() -> None:
    said = user(5, city="", phone1=None, timecreated=0, lastname="B")
    assert said.city is None or said.city == ""
    assert tells(said, "phone")
    assert tells(said, "created_in_moodle")
    assert tells(said, "last_name")
    assert not tells(said, "country")


@pytest.mark.parametrize(
    ("module", "tellings", "expected"),
    [
        pytest.param(
            MOODLE_USERS,
            [user(1, lastname="B"), user(6, lastname=None), user(7, lastname="C"), user(8, suspended=1)],
            {"last_name": "C", "suspended": True},
            id="what was emptied in between",
        ),
        pytest.param(
            MOODLE_USERS,
            [user(1, lastname="B", city="Irbid"), user(6, lastname=None), user(8, suspended=1)],
            {"last_name": None, "city": "Irbid"},
            id="what was emptied stays empty",
        ),
        pytest.param(
            MOODLE_ENROLLMENTS,
            [enrolled(10, status=0, timeend=AT), enrolled(11, status=0, timeend=0), enrolled(12, status=1)],
            {"status": "suspended", "ends_at": None},
            id="an end that was taken back",
        ),
        pytest.param(
            MOODLE_MARKS,
            [marked(20, scale_items="R,P", assigngrademax=-3), marked(21, assigngrademax=100)],
            {"scale": None, "scale_items": (), "maximum": Decimal(100)},
            id="who tells how it is counted tells all of it",
        ),
    ],
)
def test_the_newest_telling_of_each_field_counts_in_every_order(
    module: AnyModule, tellings: list[Any], expected: dict[str, Any]
) -> None:
    for order in permutations(tellings):
        found = together(module, order)
        assert {name: getattr(found, name) for name in expected} == expected
        assert found == together(module, tellings)


def attempts(record: Any) -> dict[int, tuple[Any, ...]]:
    return {each.number: (each.raw, each.feedback, each.submission_status) for each in record.attempts}


def test_each_cell_of_an_attempt_counts_as_it_was_told_last() -> None:
    tellings = [
        marked(31, attemptnumber=0, rawgrade=3, feedback="01122", submissionstatus="submitted"),
        marked(32, attemptnumber=0, rawgrade=2),
        marked(33, attemptnumber=1, rawgrade=4, feedback="x"),
        marked(34, attemptnumber=1, feedback=None),
    ]
    for order in permutations(tellings):
        assert attempts(together(MOODLE_MARKS, order)) == {
            0: (Decimal(2), "01122", "submitted"),
            1: (Decimal(4), None, None),
        }


def test_an_attempt_of_a_list_is_told_whole() -> None:
    tellings = [
        marked(31, attemptnumber=0, rawgrade=3, feedback="01122"),
        marked(32, attempts=[{"attemptnumber": 0, "rawgrade": 2, "timegraded": AT + 32, "event_number": 32}]),
        marked(33, attemptnumber=0, submissionstatus="submitted"),
    ]
    for order in permutations(tellings):
        assert attempts(together(MOODLE_MARKS, order)) == {0: (Decimal(2), None, "submitted")}


def test_an_end_leaves_what_was_told_afterwards() -> None:
    """And of what had ended nothing comes back, also where that is told only now."""
    before = marked(20, attemptnumber=0, rawgrade=3, feedback="x", assigngrademax=4, timegraded=AT + 1)
    after = marked(25, attemptnumber=0, rawgrade=2, timegraded=AT + 3, duedate=AT)
    other = marked(21, attemptnumber=1, rawgrade=1)
    left = without_what_ended(MOODLE_MARKS, together(MOODLE_MARKS, [before, after]), marked(22))
    assert attempts(left) == {0: (Decimal(2), None, None)}
    assert (left.maximum, left.due) == (None, moment(0))
    assert plain(together(MOODLE_MARKS, [left, other])) == plain(left)
    assert plain(together(MOODLE_MARKS, [before, left])) == plain(left)


def test_an_end_without_a_number_ends_what_was_graded_by_then() -> None:
    known = together(
        MOODLE_MARKS,
        [
            marked(20, attemptnumber=0, rawgrade=3, timegraded=AT + 20),
            marked(25, attemptnumber=1, rawgrade=2, timegraded=AT + 25),
        ],
    )
    left = without_what_ended(MOODLE_MARKS, known, marked(None, timemodified=AT + 22))
    assert sorted(attempts(left)) == [1]


def test_what_nobody_can_put_in_order_outlasts_an_end() -> None:
    """It was read, and nobody knows when; so was an attempt without a number beside an end that has one."""
    read = marked(None, duedate=AT, attempts=[{"attemptnumber": 1, "rawgrade": 1, "timegraded": AT}])
    known = together(MOODLE_MARKS, [read, marked(25, attemptnumber=0, rawgrade=2)])
    left = without_what_ended(MOODLE_MARKS, known, marked(22))
    assert sorted(attempts(left)) == [0, 1]


def test_who_is_enrolled_again_has_nothing_of_the_enrolment_before() -> None:
    """But for who made the last one, whenever that is told."""
    tellings = [
        enrolled(10, enrollment_id=1, status=0, timestart=AT, roleid=5, made_as=1, maker=3),
        enrolled(11, enrollment_id=2, status=0, made_as=2, maker=4),
        enrolled(12, enrollment_id=1, status=1),
        enrolled(13, enrollment_id=2, status=1),
        enrolled(14, roleid=6),
    ]
    for order in permutations(tellings):
        found = together(MOODLE_ENROLLMENTS, order)
        assert (found.enrollment_id, found.status, found.starts_at) == (2, "suspended", None)
        assert (found.role, found.maker, found.made_as) == (6, 4, 2)


def test_a_field_of_a_tenants_own_is_told_like_any_other() -> None:
    mapping, refused = overlay(MOODLE_USERS, ())
    assert not refused
    mapping = attrs.evolve(mapping, extras=(ExtraField(name="house", zoho_name="house", kind=Kind.TEXT),))
    say = partial(user, mapping=mapping)
    tellings = [say(1, house="Red"), say(2, city="Irbid"), say(3, house=None), say(4, lastname="B")]
    for order in permutations(tellings[:2]):
        assert together(MOODLE_USERS, order).extra == {"house": "Red"}
    for order in permutations(tellings):
        assert together(MOODLE_USERS, order).extra == {}


# Whatever is told: any order, any grouping, any repetition.

users = st.fixed_dictionaries(
    {}, optional={"city": st.sampled_from(["A", "", None]), "suspended": st.sampled_from([0, 1, None])}
)
enrolments: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"enrollment_id": st.sampled_from([1, 2, None])},
    optional={
        "status": st.sampled_from([0, 1]),
        "timeend": st.sampled_from([0, AT, AT + 5]),
        "made_as": st.integers(1, 4),
    },
)
marks: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"attemptnumber": st.integers(0, 2)},
    optional={
        "rawgrade": st.sampled_from([1, 2, -1]),
        "feedback": st.sampled_from(["x", "", None]),
        "assigngrademax": st.sampled_from([4, -3]),
        "timegraded": st.integers(AT, AT + 6),
    },
)


@pytest.mark.parametrize(
    ("module", "fields"), [(MOODLE_USERS, users), (MOODLE_MARKS, marks)], ids=["users", "marks"]
)
@given(data=st.data())
def test_tellings_come_to_the_same_in_every_order_and_grouping(
    module: AnyModule, fields: st.SearchStrategy[dict[str, Any]], data: st.DataObject
) -> None:
    drawn = data.draw(st.lists(fields, min_size=1, max_size=6))
    tellings = [told(module, when, **each) for when, each in enumerate(drawn, start=1)]
    mixed = data.draw(st.permutations([*tellings, *data.draw(st.lists(st.sampled_from(tellings)))]))
    found = together(module, tellings)
    assert together(module, mixed) == found
    cut = data.draw(st.integers(0, len(mixed)))
    parts = [together(module, part) for part in (mixed[:cut], mixed[cut:]) if part]
    assert together(module, parts) == found
    assert brought_together(module, found, found) == found


@given(data=st.data())
def test_enrolments_come_to_the_same_in_every_order(data: st.DataObject) -> None:
    drawn = data.draw(st.lists(enrolments, min_size=1, max_size=6))
    tellings = [told(MOODLE_ENROLLMENTS, when, **each) for when, each in enumerate(drawn, start=1)]
    mixed = data.draw(st.permutations(tellings))
    assert plain(together(MOODLE_ENROLLMENTS, mixed)) == plain(together(MOODLE_ENROLLMENTS, tellings))


@given(data=st.data())
def test_a_record_that_is_written_and_read_again_comes_to_the_same(data: st.DataObject) -> None:
    """What is parked is kept as it is written."""
    codec, module = MoodleCodec(), MOODLE_MARKS
    drawn = data.draw(st.lists(marks, min_size=2, max_size=5))
    one, *rest = (told(module, when, **each) for when, each in enumerate(drawn, start=1))
    for each in rest:
        record = codec.encode(module, one, NO_OVERLAY)
        again = codec.decoder(module, NO_OVERLAY)(record).entity
        assert again == one
        one = brought_together(module, one, each)


def test_the_key_of_another_record_is_never_taken() -> None:
    found = together(MOODLE_USERS, [user(1, city="A"), user(2, city="B")])
    assert found.moodle_key == MoodleKey("7")
