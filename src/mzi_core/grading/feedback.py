"""A marker's feedback as the reader sees it, and codes that stand in it."""

import html
import re
import unicodedata
from collections.abc import Iterator

# Where markup begins: a comment, or a tag, whose name starts with a letter. "raw < 2 and > 0" is text.
_MARKUP = re.compile(r"<!--|</?([a-z][^\s/<>]*)|<[!?]", re.IGNORECASE)

# What ends a tag, or begins a value in quotes, in which a > ends nothing.
_TAG_PART = re.compile(r">|=\s*([\"'])")

# Tags at which a browser begins a new line or cell, and so a new word. <b> does not: 0<b>1</b> is 01.
_BREAKS = re.compile(
    "address|article|aside|blockquote|br|caption|center|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption"
    "|figure|footer|form|h[1-6]|header|hgroup|hr|img|legend|li|main|menu|nav|ol|option|p|pre|search|section"
    "|select|summary|table|tbody|td|tfoot|th|thead|tr|ul|video"
)

# What stands between these and their end is for the browser, not for a reader.
_END_OF_SCRIPT = re.compile(r"</script(?=[\s/>])", re.IGNORECASE)
_END_OF_STYLE = re.compile(r"</style(?=[\s/>])", re.IGNORECASE)
_UNSEEN = {"script": _END_OF_SCRIPT, "style": _END_OF_STYLE}

# No character has such a number, and Python reads no number of more than 4300 digits.
_ENDLESS = re.compile("&#[0-9]{20,};?")

_JOINS = "/=@-._"
"""Between letters or digits these make one thing of both sides: a link, a phone number, a decimal."""

_AND = "و"
"""Arabic writes "and" as a letter joined to the word behind it."""

_AROUND = 10
"""How many characters on either side of a code are quoted."""


def plain_text(feedback: str) -> str:
    """The words of HTML feedback as a person would read them on the page.

    Comments, tags, styles and scripts are gone, entities are read, what has no width is dropped, and digits
    of any script are western. Moodle's editors split words with inline tags and write `&nbsp;`.
    """
    words = html.unescape(_ENDLESS.sub("&#0;", "".join(_visible(feedback)))) if feedback else ""
    return words if words.isascii() else "".join(map(_readable, words))


def _readable(character: str) -> str:
    """Nothing for a format character (zero width, direction, soft hyphen), a western digit for a digit."""
    kind = unicodedata.category(character)
    if kind == "Cf":
        return ""
    return str(unicodedata.decimal(character)) if kind == "Nd" else character


def _visible(text: str) -> Iterator[str]:
    """The text between markup, in time in proportion to its length.

    What is never closed runs to the end, as in a browser, but a tag without its end is text.
    """
    at = 0
    while (found := _MARKUP.search(text, at)) is not None:
        yield text[at : found.start()]
        name = (found[1] or "").lower()
        if found[0] == "<!--":
            end = text.find("-->", found.start() + len("<!"))
            at = len(text) if end < 0 else end + len("-->")
            continue
        end = _end_of_tag(text, found.end())
        if end < 0:
            yield text[found.start() :]
            return
        if _BREAKS.fullmatch(name):
            yield " "
        at = end
        if name in _UNSEEN and not found[0].startswith("</"):
            closing = _UNSEEN[name].search(text, at)
            at = len(text) if closing is None else closing.start()
    yield text[at:]


def _end_of_tag(text: str, at: int) -> int:
    """Where the tag ends whose name ends at `at`; -1 if it never does.

    A quote that is never closed makes no value: the tag ends at the next >.
    """
    while (part := _TAG_PART.search(text, at)) is not None:
        if part[1] is None:
            return part.end()
        closing = text.find(part[1], part.end())
        at = part.end() if closing < 0 else closing + 1
    return -1


def alone_at(code: str, text: str) -> int:
    """Where `code` first is a token of its own in `text`; -1 if nowhere. The empty code is nowhere.

    It is none where a letter or digit touches it, unless that is the Arabic "and" before it, nor where one
    of `/ = @ - . _` joins it to a letter or digit. `01122` is one in `Code: 01122.`, and none in
    `0770112233`, `07-01122`, `1.01122` and `https://moodle.example/01122`.
    """
    at = text.find(code) if code else -1
    while at >= 0:
        before, after = text[max(at - 2, 0) : at][::-1], text[at + len(code) : at + len(code) + 2]
        if (before[:1] == _AND or not _is_joined(before)) and not _is_joined(after):
            return at
        at = text.find(code, at + 1)
    return -1


def _is_joined(neighbours: str) -> bool:
    """Whether the characters next to a code, the nearest first, make it a part of something else."""
    nearest, beyond = neighbours[:1], neighbours[1:]
    return nearest.isalnum() or (beyond.isalnum() and nearest in _JOINS)


def around(code: str, text: str) -> str | None:
    """The code where it stands as a token of its own, with ten characters on either side; None if nowhere."""
    at = alone_at(code, text)
    return None if at < 0 else text[max(at - _AROUND, 0) : at + len(code) + _AROUND]
