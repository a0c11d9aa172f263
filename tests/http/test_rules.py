"""The rules of a tenant over HTTP: shown, and changed some at a time."""

import json
from typing import Any

import httpx2
import pytest
from tests.http.serving import Api

from mzi_core.flows.rules import RULES
from mzi_core.values import TenantId

PATH = "/api/v1/rules"


async def put(api: Api, body: object, path: str = PATH, **headers: str) -> httpx2.Response:
    said = {"Content-Type": "application/json", **headers}
    return await api.client.put(path, content=json.dumps(body).encode(), headers=said)


async def values(api: Api, **headers: str) -> dict[str, Any]:
    answer = await api.client.get(PATH, headers=headers)
    assert answer.status_code == 200, answer.text
    return {name: rule["value"] for name, rule in answer.json()["rules"].items()}


DEFAULTS = {
    "flows": [],
    "create_accounts": False,
    "programs": "category",
    "create_programs": False,
    "withdrawal": "suspend",
    "create_courses": True,
    "teacher_role": "editingteacher",
    "course_users": [],
}


async def test_every_rule_is_told_with_value_default_and_meaning(api: Api) -> None:
    told = (await api.client.get(PATH)).json()
    assert told["passed_over"] == []
    assert list(told["rules"]) == list(RULES)
    assert told["rules"]["withdrawal"] == {
        "value": "suspend",
        "default": "suspend",
        "chosen": False,
        "meaning": RULES["withdrawal"].meaning,
        "choices": [
            {"value": choice.value, "meaning": choice.meaning} for choice in RULES["withdrawal"].choices
        ],
    }
    assert await values(api) == DEFAULTS


async def test_rules_that_are_not_named_stay_and_null_is_the_default(api: Api) -> None:
    first = await put(api, {"flows": ["grade", "account"], "create_courses": False})
    assert first.status_code == 200
    second = await put(api, {"create_courses": None, "withdrawal": "leave"}, "/v1/rules")
    assert second.json() == (await api.client.get("/v1/rules")).json()
    assert await values(api) == {**DEFAULTS, "flows": ["account", "grade"], "withdrawal": "leave"}
    chosen = [name for name, rule in second.json()["rules"].items() if rule["chosen"]]
    assert chosen == ["flows", "withdrawal"]


async def test_rules_are_those_of_the_tenant_that_is_named(api: Api) -> None:
    await api.mzi.use_cases.add_tenant(TenantId("others"))
    await put(api, {"create_accounts": True}, **{"X-Tenant-ID": "others"})
    assert await values(api) == DEFAULTS
    assert (await values(api, **{"X-Tenant-ID": "others"}))["create_accounts"] is True


async def test_what_cannot_be_set_is_refused_whole_and_by_parts(api: Api) -> None:
    answer = await put(api, {"create_accounts": True, "withdrawl": "leave", "flows": ["grade", "x"]})
    told = answer.json()
    assert (answer.status_code, told["type"]) == (422, "urn:mzi:problem:refused")
    assert [each["detail"] for each in told["errors"]] == [
        "There is no rule 'withdrawl'; did you mean `withdrawal`?",
        "`flows[1]` must be `account`, `program`, `course`, `enrolment`, `registration` or `grade`, not 'x'.",
    ]
    assert await values(api) == DEFAULTS


@pytest.mark.parametrize(
    ("body", "said"),
    [([], "The body must be a JSON object."), ("flows", "The body must be a JSON object.")],
)
async def test_a_body_that_names_no_rules_is_refused(memory: Api, body: object, said: str) -> None:
    answer = await put(memory, body)
    assert (answer.status_code, answer.json()["detail"]) == (400, said)


async def test_a_refusal_is_small_whatever_was_sent(memory: Api) -> None:
    long = "\ud800\x00" * 5_000
    answer = await put(memory, {**{f"{long}{n}": n for n in range(50)}, "flows": [long] * 50})
    assert answer.status_code == 422
    assert len(answer.content) < 20_000


async def test_rules_are_neither_posted_nor_deleted(memory: Api) -> None:
    for method in ("POST", "DELETE", "PATCH"):
        answer = await memory.client.request(method, PATH)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, PUT")


async def test_nobody_without_a_key_sees_or_changes_them(memory: Api) -> None:
    del memory.client.headers["X-API-Key"]
    assert (await memory.client.get(PATH)).status_code == 401
    assert (await put(memory, {})).status_code == 401


async def test_the_document_says_of_every_rule_what_it_means_and_may_be(memory: Api) -> None:
    document = (await memory.client.get("/openapi.json")).json()
    described = document["paths"][PATH]
    schema = described["put"]["requestBody"]["content"]["application/json"]["schema"]
    assert list(schema["properties"]) == list(RULES)
    for name, rule in RULES.items():
        assert schema["properties"][name]["description"].startswith(rule.meaning)
    assert schema["properties"]["withdrawal"]["anyOf"][0] == {"enum": ["suspend", "leave"]}
    lines = schema["properties"]["course_users"]["anyOf"][0]
    assert (lines["type"], lines["items"]["type"]) == ("array", "string")
    assert schema["additionalProperties"] is False
    assert described["get"]["operationId"] == "show_rules"
