"""From what Zoho, Deluge scripts and spreadsheets really send to typed values: strict, and never guessing.

Every function takes any JSON value and returns the value to keep, or None where the field is empty; what
cannot be understood raises `ValueRefused` with a sentence that starts after the field's name. Sentences never
repeat the value: it may be somebody's personal data.
"""

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar

from mzi_core.ids import EXPORT_AGAIN, bare_id, damage_of, is_digits
from mzi_core.internet_domains import DOTS, in_letters
from mzi_core.sizes import MAX_NUMBER
from mzi_core.values import YEARS, Code, Email, MoodleId, ZohoId, is_of_these_years

D = TypeVar("D", bound=date)

MAX_INTEGER = 2**63 - 1
_DIGITS = 15
MAX_MONEY = Decimal(10) ** _DIGITS
MAX_PLACES = 9  # the most decimal places a Zoho currency field can have
MAX_ID = 100
MAX_EMAIL = 254
MAX_TEXT = 100_000
"""Characters of a text; the largest field of Zoho has 65,535."""

MAX_ROWS = 1000
"""Of a list: Zoho's subforms have 200 rows, its other lists fewer."""

MAX_MOMENT = 40
"""Characters of a date or a moment; the longest that is read has 32."""

_TEMPLATE = re.compile(r"\s*\$\{!?[^}]*\}\s*")
_EMAIL = re.compile(r"[^\s@,;<>\"()\[\]\\]+@([^\s@.,;<>\"()\[\]\\]+\.)+[^\s@.,;<>\"()\[\]\\]{2,}")
_PLAIN_EMAIL = re.compile(
    r"[!#-'*+\-./0-9:=?A-Z^-~]++@"
    r"(?:(?![Xx][Nn]--)[!#-'*+\-/0-9:=?A-Z^-~]++\.)++"
    r"(?![Xx][Nn]--)[!#-'*+\-/0-9:=?A-Z^-~]{2,}"
)  # nothing is given back (++), which saves what it costs to look for `xn--`
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_CURRENCY = re.compile("[A-Z]{3}")
_SYMBOLS = {"US$": "USD", "$": "USD", "د.ا.": "JOD", "د.ا": "JOD", "د.أ": "JOD", "JD": "JOD"}
"""What a college's Zoho and its spreadsheets write beside an amount, longest first; `$` is the dollar of the
United States, and a record in another currency contradicts it."""

_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?", re.ASCII)
_PLAIN_AMOUNT = re.compile("[0-9]{1,3}(,[0-9]{3}){1,4}([.][0-9]{1,2})?")
_MONEY_LIKE = re.compile(r"[+-]?[0-9][0-9.,' ]*")
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})  # control, format (bidirectional, of no width), line ends
_NOT_FIRST = bytes(range(0x80, 0xC0)).decode("cp1252", errors="ignore")
_LEAD = re.compile(f"[\u00c2-\u00f4][{_NOT_FIRST}]")  # what the first two bytes of a UTF-8 character become
_TRUE = frozenset({"true", "yes", "1", "on"})
_FALSE = frozenset({"false", "no", "0", "off"})
_LONGEST_WORD = max(map(len, _TRUE | _FALSE))
_LONGEST_INTEGER = (10**MAX_NUMBER).bit_length()
_TOO_LARGE = "is larger than any number that can be kept."
_DAY = len("YYYY-MM-DD")
_OF_ANOTHER_YEAR = f"must be of {YEARS}; correct its year."
_TOO_LONG = f"is longer than the {MAX_NUMBER} characters a number may have."


class ValueRefused(ValueError):
    """A value that cannot be taken: `code` for machines, `said` a sentence without its subject."""

    def __init__(self, code: Code, said: str) -> None:
        self.code = code
        self.said = said
        super().__init__(said)


is_grouped = _PLAIN_AMOUNT.fullmatch
"""Whether text is an amount in groups of three digits with nothing beside it."""

is_email = _PLAIN_EMAIL.fullmatch
"""Whether text has the form of an address and nothing about it need be looked at more closely."""


def is_sound(texts: str) -> bool:
    """Whether text can be written in UTF-8 for sure, and none of it is mojibake for sure."""
    try:
        texts.encode()
    except UnicodeEncodeError:
        return False
    return _LEAD.search(texts) is None


def _legible(value: str) -> str:
    """Text a database can hold, exactly as given."""
    if "\x00" in value:
        raise ValueRefused(Code.TEXT_INVALID, "holds a NUL character, which no database keeps; remove it.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueRefused(
            Code.TEXT_INVALID, "holds half a character (a lone surrogate); send it again."
        ) from None
    if _TEMPLATE.fullmatch(value):
        raise ValueRefused(
            Code.TEMPLATE_NOT_SUBSTITUTED,
            "still holds the template of the workflow rule instead of a value; repair the rule in Zoho.",
        )
    return value


def text(value: object) -> str | None:
    """Text as it is; numbers and switches as they are written; a lookup's name; a pick-list's value."""
    match value:
        case str() if len(value) > MAX_TEXT:
            raise ValueRefused(Code.OUT_OF_RANGE, f"is longer than {MAX_TEXT:,} characters; shorten it.")
        case str():  # most values are
            plain = value.isascii() and "\x00" not in value and "${" not in value
            return value if plain else _legible(value)
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case int() if value.bit_length() > _LONGEST_INTEGER:
            raise ValueRefused(Code.OUT_OF_RANGE, _TOO_LONG)
        case int() | Decimal():
            return str(value)
        case float() if math.isfinite(value):
            return str(int(value)) if value.is_integer() and abs(value) < MAX_MONEY else repr(value)
        case Mapping():
            for key in ("name", "value", "actual_value", "display_value", "id"):
                if value.get(key) is not None and not isinstance(value[key], Mapping):
                    return text(value[key])
            if {"name", "value", "id"} & set(value):
                return None
    raise ValueRefused(Code.WRONG_TYPE, "must be text.")


def _trimmed(value: object) -> str | None:
    """Text without blanks around it, or None when nothing is left."""
    found = text(value)
    return (found.strip() or None) if found is not None else None


def record_id(value: object) -> ZohoId | None:
    """An id: text, or a whole number. A float is refused: beyond 15 digits it is already another id.

    So is text that can be seen to have been a number in a spreadsheet. `zcrm_` before digits is left out.
    """
    if isinstance(value, float | bool | Mapping | list):
        raise ValueRefused(Code.WRONG_TYPE, "must be an id, sent as text.")
    found = _trimmed(value)
    if found is None:
        return None
    if len(found) > MAX_ID:
        raise ValueRefused(Code.OUT_OF_RANGE, f"is longer than the {MAX_ID} characters an id may have.")
    if is_digits(found) and found[0] != "0":  # nearly all are
        return ZohoId(found)
    bare = bare_id(found)
    if (damage := damage_of(bare)) is not None:
        raise ValueRefused(Code.ID_INVALID, f"{damage}; {EXPORT_AGAIN}")
    bare = ZohoId(_as_seen(bare, Code.TEXT_INVALID))
    for place, each in enumerate(found, start=1):
        if not each.isascii() and (digit := unicodedata.decimal(each, None)) is not None:
            said = f"holds U+{ord(each):04X} as character {place}; write `{digit}`."
            raise ValueRefused(Code.TEXT_INVALID, said)
    return bare


def _as_seen(found: str, code: Code) -> str:
    """Text by which things are told apart: no two may look the same, or one would pass for the other.

    A letter and the accent behind it are the letter with its accent (NFC).
    """
    if found.isascii() and found.isprintable():
        return found
    for place, each in enumerate(found, start=1):
        if unicodedata.category(each) in _UNSEEN:
            raise ValueRefused(
                code, f"holds U+{ord(each):04X} as character {place}, which nobody sees; remove it."
            )
        twin = unicodedata.normalize("NFKC", each)
        if twin != each and twin.isascii():
            raise ValueRefused(code, f"holds U+{ord(each):04X} as character {place}; write `{twin}`.")
    return unicodedata.normalize("NFC", found)


def lookup(value: object) -> ZohoId | None:
    """The id of the record pointed at: from `{"id", "name"}`, or bare."""
    if isinstance(value, Mapping):
        if "id" not in value and not value.get("name"):
            raise ValueRefused(Code.WRONG_TYPE, "must be a lookup with an `id`.")
        found = record_id(value.get("id"))
        if found is None and text(value.get("name")):
            raise ValueRefused(
                Code.WRONG_TYPE,
                "has a name and no id, and a name does not say which record is meant; send the id with it.",
            )
        return found
    return record_id(value)


def email(value: object) -> Email | None:
    """An address with a dotted domain, in small letters; blanks around it are none of it, line ends are.

    The domain is kept in its own letters, also where it came in ASCII (`xn--`): people read it, and Moodle is
    told it `in_ascii`. In small letters and not folded: `ß` is not `ss`, in a domain or before it.
    """
    found = (text(value) or "").strip(" \t\xa0")
    if not found.strip():
        return None
    if len(found) <= MAX_EMAIL:
        found = _as_seen(found, Code.EMAIL_INVALID)
    if not is_email(_address(found)):
        name, _, domain = found.rpartition("@")
        found = _address(f"{name}@{_in_letters(domain, place=len(name) + 2)}")
    return Email(found.lower())


def _address(found: str) -> str:
    if len(found) > MAX_EMAIL or not _EMAIL.fullmatch(found):
        raise ValueRefused(Code.EMAIL_INVALID, "must be an e-mail address such as name@college.example.")
    return found


def _in_letters(domain: str, place: int) -> str:
    """The domain that begins as character `place` of an address, as it is kept."""
    for at, each in enumerate(domain, start=place):
        if each in DOTS:
            raise ValueRefused(Code.EMAIL_INVALID, f"holds U+{ord(each):04X} as character {at}; write `.`.")
    letters = in_letters(domain)
    if letters is None or any(unicodedata.category(each) in _UNSEEN for each in letters):
        said = "has `xn--` in its domain with no name behind it; write the domain in its own letters."
        raise ValueRefused(Code.EMAIL_INVALID, said)
    return letters


def integer(value: object) -> int | None:
    """A whole number of at most 64 bits."""
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise ValueRefused(Code.OUT_OF_RANGE, _TOO_LARGE)
    found = _trimmed(value) if not isinstance(value, bool) else ""
    if found is None:
        return None
    if not _INTEGER.fullmatch(_short(found)):
        raise ValueRefused(Code.NUMBER_INVALID, "must be a whole number.")
    if abs(int(found)) > MAX_INTEGER:
        raise ValueRefused(Code.OUT_OF_RANGE, _TOO_LARGE)
    return int(found)


def moodle_id(value: object) -> MoodleId | None:
    """A Moodle database id; 0 is Moodle's way of saying none."""
    found = integer(value)
    if not found:
        return None
    if found < 0:
        raise ValueRefused(Code.OUT_OF_RANGE, "must be a Moodle id, which is never negative.")
    return MoodleId(found)


def _short(found: str) -> str:
    """The text of a number, which no grammar is tried on before its length is known."""
    if len(found) > MAX_NUMBER:
        raise ValueRefused(Code.OUT_OF_RANGE, _TOO_LONG)
    return found


def _number(value: object) -> Decimal | None:
    """The number that a value is, without being written down first; None for what is none."""
    if isinstance(value, float) and math.isfinite(value):
        return Decimal(repr(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return value if isinstance(value, Decimal) and value.is_finite() else None


def _bounded(number: Decimal, code: Code) -> Decimal:
    """The number without an exponent. Its size is known from its digits alone: nothing is worked out."""
    if number.adjusted() >= _DIGITS:
        raise ValueRefused(Code.OUT_OF_RANGE, _TOO_LARGE)
    exponent = int(number.as_tuple().exponent)
    if -exponent > MAX_PLACES:
        raise ValueRefused(code, f"has more than {MAX_PLACES} decimal places.")
    return number if exponent <= 0 else Decimal(f"{number:f}")


def decimal(value: object) -> Decimal | None:
    """An exact number; a trailing per-cent sign is read over."""
    number = _number(value)
    if number is not None:
        return _bounded(number, Code.NUMBER_INVALID)
    found = _trimmed(value) if not isinstance(value, bool) else "?"
    if found is None:
        return None
    found = _short(found).removesuffix("%").rstrip()
    if not _DECIMAL.fullmatch(found):
        raise ValueRefused(Code.NUMBER_INVALID, "must be a number such as 12 or 12.5.")
    return _bounded(Decimal(found), Code.NUMBER_INVALID)


def money(value: object) -> tuple[Decimal, str | None] | None:
    """An exact amount and the ISO code of the currency written beside it, if any.

    `9,500.00`, `12,000 USD`, `$4,400` and `500` are read; `1.500,50` and `9,50` could each mean two amounts
    and are refused, for a guess here is a wrong invoice.
    """
    if isinstance(value, bool | Mapping | list):
        raise ValueRefused(Code.MONEY_INVALID, "must be an amount such as 9500.00.")
    number = _number(value)
    if number is not None:
        return _bounded(number, Code.MONEY_INVALID), None
    found = _trimmed(value)
    if found is None:
        return None
    amount, currency = _apart(_short(found))
    if _GROUPED.fullmatch(amount):
        amount = amount.replace(",", "")
    if not _DECIMAL.fullmatch(amount):
        if _MONEY_LIKE.fullmatch(amount):
            raise ValueRefused(
                Code.MONEY_AMBIGUOUS, "can be read as two different amounts; write it as 9500.00 or 9,500.00."
            )
        raise ValueRefused(Code.MONEY_INVALID, "must be an amount such as 9500.00.")
    return _bounded(Decimal(amount), Code.MONEY_INVALID), currency


def _apart(found: str) -> tuple[str, str | None]:
    """An amount, and the currency before or after it: by its code or by its symbol."""
    for code, amount in ((found[:3], found[3:]), (found[-3:], found[:-3])):
        if _CURRENCY.fullmatch(code):
            return amount.strip(), code
    for symbol, code in _SYMBOLS.items():
        if found.startswith(symbol):
            return found.removeprefix(symbol).strip(), code
        if found.endswith(symbol):
            return found.removesuffix(symbol).strip(), code
    return found, None


def plain_day(found: str) -> date:
    """The day that `YYYY-MM-DD` names, of the years that are taken. Raises ValueRefused, or ValueError."""
    return _of_these_years(date.fromisoformat(found))


def plain_moment(found: str) -> datetime:
    """The instant, in UTC, that ISO 8601 text with its offset names; as `plain_day`."""
    parsed = datetime.fromisoformat(found)
    if parsed.tzinfo is None:
        raise ValueRefused(Code.DATE_INVALID, "lacks its offset from UTC, such as +03:00.")
    try:
        return _of_these_years(parsed.astimezone(UTC))
    except OverflowError:
        raise ValueRefused(Code.DATE_INVALID, _OF_ANOTHER_YEAR) from None


def _of_these_years(found: D) -> D:
    if not is_of_these_years(found):
        raise ValueRefused(Code.DATE_INVALID, _OF_ANOTHER_YEAR)
    return found


def day(value: object) -> date | None:
    """A calendar date, `YYYY-MM-DD`; of a moment the date as it is written there."""
    if not isinstance(value, str | None):
        raise ValueRefused(Code.DATE_INVALID, "must be a date written YYYY-MM-DD.")
    found = _trimmed(value)
    if found is None:
        return None
    if len(found) > MAX_MOMENT or not (_DATE.fullmatch(found) or _MOMENT.fullmatch(found)):
        raise ValueRefused(Code.DATE_INVALID, "must be a date written YYYY-MM-DD.")
    try:
        datetime.fromisoformat(found)  # for the time of day behind it must be one, too
        return plain_day(found[:_DAY])
    except ValueRefused:
        raise
    except ValueError:
        raise ValueRefused(Code.DATE_INVALID, "is no day of the calendar.") from None


def moment(value: object) -> datetime | None:
    """An instant with its offset from UTC, kept in UTC; without the offset it could be any of 26."""
    if not isinstance(value, str | None):
        raise ValueRefused(Code.DATE_INVALID, "must be a moment such as 2026-02-01T09:00:00+03:00.")
    found = _trimmed(value)
    if found is None:
        return None
    if len(found) > MAX_MOMENT or not _MOMENT.fullmatch(found):
        raise ValueRefused(Code.DATE_INVALID, "must be a moment such as 2026-02-01T09:00:00+03:00.")
    try:
        return plain_moment(found)
    except ValueRefused:
        raise
    except ValueError:
        raise ValueRefused(Code.DATE_INVALID, "is no moment of the calendar.") from None


def boolean(value: object) -> bool | None:
    """A switch: true/false, yes/no, on/off, 1/0."""
    if isinstance(value, bool):
        return value
    found = _trimmed(value)
    if found is None:
        return None
    word = found.lower() if len(found) <= _LONGEST_WORD else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueRefused(Code.WRONG_TYPE, "must be true or false.")


def many(value: object) -> list[object]:
    """A list; nothing is an empty one."""
    if value is None or value == "":
        return []
    if not isinstance(value, list | tuple):
        raise ValueRefused(Code.WRONG_TYPE, "must be a list.")
    if len(value) > MAX_ROWS:
        raise ValueRefused(Code.OUT_OF_RANGE, f"has more than {MAX_ROWS:,} rows; a field of Zoho has fewer.")
    return list(value)


def texts(value: object) -> tuple[str, ...]:
    """Several texts: a list of them, or one by itself."""
    found = [text(item) for item in ([value] if isinstance(value, str) and value else many(value))]
    return tuple(item for item in found if item is not None)


def lookups(value: object) -> tuple[ZohoId, ...]:
    """The ids of several records, in order of the ids: Zoho gives the rows in any order.

    A row is `{"Enrolled_Students": {"id"}, "id": <the row's own>}`, or a lookup, or a bare id.
    """
    found = set()
    for row in many(value):
        inner = (
            [v for v in row.values() if isinstance(v, Mapping) and "id" in v]
            if isinstance(row, Mapping)
            else []
        )
        found.add(lookup(inner[0] if inner else row))
    return tuple(sorted(item for item in found if item is not None))


def mojibake(value: str) -> bool:
    """Whether UTF-8 text was once read as cp1252, as in `Ø±Ù†Ø§` for رنا."""
    if _LEAD.search(value) is None:
        return False
    try:
        value.encode("cp1252").decode()
    except UnicodeError:
        return False
    return True
