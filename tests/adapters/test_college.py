"""The invented college: always the same, sound but for the faults it labels, and believable in size."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest

from mzi_adapters.testing.college import (
    MODULES,
    Breakage,
    Broken,
    College,
    Record,
    build,
    changed,
    iter_students,
    markings,
)
from mzi_adapters.testing.harness import Harness
from mzi_core.field_reference import known_fields
from mzi_core.grading import BTEC_DEFAULT, decide, marking_from_data
from mzi_core.modules import CATALOGUE
from mzi_core.use_cases.sync import Replay
from mzi_core.values import DEFAULT_TENANT, Outcome, State

pytestmark = pytest.mark.slow

LOOKUPS = {
    "units": {"Program": "programs"},
    "students": {"Program": "programs"},
    "classes": {"BTEC_Program": "programs", "Unit": "units", "Teacher": "teachers"},
    "registrations": {"Student_ID": "students", "Program": "programs"},
    "payments": {"Registration_ID": "registrations", "Student_ID": "students"},
    "enrollments": {"Enrolled_Students": "students", "Classes": "classes"},
    "grades": {"Student": "students", "Class": "classes"},
    "requests": {"Student": "students"},
}

UNIQUE = {
    "programs": ("Product_Code", "Product_Name"),
    "units": ("Unit_Code", "Name"),
    "teachers": ("Academic_Email", "Teacher_Moodle_ID"),
    "students": ("Name", "Academic_Email", "Student_Moodle_ID", "National_Number"),
    "classes": ("Class_Short_Name", "Moodle_Class_ID"),
    "registrations": ("Name",),
    "payments": ("Name", "SRM_Voucher_Number"),
    "grades": ("Moodle_Grade_Composite_Key", "Moodle_Grade_ID"),
    "requests": ("Moodle_Request_ID", "Request_Number"),
}

DATES = ("Birth_Date", "Start_Date", "End_Date", "Registration_Date", "Payment_Date", "Attempt_Date")

NOT_IN_THE_REFERENCE = {
    "programs": {"Currency"},
    "units": {"Name"},
    "students": {"Display_Name"},
    "classes": {"Class_Major"},
    "enrollments": {"Enrollment_Status"},
    "grades": {"Score"},
}
"""Fields that records carry in practice although no table lists them."""


@pytest.fixture(scope="module")
def college() -> College:
    return build()


@pytest.fixture(scope="module")
def later(college: College) -> College:
    return changed(college)


def amount(said: object) -> Decimal:
    return Decimal(str(said).replace(",", "").split()[0])


def values(records: Iterable[Record], field: str) -> list[str]:
    return [str(record[field]).lower() for record in records if record[field]]


def labels(college: College, *faults: Breakage) -> list[Broken]:
    return [label for label in college.broken if label.kind in faults]


def accepted(college: College, module: str) -> set[str]:
    """The ids of the records that are to be accepted."""
    refused = {label.position for label in college.broken if label.module == module and label.refused}
    return {str(r["id"]) for place, r in enumerate(college.records[module]) if place not in refused}


def test_a_seed_gives_the_same_college_every_time(college: College) -> None:
    """Byte for byte, and another seed gives another one."""
    assert json.dumps(build().records) == json.dumps(college.records)
    assert build() == college
    assert build(seed=7).records["students"] != college.records["students"]


def test_a_college_survives_json(college: College, later: College) -> None:
    """Records are plain values, as a gateway would hand them over."""
    for each in (college, later):
        assert json.loads(json.dumps(dict(each.records))) == {m: list(r) for m, r in each.records.items()}


def test_the_college_has_a_believable_size(college: College) -> None:
    """Programmes, staff and classes in proportion; about four enrolments and two to three payments each."""
    counts = {module: len(records) for module, records in college.records.items()}

    assert tuple(counts) == MODULES
    assert counts["programs"] == 12
    assert counts["units"] == 40
    assert counts["teachers"] == 45
    assert counts["classes"] == 110
    assert 1200 <= counts["students"] <= 1210
    assert 1100 <= counts["registrations"] <= 1200
    assert 2000 <= counts["payments"] <= 4 * 1200
    assert 4000 <= counts["enrollments"] <= 5200
    assert 2000 <= counts["grades"] <= 3200
    assert 200 <= counts["requests"] <= 400


@pytest.mark.parametrize("students", [1, 12, 60, 300])
def test_a_small_college_is_sound_too(students: int) -> None:
    """Whatever its size, its lookups lead somewhere; faults without a record to spoil are left out."""
    small = build(students=students)

    assert len(small.sound("students")) <= students <= len(small.records["students"])
    assert_lookups_lead_somewhere(small)
    assert_lookups_lead_somewhere(changed(small))


def assert_lookups_lead_somewhere(college: College) -> None:
    known = {module: accepted(college, module) for module in MODULES}
    for module, fields in LOOKUPS.items():
        for record in college.sound(module).values():
            for field, parent in fields.items():
                assert record[field]["id"] in known[parent], (module, record["id"], field)


def test_every_lookup_of_a_sound_record_leads_to_an_accepted_one(college: College, later: College) -> None:
    """A refused record drags no unlabelled one along."""
    assert_lookups_lead_somewhere(college)
    assert_lookups_lead_somewhere(later)


def test_accepted_records_with_a_fault_have_their_parents_too(college: College, later: College) -> None:
    """A numeric id or a garbled name is no reason to be refused, so nothing else may be."""
    for each in (college, later):
        known = {module: accepted(each, module) for module in MODULES}
        for label in each.broken:
            if not label.refused:
                record = each.records[label.module][label.position]
                for field, parent in LOOKUPS.get(label.module, {}).items():
                    assert record[field]["id"] in known[parent]


@pytest.mark.parametrize("module", MODULES)
def test_ids_are_19_digits_and_unique(college: College, later: College, module: str) -> None:
    """Among sound records, in every module, also of the rows inside them."""
    for each in (college, later):
        ids = [record["id"] for record in each.sound(module).values()]
        rows = [
            row["id"]
            for record in each.sound(module).values()
            for rows in record.values()
            if isinstance(rows, list)
            for row in rows
        ]

        assert all(re.fullmatch(r"[1-9][0-9]{18}", key) for key in ids + rows)
        assert len(set(ids + rows)) == len(ids) + len(rows)


@pytest.mark.parametrize("module", UNIQUE)
def test_what_must_be_unique_is(college: College, later: College, module: str) -> None:
    """E-mails in any letter case, Moodle ids, composite keys, numbers."""
    for each in (college, later):
        for field in UNIQUE[module]:
            found = values(each.sound(module).values(), field)

            assert len(found) == len(set(found)), field


def test_nobody_is_enrolled_twice_in_a_class_or_a_unit(college: College) -> None:
    """One enrolment a student and unit."""
    unit_of = {str(r["id"]): r["Unit"]["id"] for r in college.records["classes"]}
    pairs = [
        (record["Enrolled_Students"]["id"], unit_of[record["Classes"]["id"]])
        for record in college.sound("enrollments").values()
    ]

    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize("module", MODULES)
def test_records_use_the_field_names_of_the_reference(college: College, module: str) -> None:
    """Real API names; beside them only what every Zoho record has, and a few fields no table lists."""
    beside = {"id", "Created_Time", "Modified_Time"} | NOT_IN_THE_REFERENCE.get(module, set())
    used = {name for record in college.records[module] for name in record if not name.startswith("$")}

    assert used - set(known_fields(module)) <= beside


@pytest.mark.parametrize("module", MODULES)
def test_every_record_says_when_it_was_modified(college: College, later: College, module: str) -> None:
    """An aware time in the organisation's offset, not before it was created nor after the week's end."""
    for each in (college, later):
        for record in each.records[module]:
            made, touched = map(datetime.fromisoformat, (record["Created_Time"], record["Modified_Time"]))

            assert record["Modified_Time"].endswith("+03:00")
            assert made <= touched
            assert touched.date() <= each.today


@pytest.mark.parametrize("module", MODULES)
def test_dates_of_sound_records_are_dates(college: College, module: str) -> None:
    """Strictly YYYY-MM-DD, and a class ends after it starts."""
    for record in college.sound(module).values():
        for field in DATES:
            assert record.get(field) is None or date.fromisoformat(record[field]).isoformat() == record[field]
        assert record.get("Start_Date", "") <= record.get("End_Date", "")


def test_instalments_add_up_to_the_fee_less_the_discount(college: College) -> None:
    """To the last cent, whichever way the amounts are written."""
    for record in college.sound("registrations").values():
        fee = amount(record["Program_Price"])
        due = fee * (100 - Decimal(record["Discount_Percentage"] or 0)) / 100

        assert sum(amount(row["Installment_Amount"]) for row in record["Payment_Schedule"]) == due
        assert record["Discount"] is (due < fee)


def test_what_remains_is_what_was_not_paid(college: College) -> None:
    """One to four payments a registration: one for each paid instalment; voided ones count for nothing."""
    by_registration: dict[str, list[Record]] = {}
    spoilt = {label.position: label.before for label in college.broken if label.module == "payments"}
    twins = {label.position for label in labels(college, Breakage.SENT_TWICE) if label.module == "payments"}
    for place, payment in enumerate(college.records["payments"]):
        as_meant = spoilt.get(place, payment)
        if place not in twins:
            by_registration.setdefault(as_meant["Registration_ID"]["id"], []).append(as_meant)
    for record in college.sound("registrations").values():
        made = by_registration[str(record["id"])]
        rows = record["Payment_Schedule"]
        paid = sum(amount(p["Payment_Amount"]) for p in made if p["SRM_Active"] == "Yes")

        assert 1 <= len(made) <= 4
        assert paid == sum(
            amount(row["Installment_Amount"]) for row in rows if row["Installment_Status"] == "Paid"
        )
        assert (
            amount(record["Remaining_Amount"])
            == sum(amount(row["Installment_Amount"]) for row in rows) - paid
        )


def test_amounts_are_written_in_all_the_ways_zoho_writes_them(college: College) -> None:
    """Whole numbers, floats, and text with separators and a currency."""
    paid = {type(record["Payment_Amount"]) for record in college.sound("payments").values()}
    left = {
        str(record["Remaining_Amount"]).split(" ")[-1] for record in college.sound("registrations").values()
    }

    assert paid == {int, float, str}
    assert {"USD", "JOD"} < left
    assert "9,500.00" in {record["Program_Price"] for record in college.records["programs"]}


def test_the_ticks_of_a_grade_imply_its_letter(college: College) -> None:
    """All P for a Pass, all P and M for a Merit, everything for a Distinction, else neither."""
    words = {"Pass": "P", "Merit": "M", "Distinction": "D", "Refer": "R"}
    letters: Counter[str] = Counter()
    for record in college.sound("grades").values():
        letter = words.get(record["Grade"]) or str(record["Grade"])
        letters[letter] += 1
        met = {
            level: all(
                row["LO_Score"] == "Achieved"
                for row in record["Learning_Outcomes_Assessm"]
                if row["LO_Code"].startswith(level)
            )
            for level in "PMD"
        }

        assert met["P"] is (letter in "PMD")
        assert (met["P"] and met["M"]) is (letter in "MD")
        assert all(met.values()) is (letter == "D")
        assert len(record["Moodle_Grade_Composite_Key"].split("_")) == 3
    assert set(letters) == {"F", "R", "RR", "P", "M", "D"}


def test_criteria_stand_in_order_and_blank_ones_are_left_out(college: College) -> None:
    """P, M, D and by number; one unit's P criteria go on in the subform up to P13."""
    highest = 0
    for record in college.sound("grades").values():
        codes = [row["LO_Code"] for row in record["Learning_Outcomes_Assessm"]]
        highest = max(highest, sum(code.startswith("P") for code in codes))

        assert codes == sorted(codes, key=lambda code: ("PMD".index(code[0]), int(code[1:])))
        assert all(row["LO_Definition"].strip() for row in record["Learning_Outcomes_Assessm"])
    assert highest == 13
    assert any(
        str(text).isspace()
        for unit in college.records["units"]
        for name, text in unit.items()
        if name.endswith("_description")
    )


def test_names_and_numbers_are_arabic_as_well_as_latin(college: College) -> None:
    """Arabic names, accents, Arabic-Indic digits: all of them sound."""
    students = college.sound("students").values()

    assert "رنا" in {record["Frist_Name_Native"] for record in students}
    assert any("é" in record["First_Name"] for record in students)
    assert any(record["Phone_Number"] and "٩" in record["Phone_Number"] for record in students)
    assert all(record["Academic_Email"].lower().endswith("@campus.example") for record in students)


def test_two_to_six_records_in_a_hundred_are_broken(college: College) -> None:
    """Every fault many times, and some in every module."""
    records = sum(len(records) for records in college.records.values())
    faults = Counter(label.kind for label in college.broken)

    assert 0.02 <= len(college.broken) / records <= 0.06
    assert set(faults) == set(Breakage)
    assert min(faults.values()) >= 5
    assert {label.module for label in college.broken} == set(MODULES)
    assert len({(label.module, label.position) for label in college.broken}) == len(college.broken)


def test_a_label_says_which_field_is_broken_and_nothing_else_is(college: College) -> None:
    """The record differs from its sound self in that field alone; the label bears its id."""
    for label in college.broken:
        record = college.records[label.module][label.position]
        differs = {name for name in record if record[name] != label.before.get(name)}

        assert label.zoho_id == (None if record["id"] is None else str(record["id"]))
        assert differs - {"Modified_Time", "Moodle_Course_ID"} == {label.field}


def test_refused_faults_have_a_reason_and_accepted_ones_only_a_notice() -> None:
    """Three faults are to be accepted, one of them with a remark."""
    assert {fault for fault in Breakage if not fault.refused} == {
        Breakage.NUMERIC_ID,
        Breakage.SENT_TWICE,
        Breakage.GARBLED_NAME,
    }
    assert all(fault.reason for fault in Breakage if fault.refused)
    assert Breakage.GARBLED_NAME.reason == "mojibake"


def broken_values(college: College, fault: Breakage) -> list[Any]:
    return [
        college.records[label.module][label.position].get(label.field) for label in labels(college, fault)
    ]


def test_each_fault_looks_as_it_does_in_real_data(college: College) -> None:
    """The values by fault."""
    found = {fault: broken_values(college, fault) for fault in Breakage}

    assert set(found[Breakage.MISSING_EMAIL]) == {None, ""}
    assert all(re.fullmatch(r"\w+@\w+", value) for value in found[Breakage.EMAIL_WITHOUT_DOMAIN])
    assert all(re.fullmatch(r"\d\d/\d\d/\d{4}", value) for value in found[Breakage.DATE_WITH_SLASHES])
    assert "2026-02-30" in found[Breakage.IMPOSSIBLE_DATE]
    assert all(re.fullmatch(r"\d\.500,50", value) for value in found[Breakage.AMBIGUOUS_MONEY])
    assert set(found[Breakage.MONEY_NOT_A_NUMBER]) == {"NaN"}
    assert all(amount(value) < 0 for value in found[Breakage.NEGATIVE_PRICE])
    assert all(amount(value) == 0 for value in found[Breakage.AMOUNT_ZERO])
    assert set(found[Breakage.EMPTY_LOOKUP]) == set(found[Breakage.NO_ID]) == {None}
    assert "${!BTEC_Students.Id}" in {value["id"] for value in found[Breakage.TEMPLATE_LEFT_IN]}
    assert all(amount(value) > 100 for value in found[Breakage.SCORE_TOO_HIGH])
    assert all(isinstance(value, str) for value in found[Breakage.TEXT_FOR_ROWS])
    assert all(isinstance(value, int) for value in found[Breakage.NUMERIC_ID])


def test_a_garbled_name_is_utf8_read_as_windows_1252(college: College) -> None:
    """It can be read back, and no sound name can."""
    for value in broken_values(college, Breakage.GARBLED_NAME):
        assert re.search("[\u0600-\u06ff]", value.encode("cp1252").decode())
    for record in college.sound("students").values():
        assert record["Display_Name"].isascii() or not readable(record["Display_Name"])


def readable(text: str) -> bool:
    """Whether `text` is UTF-8 when it is taken for Windows-1252."""
    try:
        text.encode("cp1252").decode()
    except UnicodeError:
        return False
    return True


def test_a_duplicate_e_mail_belongs_to_an_earlier_sound_record(college: College) -> None:
    """In other letters, so that only the later of the two is refused."""
    for label in labels(college, Breakage.DUPLICATE_EMAIL):
        taken = college.records[label.module][label.position][label.field]
        owners = [
            place
            for place, record in college.sound(label.module).items()
            if str(record[label.field]).lower() == taken.lower()
        ]

        assert len(owners) == 1
        assert owners[0] < label.position
        assert college.records[label.module][owners[0]][label.field] != taken


def test_a_missing_parent_is_nowhere(college: College) -> None:
    """Each such lookup has an id of its own, which no record has."""
    everything = {str(record["id"]) for module in MODULES for record in college.records[module]}
    missing = [value["id"] for value in broken_values(college, Breakage.MISSING_PARENT)]

    assert len(set(missing)) == len(missing)
    assert not everything & set(missing)


def test_a_record_sent_twice_comes_later_the_second_time(college: College) -> None:
    """The same id with another value and a later Modified_Time, so that it is an update."""
    for label in labels(college, Breakage.SENT_TWICE):
        second = college.records[label.module][label.position]
        first = college.records[label.module].index(label.before)

        assert first < label.position
        assert second["id"] == label.before["id"]
        assert second["Modified_Time"] > label.before["Modified_Time"]


def test_about_one_sound_record_in_twenty_changes_in_a_week(college: College, later: College) -> None:
    """One field each, with a later Modified_Time, and never a key, a lookup or a Moodle id."""
    edited = [change for change in later.changes if change.kind == "changed"]
    sound = sum(len(college.sound(module)) for module in MODULES)

    assert 0.045 <= len(edited) / sound <= 0.055
    assert college.changes == ()
    for change in edited:
        before = college.records[change.module][change.position]
        after = later.records[change.module][change.position]

        assert {name for name in after if after[name] != before[name]} == {*change.fields, "Modified_Time"}
        assert after["Modified_Time"] > before["Modified_Time"]
        assert not isinstance(before[change.fields[0]], Mapping | list)
        assert change.fields[0] not in {"id", "Name", "Academic_Email"}
        assert "Moodle" not in change.fields[0]


def test_the_rest_stays_as_it_was(college: College, later: College) -> None:
    """Positions are kept: what no change names is the same record."""
    touched = {(change.module, change.position) for change in later.changes}
    for module in MODULES:
        for place, record in enumerate(college.records[module]):
            assert ((module, place) in touched) is (later.records[module][place] != record)
        added = range(len(college.records[module]), len(later.records[module]))
        assert all((module, place) in touched for place in added)


def test_some_faults_are_repaired_and_some_missing_parents_arrive(college: College, later: College) -> None:
    """A repaired record is its sound self again; an arrived one is what a label had pointed at."""
    kinds = Counter(change.kind for change in later.changes)
    repaired = [change for change in later.changes if change.kind == "repaired"]
    arrived = {change.zoho_id for change in later.changes if change.kind == "arrived"}
    missing = {value["id"] for value in broken_values(college, Breakage.MISSING_PARENT)}

    assert len(college.broken) - len(later.broken) == kinds["repaired"] + kinds["arrived"]
    assert arrived
    assert arrived <= missing
    for change in repaired:
        label = next(b for b in college.broken if (b.module, b.position) == (change.module, change.position))
        now = later.records[change.module][change.position]
        assert now == {**label.before, "Modified_Time": now["Modified_Time"]}


def test_a_week_brings_new_students_and_grades(later: College) -> None:
    """And what comes with them."""
    new = Counter(change.module for change in later.changes if change.kind == "new")

    assert new["students"] == new["registrations"] == 6
    assert min(new[m] for m in ("payments", "enrollments", "grades", "requests")) > 0


def test_weeks_go_on(college: College, later: College) -> None:
    """A third week begins where the second ended; seeds decide each."""
    third = changed(later)

    assert (college.week, later.week, third.week) == (0, 1, 2)
    assert third.today == date(2026, 3, 15)
    assert changed(college) == later
    assert changed(college, seed=2) != later
    assert len(third.broken) < len(later.broken) < len(college.broken)
    assert_lookups_lead_somewhere(third)
    for module, fields in UNIQUE.items():
        for field in fields:
            found = values(third.sound(module).values(), field)
            assert len(found) == len(set(found)), (module, field)


def test_nothing_is_changed_in_place(college: College) -> None:
    """The earlier week stays what it was."""
    before = json.dumps(college.records)
    changed(college, seed=3, share=1.0)

    assert json.dumps(college.records) == before


def test_students_can_be_had_one_at_a_time(college: College) -> None:
    """Any number of them, each made when it is asked for, and the same as in the college."""
    many = iter_students(2026, 10_000_000)

    assert list(islice(many, 3)) == list(iter_students(2026, 3))
    sound = college.sound("students")
    assert all(sound.get(place, one) == one for place, one in enumerate(iter_students(2026, 1200)))


def test_a_class_of_markings_covers_every_outcome() -> None:
    """F in three ways, R, RR, P, M, D, and pending in three."""
    rows = markings(2026)

    assert len(rows) == 30
    assert {(row["expected"]["settled"], row["expected"]["rule"]) for row in rows} == {
        ("F", "INVALID_SUBMISSION"),
        ("F", "NO_SUBMISSION"),
        ("F", "EXPLICIT_ZERO"),
        ("R", "BELOW_PASS"),
        ("RR", "BELOW_PASS"),
        ("P", "PASS"),
        ("M", "MERIT"),
        ("M", "EXPLICIT_LETTER"),
        ("D", "DISTINCTION"),
        ("PENDING", "UNGRADED"),
        ("PENDING", "AWAITING_SUBMISSION"),
        ("PENDING", "NOT_RELEASED"),
    }


@pytest.mark.parametrize("n", [1, 16, 30, 200])
def test_markings_are_plain_and_repeatable(n: int) -> None:
    """JSON values, one row a student, the same again for the same seed."""
    rows = markings(5, n)

    assert json.loads(json.dumps(rows)) == list(rows)
    assert rows == markings(5, n)
    assert len({row["student"] for row in rows}) == n
    assert [row["name"] for row in rows] == [one["Display_Name"] for one in iter_students(5, n)]


def test_a_marking_has_the_keys_of_the_policys_inputs() -> None:
    """And who it is, and what to expect."""
    (row,) = markings(1, 1)

    assert set(row) == {
        "student",
        "name",
        "raw",
        "scale",
        "letter",
        "submitted",
        "attempt",
        "feedback",
        "workflow",
        "due",
        "extension",
        "cutoff",
        "now",
        "criteria",
        "expected",
    }
    assert datetime.fromisoformat(row["due"]).tzinfo == UTC


def test_the_policy_decides_as_a_marking_expects() -> None:
    """Grade, settled grade and rule under the default policy with release gating on."""
    gated = BTEC_DEFAULT.override(release_gating=True)
    for row in markings(2026, 200):
        inputs = {key: row[key] for key in row if key not in {"student", "name", "expected"}}
        decision = decide(marking_from_data(inputs), gated)

        assert row["expected"] == {
            "grade": str(decision.grade),
            "settled": str(decision.settled),
            "rule": str(decision.rule),
        }


async def answered(mzi: Harness, college: College) -> dict[tuple[str, int], Outcome]:
    """What mzi makes of every record, by module and position."""
    outcomes: dict[tuple[str, int], Outcome] = {}
    for module in MODULES:
        result = await mzi.use_cases.sync(DEFAULT_TENANT, CATALOGUE[module], college.records[module])
        assert not isinstance(result, Replay)
        outcomes |= {(module, outcome.position): outcome for outcome in result.outcomes}
    return outcomes


async def test_mzi_refuses_what_the_labels_say_and_nothing_else() -> None:
    """Every record of a college, through the real rules: INVALID with the expected reason, or taken."""
    mzi, college = Harness(), build(students=300)
    outcomes = await answered(mzi, college)
    by_place = {(label.module, label.position): label for label in college.broken}

    for place, outcome in outcomes.items():
        label = by_place.get(place)
        codes = {str(reason.code) for reason in outcome.reasons}
        assert (outcome.state is State.INVALID) is (label is not None and label.refused), place
        assert codes >= ({label.reason} if label and label.reason else set()), place
        assert label is not None or not codes, place


async def test_a_week_later_mzi_finds_the_changes_and_nothing_else() -> None:
    """Edited records are UPDATED, new and arrived ones NEW, all other accepted ones UNCHANGED."""
    mzi, college = Harness(), build(students=300)
    await answered(mzi, college)
    later = changed(college)
    outcomes = await answered(mzi, later)
    kinds = {(change.module, change.position): change.kind for change in later.changes}
    states = {
        "changed": {State.UPDATED},
        "new": {State.NEW},
        "arrived": {State.NEW},
        "repaired": {State.NEW, State.UPDATED},
    }

    for place, outcome in outcomes.items():
        allowed = states.get(kinds.get(place, ""), {State.UNCHANGED, State.INVALID})
        assert outcome.state in allowed, (place, kinds.get(place), outcome)
