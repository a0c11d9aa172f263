"""The calls that were recorded on a running Moodle 4.5, and what they asked for."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import attrs
from tests.recordings import recordings

from mzi_adapters.web import Response

Pairs = list[tuple[str, str]]

_ENVELOPE = ("wstoken", "wsfunction", "moodlewsrestformat")


@attrs.frozen(eq=False)
class Recorded:
    """One call: the form as it was sent and the answer as it came."""

    name: str
    function: str
    form: str
    pairs: Pairs = attrs.field(repr=False)
    answer: Response = attrs.field(repr=False)

    def __repr__(self) -> str:
        return self.name

    @property
    def asked(self) -> Pairs:
        """The parameters of the function, without token and format."""
        return [pair for pair in self.pairs if pair[0] not in _ENVELOPE]

    @property
    def said(self) -> Any:
        """The answer as JSON; None for nothing and for what is no JSON."""
        try:
            return json.loads(self.answer.body)
        except ValueError:
            return None

    @property
    def errorcode(self) -> str | None:
        """Moodle's code, or the HTTP status, or `php`, `html`, `xml` without either; None is success."""
        said = self.said
        if self.answer.status != 200:
            return str(self.answer.status)
        if said is None and self.answer.body != b"null":
            return "xml"
        if not (isinstance(said, dict) and "exception" in said):
            return None
        code = said.get("errorcode", "php")
        return "html" if "<" in code else str(code)


def as_kept(form: str) -> str:
    """A form as the recordings keep it: taking the tokens out undid the encoding of three characters."""
    return form.replace("%3C", "<").replace("%3E", ">").replace("%3A", ":")


@cache
def recorded_calls() -> dict[str, Recorded]:
    """Every call, by its name."""
    return {call.name: call for call in _read()}


def _read() -> Iterator[Recorded]:
    for name, data in recordings().items():
        request, response = data["request"], data["response"]
        headers = {name.lower(): value for name, value in response["headers"].items()}
        yield Recorded(
            name=name,
            function=data["function"],
            form=as_kept(request["form"]),
            pairs=[(name, value) for name, value in request["form_pairs"]],
            answer=Response(status=response["status"], headers=headers, body=response["body_raw"].encode()),
        )


def nested(pairs: Pairs) -> dict[str, Any]:
    """The structure a form was made of: PHP's `a[0][b]` as a list of objects."""
    whole: dict[str, Any] = {}
    for name, value in pairs:
        first, rest = re.fullmatch(r"([^\[]+)(.*)", name).groups()  # type: ignore[union-attr]  # every name has one
        keys = [first, *re.findall(r"\[([^\]]*)\]", rest)]
        place = whole
        for key in keys[:-1]:
            place = place.setdefault(key, {})
        place[keys[-1]] = value
    return {name: _listed(value) for name, value in whole.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(one) for key, one in value.items()}
    return list(inner.values()) if list(inner) == [str(place) for place in range(len(inner))] else inner
