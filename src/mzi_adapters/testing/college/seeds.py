"""Where the college's ids, days and luck come from: a seed decides them all, and nothing reads a clock."""

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

Record = dict[str, Any]
"""A record as Zoho's JSON has it."""

TODAY = date(2026, 3, 1)
"""The day on which the college is first looked at; whatever is recorded was recorded before."""

_BLOCKS = {
    "students": "09",
    "teachers": "10",
    "programs": "11",
    "units": "12",
    "classes": "13",
    "registrations": "14",
    "payments": "15",
    "enrollments": "16",
    "grades": "17",
    "requests": "18",
}


def chance(seed: int, subject: str) -> Random:
    """The luck of one subject, so that a change to another does not shift it."""
    return Random(f"{seed}/{subject}")  # noqa: S311  invented people need no cryptography


def often(dice: Random, percent: float) -> bool:
    """True in `percent` of a hundred cases."""
    return dice.random() * 100 < percent


def zoho_id(module: str, serial: int) -> str:
    """A 19-digit record id; `serial` counts from 1 and stays below ten million."""
    return f"5398830000{_BLOCKS[module]}{serial:07d}"


def row_id(module: str, serial: int, row: int) -> str:
    """The id of a subform row of the record with this serial."""
    return f"53988300{_BLOCKS[module]}{serial:07d}{row:02d}"


def lookup(record: Mapping[str, Any]) -> dict[str, str]:
    """A lookup of `record`, the way Zoho answers one."""
    return {"id": str(record["id"]), "name": record["Name"]}


def by_id(records: list[Record]) -> dict[str, Record]:
    """`records` under the ids that lookups use."""
    return {str(record["id"]): record for record in records}


def instant(dice: Random, day: date) -> str:
    """Some office hour of `day`, in the organisation's offset."""
    second = dice.randrange(8 * 3600, 17 * 3600)
    return f"{day}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}+03:00"


def stamps(dice: Random, made: date, touched: date | None = None) -> Record:
    """Created_Time and Modified_Time of a record `made` on a day, and `touched` on another one if later."""
    created = instant(dice, made)
    modified = created if touched is None else max(created, instant(dice, touched))
    return {"Created_Time": created, "Modified_Time": modified}


def earlier(dice: Random, days: int, before: date = TODAY) -> date:
    """One of the `days` days before `before`."""
    return before - timedelta(days=dice.randint(1, days))
