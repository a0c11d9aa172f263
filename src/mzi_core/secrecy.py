"""Which names say that what stands under them is a secret, and what is one wherever it stands."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_LONGEST = 200  # characters of a name that are looked at

_SECRETS = ("password", "passwd", "passphrase", "passcode", "pwd", "token", "secret", "credential", "otp")
_KEYS = frozenset({("api", "key"), ("private", "key"), ("access", "key"), ("secret", "key")})
_JOINED = tuple(map("".join, _KEYS))

REDACTED = "[redacted]"
"""What stands where something was taken out of a text."""

MASKED = "•••"
"""What stands where the value of a field that holds a secret was taken out."""

# No part of these is tried at every place of a long word: a text may be whatever a caller sent.
_PATTERNS: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"\bmzi_[0-9a-f]{8}_[\w-]+"), f"mzi_{REDACTED}"),
    (re.compile(r"\bmzi-key-[\w-]+"), f"mzi-key-{REDACTED}"),
    (re.compile(r"\bwhsec_[\w+/=-]+"), f"whsec_{REDACTED}"),
    (re.compile(r"\b(Bearer|Basic|Zoho-oauthtoken)\s+[\w.~+/=-]+", re.IGNORECASE), rf"\1 {REDACTED}"),
    (
        re.compile(
            r"""(?<![\w-])(?P<key>(?=[\w-]*?(?:token|secret|authorization|api[-_]?key|password|passwd))"""
            r"""[\w-]++[\\"']*+\s*+[:=]\s*+[\\"']*+)"""
            r"""(?!\[|Bearer|Basic|Zoho-oauthtoken)[^\s\\"',;&}\])]+""",
            re.IGNORECASE,
        ),
        rf"\g<key>{REDACTED}",
    ),
    (re.compile(r"://[^/\s:@]*:[^/\s@]+@"), f"://{REDACTED}@"),
)
"""What is a secret wherever it stands: API keys, secrets of sources, credentials, passwords in URLs."""

_DOMAIN = re.compile(r"(?:@|%40)[\w-]+(?:\.[\w-]+)+")
_NOT_IN_NAMES = frozenset("@<>\"'(),;:[]{}=/?&")
"""Before the name in an address, beside blanks."""

_PHONE = re.compile(r"(?<![\w+])(?:\+|0)\d[\d ()/-]{6,18}\d(?![\w:])")
_FEWEST_DIGITS = 9  # of a telephone number; a day has eight


def names_a_secret(name: str) -> bool:
    """Whether a field of this name holds what lets somebody in: `Academic_Password`, `apiKey`, `wstoken`.

    By its words, not its letters: `Secretary_Name` holds none.
    """
    words = [word.lower().removesuffix("s") for word in _WORD.findall(name[:_LONGEST])]
    return any(word.endswith((*_SECRETS, *_JOINED)) for word in words) or not _KEYS.isdisjoint(
        pairwise(words)
    )


def masked(value: object, shown: Callable[[str, str], str], name: str = "") -> object:
    """A value of JSON without those of fields that hold a secret.

    `shown`: what to show of any other text, by the `name` of the field it stands in and the text.
    """
    if isinstance(value, dict):
        return {
            each: MASKED if names_a_secret(each) else masked(inner, shown, each)
            for each, inner in value.items()
        }
    if isinstance(value, list):
        return [masked(each, shown, name) for each in value]
    return shown(name, value) if isinstance(value, str) else value


def without_secrets(text: str) -> str:
    """`text` without API keys, secrets of sources, credentials, and passwords in URLs."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def without_addresses(text: str) -> str:
    """`text` without e-mail addresses.

    They are found from the domain backwards: so no character is looked at twice.
    """
    kept = []
    done = 0
    for domain in _DOMAIN.finditer(text):
        start = domain.start()
        while start > done and text[start - 1] not in _NOT_IN_NAMES and not text[start - 1].isspace():
            start -= 1
        if start < domain.start():
            kept += [text[done:start], REDACTED]
            done = domain.end()
    return "".join((*kept, text[done:]))


def without_phone_numbers(text: str) -> str:
    """`text` without telephone numbers as people write them: from `+` or 0 on, with nine digits or more."""
    return _PHONE.sub(_unless_short, text)


def _unless_short(found: re.Match[str]) -> str:
    return REDACTED if sum(map(str.isdigit, found[0])) >= _FEWEST_DIGITS else found[0]
