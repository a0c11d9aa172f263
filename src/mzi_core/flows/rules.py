"""The rules of a college: what mzi may do by itself. Each has a safe default and is read where it counts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Annotated, Any, Self, get_args, get_origin, get_type_hints

import attrs

from mzi_core.errors import MziError
from mzi_core.flows.course_users import CourseUser
from mzi_core.flows.rule_values import RuleEntry, RuleValue
from mzi_core.grading.quoting import quoted
from mzi_core.ports import TenantSettings
from mzi_core.suggestions import either, nearest, spellings


class FlowName(RuleValue):
    """The kinds of agreement between Zoho and Moodle."""

    ACCOUNT = "account", "Students and teachers of Zoho, and the users of Moodle."
    PROGRAM = "program", "Programmes of Zoho, and the categories or courses of Moodle."
    COURSE = "course", "Classes of Zoho, and the courses of Moodle."
    ENROLMENT = "enrolment", "Enrolments of Zoho, and those of Moodle."
    REGISTRATION = "registration", "Registrations of Zoho, and enrolments in the courses of programmes."
    GRADE = "grade", "Marks of Moodle, and the grades of Zoho."


class Programs(RuleValue):
    """What a programme of Zoho is in Moodle."""

    CATEGORY = "category", "A category, which the courses of its classes are made in."
    COURSE = "course", "A course, which a registration enrols in; its classes use the category for all."


class Withdrawal(RuleValue):
    """What becomes of an enrolment in Moodle that is over in Zoho, if mzi made it."""

    SUSPEND = "suspend", "It is suspended: the student sees the course no more, and the marks stay."
    LEAVE = "leave", "Nothing; a person ends it in Moodle."


class TeacherRole(RuleValue):
    """In which of Moodle's roles the teacher of a class is in its course."""

    EDITINGTEACHER = "editingteacher", "As a teacher: changes the course, and marks."
    TEACHER = "teacher", "As a non-editing teacher: marks, and changes nothing else."
    NONE = "none", "In none: mzi enrols no teachers."


@attrs.frozen
class Means:
    """What a rule decides, in the words in which people are told: the annotation of its field.

    `flows`: those whose pairs it is about; all of them where none is named.
    """

    sentence: str
    flows: tuple[FlowName, ...] = ()


@attrs.frozen(kw_only=True)
class Rules:
    """What a college lets mzi do by itself.

    A field is a rule: its name, the values it may have, what it decides, and its default. It is true or
    false, one RuleValue, a set of RuleValues, or a row of RuleEntries.
    """

    flows: Annotated[
        frozenset[FlowName], Means("The flows that run by themselves; others run only when a person asks.")
    ] = frozenset()
    create_accounts: Annotated[
        bool,
        Means(
            "Whether a person without an account in Moodle gets one; one that is there is always linked.",
            (FlowName.ACCOUNT,),
        ),
    ] = False
    programs: Annotated[Programs, Means("What a programme of Zoho is in Moodle.")] = Programs.CATEGORY
    create_programs: Annotated[
        bool,
        Means("Whether an active programme that is not in Moodle yet is made there; one that is is linked."),
    ] = False
    withdrawal: Annotated[
        Withdrawal,
        Means(
            "What becomes of an enrolment that is over in Zoho, if Moodle has told that mzi made it.",
            (FlowName.ENROLMENT,),
        ),
    ] = Withdrawal.SUSPEND
    create_courses: Annotated[
        bool,
        Means(
            "Whether an active class without a course in Moodle gets one; one that is there is linked.",
            (FlowName.COURSE,),
        ),
    ] = True
    teacher_role: Annotated[
        TeacherRole,
        Means(
            "In which role the teacher of an active class is enrolled in its course, once.",
            (FlowName.COURSE,),
        ),
    ] = TeacherRole.EDITINGTEACHER
    course_users: Annotated[
        tuple[CourseUser, ...],
        Means("Who else is enrolled in the course of every active class, once.", (FlowName.COURSE,)),
    ] = ()


class RulesRefused(MziError):
    """Rules that are not known, or cannot have such values; `problems` says of each where and why."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


PlainValue = bool | str | list[str]
"""What a rule is, as plain JSON."""

_LONGEST = 64
"""Characters of a name that are compared with the names there are."""

_LONGEST_ENTRY = 200
"""Characters of the line of an entry."""

_MOST_UNKNOWN = 5
"""Unknown rules that are named."""

_MOST_VALUES = 50
"""Values of a set that are read; a set has fewer choices."""

_Wrong = Callable[[str], None]
"""Is told what is wrong, in a sentence."""


@attrs.frozen(kw_only=True)
class Rule:
    """A rule as it is declared. `choices`: the values there are; none of a rule that is true or false.

    `is_set`: whether it has any number of them instead of one. `entry`: of what it is a row, if it is one.
    """

    name: str
    meaning: str
    default: bool | RuleValue | frozenset[RuleValue] | tuple[RuleEntry, ...]
    choices: tuple[RuleValue, ...] = ()
    is_set: bool = False
    entry: type[RuleEntry] | None = None

    @property
    def is_list(self) -> bool:
        """Whether its value is a list in plain JSON."""
        return self.is_set or self.entry is not None

    @classmethod
    def of(cls, name: str, hint: Any, default: Any) -> Self:
        """The rule that a field declares. Raises TypeError for a field that declares none."""
        kind, *said = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        is_set, is_row = get_origin(kind) is frozenset, get_origin(kind) is tuple
        of, *_ = get_args(kind) if is_set or is_row else (kind,)
        means = next((each for each in said if isinstance(each, Means)), None)
        is_entry = is_row and isinstance(of, type) and issubclass(of, RuleEntry)
        is_choice = not is_row and isinstance(of, type) and issubclass(of, RuleValue)
        if means is None or not (is_choice or is_entry or kind is bool):
            raise TypeError(f"{name} says not what it means, or has values that no rule has: {hint!r}")
        return cls(
            name=name,
            meaning=means.sentence,
            default=default,
            choices=tuple(of) if is_choice else (),
            is_set=is_set,
            entry=of if is_entry else None,
        )

    def plain(self, value: "bool | RuleValue | frozenset[RuleValue] | tuple[RuleEntry, ...]") -> PlainValue:
        """A value of this rule as plain JSON, a set in the order of its choices."""
        if isinstance(value, tuple):
            return list(map(str, value))
        if isinstance(value, frozenset):
            return [choice.value for choice in self.choices if choice in value]
        return value.value if isinstance(value, RuleValue) else value

    def read(self, value: object, wrong: _Wrong) -> object:
        """What can be used of a value of plain JSON, None where nothing can; `wrong` is told of the rest."""
        if self.is_list:
            return self._several(value, wrong)
        if self.choices:
            return self._one(value, self.name, wrong)
        if isinstance(value, bool):
            return value
        wrong(f"`{self.name}` must be true or false, not {quoted(value)}.")
        return None

    def _several(self, value: object, wrong: _Wrong) -> frozenset[object] | tuple[object, ...] | None:
        if not isinstance(value, list | tuple):
            wrong(f"`{self.name}` must be a list of {self._offered()}, not {quoted(value)}.")
            return None
        if len(value) > _MOST_VALUES:
            most = (
                f"at most {_MOST_VALUES} are read"
                if self.entry
                else f"name each of {self._offered('and')} once"
            )
            wrong(f"`{self.name}` has {len(value):,} values; {most}.")
            return None
        found: dict[object, None] = {}
        read = self._one if self.entry is None else self._entry
        for place, each in enumerate(value):
            chosen = read(each, f"{self.name}[{place}]", wrong)
            if chosen in found:
                wrong(f"`{self.name}[{place}]` says `{chosen}` again; name it once.")
            elif chosen is not None:
                found[chosen] = None
        return frozenset(found) if self.is_set else tuple(found)

    def _entry(self, value: object, place: str, wrong: _Wrong) -> RuleEntry | None:
        assert self.entry is not None  # noqa: S101  # or nobody asks
        try:
            if not isinstance(value, str) or len(value) > _LONGEST_ENTRY:
                raise ValueError(f"must be {self.entry.FORM}")
            return self.entry.read(value)
        except ValueError as error:
            wrong(f"`{place}` {error}, not {quoted(value)}.")
            return None

    def _one(self, value: object, place: str, wrong: _Wrong) -> RuleValue | None:
        for choice in self.choices:
            if choice == value:
                return choice
        hint = _did_you_mean(value, self.choices) if isinstance(value, str) else ""
        wrong(f"`{place}` must be {self._offered()}, not {quoted(value)}{hint or '.'}")
        return None

    def _offered(self, last: str = "or") -> str:
        if self.entry is not None:
            return self.entry.FORM
        *others, final = (f"`{choice}`" for choice in self.choices)
        return f"{', '.join(others)} {last} {final}"


def _did_you_mean(name: str, known: Mapping[str, object] | tuple[RuleValue, ...]) -> str:
    near = nearest(name[:_LONGEST], spellings((str(each), str(each)) for each in known))
    return f"; did you mean {either(near)}?" if near else ""


def _declared() -> Iterator[Rule]:
    hints = get_type_hints(Rules, include_extras=True)
    for field in attrs.fields(Rules):
        yield Rule.of(field.name, hints[field.name], field.default)


RULES: Mapping[str, Rule] = MappingProxyType({rule.name: rule for rule in _declared()})
"""Every rule by its name, in the order of their declaration."""


def _usable(data: Mapping[str, object], wrong: _Wrong) -> dict[str, Any]:
    """The values that can be used of plain JSON, by the names of their rules; `wrong` is told of the rest."""
    for name in islice((name for name in data if name not in RULES), _MOST_UNKNOWN):
        hint = _did_you_mean(str(name), RULES) or f"; there are {', '.join(f'`{each}`' for each in RULES)}."
        wrong(f"There is no rule {quoted(name)}{hint}")
    said = {name: data[name] for name in RULES if data.get(name) is not None}
    read = {name: RULES[name].read(value, wrong) for name, value in said.items()}
    return {name: value for name, value in read.items() if value is not None}


def read_rules(data: Mapping[str, object]) -> Rules:
    """Rules from plain JSON, by name; one that is null or not said has its default. Raises RulesRefused."""
    problems: list[str] = []
    values = _usable(data, problems.append)
    if problems:
        raise RulesRefused(*problems)
    return Rules(**values)


@attrs.frozen(kw_only=True)
class ChosenRules:
    """The rules of a tenant. `chosen`: the names of those it chose; the others have their defaults.

    `passed_over`: a sentence for everything that it chose and that is not known any more.
    """

    rules: Rules
    chosen: frozenset[str]
    passed_over: tuple[str, ...]

    @classmethod
    def of(cls, data: Mapping[str, object]) -> Self:
        """From what is kept of them."""
        problems: list[str] = []
        values = _usable(data, problems.append)
        return cls(rules=Rules(**values), chosen=frozenset(values), passed_over=tuple(problems))


def rules_of(settings: TenantSettings) -> Rules:
    """A tenant's rules. What it chose and is not known any more is passed over: see `ChosenRules`."""
    return ChosenRules.of(settings.rules).rules


def plain_value(rules: Rules, name: str) -> PlainValue:
    """What a rule is, as plain JSON."""
    return RULES[name].plain(getattr(rules, name))


def rules_about(flow: FlowName) -> Sequence[str]:
    """The names of the rules that the pairs of a flow are brought to agree by."""
    said = get_type_hints(Rules, include_extras=True)
    means = {name: next(each for each in get_args(said[name]) if isinstance(each, Means)) for name in RULES}
    return [name for name, each in means.items() if flow in (each.flows or FlowName)]
