"""Policies as values and as JSON, and the book that a tenant chooses from."""

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.repetitions import often
from tests.rules.grading.given import policies, refused

from mzi_core.grading import (
    BTEC_DEFAULT,
    BUILT_IN,
    PEARSON_HIGHER_NATIONAL,
    PERCENT,
    Grade,
    GradingPolicy,
    PolicyBook,
    Scale,
    SettleMode,
    Thresholds,
    families_of,
    policy_from,
)
from mzi_core.grading.policy import LONGEST_NAME


def test_the_default_policy_is_the_conversion_guide() -> None:
    assert (
        GradingPolicy(
            name="btec-default",
            version="2",
            pass_from=Decimal(2),
            merit_from=Decimal(3),
            distinction_from=Decimal(4),
            percent_pass_from=Decimal(40),
            percent_merit_from=Decimal(60),
            percent_distinction_from=Decimal(70),
            invalid_code="01122",
            release_gating=True,
            null_means_refer=True,
            reassessment_cap=None,
            one_reassessment=False,
            late_cap=None,
            settle=SettleMode.SCHEDULED,
            assumed_scale=None,
            scale_words=(),
            effective_from=None,
        )
        == BTEC_DEFAULT
    )


def test_the_other_built_in_policies_differ_in_what_they_are_for() -> None:
    assert attrs.evolve(
        BTEC_DEFAULT, name="pearson-higher-national", reassessment_cap=Grade.P, one_reassessment=True
    ) == (PEARSON_HIGHER_NATIONAL)
    assert attrs.evolve(BTEC_DEFAULT, name="percent", assumed_scale=Scale.PERCENT) == PERCENT
    assert dict(BUILT_IN) == {
        "btec-default": BTEC_DEFAULT,
        "pearson-higher-national": PEARSON_HIGHER_NATIONAL,
        "percent": PERCENT,
    }


def test_a_policy_has_thresholds_for_each_scale() -> None:
    assert BTEC_DEFAULT.thresholds(Scale.BTEC_0_4) == Thresholds(
        pass_from=Decimal(2), merit_from=Decimal(3), distinction_from=Decimal(4)
    )
    assert BTEC_DEFAULT.thresholds(Scale.PERCENT) == Thresholds(
        pass_from=Decimal(40), merit_from=Decimal(60), distinction_from=Decimal(70)
    )


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"name": " "}, "A grading policy must have a name"),
        ({"version": ""}, "A grading policy must have a version"),
        ({"pass_from": Decimal("NaN")}, "pass_from must be a finite number, not NaN"),
        ({"merit_from": Decimal("Infinity")}, "merit_from must be a finite number, not Infinity"),
        (
            {"percent_distinction_from": Decimal("NaN")},
            "percent_distinction_from must be a finite number, not NaN",
        ),
        (
            {"reassessment_cap": Grade.D},
            "A reassessment can be capped at P, at M or not at all, but not at D",
        ),
        ({"late_cap": Grade.F}, "Late work can be capped at P, at M or not at all, but not at F"),
        (
            {"reassessment_cap": Grade.R},
            "A reassessment can be capped at P, at M or not at all, but not at R",
        ),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(fields: dict[str, Any], refusal: str) -> None:
    with refused(refusal):
        attrs.evolve(BTEC_DEFAULT, **fields)


def test_an_override_gets_a_version_of_its_own_that_says_what_it_changed() -> None:
    strict = BTEC_DEFAULT.override(pass_from=Decimal("2.5"))
    assert strict.pass_from == Decimal("2.5")
    assert strict.btec.pass_from == Decimal("2.5")
    assert strict.name == "btec-default"
    assert re.fullmatch(r"2\+[0-9a-f]{8}", strict.version)
    assert BTEC_DEFAULT.override(pass_from=Decimal("2.5")) == strict
    assert BTEC_DEFAULT.override(pass_from=Decimal("2.6")).version != strict.version
    assert BTEC_DEFAULT.override(pass_from=Decimal("2.50")) == strict
    assert strict.override(pass_from=Decimal("2.5")) == strict


CHANGES: dict[str, Any] = {
    "name": "college",
    "pass_from": Decimal("2.5"),
    "merit_from": Decimal("3.5"),
    "distinction_from": Decimal("3.75"),
    "percent_pass_from": Decimal(45),
    "percent_merit_from": Decimal(65),
    "percent_distinction_from": Decimal(75),
    "invalid_code": "VOID",
    "release_gating": False,
    "null_means_refer": False,
    "reassessment_cap": Grade.P,
    "one_reassessment": True,
    "late_cap": Grade.P,
    "settle": SettleMode.IMMEDIATELY,
    "assumed_scale": Scale.PERCENT,
    "scale_words": {"Top": "D"},
    "effective_from": date(2026, 9, 1),
}


def test_every_field_has_its_part_in_the_version() -> None:
    assert set(CHANGES) == set(BTEC_DEFAULT.to_data()) - {"version"}
    versions = {BTEC_DEFAULT.override(**{name: value}).version for name, value in CHANGES.items()}
    assert len(versions) == len(CHANGES)
    fine = {BTEC_DEFAULT.override(pass_from=Decimal(f"2.{'0' * 30}{n}")).version for n in range(3)}
    assert len(fine) == 3


def test_words_for_the_items_of_scales_are_one_policy_however_they_are_written() -> None:
    policy = BTEC_DEFAULT.override(scale_words={"Top": "D", "so so": Grade.R})
    assert policy.scale_words == (("so so", Grade.R), ("top", Grade.D))
    assert policy == BTEC_DEFAULT.override(scale_words=[("SO  SO", "R"), (" top", "D")])
    assert policy == policy_from({"scale_words": {"TOP": "D", "So So": "R"}})
    assert policy.to_data()["scale_words"] == {"so so": "R", "top": "D"}
    assert policy_from(policy.to_data()) == policy
    assert policy_from({"scale_words": None}) == BTEC_DEFAULT
    assert policy_from({"scale_words": {"Pass": "P"}}).scale_words == (("pass", Grade.P),)
    assert len(policy_from({"scale_words": {f"w{n}": "P" for n in range(200)}}).scale_words) == 200


def test_a_threshold_is_no_finer_than_a_share_is_cut_off() -> None:
    with refused("pass_from must have at most 64 decimals"):
        BTEC_DEFAULT.override(pass_from=Decimal("1e-65"))
    assert BTEC_DEFAULT.override(pass_from=Decimal("1e-64")).pass_from == Decimal("1e-64")


def test_an_override_of_an_override_keeps_the_number_of_the_first_version() -> None:
    twice = BTEC_DEFAULT.override(pass_from=Decimal("2.5")).override(merit_from=Decimal("3.5"))
    at_once = BTEC_DEFAULT.override(pass_from=Decimal("2.5"), merit_from=Decimal("3.5"))
    assert twice == at_once
    assert twice.version.startswith("2+")
    assert twice.version.count("+") == 1
    assert len(twice.version) == 10


def test_no_change_makes_no_version_and_a_given_version_is_kept() -> None:
    assert BTEC_DEFAULT.override() == BTEC_DEFAULT
    assert BTEC_DEFAULT.override(pass_from=Decimal(2)) == BTEC_DEFAULT
    assert BTEC_DEFAULT.override(pass_from=Decimal("2.5"), version="3").version == "3"


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        ({"pas_from": "2"}, "A grading policy has no 'pas_from'; did you mean 'pass_from'?"),
        ({"base": "percnt"}, "The set of built-in policies has no 'percnt'; did you mean 'percent'?"),
        (
            {"base": "???"},
            "The set of built-in policies has no '???'; "
            "known are btec-default, pearson-higher-national, percent",
        ),
        ({"base": 1.5}, "base must be a text, not 1.5"),
        ({"name": 1.5}, "name must be a text, not 1.5"),
        ({"pass_from": "two"}, "pass_from must be a number, not 'two'"),
        ({"release_gating": "yes"}, "release_gating must be true or false, not 'yes'"),
        ({"null_means_refer": None}, "null_means_refer must be true or false, not None"),
        ({"settle": "later"}, "settle must be one of immediately, scheduled, not 'later'"),
        ({"assumed_scale": "decimal"}, "assumed_scale must be one of btec-0-4, percent, not 'decimal'"),
        ({"effective_from": "1.9.2026"}, "effective_from must be a day like 2026-09-01, not '1.9.2026'"),
        (
            {"effective_from": "1899-12-31"},
            "effective_from must be a day of the years 1900 to 2200, not '1899-12-31'",
        ),
        ({"name": "n" * 101}, "name must have at most 100 characters"),
        ({"version": "1" * 101}, "version must have at most 100 characters"),
        ({"invalid_code": "0" * 101}, "invalid_code must have at most 100 characters"),
        *(
            (
                {"invalid_code": code},
                "invalid_code must not be blank; say null where the college uses no code",
            )
            for code in ("", "  ", "\u200b", "\u00ad ")
        ),
        *(
            ({"invalid_code": code}, "invalid_code has a character that nobody can type into feedback")
            for code in ("01\n122", "0\x01", "\ufffd01122", "\x00")
        ),
        ({"merit_from": "1e64"}, "merit_from must have at most 64 digits on either side of its point"),
        (
            {"merit_from": "1e-65"},
            "merit_from must have at most 64 digits on either side of its point",
        ),
        ({"scale_words": ["P"]}, "scale_words must be an object of words and their grades, not a list"),
        (
            {"scale_words": {"Top": "A"}},
            "scale_words 'Top' must be one of F, R, RR, P, M, D, PENDING, not 'A'",
        ),
        ({"scale_words": {"Top": "RR"}}, "scale_words: 'top' can mean F, R, P, M or D, but not RR"),
        ({"scale_words": {"Pass": "M"}}, "scale_words: everybody reads 'pass' as P"),
        ({"scale_words": {" ": "P"}}, "A word of scale_words must have 1 to 100 characters"),
        ({"scale_words": {"w" * 101: "P"}}, "A word of scale_words must have 1 to 100 characters"),
        (
            {"scale_words": {f"w{n}": "P" for n in range(201)}},
            "scale_words must have at most 200 words",
        ),
        ({"reassessment_cap": "D"}, "A reassessment can be capped at P, at M or not at all, but not at D"),
        (
            {"reassessment_cap": "X"},
            "reassessment_cap must be one of F, R, RR, P, M, D, PENDING, not 'X'",
        ),
    ],
)
def test_policy_data_that_cannot_be_read_is_refused_by_name(data: dict[str, Any], refusal: str) -> None:
    with refused(refusal):
        policy_from(data)


def test_everything_that_is_wrong_with_policy_data_is_told_at_once() -> None:
    with refused(
        "A grading policy has no 'pas_from'; did you mean 'pass_from'?; "
        "release_gating must be true or false, not 'x'; settle must be one of immediately, scheduled, not 1"
    ):
        policy_from({"release_gating": "x", "pas_from": 1, "settle": 1})
    with refused(
        "A grading policy must have a name; "
        "A reassessment can be capped at P, at M or not at all, but not at D"
    ):
        policy_from({"name": " ", "reassessment_cap": "D", "pass_from": 1})


def test_an_override_of_an_unknown_field_is_refused_with_the_nearest_name() -> None:
    with refused("A grading policy has no 'merit'; did you mean 'merit_from'?"):
        BTEC_DEFAULT.override(merit=Decimal(3))
    with refused("A grading policy has no 'btec'; known are " + ", ".join(BTEC_DEFAULT.to_data())):
        BTEC_DEFAULT.override(btec=None)


def test_data_changes_the_base_it_names_and_the_default_otherwise() -> None:
    assert policy_from({}) == BTEC_DEFAULT
    assert policy_from({"base": "percent"}) == PERCENT
    assert policy_from({"base": "percent", "percent_pass_from": "45"}) == PERCENT.override(
        percent_pass_from=Decimal(45)
    )
    assert policy_from(
        {
            "name": "college",
            "version": "2026",
            "pass_from": 2.5,
            "invalid_code": None,
            "release_gating": False,
            "reassessment_cap": "M",
            "settle": "immediately",
            "effective_from": "2026-09-01",
        }
    ) == GradingPolicy(
        name="college",
        version="2026",
        pass_from=Decimal("2.5"),
        invalid_code=None,
        release_gating=False,
        reassessment_cap=Grade.M,
        settle=SettleMode.IMMEDIATELY,
        effective_from=date(2026, 9, 1),
    )


def test_a_policy_is_written_as_plain_json() -> None:
    policy = BTEC_DEFAULT.override(effective_from=date(2026, 9, 1), reassessment_cap=Grade.P, version="7")
    data = policy.to_data()
    assert json.loads(json.dumps(data)) == data
    assert data == {
        "name": "btec-default",
        "version": "7",
        "pass_from": "2",
        "merit_from": "3",
        "distinction_from": "4",
        "percent_pass_from": "40",
        "percent_merit_from": "60",
        "percent_distinction_from": "70",
        "invalid_code": "01122",
        "release_gating": True,
        "null_means_refer": True,
        "reassessment_cap": "P",
        "one_reassessment": False,
        "late_cap": None,
        "settle": "scheduled",
        "assumed_scale": None,
        "scale_words": {},
        "effective_from": "2026-09-01",
    }
    assert set(data) == {field.name for field in attrs.fields(GradingPolicy) if field.init}


def is_code(code: str) -> bool:
    """Whether a policy takes it; the table above says which it refuses."""
    try:
        BTEC_DEFAULT.override(invalid_code=code)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (" 01122\t", "01122"),
        ("٠١١٢٢", "01122"),
        ("0\u200b1122", "01122"),
        ("<b>", "<b>"),
        ("A&amp;B", "A&amp;B"),
        ("Void 1", "Void 1"),
    ],
)
def test_the_code_is_kept_in_the_form_in_which_feedback_is_read(said: str, kept: str) -> None:
    policy = BTEC_DEFAULT.override(invalid_code=said)
    assert policy.invalid_code == kept
    assert policy.override(invalid_code=kept) is not None
    assert BTEC_DEFAULT.override(invalid_code=kept) == policy


@example(policy=BTEC_DEFAULT, day=None, threshold=Decimal(3), code="x" * LONGEST_NAME)
@settings(max_examples=often(50, gate=15), deadline=None)
@given(
    policy=policies,
    day=st.none() | st.dates(date(1900, 1, 1), date(2200, 12, 31)),
    threshold=st.decimals(-1, 5, places=20),
    code=st.none() | st.text(max_size=LONGEST_NAME).filter(is_code),
)
def test_a_policy_is_read_back_exactly(
    policy: GradingPolicy, day: date | None, threshold: Decimal, code: str | None
) -> None:
    policy = policy.override(effective_from=day, merit_from=threshold, invalid_code=code)
    again = policy_from(json.loads(json.dumps(policy.to_data())))
    assert again == policy
    assert again.to_data() == policy.to_data()


# What people write, and the levels they mean.
LEVELS = """
L3=3|l5=5|L 5=5|Level 7=7|level-7=7|Level – 7=7|level7=7|5=5|05=5|L05=5|\t5 =5|lvl.5=5|Level: 5=5|LEVEL FIVE=5
BTEC HND Computing (Level 5)=5|Pearson BTEC Level 3 Extended Diploma=3|2025 intake, Level 5=5
HND, 3 years, Level 5=5|Level 5, 3 years=5|Level 5 - 2026=5|Ｌｅｖｅｌ ５=5|HND, 3 years=5|HND=5|hnc=4
Higher National=5|Higher National Certificate in Business=4|BTEC Higher National Diploma=5|Level 4 HNC=4
HND (Level 4)=4|Level 4/5=4 5|L4/L5=4 5|L4/5=4 5|4/5=4 5|Levels 4 and 5=4 5|Level 4 & Level 5=4 5
Levels 3, 4 and 5=3 4 5|Level 4, 5=4 5|Level 3-5=3 4 5|Level 6 to 7=6 7|HNC/HND=4 5
HNC (Level 4), HND (Level 5)=4 5|L3-L5=3 4 5|L5-L3=3 5|Levels 4, 5 years=4
المستوى الخامس=5|المستوى 5=5|المستوى ٥=5|مستوى رابع=4|المستوى الرابع والخامس=4 5|المستويان 4 و 5=4 5
المستويان ٤ و٥=4 5|المستوى الثالث (BTEC)=3|المستوى السادس أو السابع=6 7|الدبلوم الوطني العالي=5
الشهادة الوطنية العليا=4|الوطنية العليا=5|3 years=|L55=|SQL5=|Level 9=|L8=|L2=|Unit 5=|Level=
Level x=|kindergarten=|=
"""


@pytest.mark.parametrize("row", re.split(r"[|\n]", LEVELS.strip("\n")))
def test_the_families_of_a_programme_are_its_levels_as_people_write_them(row: str) -> None:
    written, _, levels = row.partition("=")
    assert families_of(written.replace("\\t", "\t")) == tuple(f"L{level}" for level in levels.split())


def test_a_level_is_looked_for_in_the_beginning_of_a_text() -> None:
    assert families_of(None) == ()
    assert families_of("x" * 198 + " 5") == ()
    assert families_of("x" * 195 + " HND") == ("L5",)
    assert families_of("x" * 198 + " HND") == ()


def test_a_book_gives_each_family_its_policy_and_everything_else_the_default() -> None:
    book = PolicyBook(by_family={"Level 5": PEARSON_HIGHER_NATIONAL, "L7": PERCENT})
    assert book.for_level("L5") is PEARSON_HIGHER_NATIONAL
    assert book.for_level("BTEC HND (Level 5)") is PEARSON_HIGHER_NATIONAL
    assert book.for_level("7") is PERCENT
    assert book.for_level("L3") is BTEC_DEFAULT
    assert book.for_level(None) is BTEC_DEFAULT
    assert PolicyBook(default=PERCENT).for_level("L3") is PERCENT


def test_a_policy_that_is_not_in_force_yet_gives_way_to_the_default() -> None:
    new = PEARSON_HIGHER_NATIONAL.override(effective_from=date(2026, 9, 1))
    book = PolicyBook(by_family={"L5": new})
    assert book.for_level("L5", on=date(2026, 8, 31)) is BTEC_DEFAULT
    assert book.for_level("L5", on=date(2026, 9, 1)) is new
    assert book.for_level("L5") is new
    assert PolicyBook(by_family={"L5": PERCENT}).for_level("L5", on=date(2026, 1, 1)) is PERCENT


NO_LEVEL = "is no programme level; write L3 to L7, Level 5, HNC, HND or Level 4/5"


def test_a_book_refuses_a_family_that_is_no_level() -> None:
    with refused(f"'kindergarten' {NO_LEVEL}"):
        PolicyBook(by_family={"kindergarten": PERCENT})


@pytest.mark.parametrize("level", ["Level 9", "kindergarten", "3 years"])
def test_a_level_that_cannot_be_read_is_refused_where_there_is_a_choice(level: str) -> None:
    assert PolicyBook(default=PERCENT).for_level(level) is PERCENT
    with refused(f"{level!r} {NO_LEVEL}"):
        PolicyBook(by_family={"L5": PERCENT}).for_level(level)


def test_a_level_that_nobody_says_is_graded_by_the_default() -> None:
    book = PolicyBook(by_family={"L5": PERCENT})
    assert [book.for_level(level) for level in (None, "", "  ")] == [BTEC_DEFAULT] * 3


def test_two_levels_are_one_policy_or_refused() -> None:
    both = PolicyBook(by_family={"Level 4/5": PEARSON_HIGHER_NATIONAL, "L7": PERCENT})
    assert both.by_family == {
        "L4": PEARSON_HIGHER_NATIONAL,
        "L5": PEARSON_HIGHER_NATIONAL,
        "L7": PERCENT,
    }
    for level in ("HNC/HND", "HNC", "L5"):
        assert both.for_level(level) is PEARSON_HIGHER_NATIONAL
    assert both.for_level("L3/L6") is BTEC_DEFAULT
    with refused("'L3-L5' is L3 and L4 and L5, which are graded by different policies; say one of them"):
        both.for_level("L3-L5")
    later = PEARSON_HIGHER_NATIONAL.override(effective_from=date(2026, 9, 1))
    begun = PolicyBook(by_family={"L5": later})
    assert begun.for_level("L4/L5", on=date(2026, 8, 31)) is BTEC_DEFAULT
