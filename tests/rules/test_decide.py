"""What follows from a record that arrived."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from mzi_core.decide import (
    Arrival,
    Facts,
    Known,
    Parked,
    Plan,
    Refused,
    Touch,
    Waiting,
    fingerprints,
    plan,
    suspects,
    with_links,
    with_untold,
)
from mzi_core.fingerprints import fingerprint
from mzi_core.module import UNVERSIONED, AnyModule, Version
from mzi_core.modules import CATALOGUE, ENROLLMENTS, GRADES, STUDENTS, Student
from mzi_core.values import Code, Email, MoodleId, Outcome, Parent, Reason, RecordId, RecordKey, State, ZohoId

AT = datetime(2026, 2, 1, tzinfo=UTC)
LATER = AT + timedelta(days=1)
REFUSED = (Reason(Code.REQUIRED, "$.Name", "`Name` is missing."),)


def student(zoho_id: str = "1", **fields: Any) -> Student:
    return Student(
        **{
            "zoho_id": ZohoId(zoho_id),
            "display_name": "A01",
            "academic_email": Email(f"s{zoho_id}@b.example"),
            **fields,
        }
    )


def arrivals(*found: Any) -> list[Arrival[Any]]:
    return [
        Arrival(position=place, record={"n": place}, key=entity.key, entity=entity)
        for place, entity in enumerate(found)
    ]


def refused(zoho_id: str | None, position: int = 0, record: object = "bad") -> Arrival[Any]:
    return Arrival(
        position=position,
        record=record,
        key=None if zoho_id is None else ZohoId(zoho_id),
        entity=None,
        reasons=REFUSED,
    )


def bad(record: object = "bad", version: Version = UNVERSIONED) -> Refused:
    return Refused(record=record, reasons=REFUSED, state=State.INVALID, version=version)


def known(entity: Student, **more: Any) -> Known:
    links = {} if entity.moodle_userid is None else {"moodle_userid": entity.moodle_userid}
    return Known(
        **{
            "id": RecordId(f"id-{entity.key}"),
            "fingerprint": fingerprint(STUDENTS, entity),
            "modified_at": entity.modified_at,
            "links": links,
            **more,
        }
    )


def facts(*stored: Student, deleted: tuple[str, ...] = (), **more: Any) -> Facts[Any]:
    """What a store holding `stored` says: everything known, and who owns which address and link."""
    live = [s for s in stored if s.zoho_id not in deleted]
    return Facts(
        **{
            "new_ids": {ZohoId(str(n)): RecordId(f"new-{n}") for n in range(10)},
            "known": {s.zoho_id: known(s, deleted=s.zoho_id in deleted) for s in stored},
            "stored": {s.zoho_id: s for s in stored},
            "owners": {
                "academic_email": {s.academic_email: s.zoho_id for s in live},
                "moodle_userid": {s.moodle_userid: s.zoho_id for s in live if s.moodle_userid},
            },
            **more,
        }
    )


def states(decided: Plan[Any]) -> list[State]:
    return [outcome.state for outcome in decided.outcomes]


def only(decided: Plan[Any]) -> Outcome:
    (outcome,) = decided.outcomes
    return outcome


def test_a_record_nobody_knows_is_new_and_gets_the_id_it_was_given() -> None:
    decided = plan(STUDENTS, arrivals(student()), facts())
    assert only(decided) == Outcome(position=0, module="students", key=ZohoId("1"), state=State.NEW)
    ((write,),) = decided.writes
    assert (write.id, write.new, write.state) == (RecordId("new-1"), True, State.NEW)
    assert (write.entity, write.fingerprint) == (student(), fingerprint(STUDENTS, student()))
    assert (decided.park, decided.unpark) == ({}, frozenset())


def test_a_record_that_says_the_same_again_is_unchanged_and_costs_no_write() -> None:
    decided = plan(STUDENTS, arrivals(student()), facts(student()))
    assert only(decided).state is State.UNCHANGED
    assert only(decided).changed_fields == ()
    assert decided.writes == ()


def test_a_record_that_differs_is_updated_and_names_what_changed() -> None:
    decided = plan(STUDENTS, arrivals(student(city="Irbid")), facts(student()))
    assert only(decided).state is State.UPDATED
    assert only(decided).changed_fields == ("city",)
    ((write,),) = decided.writes
    assert (write.id, write.new, write.state) == (RecordId("id-1"), False, State.UPDATED)


def test_the_same_record_twice_is_new_and_then_updated_in_one_row() -> None:
    decided = plan(STUDENTS, arrivals(student(phone="1"), student(phone="2")), facts())
    assert states(decided) == [State.NEW, State.UPDATED]
    assert decided.outcomes[1].changed_fields == ("phone",)
    ((write,),) = decided.writes
    assert (write.entity.phone, write.new, write.id) == ("2", True, RecordId("new-1"))
    assert write.state is State.UPDATED


def test_the_same_record_twice_without_a_change_is_new_and_then_unchanged() -> None:
    decided = plan(STUDENTS, arrivals(student(), student()), facts())
    assert states(decided) == [State.NEW, State.UNCHANGED]
    ((write,),) = decided.writes
    assert write.state is State.NEW


def test_a_stored_record_twice_is_written_once_and_not_as_new() -> None:
    decided = plan(STUDENTS, arrivals(student(phone="1"), student(phone="2")), facts(student()))
    assert states(decided) == [State.UPDATED, State.UPDATED]
    ((write,),) = decided.writes
    assert (write.new, write.id, write.entity.phone) == (False, RecordId("id-1"), "2")


def test_a_record_that_could_not_be_understood_is_invalid_with_its_reasons_and_held() -> None:
    decided = plan(STUDENTS, [refused("7")], facts())
    assert only(decided).state is State.INVALID
    assert only(decided).reasons == REFUSED
    assert not only(decided).parked
    assert decided.park == {ZohoId("7"): Parked(refused=bad())}


def test_a_record_without_an_id_is_reported_and_cannot_be_held() -> None:
    decided = plan(STUDENTS, [refused(None)], facts())
    assert only(decided).state is State.INVALID
    assert only(decided).key is None
    assert decided.park == {}


def test_the_last_refused_version_is_the_one_held() -> None:
    decided = plan(STUDENTS, [refused("7", 0, "first"), refused("7", 1, "second")], facts())
    assert decided.park == {ZohoId("7"): Parked(refused=bad("second"))}


def test_an_accepted_version_after_a_refused_one_releases_it() -> None:
    decided = plan(STUDENTS, [refused("1"), *arrivals(student())], facts())
    assert (decided.park, decided.unpark) == ({}, frozenset())


def test_a_refused_version_after_an_accepted_one_is_held_and_not_released() -> None:
    found = facts(parked={ZohoId("1"): Parked(refused=bad("earlier"))})
    decided = plan(STUDENTS, [*arrivals(student()), refused("1", 1)], found)
    assert states(decided) == [State.NEW, State.INVALID]
    assert decided.park == {ZohoId("1"): Parked(refused=bad())}
    assert decided.unpark == frozenset()


def test_a_version_held_earlier_is_released_when_the_record_is_accepted_even_unchanged() -> None:
    found = facts(student(), parked={ZohoId("1"): Parked(refused=bad())})
    decided = plan(STUDENTS, arrivals(student()), found)
    assert only(decided).state is State.UNCHANGED
    assert decided.unpark == {ZohoId("1")}


def test_nothing_is_released_that_was_not_held() -> None:
    assert plan(STUDENTS, arrivals(student()), facts()).unpark == frozenset()


def test_what_was_noticed_about_an_accepted_record_stays_among_its_reasons() -> None:
    noticed = (Reason(Code.MOJIBAKE, "$.Name", "odd"),)
    for stored in [(), (student(),), (student(city="x"),)]:
        arrival = attrs.evolve(arrivals(student())[0], reasons=noticed)
        assert only(plan(STUDENTS, [arrival], facts(*stored))).reasons == noticed


# unique values


def test_a_value_another_live_record_has_is_refused_and_the_next_record_is_not_harmed() -> None:
    taken = student("2", academic_email=Email("s1@b.example"))
    decided = plan(STUDENTS, arrivals(student("1"), taken, student("3")), facts())
    assert states(decided) == [State.NEW, State.INVALID, State.NEW]
    assert decided.outcomes[1].reasons == (
        Reason(
            Code.DUPLICATE,
            "$.Academic_Email",
            "`Academic_Email` already belongs to record 1. Correct one of the two; to swap their values, go "
            "by way of a third.",
        ),
    )


def test_a_value_owned_in_the_store_is_refused() -> None:
    taken = student("2", moodle_userid=MoodleId(7))
    decided = plan(STUDENTS, arrivals(taken), facts(student("1", moodle_userid=MoodleId(7))))
    assert [reason.path for reason in only(decided).reasons] == ["$.Student_Moodle_ID"]
    (parked,) = decided.park.values()
    assert (parked.waiting, parked.refused and parked.refused.reasons) == (None, only(decided).reasons)


def test_every_value_that_is_taken_is_named() -> None:
    owner = student("1", moodle_userid=MoodleId(7))
    taken = student("2", academic_email=owner.academic_email, moodle_userid=MoodleId(7))
    assert [r.code for r in only(plan(STUDENTS, arrivals(taken), facts(owner))).reasons] == [
        Code.DUPLICATE
    ] * 2


def test_a_value_given_up_earlier_in_the_page_may_be_taken_and_is_written_in_a_later_group() -> None:
    moved = student("1", academic_email=Email("new@b.example"))
    heir = student("2", academic_email=Email("s1@b.example"))
    decided = plan(STUDENTS, arrivals(moved, student("3"), heir, student("4")), facts(student("1")))
    assert states(decided) == [State.UPDATED, State.NEW, State.NEW, State.NEW]
    assert [[w.entity.key for w in group] for group in decided.writes] == [["1", "3"], ["2", "4"]]


def test_a_value_given_up_and_taken_back_needs_no_second_group() -> None:
    moved = student("1", academic_email=Email("new@b.example"))
    decided = plan(STUDENTS, arrivals(moved, student("3")), facts(student("1")))
    assert len(decided.writes) == 1


def test_a_record_new_in_one_group_is_changed_in_the_next_not_added_again() -> None:
    first = student("1", academic_email=Email("x@b.example"))
    moved = student("1", academic_email=Email("y@b.example"))
    heir = student("2", academic_email=Email("x@b.example"))
    again = student("1", academic_email=Email("y@b.example"), city="Irbid")
    decided = plan(STUDENTS, arrivals(first, moved, heir, again), facts())
    assert states(decided) == [State.NEW, State.UPDATED, State.NEW, State.UPDATED]
    flat = [(w.entity.key, w.new, w.id) for group in decided.writes for w in group]
    assert flat == [("1", True, "new-1"), ("2", True, "new-2"), ("1", False, "new-1")]


def test_values_given_up_by_several_records_are_each_taken_in_a_later_group() -> None:
    moved = [student(n, academic_email=Email(f"new{n}@b.example")) for n in ("1", "2")]
    heir = student("3", academic_email=Email("s1@b.example"))
    decided = plan(STUDENTS, arrivals(*moved, heir), facts(student("1"), student("2")))
    assert [[w.entity.key for w in group] for group in decided.writes] == [["1", "2"], ["3"]]


def test_two_records_cannot_swap_a_value_in_one_page() -> None:
    a, b = student("1"), student("2")
    swapped = [
        student("1", academic_email=b.academic_email),
        student("2", academic_email=a.academic_email),
    ]
    decided = plan(STUDENTS, arrivals(*swapped), facts(a, b))
    assert states(decided) == [State.INVALID, State.INVALID]
    assert all("to swap their values, go by way of a third" in each.message for each in decided.outcomes)


def test_a_value_once_given_up_can_be_taken_only_once() -> None:
    moved = student("1", academic_email=Email("new@b.example"))
    heirs = [student(n, academic_email=Email("s1@b.example")) for n in ("2", "3")]
    decided = plan(STUDENTS, arrivals(moved, *heirs), facts(student("1")))
    assert states(decided) == [State.UPDATED, State.NEW, State.INVALID]


def test_a_deleted_record_owns_nothing_and_gives_nothing_away_when_it_returns() -> None:
    old = student("1", academic_email=Email("x@b.example"))
    owner = student("2", academic_email=Email("x@b.example"))
    back = student("1", academic_email=Email("y@b.example"))
    third = student("3", academic_email=Email("x@b.example"))
    decided = plan(STUDENTS, arrivals(back, third), facts(old, owner, deleted=("1",)))
    assert states(decided) == [State.UPDATED, State.INVALID]


def test_a_deleted_record_that_comes_back_the_same_is_updated_by_being_live_again() -> None:
    decided = plan(STUDENTS, arrivals(student()), facts(student(), deleted=("1",), stored={}))
    assert only(decided).state is State.UPDATED
    assert only(decided).changed_fields == ("deleted_at",)
    ((write,),) = decided.writes
    assert not write.new


def test_a_deleted_record_that_comes_back_changed_names_both() -> None:
    decided = plan(STUDENTS, arrivals(student(city="Irbid")), facts(student(), deleted=("1",)))
    assert only(decided).changed_fields == ("city", "deleted_at")


def test_a_returned_record_is_live_for_the_rest_of_the_page() -> None:
    decided = plan(STUDENTS, arrivals(student(), student()), facts(student(), deleted=("1",)))
    assert states(decided) == [State.UPDATED, State.UNCHANGED]


# links to Moodle


def test_an_update_that_brings_no_moodle_id_keeps_the_one_we_know() -> None:
    stored = student(moodle_userid=MoodleId(4321))
    same = plan(STUDENTS, arrivals(student()), facts(stored))
    assert only(same).state is State.UNCHANGED
    changed = plan(STUDENTS, arrivals(student(city="Irbid")), facts(stored))
    assert only(changed).changed_fields == ("city",)
    ((write,),) = changed.writes
    assert write.entity.moodle_userid == 4321


def test_a_moodle_id_that_comes_later_is_an_update_and_another_one_replaces_it() -> None:
    linked = student(moodle_userid=MoodleId(1))
    assert only(plan(STUDENTS, arrivals(linked), facts(student()))).changed_fields == ("moodle_userid",)
    moved = student(moodle_userid=MoodleId(2))
    assert only(plan(STUDENTS, arrivals(moved), facts(linked))).changed_fields == ("moodle_userid",)


def test_a_link_learned_in_the_page_is_kept_by_the_next_version() -> None:
    decided = plan(STUDENTS, arrivals(student(moodle_userid=MoodleId(5)), student(city="x")), facts())
    ((write,),) = decided.writes
    assert (write.entity.moodle_userid, write.entity.city) == (5, "x")


def test_with_links_changes_nothing_without_a_link_to_keep() -> None:
    entity = student()
    assert with_links(STUDENTS, None, entity) is entity
    assert with_links(STUDENTS, known(entity), entity) is entity


# staleness


def test_an_older_version_never_overwrites_a_newer_one() -> None:
    stored = student(city="new", modified_at=LATER)
    decided = plan(STUDENTS, arrivals(student(city="old", modified_at=AT)), facts(stored))
    assert only(decided).state is State.UNCHANGED
    assert [(r.code, r.path) for r in only(decided).reasons] == [(Code.STALE, "$.Modified_Time")]
    assert only(decided).reasons[0].message == "A newer version of this record is already stored."
    assert decided.writes == ()


def test_an_older_version_that_says_the_same_is_just_unchanged() -> None:
    stored = student(modified_at=LATER)
    decided = plan(STUDENTS, arrivals(student(modified_at=AT)), facts(stored))
    assert (only(decided).state, only(decided).reasons) == (State.UNCHANGED, ())


@pytest.mark.parametrize(("before", "after"), [(AT, AT), (AT, LATER), (None, AT), (AT, None), (None, None)])
def test_a_version_that_is_not_older_is_taken(before: datetime | None, after: datetime | None) -> None:
    stored = student(city="a", modified_at=before)
    decided = plan(STUDENTS, arrivals(student(city="b", modified_at=after)), facts(stored))
    assert only(decided).state is State.UPDATED


def test_within_a_page_too_the_newer_version_stays() -> None:
    found = arrivals(student(city="new", modified_at=LATER), student(city="old", modified_at=AT))
    decided = plan(STUDENTS, found, facts())
    assert states(decided) == [State.NEW, State.UNCHANGED]
    assert [r.code for r in decided.outcomes[1].reasons] == [Code.STALE]


# parents


def enrollment(**fields: Any) -> Any:
    return ENROLLMENTS.entity(
        **{"zoho_id": ZohoId("9"), "student": ZohoId("1"), "class_": ZohoId("2"), **fields}
    )


def with_parents(**present: set[str]) -> Facts[Any]:
    return Facts(new_ids={ZohoId("9"): RecordId("new-9")}, parents=present)  # type: ignore[arg-type]  # ids are text


def test_a_record_whose_parents_are_there_is_written() -> None:
    decided = plan(ENROLLMENTS, arrivals(enrollment()), with_parents(students={"1"}, classes={"2"}))
    ((write,),) = decided.writes
    assert write.entity == enrollment()


def test_a_record_whose_parent_is_missing_is_parked_until_that_one_arrives() -> None:
    decided = plan(ENROLLMENTS, arrivals(enrollment()), with_parents(students={"1"}))
    assert only(decided).state is State.INVALID
    assert only(decided).parked
    assert only(decided).reasons == (
        Reason(
            Code.DEPENDENCY_MISSING,
            "$.Classes",
            "`Classes` points at 2, which is not among the classes yet.",
        ),
    )
    waiting = Waiting(entity=enrollment(), record={"n": 0}, waits_for=Parent("classes", ZohoId("2")))
    assert decided.park == {ZohoId("9"): Parked(waiting=waiting)}
    assert decided.writes == ()


def test_with_two_parents_missing_both_are_named_and_the_first_is_waited_for() -> None:
    decided = plan(ENROLLMENTS, arrivals(enrollment()), with_parents())
    assert [r.path for r in only(decided).reasons] == ["$.Enrolled_Students", "$.Classes"]
    (parked,) = decided.park.values()
    assert parked.waiting is not None
    assert parked.waiting.waits_for == Parent("students", ZohoId("1"))


def test_a_record_with_another_fault_as_well_is_not_parked() -> None:
    grade = GRADES.entity(zoho_id=ZohoId("9"), student=ZohoId("1"))
    decided = plan(GRADES, arrivals(grade), with_parents())
    assert [r.code for r in only(decided).reasons] == [Code.REQUIRED, Code.DEPENDENCY_MISSING]
    assert not only(decided).parked
    (parked,) = decided.park.values()
    assert (parked.waiting, parked.refused and parked.refused.reasons) == (None, only(decided).reasons)


def test_a_lookup_that_is_empty_waits_for_nobody() -> None:
    grade = GRADES.entity(zoho_id=ZohoId("9"), student=ZohoId("1"), class_=ZohoId("2"))
    decided = plan(GRADES, arrivals(grade), with_parents(students={"1"}, classes={"2"}))
    ((write,),) = decided.writes
    assert write.entity == grade


# what has to be read


def test_only_records_that_differ_are_suspected() -> None:
    same, moved, new = student("1"), student("2", city="Irbid"), student("3")
    stored: dict[RecordKey, Known] = {s.key: known(s) for s in (student("1"), student("2"))}
    found = [*arrivals(same, moved, moved, new), refused("2")]
    prints = fingerprints(STUDENTS, found, stored)
    assert prints == (*(fingerprint(STUDENTS, each) for each in (same, moved, moved, new)), None)
    assert suspects(found, prints, stored) == (ZohoId("2"),)


def test_a_record_that_differs_only_by_a_link_we_know_is_not_suspected() -> None:
    stored = student(moodle_userid=MoodleId(3))
    there = {stored.key: known(stored)}
    prints = fingerprints(STUDENTS, arrivals(student()), there)
    assert suspects(arrivals(student()), prints, there) == ()


def test_a_page_is_judged_by_the_fingerprints_that_were_taken_of_it() -> None:
    first = arrivals(student("1"), student("2"))
    decided = plan(STUDENTS, first, facts(prints=("of 1", "of 2")))
    assert [write.fingerprint for group in decided.writes for write in group] == ["of 1", "of 2"]


def test_of_a_record_that_comes_twice_the_fingerprint_is_taken_when_its_turn_comes() -> None:
    """What was taken before did not know what the first version brings."""
    linked, bare = student(moodle_userid=MoodleId(3)), student(city="Irbid")
    decided = plan(STUDENTS, arrivals(linked, bare), facts(prints=("of linked", "of bare")))
    ((write,),) = decided.writes
    assert write.fingerprint == fingerprint(STUDENTS, student(moodle_userid=MoodleId(3), city="Irbid"))


def test_a_page_has_a_fingerprint_for_each_arrival_or_it_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="shorter"):
        suspects(arrivals(student("1"), student("2")), ["of 1"], {})


# what a source does not tell


def completed(module: AnyModule, stored: Any, told: Any, untold: Collection[str]) -> Any:
    return module.entity_of(with_untold(module, module.values_of(stored), module.values_of(told), untold))


def test_a_field_the_source_does_not_tell_stays_as_it_is_stored() -> None:
    stored = student(city="Irbid", phone="1", extra={"shoe": 42, "hat": 7})
    told = student(phone="2")
    assert completed(STUDENTS, stored, told, ["city"]) == student(city="Irbid", phone="2")
    assert completed(STUDENTS, stored, told, ["phone", "no such field"]) == told
    assert completed(STUDENTS, stored, told, []) == told


def test_a_field_of_the_tenant_s_own_that_is_not_told_stays_too() -> None:
    stored = student(extra={"shoe": 42, "hat": 7, "bag": 1})
    told = student(extra={"hat": 8, "bag": None, "cap": 3})
    found = completed(STUDENTS, stored, told, ["extra.shoe", "extra.hat", "extra.bag"])
    assert found.extra == {"shoe": 42, "hat": 8, "bag": 1, "cap": 3}
    found = completed(STUDENTS, stored, told, ["extra.shoe"])
    assert found.extra == {"hat": 8, "bag": None, "cap": 3, "shoe": 42}
    assert completed(STUDENTS, stored, told, ["shoe"]).extra == {"hat": 8, "bag": None, "cap": 3}


def test_what_the_declaration_fills_in_is_taken_from_the_store_where_it_is_not_told() -> None:
    units = CATALOGUE["units"]
    stored = units.entity(zoho_id=ZohoId("1"), unit_name="U", status="Withdrawn")
    told = units.entity(zoho_id=ZohoId("1"), unit_name="U")
    assert told.status == "Active"
    assert completed(units, stored, told, ["status"]).status == "Withdrawn"
    assert completed(units, stored, attrs.evolve(told, status="Old"), ["status"]).status == "Old"


# what came again


def test_a_record_that_came_again_is_remembered_with_when_it_was_last_changed() -> None:
    decided = plan(STUDENTS, arrivals(student(modified_at=LATER)), facts(student(modified_at=AT)))
    assert only(decided).state is State.UNCHANGED
    assert decided.writes == ()
    assert decided.touches == (
        Touch(
            key=ZohoId("1"),
            fingerprint=fingerprint(STUDENTS, student()),
            modified_at=LATER,
            mark=None,
        ),
    )


def test_a_record_in_between_two_versions_that_say_the_same_is_stale() -> None:
    found = arrivals(student(modified_at=LATER), student(city="x", modified_at=AT + timedelta(hours=1)))
    decided = plan(STUDENTS, found, facts(student(modified_at=AT)))
    assert states(decided) == [State.UNCHANGED, State.UNCHANGED]
    assert [r.code for r in decided.outcomes[1].reasons] == [Code.STALE]


def test_a_word_for_word_repetition_is_no_news() -> None:
    arrival = attrs.evolve(arrivals(student(modified_at=AT))[0], mark="m")
    stored = facts(student(modified_at=AT), known={ZohoId("1"): known(student(modified_at=AT), mark="m")})
    assert plan(STUDENTS, [arrival], stored).touches == ()


def test_another_wording_of_the_same_is_remembered_by_its_mark_and_an_older_one_moves_no_time() -> None:
    arrival = attrs.evolve(arrivals(student(modified_at=AT))[0], mark="m")
    (touch,) = plan(STUDENTS, [arrival], facts(student(modified_at=LATER))).touches
    assert (touch.mark, touch.modified_at) == ("m", LATER)


def test_a_record_whose_fingerprint_is_of_another_version_of_mzi_is_unchanged() -> None:
    stored = facts(student(), known={ZohoId("1"): known(student(), fingerprint="old")})
    decided = plan(STUDENTS, arrivals(student()), stored)
    assert (only(decided).state, only(decided).changed_fields) == (State.UNCHANGED, ())
    assert [touch.fingerprint for touch in decided.touches] == [fingerprint(STUDENTS, student())]


def test_what_came_again_in_the_page_it_was_written_in_is_remembered_in_that_row() -> None:
    twice = arrivals(student(modified_at=AT), student(modified_at=LATER))
    twice[1] = attrs.evolve(twice[1], mark="m")
    decided = plan(STUDENTS, twice, facts())
    ((write,),) = decided.writes
    assert (write.entity.modified_at, write.mark, write.new) == (LATER, "m", True)
    assert decided.touches == ()
    third = [*twice, *arrivals(student(city="x", modified_at=AT))]
    assert states(plan(STUDENTS, third, facts())) == [State.NEW, State.UNCHANGED, State.UNCHANGED]


def test_what_was_written_after_it_came_again_is_only_written() -> None:
    found = arrivals(student(modified_at=LATER), student(city="x", modified_at=LATER))
    decided = plan(STUDENTS, found, facts(student(modified_at=AT)))
    assert len(decided.writes) == 1
    assert decided.touches == ()


def test_what_came_again_twice_is_remembered_once_by_its_last_coming() -> None:
    found = arrivals(student(modified_at=AT), student(modified_at=LATER))
    decided = plan(STUDENTS, found, facts(student()))
    assert [touch.modified_at for touch in decided.touches] == [LATER]


def test_a_repetition_of_what_an_earlier_group_wrote_is_no_news() -> None:
    first = student("1", academic_email=Email("x@b.example"))
    moved = student("1", academic_email=Email("y@b.example"))
    heir = student("2", academic_email=Email("x@b.example"))
    found = [attrs.evolve(a, mark="m") for a in arrivals(first, moved, heir, moved)]
    decided = plan(STUDENTS, found, facts())
    assert len(decided.writes) == 2
    assert decided.touches == ()


# marks


def test_the_mark_of_what_is_taken_is_remembered() -> None:
    arrival = attrs.evolve(arrivals(student())[0], mark="m")
    ((write,),) = plan(STUDENTS, [arrival], facts()).writes
    assert write.mark == "m"


def test_a_record_with_something_to_tell_about_it_is_read_every_time() -> None:
    noticed = (Reason(Code.MOJIBAKE, "$.Name", "odd"),)
    arrival = attrs.evolve(arrivals(student())[0], mark="m", reasons=noticed)
    ((write,),) = plan(STUDENTS, [arrival], facts()).writes
    assert write.mark is None


@pytest.mark.parametrize("module", [STUDENTS, ENROLLMENTS])
def test_an_empty_page_decides_nothing(module: AnyModule) -> None:
    assert plan(module, [], Facts()) == Plan(outcomes=(), writes=(), touches=(), park={}, unpark=frozenset())
