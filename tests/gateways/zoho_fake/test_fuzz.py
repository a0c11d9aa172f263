"""Whatever is sent, the fake answers; it never falls over."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gateways.zoho_fake.asking import Asking
from tests.gateways.zoho_fake.conftest import GRADES, ROWS, STUDENTS
from tests.repetitions import often

from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.testing.zoho import FakeZoho
from mzi_adapters.web.transport import Request

NAMES = "Name id Rows Student Score Enrolled_At Grades _delete data api_name 5000000000000001003"
WORDS = st.sampled_from(NAMES.split())
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | WORDS
ANY = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
COQL = """
    select from where order by limit offset id Name Students Student.Name ( ) , = > in is not null like
    between and or 'x' 5 1.5 true count asc
"""
COMPARATORS = st.sampled_from(["equal", "not_equal", "contains", "greater_equal", "less_than", "resembles"])
FIELDS = st.sampled_from(
    ["id", "Key", "Grade", "Student", "Student.Score", "Student.Enrolled_At", "Modified_Time", "Rows"]
)
CRITERION = st.fixed_dictionaries(
    {"field": ANY | st.fixed_dictionaries({"api_name": FIELDS}), "comparator": COMPARATORS, "value": ANY}
)
BODIES = {
    "records": st.fixed_dictionaries(
        {"data": ANY | st.lists(st.dictionaries(WORDS, ANY, max_size=4), min_size=1, max_size=3)},
        optional={"trigger": ANY, "duplicate_check_fields": ANY},
    ),
    "bulk": st.fixed_dictionaries(
        {
            "query": ANY
            | st.fixed_dictionaries(
                {"module": ANY | st.just({"api_name": "Grades"})},
                optional={
                    "fields": ANY,
                    "page": ANY,
                    "page_token": ANY,
                    "criteria": ANY | CRITERION | st.fixed_dictionaries({"group": st.lists(CRITERION)}),
                },
            )
        }
    ),
    "watch": st.fixed_dictionaries(
        {
            "watch": ANY
            | st.lists(
                st.fixed_dictionaries(
                    {"channel_id": ANY | st.just("7"), "events": ANY, "notify_url": ANY},
                    optional={"token": ANY, "channel_expiry": ANY, "_delete_events": ANY},
                ),
                max_size=2,
            )
        }
    ),
    "coql": st.fixed_dictionaries(
        {"select_query": ANY | st.lists(st.sampled_from(COQL.split()), max_size=14).map(" ".join)}
    ),
}
TARGETS = {
    "records": [("POST", "/crm/v8/Grades"), ("PUT", "/crm/v8/Grades"), ("POST", "/crm/v8/Grades/upsert")],
    "bulk": [("POST", "/crm/bulk/v8/read")],
    "watch": [("POST", "/crm/v8/actions/watch"), ("PATCH", "/crm/v8/actions/watch")],
    "coql": [("POST", "/crm/v8/coql")],
}


async def _send(method: str, path: str, body: Any, query: tuple[tuple[str, str], ...]) -> int:
    zoho = FakeZoho(clock=VirtualTimer())
    zoho.define("Students", STUDENTS, unique=["External_Key", "Academic_Email"])
    zoho.define("Rows", ROWS)
    zoho.define("Grades", GRADES, unique=["Key"])
    student = zoho.add("Students", {"Name": "A", "Score": 1})
    zoho.add("Grades", {"Key": "k", "Student": student})
    ask = Asking(zoho, VirtualTimer())
    await ask.sign_in()
    headers = {"Authorization": f"Zoho-oauthtoken {ask.token}"}
    data = None if body is None else json.dumps(body).encode()
    request = Request(method=method, url=f"{zoho.api_url}{path}", query=query, headers=headers, body=data)
    return (await zoho.send(request)).status


@pytest.mark.parametrize("what", BODIES, ids=repr)
@settings(max_examples=often(150, gate=45), deadline=None)
@given(data=st.data())
def test_any_body_has_an_answer(what: str, data: st.DataObject) -> None:
    body = data.draw(BODIES[what])
    with asyncio.Runner() as runner:
        for method, path in TARGETS[what]:
            assert runner.run(_send(method, path, body, ())) in (200, 201, 204, 207, 400)


QUERIES = {
    "fields": WORDS | st.text(max_size=5),
    "page": st.text("0129-x", max_size=4),
    "per_page": st.text("0129-x", max_size=4),
    "page_token": st.text(max_size=3),
    "sort_by": WORDS | st.just("Modified_Time"),
    "ids": st.text("0129,x", max_size=8),
    "type": st.text(max_size=3) | st.just("all"),
    "word": st.text(max_size=3),
    "criteria": st.text("(:,)\\ aNme", max_size=12)
    | st.lists(
        st.sampled_from(["(", ")", "and", "or", "Name:equals:A", "Score:greater_than:x", "id:in:1,2", "\\"]),
        max_size=8,
    ).map("".join),
}


@settings(max_examples=often(200, gate=60), deadline=None)
@given(
    path=st.sampled_from(["", "/deleted", "/search", "/actions/count", "/5000000000000001009", "/abc"]),
    query=st.fixed_dictionaries({}, optional=QUERIES),
)
def test_any_query_has_an_answer(path: str, query: dict[str, str]) -> None:
    with asyncio.Runner() as runner:
        status = runner.run(_send("GET", f"/crm/v8/Students{path}", None, tuple(query.items())))
    assert status in (200, 204, 304, 400)
