"""The college as it is before anything of it is in Moodle."""

from collections.abc import Mapping

from mzi_adapters.testing.college.seeds import Record
from mzi_core.modules import ZOHO_CATALOGUE

_EMPTIED: Mapping[str, tuple[str, ...]] = {
    module.name: module.field[module.counterpart.id].names
    for module in ZOHO_CATALOGUE
    if module.counterpart is not None
}
"""The fields that say where in Moodle a record's counterpart is, or the category of its courses."""


def before_moodle(module: str, record: Record) -> Record:
    """The record without the ids of accounts, courses and categories, which in another Moodle are others.

    What has come out of a Moodle, such as grades, stays as it is.
    """
    emptied: Record = dict.fromkeys(name for name in _EMPTIED.get(module, ()) if name in record)
    if emptied and "Synced_to_Moodle" in record:
        emptied["Synced_to_Moodle"] = False
    return {**record, **emptied}
