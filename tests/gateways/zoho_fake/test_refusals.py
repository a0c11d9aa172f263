"""Every whole request the fake refuses, one sentence a rule."""

from typing import Any

import attrs
import pytest
from tests.gateways.zoho_fake.asking import Asking


@attrs.frozen(kw_only=True)
class Rule:
    """A request, and how it is refused."""

    method: str = "GET"
    path: str
    query: dict[str, Any] = attrs.field(factory=dict)
    body: Any = None
    headers: dict[str, str] = attrs.field(factory=dict)
    status: int = 400
    code: str
    details: dict[str, Any] = attrs.field(factory=dict)


LIST = {"fields": "id,Name"}
EVERY = {"data": [{"Name": "N"}]}


def coql(query: str, code: str, **details: object) -> Rule:
    """A refused COQL query."""
    return Rule(method="POST", path="/coql", body={"select_query": query}, code=code, details=details)


def bulk(query: object, code: str) -> Rule:
    """A refused Bulk Read."""
    return Rule(method="POST", path="/crm/bulk/v8/read", body={"query": query}, code=code)


REFUSALS = {
    "A listing names its fields": Rule(
        path="/Students", code="REQUIRED_PARAM_MISSING", details={"param_name": "fields"}
    ),
    "A listing names fifty fields at most": Rule(
        path="/Students",
        query={"fields": ",".join(f"F{n}" for n in range(51))},
        code="LIMIT_EXCEEDED",
        details={"limit": 50},
    ),
    "A page holds 200 records at most": Rule(
        path="/Students", query={**LIST, "per_page": 201}, code="INVALID_DATA"
    ),
    "Pages count from one": Rule(path="/Students", query={**LIST, "page": 0}, code="INVALID_DATA"),
    "Page numbers reach 2,000 records": Rule(
        path="/Students",
        query={**LIST, "page": 11, "per_page": 200},
        code="DISCRETE_PAGINATION_LIMIT_EXCEEDED",
        details={"limit": 2000},
    ),
    "A page number and a page token are never given together": Rule(
        path="/Students", query={**LIST, "page": 1, "page_token": "x"}, code="AMBIGUITY_DURING_PROCESSING"
    ),
    "A page token nobody gave is refused": Rule(
        path="/Students", query={**LIST, "page_token": "x"}, code="INVALID_DATA"
    ),
    "A listing is sorted by id or by time": Rule(
        path="/Students", query={**LIST, "sort_by": "Name"}, code="INVALID_DATA"
    ),
    "A custom view has an order of its own": Rule(
        path="/Students", query={**LIST, "cvid": 1, "sort_by": "id"}, code="AMBIGUITY_DURING_PROCESSING"
    ),
    "A module must exist": Rule(path="/Nobody", query=LIST, code="INVALID_MODULE"),
    "An id is a number": Rule(path="/Students/abc", code="INVALID_DATA"),
    "If-Modified-Since is ISO 8601 with an offset": Rule(
        path="/Students",
        query=LIST,
        headers={"If-Modified-Since": "Sun, 01 Mar 2026 09:30:00 GMT"},
        code="INVALID_DATA",
    ),
    "If-Modified-Since without an offset is refused": Rule(
        path="/Students",
        query=LIST,
        headers={"If-Modified-Since": "2026-03-01T09:30:00"},
        code="INVALID_DATA",
    ),
    "The deleted list knows two kinds and all": Rule(
        path="/Students/deleted", query={"type": "gone"}, code="INVALID_DATA"
    ),
    "A search names what it searches by": Rule(path="/Students/search", code="EXPECTED_PARAM_MISSING"),
    "A search reaches 2,000 records": Rule(
        path="/Students/search", query={"word": "ab", "page": 11}, code="LIMIT_REACHED"
    ),
    "A search has ten criteria at most": Rule(
        path="/Students/search",
        query={"criteria": "(" + "and".join(["(Name:equals:x)"] * 11) + ")"},
        code="INVALID_QUERY",
    ),
    "A word to search for has two letters at least": Rule(
        path="/Students/search", query={"word": "a"}, code="INVALID_DATA"
    ),
    "A criterion lists a hundred values at most": Rule(
        path="/Students/search",
        query={"criteria": f"(Score:in:{','.join(['1'] * 101)})"},
        code="INVALID_QUERY",
    ),
    "A criterion compares numbers with numbers": Rule(
        path="/Students/search", query={"criteria": "(Score:greater_than:x)"}, code="INVALID_QUERY"
    ),
    "Criteria are joined by and or or": Rule(
        path="/Students/search",
        query={"criteria": "((Name:equals:x)but(Name:equals:y))"},
        code="INVALID_QUERY",
    ),
    "Brackets of criteria close": Rule(
        path="/Students/search", query={"criteria": "((Name:equals:x)"}, code="INVALID_QUERY"
    ),
    "An unescaped bracket in a criterion is refused": Rule(
        path="/Students/search", query={"criteria": "(Name:equals:x(y))"}, code="INVALID_QUERY"
    ),
    "Criteria use comparators that exist": Rule(
        path="/Students/search", query={"criteria": "(Name:resembles:x)"}, code="INVALID_QUERY"
    ),
    "A write sends at least one record": Rule(
        method="POST", path="/Students", body={"data": []}, code="INVALID_DATA"
    ),
    "A write sends a hundred records at most": Rule(
        method="POST",
        path="/Students/upsert",
        body={"data": [{"Name": "N"}] * 101},
        code="LIMIT_EXCEEDED",
        details={"maximum_length": 100},
    ),
    "A body is JSON": Rule(method="POST", path="/Students", body="no object", code="INVALID_DATA"),
    "A body has no keys Zoho does not know": Rule(
        method="POST", path="/Students", body={**EVERY, "triggers": []}, code="INVALID_DATA"
    ),
    "Triggers are features Zoho has": Rule(
        method="POST", path="/Students", body={**EVERY, "trigger": ["everything"]}, code="INVALID_DATA"
    ),
    "Only unique fields are checked for duplicates": Rule(
        method="POST",
        path="/Students/upsert",
        body={**EVERY, "duplicate_check_fields": ["Phone_Number"]},
        code="INVALID_DATA",
    ),
    "Deleting names ids": Rule(method="DELETE", path="/Students", code="REQUIRED_PARAM_MISSING"),
    "A hundred records are deleted at most": Rule(
        method="DELETE",
        path="/Students",
        query={"ids": ",".join(str(n) for n in range(101))},
        code="LIMIT_EXCEEDED",
    ),
    "COQL needs a query": Rule(method="POST", path="/coql", body={}, code="MANDATORY_NOT_FOUND"),
    "COQL selects": coql("update Students", "SYNTAX_ERROR"),
    "COQL needs a module": coql("select id", "SYNTAX_ERROR", clause="from"),
    "COQL needs a where clause": coql("select id from Students", "SYNTAX_ERROR", clause="where"),
    "COQL knows its modules": coql("select id from Nobody where id > 0", "INVALID_MODULE"),
    "COQL knows its columns": coql(
        "select Nothing from Students where id > 0", "INVALID_QUERY", column_name="Nothing"
    ),
    "COQL follows lookups only": coql("select Name.id from Students where id > 0", "INVALID_QUERY"),
    "COQL selects no subforms": coql("select Rows from Grades where id > 0", "INVALID_QUERY"),
    "COQL selects no multi-select lookups": coql("select Tutors from Grades where id > 0", "INVALID_QUERY"),
    "COQL names a column once": coql("select id, Name, Name from Students where id > 0", "DUPLICATE_DATA"),
    "COQL counts ids and nothing else": coql("select count(Name) from Students where id > 0", "SYNTAX_ERROR"),
    "COQL wants brackets around pairs of conditions": coql(
        "select id from Students where id > 0 and id > 1 and id > 2", "SYNTAX_ERROR"
    ),
    "COQL takes 2,000 rows at most": coql(
        "select id from Students where id > 0 limit 2001", "LIMIT_EXCEEDED", clause="limit"
    ),
    "COQL reaches 100,000 rows by offset": coql(
        "select id from Students where id > 0 limit 2000 offset 98001", "LIMIT_EXCEEDED", clause="offset"
    ),
    "COQL lists a hundred values at most": coql(
        f"select id from Students where id in ({','.join(str(n) for n in range(101))})",  # noqa: S608
        "LIMIT_EXCEEDED",
        clause="in",
    ),
    "COQL has 25 conditions at most": coql(
        f"select id from Students where {'(id > 0 and ' * 25}id > 1{')' * 25}",  # noqa: S608
        "LIMIT_EXCEEDED",
        clause="where",
    ),
    "COQL selects 500 columns at most": coql(
        f"select {','.join(f'F{n}' for n in range(501))} from Students where id > 0",  # noqa: S608
        "LIMIT_EXCEEDED",
    ),
    "COQL sorts by ten columns at most": coql(
        f"select id from Students where id > 0 order by {','.join(['id'] * 11)}",  # noqa: S608
        "LIMIT_EXCEEDED",
    ),
    "COQL ends a text it began": coql("select id from Students where Name = 'O'Neil'", "SYNTAX_ERROR"),
    "COQL compares null with is": coql("select id from Students where Name = null", "SYNTAX_ERROR"),
    "COQL compares numbers with numbers": coql(
        "select id from Students where Score > 'much'", "INVALID_QUERY"
    ),
    "COQL compares moments with an offset": coql(
        "select id from Students where Modified_Time > '2026-03-01T09:30:00'", "INVALID_QUERY"
    ),
    "COQL compares ids with ids": coql("select id from Students where id = 'x1'", "INVALID_QUERY"),
    "Bulk Read names its module": bulk({}, "MANDATORY_NOT_FOUND"),
    "Bulk Read knows its modules": bulk({"module": {"api_name": "Nobody"}}, "INVALID_MODULE"),
    "Bulk Read carries no subforms": bulk(
        {"module": {"api_name": "Grades"}, "fields": ["Rows"]}, "INVALID_QUERY"
    ),
    "Bulk Read counts pages from one": bulk({"module": {"api_name": "Grades"}, "page": 0}, "INVALID_DATA"),
    "Bulk Read goes on from tokens it gave": bulk(
        {"module": {"api_name": "Grades"}, "page_token": "x:2"}, "INVALID_DATA"
    ),
    "Bulk Read has 25 criteria at most": bulk(
        {
            "module": {"api_name": "Grades"},
            "criteria": {
                "group_operator": "and",
                "group": [{"field": {"api_name": "Grade"}, "comparator": "equal", "value": "P"}] * 26,
            },
        },
        "LIMIT_EXCEEDED",
    ),
    "Bulk Read's fields are a list": bulk(
        {"module": {"api_name": "Grades"}, "fields": "Key"}, "INVALID_DATA"
    ),
    "Bulk Read's criteria are a group": bulk(
        {"module": {"api_name": "Grades"}, "criteria": {"group": "Key"}}, "INVALID_DATA"
    ),
    "Bulk Read's criteria are an object": bulk(
        {"module": {"api_name": "Grades"}, "criteria": ["Key"]}, "INVALID_DATA"
    ),
    "Bulk Read uses comparators that exist": bulk(
        {
            "module": {"api_name": "Grades"},
            "criteria": {"field": {"api_name": "Grade"}, "comparator": "resembles", "value": "P"},
        },
        "INVALID_DATA",
    ),
    "A job nobody began is not found": Rule(
        path="/crm/bulk/v8/read/77", status=404, code="RESOURCE_NOT_FOUND", details={"resource": "77"}
    ),
    "A watch names channels": Rule(
        method="POST", path="/actions/watch", body={"watch": []}, code="INVALID_DATA"
    ),
    "A watch takes fifty channels at most": Rule(
        method="POST", path="/actions/watch", body={"watch": [{}] * 51}, code="LIMIT_REACHED"
    ),
    "Ending channels names them": Rule(method="DELETE", path="/actions/watch", code="EXPECTED_PARAM_MISSING"),
    "Fields are asked for by module": Rule(path="/settings/fields", code="REQUIRED_PARAM_MISSING"),
    "Fields of an unknown module are refused": Rule(
        path="/settings/fields", query={"module": "Nobody"}, code="INVALID_MODULE"
    ),
    "A path must exist": Rule(path="/crm/v7/Students", status=404, code="INVALID_URL_PATTERN"),
    "A method must exist": Rule(
        method="PATCH", path="/Students", body={}, status=405, code="METHOD_NOT_ALLOWED"
    ),
}
_UNDESCRIBED = ("A path must exist", "A method must exist")


@pytest.mark.parametrize("sentence", REFUSALS, ids=repr)
async def test_a_request_is_refused(sentence: str, ask: Asking) -> None:
    """With the status, the code and the details Zoho gives; and nothing is written."""
    rule = REFUSALS[sentence]
    ask.strict = False
    ask.described = sentence not in _UNDESCRIBED
    said = await ask(rule.method, rule.path, rule.body, rule.headers, **rule.query)
    assert (rule.status, rule.code, "error") == (said.status, said.body["code"], said.body["status"])
    assert rule.details.items() <= said.body["details"].items()
    assert ask.zoho.records("Students") == {}
    assert ask.zoho.changes.all == []
