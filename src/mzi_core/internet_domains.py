"""Domains of addresses: one name, in its own letters (`bücher`) or in ASCII (`xn--bcher-kva`).

The names are told apart as by IDNA 2008, in which `ß` is not `ss`. The codec `idna` of the standard library
is of 2003, which makes one domain of those two; the package `idna` is nothing the core may stand on. Neither
is needed: which letters a registry allows is not asked here, only which two domains are one. That is case,
compatibility forms, and Punycode (RFC 3492), which the standard library has.
"""

import unicodedata

LONGEST_LABEL = 63
"""Characters between two dots of a domain as it is looked up; RFC 1035."""

DOTS = "\u3002\uff0e\uff61"
"""What stands for the full stop between two labels as well."""

PREFIX = "xn--"
"""What a label begins with that is written in ASCII instead of its own letters."""


def in_letters(domain: str) -> str | None:
    """A domain in small letters, each label in its own; None where `xn--` stands before what is no label.

    At most some hundred characters: Punycode takes quadratic time.
    """
    labels = [_label(label) for label in _small(domain).split(".")]
    return None if None in labels else ".".join(filter(None, labels))


def in_ascii(address: str) -> str:
    """An address that has its domain `in_letters`, with it as mail servers and Moodle take it."""
    if address.isascii():  # nearly all are
        return address
    name, at, domain = address.rpartition("@")
    labels = [label if label.isascii() else _punycode(label) for label in domain.split(".")]
    return f"{name}{at}{'.'.join(labels)}"


def _small(text: str) -> str:
    """Letter by letter: of a whole word, `lower` makes another letter of the sigma at its end."""
    return unicodedata.normalize("NFKC", "".join(map(str.lower, unicodedata.normalize("NFKC", text))))


def _punycode(label: str) -> str:
    return PREFIX + label.encode("punycode").decode("ascii")


def _label(label: str) -> str | None:
    if not label.startswith(PREFIX):
        return label
    if len(label) > LONGEST_LABEL or not label.isascii():
        return None
    try:
        letters = label.removeprefix(PREFIX).encode().decode("punycode")
        written = _punycode(letters)
        letters.encode()  # half a character is written like any other
    except UnicodeError:
        return None
    is_one = written == label and not letters.isascii() and _small(letters) == letters
    return letters if is_one and not any(dot in letters for dot in DOTS) else None
