"""The rules of a college: how they are declared, read from plain data, and refused."""

from typing import Annotated, Any

import pytest

from mzi_core.flows.course_users import CourseUser
from mzi_core.flows.rules import (
    RULES,
    ChosenRules,
    FlowName,
    Means,
    Rule,
    Rules,
    RulesRefused,
    Withdrawal,
    plain_value,
    read_rules,
    rules_of,
)
from mzi_core.ports import TenantSettings

FLOWS = "`account`, `program`, `course`, `enrolment`, `registration` or `grade`"
THERE_ARE = (
    "there are `flows`, `create_accounts`, `programs`, `create_programs`, `withdrawal`, `create_courses`, "
    "`teacher_role`, `course_users`."
)
FORM = "USER:ROLE, or USER:ROLE:MAJOR for classes of one major"


def test_a_college_that_chose_nothing_has_the_safe_defaults() -> None:
    assert read_rules({}) == rules_of(TenantSettings()) == Rules()
    assert {name: plain_value(Rules(), name) for name in RULES} == {
        "flows": [],
        "create_accounts": False,
        "programs": "category",
        "create_programs": False,
        "withdrawal": "suspend",
        "create_courses": True,
        "teacher_role": "editingteacher",
        "course_users": [],
    }


def test_rules_are_read_from_plain_data() -> None:
    data = {"flows": ["grade", "account"], "create_accounts": True, "withdrawal": "leave"}
    read = read_rules(data)
    assert read == Rules(
        flows=frozenset({FlowName.ACCOUNT, FlowName.GRADE}),
        create_accounts=True,
        withdrawal=Withdrawal.LEAVE,
    )
    assert rules_of(TenantSettings(rules=data)) == read


def test_null_is_the_default() -> None:
    assert read_rules(dict.fromkeys(RULES)) == Rules()


@pytest.mark.parametrize("name", RULES)
def test_what_is_written_as_plain_data_is_read_as_it_was(name: str) -> None:
    rule = RULES[name]
    every = frozenset(rule.choices) if rule.is_set else None
    each_alone = () if rule.entry is not None else rule.choices or (True, False)
    for value in filter(lambda each: each is not None, (every, *each_alone, rule.default)):
        if not rule.is_set or isinstance(value, frozenset):
            assert getattr(read_rules({name: rule.plain(value)}), name) == value


def test_who_else_is_enrolled_is_written_as_a_line() -> None:
    """By username or id, in a role of Moodle's or by its id, for all classes or those of one major."""
    lines = ["8157:editingteacher", "it.support@college.example:12", "8133:teacher:IT & Media: Irbid"]
    read = read_rules({"course_users": lines})
    assert plain_value(read, "course_users") == lines
    first, second, third = read.course_users
    assert [each.role_id for each in (first, second, third)] == [3, 12, 4]
    assert (first.is_for(None), third.is_for(None)) == (True, False)
    assert (third.is_for("it & media: irbid"), third.is_for("IT")) == (True, False)
    assert read_rules({"course_users": [" 8157 : manager "]}).course_users == (CourseUser("8157", "manager"),)


@pytest.mark.parametrize("name", RULES)
def test_every_rule_and_every_value_says_what_it_means_in_a_sentence(name: str) -> None:
    rule = RULES[name]
    for sentence in (rule.meaning, *(choice.meaning for choice in rule.choices)):
        assert sentence[0].isupper()
        assert sentence.endswith(".")


REFUSED = (
    (
        {"create_acounts": True},
        "There is no rule 'create_acounts'; did you mean `create_accounts` or `create_courses`?",
    ),
    ({"zzz": 1}, f"There is no rule 'zzz'; {THERE_ARE}"),
    (
        {"withdrawal": "suspnd"},
        "`withdrawal` must be `suspend` or `leave`, not 'suspnd'; did you mean `suspend`?",
    ),
    ({"withdrawal": 1}, "`withdrawal` must be `suspend` or `leave`, not 1."),
    ({"create_courses": "yes"}, "`create_courses` must be true or false, not 'yes'."),
    ({"create_courses": 1}, "`create_courses` must be true or false, not 1."),
    ({"flows": "grade"}, f"`flows` must be a list of {FLOWS}, not 'grade'."),
    ({"flows": ["grade", "acount"]}, f"`flows[1]` must be {FLOWS}, not 'acount'; did you mean `account`?"),
    ({"flows": ["grade", None]}, f"`flows[1]` must be {FLOWS}, not None."),
    ({"flows": [{"grade": 1}]}, f"`flows[0]` must be {FLOWS}, not an object."),
    ({"flows": ["grade", "grade"]}, "`flows[1]` says `grade` again; name it once."),
    ({"course_users": "8157:teacher"}, f"`course_users` must be a list of {FORM}, not '8157:teacher'."),
    ({"course_users": [8157]}, f"`course_users[0]` must be {FORM}, not 8157."),
    ({"course_users": ["8157"]}, f"`course_users[0]` must be {FORM}, not '8157'."),
    ({"course_users": [":teacher"]}, f"`course_users[0]` must be {FORM}, not ':teacher'."),
    ({"course_users": ["8157:teacher:"]}, f"`course_users[0]` must be {FORM}, not '8157:teacher:'."),
    ({"course_users": ["8:teacher", "8:teacher"]}, "`course_users[1]` says `8:teacher` again; name it once."),
    ({"course_users": ["8:teacher"] * 51}, "`course_users` has 51 values; at most 50 are read."),
    (
        {"course_users": ["8157:boss"]},
        "`course_users[0]` must name a role by `manager`, `coursecreator`, `editingteacher`, `teacher`, "
        "`student`, or the id of one, not '8157:boss'.",
    ),
    (
        {"flows": ["x"] * 51},
        f"`flows` has 51 values; name each of {FLOWS.replace(' or ', ' and ')} once.",
    ),
)


@pytest.mark.parametrize(("data", "sentence"), REFUSED)
def test_what_is_no_rule_is_refused_with_its_place_and_what_helps(
    data: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(RulesRefused) as refused:
        read_rules(data)
    assert refused.value.problems == (sentence,)
    assert ChosenRules.of(data).passed_over == (sentence,)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(RulesRefused) as refused:
        read_rules({"create_courses": None, "withdrawal": "x", "flows": ["a", "b"], "no": 1})
    assert [problem.partition(" must ")[0] for problem in refused.value.problems] == [
        f"There is no rule 'no'; {THERE_ARE}",
        "`flows[0]`",
        "`flows[1]`",
        "`withdrawal`",
    ]
    assert str(refused.value) == " ".join(refused.value.problems)


def test_a_refusal_repeats_little_of_what_it_refuses() -> None:
    long = "a" * 100_000
    with pytest.raises(RulesRefused) as refused:
        read_rules({**{f"{long}{n}": n for n in range(1000)}, "withdrawal": long, "flows": [long] * 50})
    assert len(refused.value.problems) == 5 + 50 + 1
    assert max(map(len, refused.value.problems)) < 250


def test_kept_rules_that_are_not_known_any_more_are_passed_over() -> None:
    kept = {"gone": True, "withdrawal": "unenrol", "flows": ["grade", "gone"], "create_accounts": True}
    read = ChosenRules.of(kept)
    assert rules_of(TenantSettings(rules=kept)) == read.rules
    assert read.rules == Rules(flows=frozenset({FlowName.GRADE}), create_accounts=True)
    assert read.chosen == {"flows", "create_accounts"}
    assert len(read.passed_over) == 3


NO_RULES = {
    "nothing but a type": bool,
    "no meaning": Annotated[bool, "x"],
    "another type": Annotated[str, Means("A text.")],
    "a set of another type": Annotated[frozenset[str], Means("Texts.")],
    "a row of another type": Annotated[tuple[str, ...], Means("Texts.")],
    "a row of choices": Annotated[tuple[FlowName, ...], Means("Flows.")],
}


@pytest.mark.parametrize("hint", NO_RULES.values(), ids=NO_RULES)
def test_a_field_that_declares_no_rule_is_a_mistake_of_ours(hint: Any) -> None:
    with pytest.raises(TypeError, match="own says not what it means, or has values that no rule has"):
        Rule.of("own", hint, None)
