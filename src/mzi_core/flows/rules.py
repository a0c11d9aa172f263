"""The rules of a college: what mzi may do by itself. Each has a safe default and is read where it counts."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from itertools import islice
from types import MappingProxyType
from typing import Annotated, Any, Self, get_args, get_origin, get_type_hints

import attrs

from mzi_core.errors import MziError
from mzi_core.grading.quoting import quoted
from mzi_core.ports import TenantSettings
from mzi_core.suggestions import either, nearest, spellings


class RuleValue(StrEnum):
    """One of the values a rule may have; what it means stands beside it."""

    _value_: str
    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Self:
        """A member is its text; to look one up by it asks for no meaning."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


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


@attrs.frozen
class Means:
    """What a rule decides, in the words in which people are told: the annotation of its field."""

    sentence: str


@attrs.frozen(kw_only=True)
class Rules:
    """What a college lets mzi do by itself.

    A field is a rule: its name, the values it may have, what it decides, and its default. It is true or
    false, one RuleValue, or a set of RuleValues.
    """

    flows: Annotated[
        frozenset[FlowName], Means("The flows that run by themselves; others run only when a person asks.")
    ] = frozenset()
    create_accounts: Annotated[
        bool,
        Means("Whether a person without an account in Moodle gets one; one that is there is always linked."),
    ] = False
    programs: Annotated[Programs, Means("What a programme of Zoho is in Moodle.")] = Programs.CATEGORY
    create_programs: Annotated[
        bool,
        Means("Whether an active programme that is not in Moodle yet is made there; one that is is linked."),
    ] = False
    withdrawal: Annotated[
        Withdrawal,
        Means("What becomes of an enrolment that is over in Zoho, if Moodle has told that mzi made it."),
    ] = Withdrawal.SUSPEND
    create_courses: Annotated[
        bool,
        Means("Whether an active class without a course in Moodle gets one; one that is there is linked."),
    ] = True


class RulesRefused(MziError):
    """Rules that are not known, or cannot have such values; `problems` says of each where and why."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


PlainValue = bool | str | list[str]
"""What a rule is, as plain JSON."""

_LONGEST = 64
"""Characters of a name that are compared with the names there are."""

_MOST_UNKNOWN = 5
"""Unknown rules that are named."""

_MOST_VALUES = 50
"""Values of a set that are read; a set has fewer choices."""

_Wrong = Callable[[str], None]
"""Is told what is wrong, in a sentence."""


@attrs.frozen(kw_only=True)
class Rule:
    """A rule as it is declared. `choices`: the values there are; none of a rule that is true or false.

    `is_set`: whether it has any number of them instead of one.
    """

    name: str
    meaning: str
    default: bool | RuleValue | frozenset[RuleValue]
    choices: tuple[RuleValue, ...] = ()
    is_set: bool = False

    @classmethod
    def of(cls, name: str, hint: Any, default: Any) -> Self:
        """The rule that a field declares. Raises TypeError for a field that declares none."""
        kind, *said = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        is_set = get_origin(kind) is frozenset
        (of,) = get_args(kind) if is_set else (kind,)
        means = next((each for each in said if isinstance(each, Means)), None)
        is_choice = isinstance(of, type) and issubclass(of, RuleValue)
        if means is None or not (is_choice or kind is bool):
            raise TypeError(f"{name} says not what it means, or has values that no rule has: {hint!r}")
        choices = tuple(of) if is_choice else ()
        return cls(name=name, meaning=means.sentence, default=default, choices=choices, is_set=is_set)

    def plain(self, value: "bool | RuleValue | frozenset[RuleValue]") -> PlainValue:
        """A value of this rule as plain JSON, a set in the order of its choices."""
        if isinstance(value, frozenset):
            return [choice.value for choice in self.choices if choice in value]
        return value.value if isinstance(value, RuleValue) else value

    def read(self, value: object, wrong: _Wrong) -> object:
        """What can be used of a value of plain JSON, None where nothing can; `wrong` is told of the rest."""
        if self.is_set:
            return self._several(value, wrong)
        if self.choices:
            return self._one(value, self.name, wrong)
        if isinstance(value, bool):
            return value
        wrong(f"`{self.name}` must be true or false, not {quoted(value)}.")
        return None

    def _several(self, value: object, wrong: _Wrong) -> frozenset[RuleValue] | None:
        if not isinstance(value, list | tuple):
            wrong(f"`{self.name}` must be a list of {self._offered()}, not {quoted(value)}.")
            return None
        if len(value) > _MOST_VALUES:
            wrong(f"`{self.name}` has {len(value):,} values; name each of {self._offered('and')} once.")
            return None
        found: set[RuleValue] = set()
        for place, each in enumerate(value):
            chosen = self._one(each, f"{self.name}[{place}]", wrong)
            if chosen in found:
                wrong(f"`{self.name}[{place}]` says `{chosen}` again; name it once.")
            elif chosen is not None:
                found.add(chosen)
        return frozenset(found)

    def _one(self, value: object, place: str, wrong: _Wrong) -> RuleValue | None:
        for choice in self.choices:
            if choice == value:
                return choice
        hint = _did_you_mean(value, self.choices) if isinstance(value, str) else ""
        wrong(f"`{place}` must be {self._offered()}, not {quoted(value)}{hint or '.'}")
        return None

    def _offered(self, last: str = "or") -> str:
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
