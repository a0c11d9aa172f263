"""The rules of a college: what mzi may do by itself. Each has a safe default and is read where it counts."""

from enum import StrEnum

import attrs


class FlowName(StrEnum):
    """The kinds of agreement between Zoho and Moodle."""

    ACCOUNT = "account"
    """Students and teachers of Zoho, and the users of Moodle."""

    COURSE = "course"
    """Classes of Zoho, and the courses of Moodle."""

    ENROLMENT = "enrolment"
    """Enrolments of Zoho, and those of Moodle."""

    GRADE = "grade"
    """Marks of Moodle, and the grades of Zoho."""


class Withdrawal(StrEnum):
    """What becomes of an enrolment in Moodle that is over in Zoho, if mzi made it."""

    SUSPEND = "suspend"
    """It is suspended: the student sees the course no more, and the marks stay."""

    LEAVE = "leave"
    """Nothing; a person ends it in Moodle."""


@attrs.frozen(kw_only=True)
class Rules:
    """What a college lets mzi do by itself.

    `flows`: those that run by themselves; others run only when a person asks for it. `create_accounts`:
    whether who has no account in Moodle gets one; accounts that are there are linked in any case.
    `withdrawal`: what becomes of an enrolment that is over. `only_released`: whether a mark of an assignment
    with a marking workflow reaches Zoho only once it is released.
    """

    flows: frozenset[FlowName] = frozenset()
    create_accounts: bool = False
    withdrawal: Withdrawal = Withdrawal.SUSPEND
    only_released: bool = True
