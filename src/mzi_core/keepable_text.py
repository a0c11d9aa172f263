"""Text that every store keeps: no database takes NUL, nor in UTF-8 half a character (a lone surrogate)."""

import re

_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
_STANDS_FOR_IT = "\N{REPLACEMENT CHARACTER}"


def is_keepable(text: str) -> bool:
    """Whether every store keeps this text."""
    return _UNKEEPABLE.search(text) is None


def keepable(text: str) -> str:
    """The text with U+FFFD in place of each character that no database keeps."""
    return _UNKEEPABLE.sub(_STANDS_FOR_IT, text)
