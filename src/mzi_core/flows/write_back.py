"""What Zoho is told once a pair agrees, or cannot be brought to agree: a table, by module.

Source: the sync fields of the field reference. A field that an organisation lacks is left out.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs

from mzi_core.module import AnyModule, Entity
from mzi_core.modules import CLASSES, ENROLLMENTS, GRADES, PROGRAMS, REGISTRATIONS, STUDENTS, TEACHERS
from mzi_core.ports import ZohoField

LONGEST_REASON = 250
"""Characters of a reason that are told: what a single line of Zoho holds."""

SYNCED, FAILED, PENDING = "Synced", "Failed", "Pending"


@attrs.frozen(kw_only=True)
class WriteBack:
    """The fields of a module that tell how it went, by their API names in Zoho.

    `link`: the field of ours that holds the id in Moodle. `copies`: others that hold it too. `flags`: set to
    true or false, or to a word where they are no check boxes. `moments`: set to the time. `reasons`: why it
    failed; emptied once it went well. `waits`: those of the flags that say so while it waits for another.
    """

    link: str
    flags: tuple[str, ...] = ("Synced_to_Moodle", "Sync_Status", "Moodle_Sync_Status")
    copies: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()
    moments: tuple[str, ...] = ("Last_Sync_Date",)
    reasons: tuple[str, ...] = ("Sync_Error_Message", "Last_Sync_Error", "Sync_Error")

    def awaiting(self, real: Mapping[str, ZohoField]) -> dict[str, object]:
        """What to write into a record that waits for another."""
        return {name: PENDING for name in _there(self.waits, real) if real[name].data_type != "boolean"}

    def copied(self, real: Mapping[str, ZohoField], id: object) -> dict[str, object]:
        """The id in Moodle as the other fields hold it; nothing of an id that is not known."""
        if id is None:
            return {}
        return {name: str(id) if _is_text(real[name]) else id for name in _there(self.copies, real)}

    def told(self, real: Mapping[str, ZohoField], at: datetime, problem: str = "") -> dict[str, object]:
        """What to write into a record: that it went well, or what the problem was."""
        flags = {
            name: not problem if real[name].data_type == "boolean" else FAILED if problem else SYNCED
            for name in _there(self.flags, real)
        }
        moments = {name: _moment(real[name], at) for name in _there(self.moments, real)}
        reasons = dict.fromkeys(_there(self.reasons, real), problem[:LONGEST_REASON] or None)
        return {**flags, **moments, **reasons}


def _there(names: Sequence[str], real: Mapping[str, ZohoField]) -> list[str]:
    return [name for name in names if name in real and not real[name].read_only]


def _is_text(field: ZohoField) -> bool:
    return field.data_type not in ("integer", "bigint", "double")


def _moment(field: ZohoField, at: datetime) -> str:
    return at.date().isoformat() if field.data_type == "date" else at.isoformat(timespec="seconds")


_WRITE_BACKS: Mapping[AnyModule, WriteBack] = {
    STUDENTS: WriteBack(link="moodle_userid"),
    TEACHERS: WriteBack(link="moodle_userid"),
    PROGRAMS: WriteBack(
        link="moodle_id",
        copies=("crmnmoodle__Moodle_ID",),
        moments=("Last_Updated_in_Moodle", "Last_Sync_Date"),
    ),
    CLASSES: WriteBack(link="moodle_class_id", moments=("Last_Synced_to_Moodle", "Last_Sync_Date")),
    ENROLLMENTS: WriteBack(link="moodle_course_id"),
    REGISTRATIONS: WriteBack(
        link="moodle_course_id",
        moments=("Moodle_Sync_Date", "Last_Sync_Date"),
        waits=("Moodle_Sync_Status",),
    ),
    GRADES: WriteBack(link="moodle_grade_id"),
}


def write_back_of(module: AnyModule) -> WriteBack:
    """Of a module whose records are in a flow. Raises KeyError for another."""
    return _WRITE_BACKS[module]


def is_link_untold(module: AnyModule, record: Entity) -> bool:
    """Whether Zoho does not say the link to Moodle that we know."""
    link = write_back_of(module).link
    said = module.said_in.get(link)
    return said is not None and getattr(record, said) != getattr(record, link)
