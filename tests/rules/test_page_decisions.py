"""What follows from the plain records of a page, judged together."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.strategies import entities, extras, modules

from mzi_core.decide import Arrival, Facts, Known, Touch, plan, with_links, with_untold
from mzi_core.fingerprints import fingerprinter
from mzi_core.module import AnyModule, Values
from mzi_core.modules import ENROLLMENTS, STUDENTS, Student
from mzi_core.page_decisions import (
    Comparison,
    RecordUpdate,
    StoredValues,
    claimants,
    claims,
    compare,
    orphans,
    rivals,
)
from mzi_core.values import (
    BatchResult,
    Email,
    MoodleId,
    Outcome,
    Outcomes,
    RecordId,
    RecordKey,
    State,
    ZohoId,
)

AT = datetime(2026, 2, 1, tzinfo=UTC)
LATER = AT + timedelta(days=1)
FINGERPRINT = fingerprinter(STUDENTS)


def student(zoho_id: str = "1", **fields: Any) -> Values:
    more = {"display_name": "A", "academic_email": Email(f"s{zoho_id}@b.example"), **fields}
    return STUDENTS.values_of(Student(zoho_id=ZohoId(zoho_id), **more))


# rivals, claimants, orphans


@pytest.mark.parametrize(
    ("plain", "others", "found"),
    [
        ({}, [], set()),
        ({0: student("1"), 1: student("2")}, [], set()),
        ({0: student("1"), 3: student("2", academic_email=Email("s1@b.example"))}, [], {0, 3}),
        (
            {0: student("1", moodle_userid=MoodleId(7)), 1: student("2", moodle_userid=MoodleId(7))},
            [],
            {0, 1},
        ),
        ({0: student("1"), 1: student("2")}, [student("9", academic_email=Email("s2@b.example"))], {1}),
        ({0: student("1"), 1: student("2")}, [student("9")], set()),
        (
            {0: student("1", moodle_userid=MoodleId(7)), 1: student("2")},
            [student("9", moodle_userid=MoodleId(7))],
            {0},
        ),
    ],
)
def test_records_of_a_page_that_claim_one_unique_value_are_rivals(
    plain: Mapping[int, Values], others: Collection[Values], found: set[int]
) -> None:
    """Nothing is no value that two could claim."""
    assert rivals(STUDENTS, plain, map(STUDENTS.entity_of, others)) == found


def test_what_is_claimed_is_told_by_field() -> None:
    plain = {0: student("1", moodle_userid=MoodleId(7)), 1: student("2")}
    assert claims(STUDENTS, plain) == {
        "academic_email": {"s1@b.example", "s2@b.example"},
        "moodle_userid": {7},
    }


def test_who_claims_what_is_taken_is_found() -> None:
    plain = {4: student("1"), 5: student("2", moodle_userid=MoodleId(7)), 6: student("3")}
    owners: dict[str, dict[object, str]] = {
        "academic_email": {"s1@b.example": "9"},
        "moodle_userid": {7: "9"},
    }
    assert claimants(STUDENTS, plain, owners) == {4, 5}
    assert claimants(STUDENTS, plain, {"academic_email": {}}) == set()


ADDRESSES = st.sampled_from([Email("a@b.example"), Email("c@b.example"), Email("d@b.example")])
LINKS = st.sampled_from([None, MoodleId(7), MoodleId(8)])
claiming = st.builds(student, st.just("1"), academic_email=ADDRESSES, moodle_userid=LINKS)


@given(st.dictionaries(st.integers(0, 9), claiming, max_size=4), st.lists(claiming, max_size=2))
def test_rivals_are_all_that_claim_what_another_claims(
    plain: dict[int, Values], others: list[Values]
) -> None:
    at = [STUDENTS.place[name] for name in STUDENTS.unique_names]

    def rival(one: Values, other: Values) -> bool:
        return any(one[place] is not None and one[place] == other[place] for place in at)

    expected = {
        place
        for place, values in plain.items()
        if any(rival(values, other) for other in others)
        or any(rival(values, other) for elsewhere, other in plain.items() if elsewhere != place)
    }
    assert rivals(STUDENTS, plain, map(STUDENTS.entity_of, others)) == expected
    assert claimants(STUDENTS, plain, claims(STUDENTS, plain)) == set(plain)


@given(st.dictionaries(st.integers(0, 9), claiming, max_size=4), st.lists(claiming, max_size=2))
def test_claimants_are_all_that_claim_what_a_stored_record_has(
    plain: dict[int, Values], there: list[Values]
) -> None:
    places = {name: STUDENTS.place[name] for name in STUDENTS.unique_names}
    owners: dict[str, dict[object, str]] = {
        name: {values[places[name]]: "9" for values in there if values[places[name]] in wanted}
        for name, wanted in claims(STUDENTS, plain).items()
    }
    expected = {
        place
        for place, values in plain.items()
        if any(
            values[at] is not None and values[at] == other[at] for at in places.values() for other in there
        )
    }
    assert claimants(STUDENTS, plain, owners) == expected


def test_a_record_is_an_orphan_without_each_of_its_parents() -> None:
    def enrollment(student: str, clazz: str) -> Values:
        made = ENROLLMENTS.entity(zoho_id=ZohoId("1"), student=ZohoId(student), class_=ZohoId(clazz))
        return ENROLLMENTS.values_of(made)

    plain = {0: enrollment("1", "2"), 1: enrollment("1", "3"), 2: enrollment("4", "2")}
    parents = {"student": {ZohoId("1")}, "class_": {ZohoId("2")}}
    assert orphans(ENROLLMENTS, plain, parents) == {1, 2}


# held against what is stored


def stored(values: Values, **more: Any) -> dict[RecordKey, StoredValues]:
    told = {
        "fingerprint": FINGERPRINT(values),
        "mark": "before",
        "state": State.NEW,
        "deleted": False,
        **more,
    }
    return {values[0]: StoredValues(values=values, **told)}


def compared(before: Values, now: Values, untold: Collection[str] = (), **more: Any) -> Comparison:
    return compare(
        STUDENTS, {0: now}, ["now"], stored(before, **more), fingerprint=FINGERPRINT, untold=untold
    )


def test_the_id_is_the_first_of_the_values() -> None:
    assert STUDENTS.place["zoho_id"] == 0


def test_a_change_names_the_fields_that_differ_and_what_the_record_was() -> None:
    before, now = student(city="Amman", modified_at=AT), student(city="Irbid", phone="1", modified_at=LATER)
    found = compared(before, now, state=State.UPDATED)
    places = (STUDENTS.place["phone"], STUDENTS.place["city"])
    assert found.changes == {
        0: RecordUpdate(now, State.UPDATED, places, ("phone", "city"), FINGERPRINT(now), "now")
    }
    assert (found.touches, found.left) == ({}, set())


@pytest.mark.parametrize(
    ("before", "now", "fields"),
    [
        ({}, {"shoe": 1}, ("extra.shoe",)),
        ({"shoe": 1}, {}, ("extra.shoe",)),
        ({"shoe": 1}, {"shoe": True}, ("extra.shoe",)),
    ],
)
def test_own_fields_of_a_tenant_are_compared_last(
    before: Mapping[str, Any], now: Mapping[str, Any], fields: tuple[str, ...]
) -> None:
    found = compared(student(extra=before), student(city="Irbid", extra=now))
    assert found.changes[0].fields == ("city", *fields)
    assert found.changes[0].places == (STUDENTS.place["city"], len(STUDENTS.fields))


@pytest.mark.parametrize(
    ("before", "now", "more"),
    [
        (student(), student(city="Irbid"), {"deleted": True}),
        (student(modified_at=LATER), student(city="Irbid", modified_at=AT), {}),
        (student(modified_at=LATER), student(modified_at=AT), {}),
        (student(), student(academic_email=Email("other@b.example")), {}),
        (student(), student(moodle_userid=MoodleId(7)), {}),
    ],
    ids=["deleted", "older and other", "older and the same", "another address", "another link"],
)
def test_what_is_not_simply_changed_is_left(before: Values, now: Values, more: dict[str, Any]) -> None:
    assert compared(before, now, **more) == Comparison({}, {}, {0})


def test_a_link_that_a_record_does_not_bring_is_kept() -> None:
    before = student(moodle_userid=MoodleId(7))
    found = compared(before, student(city="Irbid"))
    assert found.changes[0].values == student(city="Irbid", moodle_userid=MoodleId(7))
    assert found.changes[0].fields == ("city",)
    assert compared(before, student(), mark="now") == Comparison({}, {}, set())


@pytest.mark.parametrize(
    ("now", "more"),
    [
        (student(modified_at=LATER), {"mark": "now"}),
        (student(modified_at=AT), {"mark": "before"}),
        (student(modified_at=AT), {"mark": "now", "fingerprint": "of another format"}),
    ],
    ids=["another time", "other words", "another format"],
)
def test_what_is_news_about_a_record_that_says_the_same_is_remembered(
    now: Values, more: dict[str, Any]
) -> None:
    found = compared(student(modified_at=AT), now, **more)
    at = now[STUDENTS.place["modified_at"]]
    touch = Touch(key=ZohoId("1"), fingerprint=FINGERPRINT(now), modified_at=at, mark="now")
    assert (found.changes, found.touches, found.left) == ({}, {0: touch}, set())


def test_what_is_no_news_is_in_none_of_the_three() -> None:
    for at in (AT, None):
        found = compared(student(modified_at=AT), student(modified_at=at), mark="now")
        assert found == Comparison({}, {}, set())


def test_a_change_that_does_not_say_when_it_is_of_leaves_the_time_of_the_one_before() -> None:
    found = compared(student(modified_at=AT), student(city="Irbid"))
    assert found.changes[0].values == student(city="Irbid", modified_at=AT)


def test_what_is_not_told_stays_and_the_words_are_not_remembered() -> None:
    before = student(city="Amman", extra={"shoe": 1})
    found = compared(before, student(phone="1"), untold=["city", "extra.shoe"])
    assert found.changes[0].values == student(city="Amman", phone="1", extra={"shoe": 1})
    assert (found.changes[0].fields, found.changes[0].mark) == (("phone",), None)
    assert compared(student(), student(phone="1"), untold=["city"]).changes[0].mark == "now"


telling = st.builds(
    student,
    st.just("1"),
    academic_email=ADDRESSES.filter(lambda address: address < "d"),
    moodle_userid=LINKS,
    city=st.sampled_from([None, "", "Amman"]),
    phone=st.sampled_from([None, "1"]),
    modified_at=st.sampled_from([None, AT, LATER]),
    extra=st.dictionaries(st.sampled_from(["shoe", "hat"]), st.sampled_from([None, 1, True]), max_size=2),
)


@given(
    telling,
    telling,
    st.sampled_from([[], ["city", "extra.shoe"], ["moodle_userid"]]),
    st.sampled_from(["now", "before", None]),
    st.sampled_from([{}, {"fingerprint": "of another format"}, {"deleted": True}]),
)
def test_what_a_comparison_settles_is_what_a_judge_would_say(
    before: Values, now: Values, untold: list[str], mark: str | None, more: dict[str, Any]
) -> None:
    """The judge has the last word of what is left; of all else it would say just the same."""
    there = stored(before, **{"mark": mark, **more})
    found = compare(STUDENTS, {0: now}, ["now"], there, fingerprint=FINGERPRINT, untold=untold)
    if found.left:
        assert (found.changes, found.touches) == ({}, {})
        return
    assert "deleted" not in more
    entity, whole = STUDENTS.entity_of(before), with_untold(STUDENTS, before, now, untold)
    links = {} if entity.moodle_userid is None else {"moodle_userid": entity.moodle_userid}
    known = Known(
        id=RecordId("k"),
        fingerprint=there[ZohoId("1")].fingerprint,
        modified_at=entity.modified_at,
        links=links,
        mark=mark,
    )
    arrival: Arrival[Student] = Arrival(
        position=0,
        record={},
        key=ZohoId("1"),
        entity=STUDENTS.entity_of(whole),
        mark="now" if whole == now else None,
    )
    decided = plan(
        STUDENTS, [arrival], Facts(known={ZohoId("1"): known}, stored={ZohoId("1"): entity}, owners={})
    )
    (outcome,) = decided.outcomes
    assert (outcome.reasons, decided.park) == ((), {})
    assert outcome.changed_fields == (found.changes[0].fields if found.changes else ())
    written = [
        (STUDENTS.values_of(w.entity), w.fingerprint, w.mark) for group in decided.writes for w in group
    ]
    assert written == [(c.values, c.fingerprint, c.mark) for c in found.changes.values()]
    assert decided.touches == tuple(found.touches.values())


WHEN = st.sampled_from([None, AT, LATER])


@pytest.mark.slow
@given(st.data(), modules, st.booleans(), st.booleans())
def test_of_every_module_just_what_is_not_compared_is_left_to_the_judge(
    data: st.DataObject, module: AnyModule, same_format: bool, deleted: bool
) -> None:
    """Over any record of any module and any version of it. Left are just those that are not compared."""
    one = data.draw(entities(module, zoho_id=ZohoId("1"), modified_at=data.draw(WHEN)))
    before = attrs.evolve(one, extra=data.draw(extras))
    drawn = data.draw(entities(module, zoho_id=ZohoId("1"), modified_at=data.draw(WHEN)))
    names = data.draw(st.sets(st.sampled_from([field.name for field in module.compared])))
    now = attrs.evolve(
        before,
        modified_at=drawn.modified_at,
        extra=data.draw(st.sampled_from([before.extra, {}]) | extras),
        **{name: getattr(drawn, name) for name in names},
    )
    if data.draw(st.booleans(), label="brings no link"):
        now = attrs.evolve(now, **dict.fromkeys(field.name for field in module.links))
    assume(not module.check(now))  # such a record is not compared
    print_of = fingerprinter(module)
    digest = print_of(module.values_of(before)) if same_format else "of another format"
    mark = data.draw(st.sampled_from(["now", "before"]))
    found = compare(
        module,
        {0: module.values_of(now)},
        ["now"],
        {
            ZohoId("1"): StoredValues(
                values=module.values_of(before),
                fingerprint=digest,
                mark=mark,
                state=State.NEW,
                deleted=deleted,
            )
        },
        fingerprint=print_of,
    )
    links = {f.name: v for f in module.links if (v := getattr(before, f.name)) is not None}
    parents = {
        parent: {p for e in (before, now) if (p := getattr(e, name)) is not None}
        for name, parent in module.depends_on.items()
    }
    known = Known(
        id=RecordId("our-1"),
        fingerprint=digest,
        modified_at=before.modified_at,
        links=links,
        deleted=deleted,
        mark=mark,
    )
    judged = plan(
        module,
        [Arrival(position=0, record={}, key=ZohoId("1"), entity=now, mark="now")],
        Facts(known={ZohoId("1"): known}, stored={ZohoId("1"): before}, parents=parents),
    )
    kept = with_links(module, known, now)
    tied = any(
        getattr(kept, name) != getattr(before, name) for name in (*module.unique_names, *module.depends_on)
    )
    older = None not in (now.modified_at, before.modified_at) and now.modified_at < before.modified_at
    assert bool(found.left) is (deleted or older or tied)
    if found.left:
        assert found == Comparison({}, {}, {0})
        return
    (outcome,) = judged.outcomes
    fields = found.changes[0].fields if found.changes else ()
    assert (outcome.state is State.UPDATED, outcome.changed_fields) == (bool(found.changes), fields)
    assert [(change.values, change.fingerprint, change.mark) for change in found.changes.values()] == [
        (module.values_of(row.entity), row.fingerprint, row.mark) for group in judged.writes for row in group
    ]
    assert tuple(found.touches.values()) == judged.touches


# outcomes in columns

TOLD = Outcome(position=12, module="students", key=None, state=State.INVALID)


def outcomes() -> Outcomes:
    return Outcomes(
        module="students",
        first=10,
        ids=[ZohoId("1"), ZohoId("2"), None, ZohoId("4")],
        states=[State.UNCHANGED, State.UPDATED, State.INVALID, State.NEW],
        changed={1: ("city",)},
        told={2: TOLD},
    )


EXPECTED = (
    Outcome(position=10, module="students", key=ZohoId("1"), state=State.UNCHANGED),
    Outcome(position=11, module="students", key=ZohoId("2"), state=State.UPDATED, changed_fields=("city",)),
    TOLD,
    Outcome(position=13, module="students", key=ZohoId("4"), state=State.NEW),
)


def test_outcomes_in_columns_are_the_sequence_they_stand_for() -> None:
    found = outcomes()
    assert tuple(found) == EXPECTED
    assert len(found) == 4
    assert [found[place] for place in (0, 3, -1, -4)] == [EXPECTED[place] for place in (0, 3, -1, -4)]
    assert (found[1:3], found[::-2]) == (EXPECTED[1:3], EXPECTED[::-2])
    assert EXPECTED[1] in found
    with pytest.raises(IndexError):
        found[4]


def test_outcomes_are_equal_to_any_sequence_of_the_same_outcomes() -> None:
    found = outcomes()
    assert found == outcomes()
    assert found == EXPECTED
    assert found == list(EXPECTED)
    assert found != EXPECTED[:3]
    assert found != 4
    assert hash(found) == hash(outcomes())
    assert found != attrs.evolve(found, first=11)


def test_outcomes_in_other_states_are_made_alone() -> None:
    found = outcomes()
    assert list(found.other_than(State.UNCHANGED, State.NEW)) == [EXPECTED[1], TOLD]
    assert list(found.other_than()) == list(EXPECTED)


def result(*states: State, released: tuple[Outcome, ...] = ()) -> BatchResult:
    ids = [ZohoId(str(n)) for n in range(len(states))]
    found = Outcomes(module="students", first=0, ids=ids, states=states, changed={}, told={})
    return BatchResult(outcomes=found, released=released)


@pytest.mark.parametrize(
    ("found", "counts"),
    [
        (result(), {}),
        (result(State.NEW, State.ERROR, State.NEW), {State.NEW: 2, State.ERROR: 1}),
        (result(*State), dict.fromkeys(State, 1)),
        (result(State.NEW, released=(TOLD,)), {State.NEW: 1}),
    ],
    ids=["none", "two of one state", "each once", "one that was unparked"],
)
def test_a_summary_counts_the_records_of_the_request_and_names_every_state(
    found: BatchResult, counts: dict[State, int]
) -> None:
    assert found.summary == {state: counts.get(state, 0) for state in State}


@pytest.mark.parametrize(
    ("found", "complete"),
    [
        (result(), True),
        (result(State.NEW, State.UPDATED, State.UNCHANGED), True),
        (result(State.NEW, State.INVALID), False),
        (result(State.ERROR, State.NEW), False),
        (result(State.NEW, released=(TOLD,)), True),
    ],
    ids=["none", "all accepted", "one refused", "one not stored", "one that was unparked is refused"],
)
def test_a_result_is_complete_when_every_record_of_the_request_was_accepted(
    found: BatchResult, complete: bool
) -> None:
    assert found.complete is complete
