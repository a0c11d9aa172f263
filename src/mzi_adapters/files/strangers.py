"""What a table is that is no export of the module asked for, and what to do about it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from mzi_adapters.files.header_columns import titled
from mzi_adapters.files.labels import is_field, is_id
from mzi_adapters.files.source import FileProblem
from mzi_core.module import AnyModule
from mzi_core.modules import ZOHO_CATALOGUE

LOOKED_AT = 20
"""Lines in which the header is looked for."""

_SHOWN = 8
_HEADER = 10_000
_PARTED = re.compile("[,;\t|]")
_GRADEBOOK = frozenset({"first name", "last name", "email address"})
_GRADE = re.compile(r".{0,500}\((Real|Letter|Percentage)\)|Last downloaded from this course", re.DOTALL)
_UPLOAD = frozenset({"username", "email"})
_CRITERION = re.compile(r"[PMD][1-9][0-9]?")
_CRITERIA_OF_A_TRACKER = 3
_ARABIC = re.compile("[\u0600-\u06ff]")
_MARKUP = re.compile(r"\s*<(!doctype|html|head|body|table|meta|style|\?xml)\b", re.IGNORECASE)
_FROM_ZOHO = "export the module from Zoho (Setup, Export), or a view with `Record Id`"


def markup(head: str) -> str | None:
    """What a file is that begins with a tag."""
    found = _MARKUP.match(head[:200])
    if found is None:
        return None
    what = "an XML document" if found[1].lower() == "?xml" else "an HTML table, whatever its name ends in"
    return f"is {what}; open it in a spreadsheet and save it as .xlsx with its ids as text, or {_FROM_ZOHO}."


def no_ids(
    source: str, module: AnyModule, titles: Sequence[str], rest: Iterable[tuple[int, Sequence[str]]]
) -> FileProblem:
    """The problem of a table without a column of ids; `rest`: the rows under its first line."""
    return FileProblem(f"{source} {' '.join(_said(module, titles, rest))}")


def _said(
    module: AnyModule, titles: Sequence[str], rest: Iterable[tuple[int, Sequence[str]]]
) -> Iterator[str]:
    names = [title.casefold() for title in titles]
    if (what := markup(titles[0] if titles else "")) is not None:
        yield what
        return
    at = _header_in(module, rest)
    if at is not None:
        above = "line 1" if at == 2 else f"lines 1 to {at - 1}"  # noqa: PLR2004  # the second line
        yield f"has its header in line {at}; delete {above} above it, and totals below the records."
    elif set(names) >= _GRADEBOOK and any(map(_GRADE.fullmatch, titles)):
        yield (
            "is the gradebook of a Moodle course, which names no record of Zoho; mzi takes grades as "
            f"records of BTEC_Grades: {_FROM_ZOHO}."
        )
    elif set(names) >= _UPLOAD and {"firstname", "lastname"} & set(names):
        yield f"is a file for Moodle's “Upload users”, which names no record of Zoho; {_FROM_ZOHO}."
    elif len([title for title in titles if _CRITERION.fullmatch(title)]) >= _CRITERIA_OF_A_TRACKER:
        yield (
            "is a BTEC tracker, with a column for each criterion; mzi takes grades as records of "
            f"BTEC_Grades: {_FROM_ZOHO}."
        )
    elif any(map(_ARABIC.search, titles)):
        yield (
            "has a header in Arabic, whose labels mzi does not know: say what each is with --label "
            "'LABEL=API_NAME' (and the one of the ids with --label 'LABEL=id'), or export it from an account "
            "whose language is English."
        )
    else:
        yield f"has no column `Record Id` or `id` in its first line, but {_list(titles)}"
        yield f"It is no export of records; {_FROM_ZOHO}."


def _list(titles: Sequence[str]) -> str:
    shown = [f"`{titled(title)}`" for title in titles if title][:_SHOWN]
    more = len([title for title in titles if title]) - len(shown)
    return (", ".join(shown) or "nothing") + (f" and {more} more." if more else ".")


def _header_in(module: AnyModule, rest: Iterable[tuple[int, Sequence[str]]]) -> int | None:
    for line, cells in islice(rest, LOOKED_AT):
        titles = [title.strip('\ufeff" ') for cell in cells for title in _PARTED.split(cell[:_HEADER])]
        if any(map(is_id, titles)) and all(is_field(module, title) for title in titles[:2] if title):
            return line
    return None


def of_another_module(source: str, module: AnyModule, titles: Sequence[str]) -> FileProblem | None:
    """The problem of a table that has ids, but is mostly fields of another module."""
    named = [title for title in titles if title]
    strange = [title for title in named if not is_field(module, title)]
    if 2 * len(strange) <= len(named):
        return None
    best = min(ZOHO_CATALOGUE.in_order(), key=lambda each: sum(not is_field(each, title) for title in named))
    fit = sum(is_field(best, title) for title in named)
    if best.name == module.name or 3 * (len(named) - fit) > len(strange):
        return None
    return FileProblem(
        f"{source}: {len(strange)} of {len(named)} columns are no fields of {module.name}; {fit} are of "
        f"{best.name}. Take it with `mzi sync {best.name}`, if that is what it holds."
    )
