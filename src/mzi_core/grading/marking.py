"""What a marker did in Moodle, as plain values: the only input of the grading policy."""

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal, localcontext

import attrs

from mzi_core.grading.criteria import Criterion
from mzi_core.grading.feedback import plain_text
from mzi_core.grading.grade import Grade, letter_from
from mzi_core.grading.plain_values import in_utc
from mzi_core.grading.scales import Scale

RELEASED = "released"
"""The workflow state in which a student may see the grade."""

WORKFLOW_STATES = ("", "inmarking", "readyforreview", "inreview", "readyforrelease", RELEASED)
"""The states of Moodle's marking workflow; '' is "not marked". Moodle stores any other word, too."""

UNGRADED = Decimal(-1)
"""What Moodle writes into `assign_grades` when there is a row and nobody has graded."""

_HUNDRED = Decimal(100)

_FINE = Decimal(1).scaleb(-70)
"""Finer than any threshold is told, so that a share cut off here is on its side of each."""

_ENOUGH = 250
"""Significant digits of a share on the way there."""


# Converters and not validators, so that what follows from a number can rely on it.


def _number(value: Decimal | None, what: str) -> Decimal | None:
    if value is not None and not isinstance(value, Decimal):
        # What a type checker sees, said to those who have none.
        raise ValueError(f'{what} must be a Decimal, such as Decimal("2.5"), not {type(value).__name__}')
    if value is not None and not value.is_finite():
        raise ValueError(f"{what} must be a finite number, not {value}")
    return value


def _mark(value: Decimal | None) -> Decimal | None:
    return _number(value, "A mark")


def _least(value: Decimal | None) -> Decimal | None:
    return _number(value, "The minimum")


def _most(value: Decimal | None) -> Decimal | None:
    return _number(value, "The maximum")


def _listed(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(items)


def _of_the_item(marking: "Marking", _: object, scale: Scale) -> None:
    """The scale follows from the item wherever that is known."""
    if marking.items:
        if scale is not Scale.BTEC_0_4:
            raise ValueError(f"A scale with items is no {scale} scale; leave out the scale, or the items")
        return
    if marking.lowest >= marking.highest:
        raise ValueError(
            f"The maximum must be above the minimum, and {marking.highest} is not above {marking.lowest}"
        )
    if marking.maximum is not None and scale is not Scale.of_points(marking.lowest, marking.maximum):
        raise ValueError(
            f"Points from {marking.lowest} to {marking.maximum} are not on the scale {scale}; "
            "leave the scale out, for it follows from them"
        )


def _scale_of_the_item(marking: "Marking") -> Scale:
    if marking.items or marking.maximum is None:
        return Scale.BTEC_0_4
    return Scale.of_points(marking.minimum or Decimal(0), marking.maximum)


def _not_negative(marking: "Marking", _: object, attempt: int) -> None:
    if attempt < 0:
        raise ValueError(f"Attempts are counted from 0 here, so {attempt} is none")


def _no_criterion_twice(marking: "Marking", _: object, criteria: tuple[Criterion, ...]) -> None:
    assessed: set[str] = set()
    for criterion in criteria:
        if criterion.is_readable and criterion.code in assessed:
            raise ValueError(f"{criterion.code} is assessed twice in one marking")
        assessed.add(criterion.code)


def _instant(moment: datetime | None) -> datetime | None:
    return None if moment is None else in_utc(moment)


def _written(feedback: str | None) -> str:
    return "" if feedback is None else feedback


@attrs.frozen(kw_only=True)
class Marking:
    """What is known of one attempt of one student at one assignment; say only what you know.

    Times are kept in UTC. `now` is the moment at which the question is asked, and is needed as soon as
    there is a due date or an extension. A ValueError refuses what no policy could judge.
    """

    raw: Decimal | None = attrs.field(default=None, converter=_mark)
    """The mark in `assign_grades`: None without a value, -1 where Moodle has a row and nobody has graded."""

    minimum: Decimal | None = attrs.field(default=None, converter=_least)
    maximum: Decimal | None = attrs.field(default=None, converter=_most)
    """The points of the grade item go from `minimum`, 0 unless said, to `maximum`."""

    items: tuple[str, ...] = attrs.field(default=(), converter=_listed)
    """The items of the Moodle scale, lowest first; empty for points. They decide what a mark means."""

    scale: Scale = attrs.field(
        # not by `@scale.default`, which only mypy understands
        default=attrs.Factory(_scale_of_the_item, takes_self=True),
        validator=_of_the_item,
    )
    """Follows from the items or the points where they are known; else BTEC unless said."""

    letter: Grade | None = attrs.field(default=None, converter=letter_from)
    """A letter or word that a person or sender decided on; it wins over the mark. Blank is none."""

    submitted: bool | None = True
    """True for the submission status `submitted` alone, of the team where teams hand in; `new`, `draft` and
    `reopened` are not. None where the assignment takes no submissions."""

    attempt: int = attrs.field(default=0, validator=_not_negative)
    """From 0; people and Zoho see `attempt_shown`."""

    before: Grade | None = attrs.field(default=None, converter=letter_from)
    """The best grade that an earlier attempt at the same work was given, as far as it is known."""

    repeats_unit: bool = False
    """Whether the student studies the whole unit again."""

    feedback: str = attrs.field(default="", converter=_written)
    """As Moodle has it, HTML and all; `text` has what a reader sees. None, as Moodle says it, is none."""

    workflow: str | None = None
    """Moodle's marking workflow state in any case, '' included; None when the assignment does not use it.
    Another word than Moodle's six holds nothing back."""

    due: datetime | None = attrs.field(default=None, converter=_instant)
    extension: datetime | None = attrs.field(default=None, converter=_instant)
    cutoff: datetime | None = attrs.field(default=None, converter=_instant)
    submitted_at: datetime | None = attrs.field(default=None, converter=_instant)
    """When the work was handed in; without it nothing counts as late."""

    now: datetime | None = attrs.field(default=None, converter=_instant)
    criteria: tuple[Criterion, ...] = attrs.field(default=(), validator=_no_criterion_twice)

    points: Decimal | None = attrs.field(init=False, eq=False, repr=False)
    """The mark as thresholds are compared with it: hundredths of the range where the scale is percent, cut
    off behind the 70th decimal; else the mark itself."""

    is_off_scale: bool = attrs.field(init=False, eq=False, repr=False)
    """Whether the grade item cannot hold the mark."""

    text: str = attrs.field(init=False, eq=False, repr=False)
    """The feedback as a reader sees it. Made here, once, so that a decision need not."""

    @points.default
    def _hundredths(self) -> Decimal | None:
        raw, lowest, span = self.raw, self.lowest, self.highest - self.lowest
        if self.scale is not Scale.PERCENT or raw is None or raw == UNGRADED:
            return raw
        if span <= 0 or (span == _HUNDRED and not lowest):
            return raw  # hundredths already, or refused below
        with localcontext(prec=_ENOUGH, rounding=ROUND_FLOOR):
            return ((raw - lowest) * _HUNDRED / (self.highest - lowest)).quantize(_FINE)

    @is_off_scale.default
    def _outside(self) -> bool:
        return self.raw is not None and self.raw != UNGRADED and not self.lowest <= self.raw <= self.highest

    @text.default
    def _read_feedback(self) -> str:
        return plain_text(self.feedback)

    is_held_back: bool = attrs.field(init=False, eq=False, repr=False)
    """Whether the marking workflow is in use, at a state before `released`."""

    @is_held_back.default
    def _before_release(self) -> bool:
        return self.has_known_workflow and self.workflow_state != RELEASED

    def __attrs_post_init__(self) -> None:
        if self.now is None and self.deadline is not None:
            raise ValueError("Whether the deadline has passed depends on now; say when the question is asked")

    @property
    def lowest(self) -> Decimal:
        """The least mark that the grade item can hold."""
        return Decimal(1) if self.items else self.minimum or Decimal(0)

    @property
    def highest(self) -> Decimal:
        """The best mark that the grade item can hold."""
        if self.items:
            return Decimal(len(self.items))
        return self.scale.maximum if self.maximum is None else self.maximum

    @property
    def item(self) -> str | None:
        """The item of the Moodle scale that was chosen; None for points, and between two items."""
        raw = self.raw
        if not self.items or raw is None or raw == UNGRADED or self.is_off_scale or raw != int(raw):
            return None
        return self.items[int(raw) - 1]

    @property
    def workflow_state(self) -> str | None:
        """The workflow state as Moodle spells it."""
        return None if self.workflow is None else self.workflow.strip().casefold()

    @property
    def has_known_workflow(self) -> bool:
        """Whether the assignment uses the marking workflow, and the state is one of Moodle's six."""
        return self.workflow_state in WORKFLOW_STATES

    @property
    def deadline(self) -> datetime | None:
        """The last moment at which Moodle takes work: the extension, else the due date, or the later cut-off.

        None when neither a due date nor an extension is known; a cut-off alone asks for nothing.
        """
        wanted = self.extension or self.due
        return None if wanted is None else max(wanted, self.cutoff or wanted)

    @property
    def is_late(self) -> bool:
        """Whether the work came after the extension, else the due date; a cut-off only says it is taken."""
        wanted = self.extension or self.due
        return wanted is not None and self.submitted_at is not None and self.submitted_at > wanted

    @property
    def is_again(self) -> bool:
        """Whether the student was assessed before: on a later attempt, or in a unit that is repeated."""
        return self.attempt > 0 or self.repeats_unit

    @property
    def has_passed_before(self) -> bool:
        """Whether an earlier attempt is known to have passed."""
        return self.before is not None and self.before.is_achieved

    @property
    def is_awaited(self) -> bool:
        """Whether nothing was handed in and there is still time; the deadline itself is in time."""
        if self.submitted is not False or self.now is None or self.deadline is None:
            return False
        return self.now <= self.deadline

    @property
    def attempt_shown(self) -> int:
        """The attempt as people count, from 1."""
        return self.attempt + 1
