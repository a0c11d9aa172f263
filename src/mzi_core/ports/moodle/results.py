"""What became of one item that was written to Moodle, or read of it."""

from enum import StrEnum

import attrs

from mzi_core.values import MoodleId


class RefusalKind(StrEnum):
    """Why Moodle refused one item."""

    BAD_INPUT = "bad_input"
    CONFLICT = "conflict"
    NOT_FOUND = "not_found"
    PERMISSION = "permission"
    TEMPORARY = "temporary"
    REMOTE_BUG = "remote_bug"


@attrs.frozen(kw_only=True)
class Confirmed:
    """An item that Moodle has as it was asked to. `id`: of what was created or changed, where it has one."""

    id: MoodleId | None = None


@attrs.frozen(kw_only=True)
class Refused:
    """An item that was not done, in a sentence; `code` is Moodle's, or empty when mzi refused it itself.

    `existing`: what has the unique value already. With the fault TEMPORARY it was not applied and may be
    asked for again.
    """

    fault: RefusalKind
    why: str
    code: str = ""
    existing: MoodleId | None = None


@attrs.frozen(kw_only=True)
class Ambiguous:
    """A write that may or may not have been applied, and that no key could settle."""

    why: str


MoodleResult = Confirmed | Refused | Ambiguous
