"""What a marker did in Moodle, as plain values: the only input of the grading policy."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import attrs

from mzi_core.grading.criteria import Criterion
from mzi_core.grading.feedback import plain_text
from mzi_core.grading.grade import Grade, letter_from
from mzi_core.grading.plain_values import in_utc

RELEASED = "released"
"""The workflow state in which a student may see the grade."""

WORKFLOW_STATES = ("", "inmarking", "readyforreview", "inreview", "readyforrelease", RELEASED)
"""The states of Moodle's marking workflow; '' is "not marked". Moodle stores any other word, too."""

UNGRADED = Decimal(-1)
"""What Moodle writes into `assign_grades` when there is a row and nobody has graded."""

_BTEC_MAXIMUM = Decimal(4)


class Scale(StrEnum):
    """The scale that a mark is given on."""

    BTEC_0_4 = "btec-0-4"
    """Points from 0 to 4, or the BTEC scale 1 to 4: Refer, Pass, Merit, Distinction."""

    PERCENT = "percent"
    """Hundredths, 0 to 100."""

    @property
    def maximum(self) -> Decimal:
        """The best mark there is."""
        return _BTEC_MAXIMUM if self is Scale.BTEC_0_4 else Decimal(100)

    @classmethod
    def for_item(cls, grademax: Decimal | None, scale_id: int | None = None) -> "Scale":
        """The scale of a Moodle grade item: BTEC for a Moodle scale or at most 4 points, else percent.

        Assignments write a scale as a negative `grademax`. A ValueError refuses an item that says neither:
        a 4 may be a Distinction or four per cent, so the number itself never decides.
        """
        if scale_id is not None:
            return cls.BTEC_0_4
        if grademax is None:
            raise ValueError(
                "The grade item says neither its maximum nor its scale, and the mark alone cannot tell; "
                "read grademax or scaleid of the item"
            )
        return cls.BTEC_0_4 if grademax <= _BTEC_MAXIMUM else cls.PERCENT


def _finite(marking: "Marking", _: object, raw: Decimal | None) -> None:
    if raw is None:
        return
    if not isinstance(raw, Decimal):
        # What a type checker sees, said to those who have none.
        raise ValueError(f'A mark must be a Decimal, such as Decimal("2.5"), not {type(raw).__name__}')
    if not raw.is_finite():
        raise ValueError(f"A mark must be a finite number, not {raw}")


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

    raw: Decimal | None = attrs.field(default=None, validator=_finite)
    """The mark in `assign_grades`: None without a value, -1 where Moodle has a row and nobody has graded."""

    scale: Scale = Scale.BTEC_0_4

    letter: Grade | None = attrs.field(default=None, converter=letter_from)
    """A letter or word that a person or sender decided on; it wins over the mark. Blank is none."""

    submitted: bool | None = True
    """True for the submission status `submitted` alone, of the team where teams hand in; `new`, `draft` and
    `reopened` are not. None where the assignment takes no submissions."""

    attempt: int = attrs.field(default=0, validator=_not_negative)
    """From 0; people and Zoho see `attempt_shown`."""

    feedback: str = attrs.field(default="", converter=_written)
    """As Moodle has it, HTML and all; `text` has what a reader sees. None, as Moodle says it, is none."""

    workflow: str | None = None
    """Moodle's marking workflow state in any case, '' included; None when the assignment does not use it.
    Another word than Moodle's six holds nothing back."""

    due: datetime | None = attrs.field(default=None, converter=_instant)
    extension: datetime | None = attrs.field(default=None, converter=_instant)
    cutoff: datetime | None = attrs.field(default=None, converter=_instant)
    now: datetime | None = attrs.field(default=None, converter=_instant)
    criteria: tuple[Criterion, ...] = attrs.field(default=(), validator=_no_criterion_twice)

    text: str = attrs.field(init=False, eq=False, repr=False)
    """The feedback as a reader sees it. Made here, once, so that a decision need not."""

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
    def is_awaited(self) -> bool:
        """Whether nothing was handed in and there is still time; the deadline itself is in time."""
        if self.submitted is not False or self.now is None or self.deadline is None:
            return False
        return self.now <= self.deadline

    @property
    def attempt_shown(self) -> int:
        """The attempt as people count, from 1."""
        return self.attempt + 1
