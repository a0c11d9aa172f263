"""A grading policy as a value, and the three that come built in."""

import html
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import attrs

from mzi_core.grading.feedback import plain_text
from mzi_core.grading.grade import Grade
from mzi_core.grading.numbers import written
from mzi_core.grading.plain_values import (
    Problems,
    choice,
    optional,
    problems_of,
    read_bool,
    read_date,
    read_decimal,
    read_fields,
    read_text,
    refuse_unknown,
)
from mzi_core.grading.quoting import quoted
from mzi_core.grading.scales import KNOWN_ITEMS, MEANINGS, Scale, spelling


class SettleMode(StrEnum):
    """When the settled grade is published: with the marking, or by the settling pass that runs later."""

    IMMEDIATELY = "immediately"
    SCHEDULED = "scheduled"


@attrs.frozen(kw_only=True)
class Thresholds:
    """The least mark for each grade on one scale; below `pass_from` nothing is achieved."""

    pass_from: Decimal
    merit_from: Decimal
    distinction_from: Decimal


Words = Mapping[str, Grade | str] | Iterable[tuple[str, Grade | str]]


def _meanings(words: Words) -> tuple[tuple[str, Grade], ...]:
    """The meanings by spelling, so that one set of words is one policy."""
    pairs = words.items() if isinstance(words, Mapping) else words
    return tuple(sorted({spelling(word): Grade(grade) for word, grade in pairs}.items()))


def _words(_: object, field: "attrs.Attribute[Any]", words: tuple[tuple[str, Grade], ...]) -> None:
    if len(words) > MOST_WORDS:
        raise ValueError(f"{field.name} must have at most {MOST_WORDS} words")
    for word, grade in words:
        if not word or len(word) > LONGEST_NAME:
            raise ValueError(f"A word of {field.name} must have 1 to {LONGEST_NAME} characters")
        if grade not in MEANINGS:
            raise ValueError(f"{field.name}: {quoted(word)} can mean F, R, P, M or D, but not {grade}")
        if KNOWN_ITEMS.get(word, grade) is not grade:
            raise ValueError(f"{field.name}: everybody reads {quoted(word)} as {KNOWN_ITEMS[word]}")


def _finite(_: object, field: "attrs.Attribute[Decimal]", value: Decimal) -> None:
    if not value.is_finite():
        raise ValueError(f"{field.name} must be a finite number, not {value}")
    if -int(value.as_tuple().exponent) > LONGEST_FRACTION:
        raise ValueError(f"{field.name} must have at most {LONGEST_FRACTION} decimals")


LONGEST_FRACTION = 64
"""Decimals of a threshold."""

MOST_WORDS = 200
"""Words for the items of scales."""

LONGEST_NAME = 100
"""Characters of a policy's name, of its version, of the code for work that is not valid, and of an item."""


def _said(_: object, field: "attrs.Attribute[str]", value: str) -> None:
    if not value.strip():
        raise ValueError(f"A grading policy must have a {field.name}")
    _short(_, field, value)


def _short(_: object, field: "attrs.Attribute[Any]", value: str | None) -> None:
    if value is not None and len(value) > LONGEST_NAME:
        raise ValueError(f"{field.name} must have at most {LONGEST_NAME} characters")


def _token(code: str | None) -> str | None:
    """The code as it is looked for: in the form that feedback is read in, without blanks around it."""
    return code if code is None else plain_text(html.escape(code, quote=False)).strip()


def _can_be_typed(_: object, field: "attrs.Attribute[Any]", code: str | None) -> None:
    if code is None:
        return
    _short(_, field, code)
    if not code:
        raise ValueError(f"{field.name} must not be blank; say null where the college uses no code")
    if not code.isprintable() or "\ufffd" in code:
        raise ValueError(f"{field.name} has a character that nobody can type into feedback")


_CAPPED = {"reassessment_cap": "A reassessment", "late_cap": "Late work"}


def _pass_or_merit(_: object, field: "attrs.Attribute[Grade | None]", cap: Grade | None) -> None:
    if cap not in (None, Grade.P, Grade.M):
        raise ValueError(f"{_CAPPED[field.name]} can be capped at P, at M or not at all, but not at {cap}")


@attrs.frozen(kw_only=True)
class GradingPolicy:
    """How marks become grades. Name and version stand in every decision made under it.

    The defaults are the rules of version 3.4.1 of the college's conversion guide. A change without a new
    version would make old decisions unexplainable, so change one by `override`, which sees to that.
    """

    name: str = attrs.field(validator=_said)
    version: str = attrs.field(default="1", validator=_said)

    pass_from: Decimal = attrs.field(default=Decimal(2), validator=_finite)
    merit_from: Decimal = attrs.field(default=Decimal(3), validator=_finite)
    distinction_from: Decimal = attrs.field(default=Decimal(4), validator=_finite)
    percent_pass_from: Decimal = attrs.field(default=Decimal(40), validator=_finite)
    percent_merit_from: Decimal = attrs.field(default=Decimal(60), validator=_finite)
    percent_distinction_from: Decimal = attrs.field(default=Decimal(70), validator=_finite)

    invalid_code: str | None = attrs.field(default="01122", converter=_token, validator=_can_be_typed)
    """The token in the feedback, in this case, that says the work is not valid; None where there is none."""

    release_gating: bool = True
    """Whether nothing is published before Moodle's marking workflow, where it is used, says `released`."""

    null_means_refer: bool = True
    """Whether work without a mark is referred. On the percent scale it is ungraded, as -1 is on both."""

    reassessment_cap: Grade | None = attrs.field(default=None, validator=_pass_or_merit)
    """The best that a second or later attempt, or a repeated unit, can earn by its mark: P, M, or None."""

    one_reassessment: bool = False
    """Whether there is one reassessment, unless the unit is repeated, and none of what already passed."""

    late_cap: Grade | None = attrs.field(default=None, validator=_pass_or_merit)
    """The best that work accepted after its deadline can earn by its mark: P, M, or None for no cap."""

    settle: SettleMode = SettleMode.SCHEDULED

    assumed_scale: Scale | None = None
    """How the border reads a mark whose grade item is not known; decisions go by the marking's own."""

    scale_words: tuple[tuple[str, Grade], ...] = attrs.field(
        default=(), converter=_meanings, validator=_words
    )
    """What items of scales other than Refer, Pass, Merit and Distinction mean: F, R, P, M or D."""

    effective_from: date | None = None
    """The first day it is in force; None since ever."""

    btec: Thresholds = attrs.field(init=False, eq=False, repr=False)
    percent: Thresholds = attrs.field(init=False, eq=False, repr=False)

    @btec.default
    def _btec(self) -> Thresholds:
        return Thresholds(
            pass_from=self.pass_from, merit_from=self.merit_from, distinction_from=self.distinction_from
        )

    @percent.default
    def _percent(self) -> Thresholds:
        return Thresholds(
            pass_from=self.percent_pass_from,
            merit_from=self.percent_merit_from,
            distinction_from=self.percent_distinction_from,
        )

    def thresholds(self, scale: Scale) -> Thresholds:
        """The thresholds on `scale`."""
        return self.btec if scale is Scale.BTEC_0_4 else self.percent

    def override(self, **changes: Any) -> "GradingPolicy":
        """This policy with some fields changed, under a version of its own unless `version` is given.

        The version is this one's with a digest of the new content, `1+5f0c2a91`: the same change always
        makes the same version, and no change makes no new one. A ValueError names an unknown field.
        """
        refuse_unknown(changes, _READERS, "A grading policy")
        changed = attrs.evolve(self, **changes)
        if "version" in changes or changed == self:
            return changed
        values = [getattr(changed, name) for name in _READERS if name != "version"]
        # 2.5 and 2.50 are one threshold.
        content = json.dumps(
            [written(value) if isinstance(value, Decimal) else _plain(value) for value in values]
        )
        digest = sha256(content.encode()).hexdigest()[:8]
        return attrs.evolve(changed, version=f"{self.version.partition('+')[0]}+{digest}")

    def to_data(self) -> dict[str, object]:
        """Every field as plain JSON, numbers and days as text; `policy_from` reads it back exactly."""
        return {name: _plain(getattr(self, name)) for name in _READERS}


def _plain(value: object) -> object:
    if isinstance(value, (Decimal, date)):
        return str(value)
    return dict(value) if isinstance(value, tuple) else value


def _read_words(value: object, name: str) -> tuple[tuple[str, Grade], ...]:
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be an object of words and their grades, not {quoted(value)}")
    return tuple((word, _grade(grade, f"{name} {quoted(word)}")) for word, grade in value.items())


_grade = choice(Grade)


_READERS: Mapping[str, Callable[[object, str], object]] = {
    "name": read_text,
    "version": read_text,
    "pass_from": read_decimal,
    "merit_from": read_decimal,
    "distinction_from": read_decimal,
    "percent_pass_from": read_decimal,
    "percent_merit_from": read_decimal,
    "percent_distinction_from": read_decimal,
    "invalid_code": optional(read_text),
    "release_gating": read_bool,
    "null_means_refer": read_bool,
    "reassessment_cap": optional(choice(Grade)),
    "one_reassessment": read_bool,
    "late_cap": optional(choice(Grade)),
    "settle": choice(SettleMode),
    "assumed_scale": optional(choice(Scale)),
    "scale_words": _read_words,
    "effective_from": optional(read_date),
}

BTEC_DEFAULT = GradingPolicy(name="btec-default", version="2")
"""The table of the conversion guide."""

PEARSON_HIGHER_NATIONAL = attrs.evolve(
    BTEC_DEFAULT, name="pearson-higher-national", reassessment_cap=Grade.P, one_reassessment=True
)
"""As the default, but one reassessment a unit, of what did not pass, capped at Pass (Pearson's quality
assurance rules, 2025)."""

PERCENT = attrs.evolve(BTEC_DEFAULT, name="percent", assumed_scale=Scale.PERCENT)
"""As the default, for a college whose marks are hundredths: a mark of unknown scale is read so."""

BUILT_IN: Mapping[str, GradingPolicy] = MappingProxyType(
    {policy.name: policy for policy in (BTEC_DEFAULT, PEARSON_HIGHER_NATIONAL, PERCENT)}
)


def policy_from(data: Mapping[str, object]) -> GradingPolicy:
    """A policy from plain JSON: the built-in `base`, unsaid `btec-default`, with the given fields changed.

    `{"base": "percent", "pass_from": "50"}` is an override as by `GradingPolicy.override`; what `to_data`
    wrote is read back as it was. Raises Problems with every field that is unknown or wrong.
    """
    base = read_text(data.get("base", BTEC_DEFAULT.name), "base")
    refuse_unknown([base], BUILT_IN, "The set of built-in policies")
    given = {name: value for name, value in data.items() if name != "base"}
    fields = read_fields(given, _READERS, "A grading policy")
    problems: list[str] = []
    for name, value in fields.items():
        try:
            attrs.evolve(BUILT_IN[base], **{name: value})
        except ValueError as error:
            problems += problems_of(error)
    if problems:
        raise Problems(problems)
    return BUILT_IN[base].override(**fields)
