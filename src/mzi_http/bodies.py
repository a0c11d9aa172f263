"""Request bodies, read up to a limit and understood strictly."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.parse import parse_qsl

import attrs
from starlette.requests import Request

from mzi_adapters.strict_json import repeated
from mzi_http.context import service
from mzi_http.errors import BAD_BODY, OTHER_MEDIA_TYPE, TOO_LARGE, Problem, ProblemItem
from mzi_http.jsontext import BadJson, TooMuch, decode, decode_listed

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

MOST_FIELDS = 1000
"""Of a form; more has no record."""

BYTES_OF_A_VALUE = 8
"""Of the largest body there is one value for so many bytes: real records need more for each, and what has
more would take twenty times its size in memory."""

FEWEST_VALUES = 10_000

_JSON = re.compile(r"application/(json|[!#$&^_.+a-z0-9-]+\+json)")
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\";\s]+)", re.IGNORECASE)
_UTF_8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_SHOWN = 60  # of what was sent, in characters


@attrs.frozen
class Body:
    """A body as it came, and whether it is a form; otherwise it is JSON."""

    raw: bytes
    is_form: bool
    most_values: int
    """The most values of its JSON that are taken."""


async def read_body(request: Request, *, forms: bool = False, may_be_empty: bool = False) -> Body:
    """The body, if its media type is one that is read here. Raises Problem: 400 empty, 413, 415.

    One that may be empty needs no media type then, and is an empty form.
    """
    if may_be_empty and request.headers.get("Content-Length", "0") == "0" and not _is_chunked(request):
        return Body(b"", is_form=True, most_values=FEWEST_VALUES)
    is_form = _is_form(request, forms=forms)
    raw = await _all(request, service(request).max_body)
    if not raw.strip():
        raise Problem(BAD_BODY, "The body is empty.")
    return Body(raw, is_form, max(FEWEST_VALUES, service(request).max_body // BYTES_OF_A_VALUE))


async def no_body(request: Request) -> None:
    """See that the body says nothing, for nothing of it would be read. Raises Problem: 400, 413, 415.

    An empty object is what some clients send where there is nothing to say.
    """
    body = await read_body(request, may_be_empty=True)
    said = object_of(body) if body.raw else {}
    if said:
        faults = [
            ProblemItem(f"There is no field `{name[:_SHOWN]}`; no body is read here.", name) for name in said
        ]
        raise Problem.of(BAD_BODY, faults)


def _is_chunked(request: Request) -> bool:
    return "Transfer-Encoding" in request.headers


def _is_form(request: Request, *, forms: bool) -> bool:
    read = f"`{JSON}` or `{FORM}`" if forms else f"`{JSON}`"
    coding = request.headers.get("Content-Encoding", "identity")
    if coding.lower() != "identity":
        raise Problem(
            OTHER_MEDIA_TYPE, f"`{coding[:_SHOWN]}` bodies are not read here; send it uncompressed."
        )
    said = request.headers.get("Content-Type", "")
    media_type = said.partition(";")[0].strip().lower()
    charset = _CHARSET.search(said)
    if charset is not None and charset[1].lower() not in _UTF_8:
        raise Problem(OTHER_MEDIA_TYPE, f"`{charset[1][:_SHOWN]}` is not read here; send UTF-8.")
    if _JSON.fullmatch(media_type):
        return False
    if forms and media_type == FORM:
        return True
    what = f"`{media_type[:_SHOWN]}` is not read here" if media_type else "The body has no Content-Type"
    raise Problem(OTHER_MEDIA_TYPE, f"{what}; send {read}.")


async def _all(request: Request, limit: int) -> bytes:
    """The whole body; given up as soon as it proves larger than `limit`, whatever it says of itself."""
    too_large = Problem(TOO_LARGE, f"The body is larger than {limit:,} bytes; send it in several requests.")
    said = request.headers.get("Content-Length", "")
    if said.isascii() and said.isdigit() and int(said[:_SHOWN]) > limit:
        raise too_large
    chunks = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise too_large
        chunks.append(chunk)
    return b"".join(chunks)


@contextmanager
def _as_problem(what: str) -> Iterator[None]:
    try:
        yield
    except TooMuch as error:
        raise Problem(TOO_LARGE, f"{what} is too much at once. {error} Send several requests.") from error
    except BadJson as error:
        raise Problem(BAD_BODY, f"{what} is not JSON that can be taken. {error}") from error


def object_of(body: Body, listed: str | None = None) -> Mapping[str, object]:
    """The JSON object a body must be. Raises Problem: 400, 413.

    `listed`: the name of a list in which an item that cannot be taken is an Unreadable.
    """
    with _as_problem("The body"):
        if listed is None:
            value = decode(body.raw, body.most_values)
        else:
            value = decode_listed(body.raw, [listed], body.most_values, body.most_values)
    if not isinstance(value, dict):
        raise Problem(BAD_BODY, "The body must be a JSON object.")
    return value


def records_of(body: Body, most: int, names: Sequence[str]) -> list[object]:
    """The records of a body, in any of the shapes senders use. Raises Problem: 400, 413 for more than `most`.

    `names`: those under one of which the records may stand; the first is told to whoever uses none. A form
    carries JSON in its field `data`, a list or one record; without that field it is the record.
    """
    if body.is_form:
        return _form_records(body, most)
    wanted = _wanted(names[0])
    with _as_problem("The body"):
        value = decode_listed(body.raw, names, most, body.most_values)
    if isinstance(value, list):
        raise Problem(BAD_BODY, f"The body is a list. {wanted}")
    if not isinstance(value, dict) or not value:
        raise Problem(BAD_BODY, f"The body has no record. {wanted}")
    listed = [name for name in names if name in value]
    if len(listed) > 1:
        several = " and ".join(f"`{name}`" for name in listed)
        raise Problem(BAD_BODY, f"The body has records under {several}; send them under one name.")
    return _listed(value[listed[0]], listed[0]) if listed else [value]


def _wanted(listed: str) -> str:
    return f'Send {{"{listed}": [<record>, …]}}, {{"{listed}": <record>}} or one record as the object itself.'


def events_of(body: Body, most: int) -> list[object]:
    """The events of a body that is one, or a list of them. Raises Problem: 400, 413 for more than `most`.

    In a list one that cannot be taken is an Unreadable.
    """
    with _as_problem("The body"):
        value = decode_listed(body.raw, (), body.most_values, body.most_values)
    if not isinstance(value, dict | list) or not value:
        raise Problem(BAD_BODY, "The body must be an event as a JSON object, or a list of events.")
    if len(events := value if isinstance(value, list) else [value]) > most:
        said = f"The body lists {len(events):,} events, and one request takes {most:,}"
        raise Problem(TOO_LARGE, f"{said}; send several requests.")
    return events


def said_by(body: Body) -> object:
    """The JSON of a body, or the fields of a form with lists of values. Raises Problem: 400, 413."""
    if not body.is_form:
        with _as_problem("The body"):
            return decode(body.raw, body.most_values)
    fields: dict[str, list[str]] = {}
    for name, value in _form_fields(body):
        fields.setdefault(name, []).append(value)
    return fields


def _listed(data: object, listed: str) -> list[object]:
    if isinstance(data, list):
        return data
    if isinstance(data, dict):
        return [data]
    raise Problem(BAD_BODY, f"`{listed}` must be a list of records, or one record. {_wanted(listed)}")


def _form_fields(body: Body) -> list[tuple[str, str]]:
    try:
        text = body.raw.decode()
        fields = parse_qsl(text, keep_blank_values=True, errors="surrogatepass", max_num_fields=MOST_FIELDS)
    except UnicodeDecodeError as error:
        raise Problem(BAD_BODY, "The form is not UTF-8.") from error
    except ValueError as error:
        raise Problem(BAD_BODY, f"The form has more than {MOST_FIELDS:,} fields.") from error
    if text.lstrip().startswith(("{", "[")):
        raise Problem(
            BAD_BODY, f"The body looks like JSON, but says it is a form; say `Content-Type: {JSON}`."
        )
    return fields


def _form_records(body: Body, most: int) -> list[object]:
    fields = _form_fields(body)
    record = dict(fields)
    if len(record) < len(fields):
        raise Problem(BAD_BODY, f"The form has the field `{repeated(fields)[:_SHOWN]}` twice.")
    if "data" in record:
        with _as_problem("The form's field `data`"):
            data = decode_listed(record["data"].encode(errors="surrogatepass"), (), most, body.most_values)
        return _listed(data, "data")
    return [record]
