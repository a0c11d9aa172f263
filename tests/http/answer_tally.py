"""What was answered to requests by the thousand, counted, and held against what may be."""

import json
import sys
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping
from http import HTTPStatus

import attrs
from tests.http.drawn_requests import Asked

from mzi_http import errors

KINDS = {each.type: each for each in vars(errors).values() if isinstance(each, errors.ProblemType)}
"""Every kind of problem by its URI."""

_BELIEVED = {True: "right", False: "not right", None: "either"}
_SHOWN = 600
_MOST_TOLD = 20


@attrs.frozen
class Answered:
    """One answer."""

    status: int
    headers: Mapping[bytes, bytes]
    body: bytes


@attrs.define(kw_only=True, eq=False)
class Tally:
    """What was answered to what, and everything that should not have been."""

    table: dict[str, Counter[int]] = attrs.field(factory=lambda: defaultdict(Counter))
    wrongs: Counter[str] = attrs.field(factory=Counter)
    faults: list[str] = attrs.field(factory=list)
    accepted: "array[int]" = attrs.field(factory=lambda: array("Q"))
    """The last 63 bits of the id of every event that was answered for."""
    signed: int = 0
    spoilt: int = 0
    """Requests with a right proof, and those among them that were wrong at one place."""
    unanswered: int = 0
    """Connections that were closed without an answer."""

    @property
    def requests(self) -> int:
        """How many there were."""
        return sum(sum(each.values()) for each in self.table.values()) + self.unanswered

    def fault(self, what: str) -> None:
        """Note what should not have been."""
        if len(self.faults) < _MOST_TOLD:
            print(f"FAULT {what}"[: 4 * _SHOWN], file=sys.stderr, flush=True)
        self.faults.append(what)

    def note(self, asked: Asked, answered: Answered, *, is_away: bool = False) -> None:
        """Count an answer, and hold it against what may be."""
        self.table[asked.door.method + " " + asked.door.path][answered.status] += 1
        kind = "open" if asked.door.is_open else _BELIEVED[asked.right]
        self.wrongs[f"{kind}, {asked.wrong or 'valid'}"] += 1
        said = self._wrong_with(asked, answered, is_away=is_away)
        if said:
            self.fault(f"{said}\n  {asked}\n  {answered.status} {answered.body[:_SHOWN]!r}")
        if answered.status == HTTPStatus.OK and asked.door.origin and asked.method == "POST":
            try:
                found = json.loads(answered.body).get("events", ())
            except ValueError:
                found = ()
            self.accepted.extend(int(id.replace("-", "")[-15:], 16) for id in found)

    def _wrong_with(self, asked: Asked, answered: Answered, *, is_away: bool) -> str:
        status = answered.status
        is_well = status < HTTPStatus.BAD_REQUEST
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR and not (
            is_away and status == HTTPStatus.SERVICE_UNAVAILABLE
        ):
            return "a 5xx"
        if asked.right is False and is_well:
            return "not proved, and taken"
        if is_away and is_well and asked.door.origin and asked.method == "POST":
            return "taken while the store was away"
        if is_well:
            return "" if status == HTTPStatus.OK else "a status that no page tells of"
        # Nothing is there under most ids, and a parameter that one list has another has not.
        unknown = () if asked.door.origin else (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST)
        if asked.right and not asked.wrong and not is_away and status not in unknown:
            return "right, and refused"
        return self._wrong_problem(asked, answered) if asked.method != "HEAD" else ""

    def _wrong_problem(self, asked: Asked, answered: Answered) -> str:
        if answered.headers.get(b"content-type") != b"application/problem+json":
            return "a refusal that is no problem document"
        try:
            document = json.loads(answered.body)
        except ValueError:
            return "a problem document that is no JSON"
        kind = KINDS.get(document.get("type", ""))
        if kind is None or (kind.status, kind.title, answered.status) != (
            document.get("status"),
            document.get("title"),
            kind.status,
        ):
            return "a problem of no known kind"
        if not str(document.get("detail", "")).endswith((".", "?", "…")):
            return "a problem without a sentence"
        if answered.status == HTTPStatus.SERVICE_UNAVAILABLE and b"retry-after" not in answered.headers:
            return "a 503 without Retry-After"
        if answered.status not in asked.door.documented and not asked.is_elsewhere:
            return "a status that the document does not have for this door"
        return ""


def table(tally: Tally) -> str:
    """How often each door answered with each status."""
    statuses = sorted({status for each in tally.table.values() for status in each})
    width = max(map(len, tally.table))
    lines = [" ".join([f"{'door':<{width}}", *(f"{status:>6}" for status in statuses)])]
    lines += [
        " ".join([f"{door:<{width}}", *(f"{numbers[status] or '':>6}" for status in statuses)])
        for door, numbers in sorted(tally.table.items())
    ]
    totals = Counter[int]()
    for each in tally.table.values():
        totals.update(each)
    lines.append(" ".join([f"{'together':<{width}}", *(f"{totals[status]:>6}" for status in statuses)]))
    return "\n".join(lines)
