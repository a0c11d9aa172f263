"""What a decision warns of."""

from enum import StrEnum


class WarningId(StrEnum):
    """What somebody should look at, though the grade stands."""

    CRITERIA_MISMATCH = "CRITERIA_MISMATCH"
    """The criteria of the marking imply another grade than the one decided on."""

    UNKNOWN_CRITERION = "UNKNOWN_CRITERION"
    """The code of a criterion cannot be read: its row is kept, and counts towards no grade."""

    LETTER_AGAINST_CODE = "LETTER_AGAINST_CODE"
    """A letter other than F was given, and the feedback has the code for work that is not valid."""

    OVER_CAP = "OVER_CAP"
    """The letter that was given is above the cap in force."""

    MARK_WITHOUT_WORK = "MARK_WITHOUT_WORK"
    """There is a mark above 0, or a letter from P on, and nothing was handed in."""

    UNKNOWN_WORKFLOW = "UNKNOWN_WORKFLOW"
    """The workflow state is none of Moodle's six; it holds nothing back."""

    UNKNOWN_SCALE = "UNKNOWN_SCALE"
    """Nobody said what an item of the Moodle scale means: map it by `scale_words` of the policy."""

    OFF_SCALE = "OFF_SCALE"
    """The mark is one that its grade item cannot hold."""

    LOWER_THAN_BEFORE = "LOWER_THAN_BEFORE"
    """An earlier attempt passed with a better grade."""
