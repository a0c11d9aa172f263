"""`mzi review`: what a person must decide, and deciding it."""

from collections.abc import Iterator
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from mzi_core.ports import ReviewAddress, ReviewItem, ReviewKind, ReviewState
from mzi_core.values import MoodleId
from mzi_http.cli.console_tables import identifier, key, moment, pairs, plain, table
from mzi_http.cli.plans import person
from mzi_http.cli.shell import FIRST, AsJson, Ended, Given, Limit, Shell, Tenant, check_limit
from mzi_http.review_answers import listed_review

_STYLES = {
    ReviewState.OPEN: "yellow",
    ReviewState.CHOSEN: "green",
    ReviewState.DISMISSED: "",
    ReviewState.CLOSED: "dim",
}


async def list_reviews(
    *,
    state: ReviewState = ReviewState.OPEN,
    every: Annotated[bool, Parameter(name="--all", negative="")] = False,
    kind: ReviewKind | None = None,
    limit: Limit = FIRST,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """List what a person must decide.

    Parameters
    ----------
    state
        Those that are so; without it those that are open.
    every
        Those of every state.
    kind
        Only those of this kind.
    limit
        How many at most.
    """
    check_limit(limit)
    async with shell.open() as use_cases:
        page = await use_cases.review.list(shell.tenant(tenant), None if every else state, kind, limit=limit)
    more = page.next is not None
    if as_json:
        shell.json({"items": [listed_review(item) for item in page.items], "more": more})
        return Ended.WELL
    if not page.items:
        shell.show(
            "There is nothing to decide." if state is ReviewState.OPEN and not every else "Nothing is so."
        )
        return Ended.WELL
    shown = table(key("kind"), identifier("key"), key("", ""), "candidates", "since")
    for item in page.items:
        shown.add_row(
            item.kind,
            plain(item.key),
            Text(item.state, style=_STYLES[item.state]),
            ", ".join(map(str, item.ids)),
            moment(item.opened_at),
        )
    shell.show(shown)
    if more:
        shell.note_more(limit)
    return Ended.WELL


async def show_review(
    kind: ReviewKind, id: str, /, *, tenant: Tenant = None, as_json: AsJson = False, shell: Given
) -> Ended:
    """Show one item: why mzi does not decide it, and the candidates.

    Parameters
    ----------
    kind
        What is asked.
    id
        The key, as `mzi review list` shows it.
    """
    async with shell.open() as use_cases:
        item = await use_cases.review.show(shell.tenant(tenant), ReviewAddress(kind, id))
    if as_json:
        shell.json(listed_review(item))
        return Ended.WELL
    shell.show(pairs((name, value) for name, value in _rows(item) if value))
    if item.candidates:
        shown = table(identifier("candidate"), "")
        for each in item.candidates:
            shown.add_row(str(each.id), plain(each.sentence))
        shell.show("", shown)
    return Ended.WELL


async def choose(
    kind: ReviewKind,
    id: str,
    candidate: int,
    /,
    *,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Choose a candidate: the record is linked to it, and both sides are brought to agree.

    Parameters
    ----------
    kind
        What is asked.
    id
        The key, as `mzi review list` shows it.
    candidate
        The id in Moodle, as `mzi review show` shows it.
    """
    address = ReviewAddress(kind, id)
    async with shell.open() as use_cases:
        item = await use_cases.review.choose(shell.tenant(tenant), address, MoodleId(candidate), by=person())
    done = f"{item.subject} is {item.kind} {candidate} of Moodle, and due to be looked at."
    return _decided(shell, item, done, as_json=as_json)


async def dismiss(
    kind: ReviewKind, id: str, /, *, tenant: Tenant = None, as_json: AsJson = False, shell: Given
) -> Ended:
    """Say that there is nothing to choose. It is asked again when the candidates differ.

    Parameters
    ----------
    kind
        What is asked.
    id
        The key, as `mzi review list` shows it.
    """
    async with shell.open() as use_cases:
        item = await use_cases.review.dismiss(shell.tenant(tenant), ReviewAddress(kind, id), by=person())
    done = f"The {item.kind} {item.key} is dismissed until its candidates differ."
    return _decided(shell, item, done, as_json=as_json)


def _rows(item: ReviewItem) -> Iterator[tuple[str, object]]:
    yield "what", f"{item.kind} of {plain(item.subject)}"
    yield "state", Text(item.state, style=_STYLES[item.state])
    yield "why", plain(item.why)
    yield "since", moment(item.opened_at)
    yield "choice", "" if item.choice is None else str(item.choice)
    yield "by", plain(item.decided_by)
    yield "decided", moment(item.decided_at)


def _decided(shell: Shell, item: ReviewItem, done: str, *, as_json: bool) -> Ended:
    if as_json:
        shell.json(listed_review(item))
    else:
        shell.show(plain(done))
    return Ended.WELL
