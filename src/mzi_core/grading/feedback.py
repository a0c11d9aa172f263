"""A marker's feedback as the reader sees it, and codes that stand in it."""

import html
import re

# A tag starts with a letter, so "raw < 2 and > 0" is text. Nothing here can backtrack over the whole text.
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)

# Tags at which a browser begins a new line or cell, and so a new word. <b> does not: 0<b>1</b> is 01.
_BREAK = re.compile(
    r"</?(?:address|article|aside|blockquote|br|caption|dd|div|dl|dt|fieldset|figcaption|figure|footer|form"
    r"|h[1-6]|header|hr|img|legend|li|main|nav|ol|option|p|pre|section|table|tbody|td|tfoot|th|thead|tr|ul)"
    r"\b[^<>]*>",
    re.IGNORECASE,
)

# No character has such a number, and Python reads no number of more than 4300 digits.
_ENDLESS = re.compile("&#[0-9]{20,};?")

# A code typed on an Arabic or Persian keyboard is the same code.
_WESTERN_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "0123456789" * 2)


def plain_text(feedback: str) -> str:
    """The words of HTML feedback: comments and tags gone, entities read, digits western.

    Moodle's editors split words with inline tags and write `&nbsp;`; what counts is what a person would
    read on the page.
    """
    visible, *rest = feedback.split("<!--")
    visible += "".join(part.partition("-->")[2] for part in rest)
    words = html.unescape(_ENDLESS.sub("&#0;", _TAG.sub("", _BREAK.sub(" ", visible))))
    return words.translate(_WESTERN_DIGITS)


def stands_alone(code: str, text: str) -> bool:
    """Whether `code` is a token of its own in `text`: no letter, digit or underscore touches it.

    `01122` stands alone in `Code: 01122.` and not in `0770112233`. The empty code stands nowhere.
    """
    at = text.find(code) if code else -1
    while at >= 0:
        end = at + len(code)
        if not _is_word(text[max(at - 1, 0) : at]) and not _is_word(text[end : end + 1]):
            return True
        at = text.find(code, at + 1)
    return False


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
