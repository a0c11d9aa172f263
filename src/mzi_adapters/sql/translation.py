"""What databases and drivers raise, in the words of the port. No sentence repeats a stored value."""

import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from mzi_adapters.sql.tables import OWN
from mzi_core.errors import StoreError, StoreRefused, StoreUnavailable


def raised() -> tuple[type[Exception], ...]:
    """What a database raises; asyncpg raises nothing while nobody has imported it."""
    asyncpg = sys.modules.get("asyncpg")
    # The last of these where a server goes away while a connection to it is made.
    names = ("PostgresError", "InterfaceError", "InternalClientError")
    of_asyncpg = () if asyncpg is None else tuple(getattr(asyncpg, name) for name in names)
    return (exc.DBAPIError, sqlite3.Error, *of_asyncpg)


_OWN = re.compile(rf"\b{OWN}([a-z0-9_]+)")
_LONGEST = 1000  # characters of what a database says

REMEDY = "`mzi db upgrade` brings it up to date."
TOO_MUCH = "A value is larger than its column, or holds what no text can."

# By SQLSTATE, the longest beginning that fits.
_SAID = {
    "40": "two sessions got into each other's way, and this one gave way; it can be tried again",
    "55P03": "another session has been writing to the same records all the time",
    "57014": "a statement took longer than it may",
    "57P": "the server is shutting down or starting",
    "53300": "all connections of the server are taken",
    "08": "the connection was lost",
    "28": "the server does not know the user, or the password is wrong",
    "3D000": "the server has no such database",
    "42P01": f"its schema is not the one this version needs; {REMEDY[:-1]}",
    "42703": f"its schema is not the one this version needs; {REMEDY[:-1]}",
}


def _plainly(_: str) -> str:
    return "The rows break a rule of their table."


def _drivers(error: BaseException) -> BaseException:
    """The driver's own error, or the one that SQLAlchemy made of it."""
    return error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error


def _state(error: BaseException) -> str:
    return getattr(error, "sqlstate", None) or ""


def _said_by(error: BaseException) -> str:
    """What the database says is wrong, without the values: PostgreSQL puts those into further lines."""
    return (str(error).splitlines() or [""])[0]


def _is_about_rules(error: BaseException) -> bool:
    """Whether rows break a rule of their table: SQLSTATE 23, integrity constraint violation."""
    return _state(error).startswith("23") or isinstance(error, sqlite3.IntegrityError)


def _is_about_values(error: BaseException) -> bool:
    """Whether a value is none that the database (SQLSTATE 22, data exception) or its driver would take."""
    if _state(error).startswith("22") or isinstance(error, sqlite3.DataError | ValueError | OverflowError):
        return True
    return isinstance(error.__cause__, ValueError)


@contextmanager
def translated(refusal: Callable[[str], str] = _plainly) -> Iterator[None]:
    """Raise StoreRefused for what the rows are to blame for, and StoreUnavailable for anything else.

    `refusal` makes the sentence for broken rules (uniqueness, foreign keys) of the table at hand out of what
    the database said.
    """
    try:
        yield
    except raised() as error:
        raise _in_our_words(_drivers(error), refusal) from _without_values(error)
    except (exc.StatementError, ValueError, OverflowError) as error:  # a value its column type would not take
        raise StoreRefused(TOO_MUCH) from _without_values(error)
    except (exc.TimeoutError, OSError) as error:
        raise StoreUnavailable("The database cannot be reached in time.") from error


def _in_our_words(error: BaseException, refusal: Callable[[str], str]) -> StoreError:
    if _is_about_rules(error):
        return StoreRefused(refusal(_said_by(error)))
    if _is_about_values(error):
        return StoreRefused(TOO_MUCH)
    return StoreUnavailable(f"The database did not answer: {_cause(error)}.")


def _without_values(error: Exception) -> Exception:
    """What led to it, as far as it quotes no value: tracebacks end up in logs."""
    told = _drivers(error)
    if _is_about_rules(told):
        return Exception(f"{type(told).__name__}: {_said_by(told)}")
    if _is_about_values(told) or not isinstance(error, raised()):
        return Exception(f"{type(told).__name__} {_state(told)}".rstrip())
    return error


def _cause(error: BaseException) -> str:
    said, state = _said_by(error), _state(error)
    if state.startswith("42") or "no such" in said or "has no column" in said:
        own = _OWN.search(said[:_LONGEST])
        if own is not None:
            return (
                f"it has not the table of the module {own[1]} as it is declared; `upgrade` with the "
                "catalogue of the program makes it"
            )
    for length in range(len(state), 1, -1):
        if state[:length] in _SAID:
            return _SAID[state[:length]]
    if "no such table" in said:
        return _SAID["42P01"]
    if "database is locked" in said:
        return "another process has been writing to it all the time"
    if "unable to open" in said:
        return "there is no such file or folder, or it may not be opened; `mzi db upgrade` makes the file"
    return said
