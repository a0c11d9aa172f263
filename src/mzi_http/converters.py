"""From what an operator wrote to a value; each refuses with the end of a sentence that begins with a name."""

import re
from enum import StrEnum
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from mzi_adapters.places import is_forbidden

C = TypeVar("C", bound=StrEnum)

LONGEST_LIST = 1_000
"""Characters of a list of words."""
_OFFSET = re.compile(r"[+-](0[0-9]|1[0-4]):[0-5][0-9]")

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""The names of this machine."""

LARGEST_PORT = 65_535


def whole(value: object, least: int, most: int) -> int:
    """A whole number within bounds."""
    said = str(value).strip()
    if isinstance(value, bool) or not said.isascii() or not said.isdigit():
        raise ValueError("must be a whole number.")
    if len(said) > len(str(most)) or not least <= int(said) <= most:
        raise ValueError(f"must be from {least} to {most}.")
    return int(said)


def one_of(value: object, choices: type[C]) -> C:
    """One of a few words, in any letter case."""
    try:
        return choices(str(value).strip().lower())
    except ValueError:
        raise ValueError(f"must be one of {', '.join(choices)}.") from None


def offset_from_utc(value: object) -> str:
    """An offset such as `+03:00`, or nothing."""
    said = value.strip() if isinstance(value, str) else "?"
    if said and not _OFFSET.fullmatch(said):
        raise ValueError("must be an offset from UTC such as +03:00.")
    return said


def text(value: object) -> str:
    """Any text but an empty one."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text.")
    return value.strip()


def words(value: object) -> str:
    """One or several words or phrases, parted by commas."""
    said = text(value)
    if len(said) > LONGEST_LIST or not all(word.strip() for word in said.split(",")):
        raise ValueError("must be one or several words, parted by commas, such as `Active, نشط`.")
    return said


def credential(value: object) -> str:
    """What lets somebody in, or nothing; the sentence never repeats it."""
    if not isinstance(value, str):
        raise ValueError("must be a text.")
    said = value.strip()
    if not all("!" <= each <= "~" for each in said):
        raise ValueError("must be one word of letters, digits and signs, as it was given to you.")
    return said


def loopback(value: object) -> str:
    """The address of a server on this machine, or nothing: what tests talk to instead of the real service."""
    parts = _address(value)
    if parts is None:
        return ""
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or parts.path.strip("/"):
        raise ValueError("may only name a server on this machine, such as `http://127.0.0.1:8080`.")
    return f"http://{parts.netloc}"


def site(value: object) -> str:
    """The address of a web site without a final slash, or nothing; `https://` except on this machine."""
    return receiver(value).rstrip("/")


def receiver(value: object) -> str:
    """The address to which something is sent, or nothing; `https://` except on this machine."""
    parts = _address(value)
    if parts is None:
        return ""
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("must begin with `https://`: what is sent there must not be read on the way.")
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _address(value: object) -> SplitResult | None:
    """The parts of an address that names a host and nothing secret; None for an empty one."""
    if not isinstance(value, str):
        raise ValueError("must be an address.")
    if not value.strip():
        return None
    if not value.isprintable():  # urlsplit would take line ends out without a word
        raise ValueError("must be an address without line ends and other characters that cannot be seen.")
    try:
        parts = urlsplit(value.strip())
        _ = parts.port  # the one part whose reading fails late
    except ValueError:
        raise ValueError("must be an address such as `https://moodle.college.example`.") from None
    if not parts.hostname or not all("!" <= each <= "~" for each in parts.geturl()):
        raise ValueError("must be an address such as `https://moodle.college.example`.")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("must be an address alone, without a name, a password, a `?` or a `#` in it.")
    if is_forbidden(parts.hostname):
        raise ValueError("must not be link-local or a cloud's metadata service: no site is there.")
    return parts
