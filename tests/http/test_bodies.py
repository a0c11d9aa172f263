"""What a body may be, and what is said about one that cannot be read."""

import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.http.serving import Api, serving, statuses, student

from mzi_core.modules import ZOHO_CATALOGUE
from mzi_core.ports import Unreadable
from mzi_http.jsontext import BadJson, decode, decode_listed

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


def outcome(read: Callable[[], object]) -> object:
    """What is read, or that nothing can be; and where, unless that is told differently."""
    try:
        return read()
    except BadJson:
        return BadJson


STUDENTS = "/api/v1/sync/students"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


async def refusal(api: Api, body: bytes, status: int, content_type: str = JSON, **headers: str) -> str:
    """The detail of the problem that a body is answered with."""
    answer = await api.client.post(STUDENTS, content=body, headers={"Content-Type": content_type, **headers})
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status
    return str(answer.json()["detail"])


@pytest.mark.parametrize(
    "body",
    [
        {"data": [student(1)]},
        {"data": student(1)},
        student(1),
    ],
    ids=["a list", "an object as data", "a bare record"],
)
@pytest.mark.parametrize(
    "content_type",
    [
        JSON,
        "application/json; charset=utf-8",
        'Application/JSON;charset="UTF-8"',
        "application/vnd.zoho.v8+json",
    ],
)
async def test_a_body_is_taken_in_every_shape_and_spelling(
    memory: Api, body: object, content_type: str
) -> None:
    answer = await memory.client.post(
        STUDENTS, content=json.dumps(body).encode(), headers={"Content-Type": content_type}
    )
    assert statuses(answer.json()) == ["NEW"]


async def test_a_byte_order_mark_is_read_over(api: Api) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(student(1)).encode()
    answer = await api.client.post(STUDENTS, content=body, headers={"Content-Type": JSON})
    assert statuses(answer.json()) == ["NEW"]


@pytest.mark.parametrize(
    "form",
    [
        {"data": json.dumps([student(1)])},
        {"data": json.dumps(student(1))},
        student(1),
    ],
    ids=["a list as data", "an object as data", "the fields"],
)
async def test_a_form_carries_json_or_is_the_record(api: Api, form: dict[str, str]) -> None:
    answer = await api.client.post(STUDENTS, data=form)
    assert statuses(answer.json()) == ["NEW"]
    assert (await api.stored("students", "1"))["academic_email"] == "s1@college.example"


async def test_arabic_in_a_form_arrives_whole(api: Api) -> None:
    answer = await api.client.post(STUDENTS, data=student(1, First_Name="سلمى"))
    assert statuses(answer.json()) == ["NEW"]
    assert (await api.stored("students", "1"))["first_name"] == "سلمى"


async def test_an_empty_batch_is_nothing_to_do(api: Api) -> None:
    answer = await api.sync("students")
    assert (answer["status"], answer["results"], sum(answer["summary"].values())) == ("success", [], 0)


async def test_an_id_of_19_digits_sent_as_a_number_is_exact(api: Api) -> None:
    answer = await api.sync("students", student(1, id=5398830000090000001))
    assert answer["results"][0]["zoho_student_id"] == "5398830000090000001"


async def test_what_no_database_keeps_spoils_its_own_record_only(api: Api) -> None:
    """NUL, half a character, a number beyond 64 bits, what is no object, a deep value: each INVALID."""
    deep: object = 1
    for _ in range(20):
        deep = [deep]
    bad = [
        student(1, First_Name="a\x00b"),
        student(2, First_Name="a\ud800b"),
        student(3, Student_Moodle_ID=10**3000),
        "student",
        None,
        student(4, First_Name=deep),
    ]
    answer = await api.sync("students", *bad, student(9))  # type: ignore[arg-type]
    assert statuses(answer) == ["INVALID"] * len(bad) + ["NEW"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "The body is empty."),
        (b" \r\n", "The body is empty."),
        (b'{"data": [{"id": 1,}]}', "line 1, column "),  # Python 3.13 points at the comma itself
        (b'{"data":\n  [}', "line 2, column 4"),
        (b'{"id": "1"} x', "line 1, column 13"),
        (b"{'id': 1}", "line 1, column 2"),
        (b'{"id": "\xff"}', "It is not UTF-8: byte 8"),
        (b'\xef\xbb\xbf{"id": "\xff"}', "It is not UTF-8: byte 11"),
        (b'{"id": 1, "id": 2}', "the name `id` twice"),
        (b'{"a": {"b": 1, "b": 1}}', "the name `b` twice in `$.a`"),
        (b"{" + b",".join(b'"%d":1' % (n % 200_000) for n in range(200_001)) + b"}", "the name `0` twice"),
        (b'{"id": NaN}', "It holds `NaN` in `$.id`: JSON has no such number; send null, or"),
        (b'{"data": {"id": -Infinity}}', "It holds `-Infinity` in `$.id`"),
        (b'{"data": [], "info": NaN}', "It holds `NaN`"),
        (b'{"data": [], "data": []}', "the name `data` twice"),
        (b'{"data": [{"id": NaN]}', "at line 1, column 21"),
        (b'{"data": [{"id": "1", "x": ' + b"[" * 5000, "deeper than 64 levels at line 1"),
        (
            b'{"data": [{"id": "1", "x": ' + b"[" * 5000 + b"]" * 4000 + b"}]}",
            "of another kind at line 1",
        ),
        (b'{"id": 1e400}', "larger than any that can be kept"),
        (b'{"id": ' + b"9" * 5000 + b"}", "longer than the 64 characters a number may have"),
        (b"[" * 100_000 + b"]" * 100_000, "deeper than 64 levels"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "deeper than 64 levels"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "deeper than 64 levels"),
        (b"[" * 100_000, "deeper than 64 levels"),
        (b'[{"id": "1"}]', "The body is a list. Send {"),
        (b"{}", "The body has no record. Send {"),
        (b"null", "The body has no record. Send {"),
        (b'"text"', "The body has no record. Send {"),
        (b'{"data": 5}', "`data` must be a list of records"),
        (b'{"data": null}', "`data` must be a list of records"),
    ],
)
async def test_a_body_that_is_no_batch_is_refused_with_the_place(memory: Api, body: bytes, said: str) -> None:
    assert said in await refusal(memory, body, 400)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"id=1&id=2", "the field `id` twice"),
        (b"&".join(b"a%d=" % n for n in range(1001)), "more than 1,000 fields"),
        (b"Name=%ff", "not UTF-8"),
        (b"Name=\xff", "not UTF-8"),
        (b"data=%7B", "The form's field `data` is not JSON"),
        (b"data=5", "`data` must be a list of records"),
        (b'{"id": "1"}', "looks like JSON, but says it is a form"),
    ],
)
async def test_a_form_that_is_no_batch_is_refused(memory: Api, body: bytes, said: str) -> None:
    assert said in await refusal(memory, body, 400, FORM)


@pytest.mark.parametrize(
    ("content_type", "said"),
    [
        ("text/plain", "`text/plain` is not read here; send `application/json` or"),
        ("multipart/form-data; boundary=x", "`multipart/form-data` is not read here"),
        ("application/jsonp", "`application/jsonp` is not read here"),
        ("", "The body has no Content-Type; send `application/json`"),
        ("application/json; charset=iso-8859-6", "`iso-8859-6` is not read here; send UTF-8."),
    ],
)
async def test_another_media_type_is_415(memory: Api, content_type: str, said: str) -> None:
    assert said in await refusal(memory, b'{"id": "1"}', 415, content_type)


async def test_a_compressed_body_is_415(memory: Api) -> None:
    said = await refusal(memory, b"\x1f\x8b", 415, **{"Content-Encoding": "gzip"})
    assert said == "`gzip` bodies are not read here; send it uncompressed."


@pytest.fixture
async def narrow() -> AsyncIterator[Api]:
    """A service that reads 100 bytes and 3 records."""
    async with serving(max_body=1000, max_records=3) as api:
        yield api


async def test_a_body_that_says_it_is_too_large_is_413(narrow: Api) -> None:
    assert "larger than 1,000 bytes" in await refusal(narrow, b" " * 1001, 413)


async def test_a_body_that_does_not_say_its_length_is_413_as_soon_as_it_is_too_large(narrow: Api) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 100
            yield b" " * 100

    answer = await narrow.client.post(STUDENTS, content=endless(), headers={"Content-Type": JSON})
    assert answer.status_code == 413
    assert "several requests" in answer.json()["detail"]
    assert sent <= 1200


async def test_too_many_records_are_413_with_the_remedy(narrow: Api) -> None:
    wanted = "is too much at once. It lists more than 3 records. Send several requests."
    bodies: list[dict[str, object]] = [{"data": [{}] * 4}, {"more": [{}] * 9, "data": [1] * 90}]
    for body in bodies:
        assert await refusal(narrow, json.dumps(body).encode(), 413) == f"The body {wanted}"
    form = urlencode({"data": json.dumps([{}] * 4)}).encode()
    assert await refusal(narrow, form, 413, FORM) == f"The form's field `data` {wanted}"


async def test_no_more_records_are_read_than_one_request_may_carry(narrow: Api) -> None:
    """What comes behind them is not even looked at."""
    assert "more than 3 records" in await refusal(narrow, b'{"data": [{}, {}, {}, "nonsense" nonsense', 413)
    assert "Expecting ',' delimiter" in await refusal(narrow, b'{"data": [{}, {}, "nonsense" nonsense', 400)


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": [' + b"{}," * 20_000 + b"{}]}",
        b'{"data": [{"id": "1", "x": [' + b"[]," * 20_000 + b"[]]}]}",
        b'{"data": [{"id": "1", "x": [' + b"1," * 70_000 + b"1]}]}",
        b"{" + b",".join(b'"":1' for _ in range(70_000)) + b"}",
        b"[" + b"1," * 70_000 + b"1]",
    ],
    ids=["records", "lists", "numbers", "names", "a list"],
)
async def test_more_values_than_so_large_a_body_can_mean_are_413_before_they_are_built(body: bytes) -> None:
    """Some bytes of JSON make a hundred of memory; text, whatever is in it, does not."""
    async with serving(max_body=480_000) as api:
        assert "more than 60,000 values" in await refusal(api, body, 413)
        text = student(1, Address="{[," * 30_000, City='\\"{[,' * 10_000)
        assert statuses(await api.sync("students", text)) == ["NEW"]


@pytest.mark.parametrize(
    ("bad", "said", "path"),
    [
        (b'{"id": "2", "First_Name": NaN}', "holds `NaN` in `$.First_Name`", "$.First_Name"),
        (b'{"id": "2", "a": [1, -Infinity]}', "holds `-Infinity` in `$.a[1]`", "$.a[1]"),
        (b'{"id": "2", "a": 1e400}', "larger than any that can be kept", "$.a"),
        (b'{"id": "2", "a": ' + b"9" * 5001 + b"}", "longer than the 64 characters", "$.a"),
        (b'{"id": "2", "a": ' + b"[" * 5000 + b"]" * 5000 + b"}", "deeper than 64 levels", "$"),
        (b'{"id": "2", "a": 1, "a": 1}', "has the name `a` twice", "$.a"),
        (b'{"id": "2", "Name": "A02", "First_Name": "\xed\xa0\x80"}', "half a character", "$.First_Name"),
    ],
    ids=["NaN", "Infinity", "1e400", "digits", "deep", "twice", "surrogate"],
)
@pytest.mark.parametrize("form", ["data", "a form"])
async def test_one_bad_record_spoils_none_beside_it(
    memory: Api, form: str, bad: bytes, said: str, path: str
) -> None:
    records = b"[%b, %b, %b]" % (json.dumps(student(1)).encode(), bad, json.dumps(student(3)).encode())
    body = b'{"data": %b}' % records if form == "data" else urlencode({"data": records}).encode()
    answer = await memory.client.post(
        STUDENTS, content=body, headers={"Content-Type": JSON if form == "data" else FORM}
    )
    assert statuses(answer.json()) == ["NEW", "INVALID", "NEW"]
    result = answer.json()["results"][1]
    assert result["position"] == 1
    assert said in result["message"]
    assert path in [reason["path"] for reason in result["reasons"]]
    assert "int_max_str_digits" not in answer.text


@given(
    st.dictionaries(st.sampled_from(["data", "id", ""]) | st.text(max_size=3), JSON_VALUES, max_size=4),
    st.sampled_from(["", " ", "\n\t", "\r\n  "]),
)
def test_a_list_that_is_read_item_by_item_is_read_as_any_other(value: object, blank: str) -> None:
    text = json.dumps(value, separators=(f"{blank},{blank}", f"{blank}:{blank}"))
    text = f"{blank}{text}{blank}"
    assert decode_listed(text.encode(), ["id", "data"], 10, 1000) == decode(text.encode(), 1000) == value
    inside = f"{blank}[{text},{text}]{blank}".encode()
    assert decode_listed(inside, [], 2, 1000) == [value, value]


@given(st.text('{}[]:,"\\ab1 \n', max_size=12), st.sampled_from(['{"data":[', '{"a":1,', "[", ""]))
def test_what_is_no_json_is_none_in_either_way_of_reading(rest: str, first: str) -> None:
    text = f"{first}{rest}".encode()
    for names in (["data"], []):
        found, wanted = (
            outcome(partial(decode_listed, text, names, 100, 1000)),
            outcome(partial(decode, text, 1000)),
        )
        if wanted is BadJson and found is not BadJson:  # of its records alone
            listed: Any = found["data"] if isinstance(found, dict) else found
            assert any(isinstance(each, Unreadable) for each in listed)
        else:
            assert found == wanted


async def test_a_request_that_breaks_off_is_no_fault_of_the_service(
    memory: Api, caplog: pytest.LogCaptureFixture
) -> None:
    """What a server says when the connection is gone before the body was complete."""
    received: list[dict[str, Any]] = [
        {"type": "http.request", "body": b'{"id', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return received.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = {"Content-Type": JSON, "X-API-Key": memory.client.headers["X-API-Key"]}
    scope = {
        "type": "http",
        "method": "POST",
        "path": STUDENTS,
        "root_path": "",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    await memory.app(scope, receive, send)
    assert sent[0]["status"] == 400
    assert not caplog.records


@pytest.mark.parametrize("prefix", ["/api/v1", "/v1"])
@pytest.mark.parametrize("module", list(ZOHO_CATALOGUE), ids=lambda module: module.name)
async def test_every_module_is_served_under_both_prefixes_and_all_its_names(
    prefix: str, module: object
) -> None:
    async with serving() as api:
        for name in (module.name, module.singular, module.remote_name, *module.aliases):  # type: ignore[attr-defined]
            answer = await api.client.post(f"{prefix}/sync/{name}", json={"data": [{"id": "1"}]})
            (result,) = answer.json()["results"]
            assert f"zoho_{module.singular}_id" in result  # type: ignore[attr-defined]
            assert (await api.client.get(f"{prefix}/{name}")).status_code == 200
