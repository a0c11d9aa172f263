"""From the bytes of an answer to the JSON it holds, and small readings of that JSON."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import attrs

from mzi_adapters.web import Response
from mzi_core.errors import ProtocolError
from mzi_core.values import is_of_these_years

SERVICE = "Zoho"

Json = Mapping[str, object]


@attrs.frozen(kw_only=True)
class Said:
    """An answer understood as JSON; `body` is empty where Zoho said nothing (204, 304).

    `again`: the request was sent before and not answered.
    """

    status: int
    body: Json
    again: bool = False

    @property
    def rows(self) -> list[Json]:
        """The objects under `data`."""
        return objects(self.body, "data") if "data" in self.body else []

    @property
    def info(self) -> Json:
        """What Zoho says about the page."""
        return part(self.body, "info")


def bad(said: str) -> ProtocolError:
    """An answer that Zoho never gives."""
    return ProtocolError(SERVICE, said)


def read(answer: Response) -> Said:
    """The JSON of an answer; raises ProtocolError, which describes the body and does not repeat it."""
    if not answer.body.strip():
        return Said(status=answer.status, body={})
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        kind = answer.headers.get("content-type", "no content type").split(";")[0][:100]
        raise bad(f"the answer {answer.status} is {len(answer.body)} bytes of {kind} and not a JSON object.")
    return Said(status=answer.status, body=body)


def objects(body: Json, name: str) -> list[Json]:
    """The list of objects under a name; raises ProtocolError for anything else."""
    found = body.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise bad(f"the answer has no list of objects `{name}`.")
    return found


def part(body: object, *names: str) -> Json:
    """The object further inside, or an empty one."""
    for name in names:
        body = body.get(name) if isinstance(body, Mapping) else None
    return body if isinstance(body, Mapping) else {}


def text(body: object, *names: str) -> str:
    """The text further inside; numbers as they are written, anything else as none."""
    *way, last = names
    found = part(body, *way).get(last)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def moment(value: object) -> datetime | None:
    """An instant in UTC, or None for what is none, or of another year than those that are taken."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        instant = found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None
    return instant if instant is not None and is_of_these_years(instant) else None


def written(at: datetime) -> str:
    """A moment as Zoho takes it: full seconds, and always with its offset."""
    if at.tzinfo is None:
        raise ValueError("A moment without an offset from UTC could be any of 26; give it one.")
    return at.astimezone(UTC).replace(microsecond=0).isoformat()
