"""What databases and drivers raise, in the words of the port. No sentence repeats a stored value."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from mzi_core.errors import StoreRefused, StoreUnavailable

REMEDY = "`mzi db upgrade` brings it up to date."
TOO_MUCH = "A value is larger than its column, or holds what no text can."


def _plainly(error: exc.DBAPIError) -> str:
    return "The rows break a rule of their table."


def said_by(error: exc.DBAPIError) -> str:
    """What the database says is wrong, without the values: PostgreSQL puts those into further lines."""
    return (str(error.orig).splitlines() or [""])[0]


def without_values(error: exc.DBAPIError) -> exc.DBAPIError:
    """The error as far as it does not quote the row, which PostgreSQL's own error below it does (DETAIL)."""
    if error.orig is None or error.orig.__cause__ is None:
        return error
    return type(error)(error.statement, None, Exception(said_by(error)), hide_parameters=True)


@contextmanager
def translated(refusal: Callable[[exc.DBAPIError], str] = _plainly) -> Iterator[None]:
    """Raise StoreRefused for what the rows are to blame for, and StoreUnavailable for anything else.

    `refusal` makes the sentence for broken rules (uniqueness, foreign keys) of the table at hand.
    """
    try:
        yield
    except exc.IntegrityError as error:
        raise StoreRefused(refusal(error)) from without_values(error)
    except (exc.DataError, OverflowError, UnicodeError) as error:
        raise StoreRefused(TOO_MUCH) from error
    except exc.DBAPIError as error:
        if _is_about_values(error):
            raise StoreRefused(TOO_MUCH) from without_values(error)
        raise StoreUnavailable(f"The database did not answer: {_cause(error)}.") from error
    except exc.StatementError as error:  # a value that its column type would not take
        raise StoreRefused("A value does not fit its column.") from error
    except (exc.TimeoutError, OSError) as error:
        raise StoreUnavailable("The database cannot be reached in time.") from error


def _is_about_values(error: exc.DBAPIError) -> bool:
    """Whether PostgreSQL (SQLSTATE 22, data exception) or its driver (ValueError) would not take a value."""
    state: str = getattr(error.orig, "sqlstate", None) or ""
    return state.startswith("22") or isinstance(error.orig and error.orig.__cause__, ValueError)


def _cause(error: exc.DBAPIError) -> str:
    said = said_by(error)
    if "no such table" in said or "UndefinedTable" in said:
        return f"its schema is not the one this version needs; {REMEDY[:-1]}"
    if "database is locked" in said:
        return "another process has been writing to it all the time"
    if "unable to open" in said:
        return "there is no such file or folder, or it may not be opened; `mzi db upgrade` makes the file"
    return said
