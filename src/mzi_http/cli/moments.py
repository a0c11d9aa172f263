"""Days and moments as a person types them."""

from datetime import UTC, datetime, time

from mzi_core.grading.plain_values import read_date, read_instant
from mzi_core.values import YEARS
from mzi_http.cli.shell import UsageError


def moment_of(said: str | None, option: str) -> datetime | None:
    """A day from midnight UTC, or a moment with its offset. Raises UsageError, naming `option`."""
    if said is None:
        return None
    try:
        return datetime.combine(read_date(said, option), time(), UTC)
    except ValueError:
        pass
    try:
        return read_instant(said, option)
    except ValueError:
        raise UsageError(
            f"{option} is a day such as 2026-09-01, or a moment with its offset: 2026-09-01T08:00:00Z; "
            f"of {YEARS}."
        ) from None
