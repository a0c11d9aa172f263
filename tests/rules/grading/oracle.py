"""What the specification of grading says, as code of its own: nothing of `mzi_core` is imported here.

It is written from that page alone, slowly and plainly, so that a difference from the product is a fault of
one of the two. Numbers are fractions, times are minutes, texts are read with the standard library.

Where the page leaves something open, nothing is asked: `Said.open` tells why, and the comparison passes by.
"""

import re
import unicodedata
from dataclasses import dataclass
from dataclasses import field as field_of
from fractions import Fraction
from html.parser import HTMLParser

WORKFLOW_STATES = ("", "inmarking", "readyforreview", "inreview", "readyforrelease", "released")
LADDER = ("R", "P", "M", "D")
"""What criteria can imply, from low to high; as points of the BTEC scale: 1, 2, 3, 4."""

PASSED = ("P", "M", "D")

BTEC_WORDS = {"refer": "R", "pass": "P", "merit": "M", "distinction": "D"}
BLOCKS = frozenset(
    (
        *(
            "address",
            "article",
            "aside",
            "blockquote",
            "br",
            "dd",
            "div",
            "dl",
            "dt",
            "figure",
            "footer",
            "form",
        ),
        *(
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hr",
            "li",
            "main",
            "nav",
            "ol",
            "p",
            "pre",
            "section",
        ),
        *("table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
"""Elements that a reader sees on a line of their own, or in a cell of their own."""


@dataclass(frozen=True)
class Item:
    """The grade item: a scale by its items, or points from `minimum` to `maximum`."""

    items: tuple[str, ...] = ()
    minimum: Fraction = Fraction(0)
    maximum: Fraction = Fraction(4)


@dataclass(frozen=True)
class Tick:
    """One criterion: its level (P, M or D), its number, and whether it was achieved."""

    level: str
    number: int
    achieved: bool


@dataclass(frozen=True)
class Mark:
    """What a marker did. Times are minutes; `submitted` is None where the assignment takes no submissions."""

    raw: Fraction | None = None
    item: Item = Item()
    letter: str | None = None
    submitted: bool | None = True
    attempt: int = 0
    feedback: str = ""
    workflow: str | None = None
    due: int | None = None
    extension: int | None = None
    cutoff: int | None = None
    now: int = 0
    criteria: tuple[Tick, ...] = ()
    before: str | None = None
    """The best letter of the attempts before this one, where it is known."""

    repeated: bool = False
    """Whether the whole unit is repeated."""

    handed_in: int | None = None
    """When the work came, where it is known."""


@dataclass(frozen=True)
class Book:
    """The policy: the page's `btec-default` unless told otherwise."""

    btec: tuple[Fraction, Fraction, Fraction] = (Fraction(2), Fraction(3), Fraction(4))
    percent: tuple[Fraction, Fraction, Fraction] = (Fraction(40), Fraction(60), Fraction(70))
    code: str = "01122"
    gate: bool = True
    capped: bool = False
    """As `pearson-higher-national`: one reassessment, of what did not pass, capped at Pass."""

    late_cap: str | None = None
    """The best that work accepted late can earn: P, M, or None."""

    words: tuple[tuple[str, str], ...] = ()
    """The tenant's words for items of scales, and the letter of each."""


@dataclass
class Said:
    """What the page says of a mark: the grade, what settling makes of it, which rule, which warnings."""

    grade: str | None
    """A letter, or None for PENDING."""

    rule: str | None
    """The rule's id; None where the page names none, as for a mark that its item cannot hold."""

    settled: str | None = None
    capped_from: str | None = None
    warnings: set[str] = field_of(default_factory=set)
    open: str | None = None
    settled_open: bool = False
    """Whether the page leaves open only what settling makes of it."""


class _Reader(HTMLParser):
    """The text a person would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        self.hidden: str | None = None

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in ("style", "script"):
            self.hidden = tag
        elif tag in BLOCKS:
            self.seen.append(" ")

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        if tag in BLOCKS:
            self.seen.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.hidden:
            self.hidden = None
        elif tag in BLOCKS:
            self.seen.append(" ")

    def handle_data(self, data: str) -> None:
        if self.hidden is None:
            self.seen.append(data)


def seen_text(feedback: str) -> str:
    """What a person reads of `feedback`: no tags, no styles, no scripts, no characters that are not seen."""
    reader = _Reader()
    reader.feed(feedback)
    reader.close()
    return "".join(c for c in "".join(reader.seen) if unicodedata.category(c) != "Cf")


def _part_of_a_word(text: str, at: int, step: int) -> bool:
    """Whether the character at `at` makes the find a part of a word; `step` points away from the find."""
    if not 0 <= at < len(text):
        return False
    if text[at].isalnum():
        # The Arabic "and" is written joined to the word that follows it.
        return not (step == -1 and text[at] == "و" and not _part_of_a_word(text, at - 1, -1))
    if text[at] in "/=@-._":
        beyond = at + step
        return 0 <= beyond < len(text) and text[beyond].isalnum()
    return False


def holds_code(feedback: str, code: str) -> bool:
    """Whether the code stands in the feedback as a token of its own, in any case."""
    text = seen_text(feedback)
    for find in re.finditer(f"(?={re.escape(code)})", text, re.IGNORECASE):
        start = find.start()
        if not _part_of_a_word(text, start - 1, -1) and not _part_of_a_word(text, start + len(code), 1):
            return True
    return False


def implied(criteria: tuple[Tick, ...]) -> str | None:
    """The letter that criteria imply: the highest level that is defined and met, with all below it met."""
    if not criteria:
        return None
    reached = "R"
    for level in "PMD":
        ticks = [tick.achieved for tick in criteria if tick.level == level]
        if not ticks:
            continue  # passed through, never itself awarded
        if not all(ticks):
            break
        reached = level
    return reached


def _deadline(mark: Mark) -> tuple[int | None, str | None]:
    """The effective deadline, and why it is open which one that is."""
    if mark.due is None:
        return None, None if mark.extension is None else "an extension without a due date"
    base = mark.due if mark.extension is None else mark.extension
    if mark.cutoff is None or mark.cutoff <= base:
        return base, None
    if mark.extension is not None:
        return base, "a cut-off after the extension"
    return mark.cutoff, None


def _letters(item: Item, book: Book) -> list[str | None]:
    """What each item of a scale means: by itself, or because the tenant says so."""
    known = {**BTEC_WORDS, **{_plain(word): letter for word, letter in book.words}}
    return [known.get(_plain(word)) for word in item.items]


def _plain(word: str) -> str:
    return word.strip().casefold()


def _unread(item: Item, book: Book) -> bool:
    return None in _letters(item, book)


def _read_mark(mark: Mark, book: Book) -> tuple[str, Fraction | None, str | None]:
    """(`btec`, `percent` or a warning; the value on that scale; why it is open what it is)."""
    raw, item = mark.raw, mark.item
    assert raw is not None
    if not item.items:
        if not item.minimum <= raw <= item.maximum:
            return "OFF_SCALE", None, None
        if item.maximum == 4:
            return "btec", raw, None if item.minimum == 0 else "points to 4 that do not begin at 0"
        return "percent", (raw - item.minimum) / (item.maximum - item.minimum) * 100, None
    letters = _letters(item, book)
    on_it = 1 <= raw <= len(letters)
    if None in letters:
        doubt = None if on_it and not any(letters) else "a scale read in part, or a mark beside it"
        return "UNKNOWN_SCALE", None, doubt
    if not on_it:
        return "OFF_SCALE", None, None
    if letters == list(LADDER):
        return "btec", raw, None
    if raw.denominator != 1:
        return "btec", raw, "a mark between two items of a scale in another order"
    letter = letters[int(raw) - 1]
    if letter not in LADDER:
        return "btec", raw, "an item that is no step of the ladder"
    return "btec", Fraction(LADDER.index(letter) + 1), None


def _ladder(value: Fraction, steps: tuple[Fraction, Fraction, Fraction]) -> tuple[str, str]:
    if value >= steps[2]:
        return "D", "DISTINCTION"
    if value >= steps[1]:
        return "M", "MERIT"
    if value >= steps[0]:
        return "P", "PASS"
    return "R", "BELOW_PASS"


def _rank(letter: str | None) -> int:
    """How much was achieved: F, R and RR are nothing."""
    return PASSED.index(letter) + 1 if letter in PASSED else 0


def _capped(mark: Mark, book: Book, letter: str) -> tuple[str, str] | None:
    """The letter that a cap leaves of a better one, and the rule that the page names for it."""
    caps = []
    if book.capped and (mark.attempt >= 1 or mark.repeated):
        caps.append(("P", "REASSESSMENT_CAP"))
    promised = mark.due if mark.extension is None else mark.extension
    late = mark.handed_in is not None and promised is not None and mark.handed_in > promised
    if book.late_cap is not None and late:
        caps.append((book.late_cap, ""))
    lowest = min(caps, key=lambda cap: _rank(cap[0]), default=None)
    return lowest if lowest is not None and _rank(lowest[0]) < _rank(letter) else None


def say(mark: Mark, book: Book) -> Said:
    """The table from the top; the first row that holds."""
    said = _first(mark, book)
    if mark.before in PASSED and said.grade is not None and _rank(said.grade) < _rank(mark.before):
        said.warnings.add("LOWER_THAN_BEFORE")
        said.settled_open = said.grade == "R"
    referred_again = said.rule == "BELOW_PASS" and mark.attempt >= 1
    said.settled = "RR" if referred_again else said.grade
    return said


def _first(mark: Mark, book: Book) -> Said:
    for row in (_held_back, _letter, _reassessed, _invalid, _nothing_came, _no_mark, _unreadable):
        said = row(mark, book)
        if said is not None:
            break
    else:
        said = _by_the_mark(mark, book)
    if _workflow(mark) not in (None, *WORKFLOW_STATES):
        said.warnings.add("UNKNOWN_WORKFLOW")
    return said


def _workflow(mark: Mark) -> str | None:
    return None if mark.workflow is None else mark.workflow.strip().lower()


def _held_back(mark: Mark, book: Book) -> Said | None:
    """Row 0a. Another word than Moodle's six gates nothing."""
    state = _workflow(mark)
    if book.gate and state in WORKFLOW_STATES and state != "released":
        return Said(None, "NOT_RELEASED")
    return None


def _letter(mark: Mark, book: Book) -> Said | None:
    """Row 0b, and what it is warned of."""
    if mark.letter is None:
        return None
    said = Said(mark.letter, "EXPLICIT_LETTER")
    if holds_code(mark.feedback, book.code) and mark.letter != "F":
        said.warnings.add("LETTER_AGAINST_CODE")
    if _capped(mark, book, mark.letter):
        said.warnings.add("OVER_CAP")
    if mark.submitted is False and (_is_real(mark) or mark.letter in PASSED):
        said.warnings.add("MARK_WITHOUT_WORK")
    wanted = implied(mark.criteria)
    cap = None if wanted is None else _capped(mark, book, wanted)
    if wanted is not None and _rank(mark.letter) != _rank(wanted if cap is None else cap[0]):
        said.warnings.add("CRITERIA_MISMATCH")
    return said


def _is_real(mark: Mark) -> bool:
    return mark.raw is not None and mark.raw > 0


def _reassessed(mark: Mark, book: Book) -> Said | None:
    """What Pearson says of higher nationals; the page does not say at which row."""
    if book.capped and mark.before in PASSED:
        return Said(mark.before, "REASSESSED_AFTER_PASS")
    if book.capped and mark.attempt >= 2 and not mark.repeated:
        return Said(None, "NOT_PERMITTED")
    return None


def _invalid(mark: Mark, book: Book) -> Said | None:
    """Row 1."""
    return Said("F", "INVALID_SUBMISSION") if holds_code(mark.feedback, book.code) else None


def _nothing_came(mark: Mark, book: Book) -> Said | None:
    """Rows 2a and 2b."""
    if mark.submitted is not False:
        return None
    deadline, doubt = _deadline(mark)
    if doubt or deadline == mark.now:
        return Said(None, None, open=doubt or "the very moment of the deadline")
    if deadline is not None and mark.now < deadline:
        return Said(None, "AWAITING_SUBMISSION")
    return Said("F", "NO_SUBMISSION", warnings={"MARK_WITHOUT_WORK"} if _is_real(mark) else set())


def _no_mark(mark: Mark, book: Book) -> Said | None:
    """Row 3a, row 4 where there is no mark, and both on the percent scale."""
    if mark.raw == -1:
        if _unread(mark.item, book):
            return Said(None, None, open="PENDING by row 3a, and by the line on scales with a warning")
        return Said(None, "UNGRADED")
    if mark.raw is not None:
        return None
    if _unread(mark.item, book):
        return Said(None, None, open="no mark on a scale that nobody can read")
    if not mark.item.items and mark.item.maximum != 4:
        return Said(None, "UNGRADED")
    return Said("R", "BELOW_PASS")


def _unreadable(mark: Mark, book: Book) -> Said | None:
    """A scale that nobody can read, and a mark that its item cannot hold."""
    scale, _, doubt = _read_mark(mark, book)
    if doubt:
        return Said(None, None, open=doubt)
    return Said(None, None, warnings={scale}) if scale in ("OFF_SCALE", "UNKNOWN_SCALE") else None


def _by_the_mark(mark: Mark, book: Book) -> Said:
    """Rows 3b and 4 to 7, and the caps."""
    scale, value, _ = _read_mark(mark, book)
    assert value is not None
    if mark.raw == 0:
        if scale == "percent":
            return Said(None, None, open="0 per cent: F by row 3b, R by the line on the percent scale")
        return Said("F", "EXPLICIT_ZERO")
    letter, rule = _ladder(value, book.percent if scale == "percent" else book.btec)
    cap = _capped(mark, book, letter)
    if cap is not None:
        return Said(cap[0], cap[1] or None, capped_from=letter)
    return Said(letter, rule)
