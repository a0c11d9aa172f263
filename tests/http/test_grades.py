"""Grades over HTTP: decided with the reason, kept when asked, and compared under another policy."""

from typing import Any

import pytest
from tests.counted import CountedStore
from tests.http.serving import Api, serving

from mzi_core.values import DEFAULT_TENANT

DECIDE = "/api/v1/grades/decide"
SIMULATE = "/api/v1/grades/simulate"


async def decide(api: Api, status: int = 200, **body: Any) -> dict[str, Any]:
    answer = await api.post(DECIDE, body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def simulate(api: Api, status: int = 200, **body: Any) -> dict[str, Any]:
    answer = await api.post(SIMULATE, body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_marking_is_decided_with_rule_trace_and_a_sentence_in_two_languages(api: Api) -> None:
    found = await decide(api, marking={"raw": "3.00000", "scale": "btec-0-4"})
    assert (found["grade"], found["settled"], found["rule"]) == ("M", "M", "MERIT")
    assert found["policy"] == {"name": "btec-default", "version": "2"}
    assert (found["capped_from"], found["warnings"]) == (None, [])
    assert [step["rule"] for step in found["trace"] if step["outcome"] == "held"] == ["MERIT"]
    assert found["explanation"]["en"].startswith("Merit")
    assert "Merit" in found["explanation"]["ar"]
    assert found["explanation"]["ar"] != found["explanation"]["en"]


async def test_times_are_told_in_the_zone_of_the_tenant(memory: Api) -> None:
    await memory.mzi.use_cases.choose_zone(DEFAULT_TENANT, "Asia/Amman")
    waiting = {"submitted": False, "due": "2026-02-09T12:00:00Z", "now": "2026-02-09T11:00:00Z"}
    told = "9 February 2026, 15:00 (Asia/Amman)"
    assert told in (await decide(memory, marking=waiting))["explanation"]["en"]
    several = await decide(memory, markings=[waiting])
    assert told in several["decisions"][0]["decision"]["explanation"]["en"]
    late = {"raw": 4, "due": "2026-02-09T12:00:00Z", "submitted_at": "2026-02-10T00:00:00Z"}
    changed = await simulate(memory, policy={"late_cap": "P"}, markings={"a": late})
    assert f"after {told}" in changed["changes"][0]["explanation"]["en"]


async def test_a_named_policy_caps_a_reassessment(api: Api) -> None:
    found = await decide(api, marking={"raw": 4, "attempt": 1}, policy="pearson-higher-national")
    assert (found["grade"], found["capped_from"], found["rule"]) == ("P", "D", "REASSESSMENT_CAP")


async def test_the_tenants_choice_for_a_level_decides(api: Api) -> None:
    await api.mzi.use_cases.choose_policy("default", "L5", {"base": "pearson-higher-national"})  # type: ignore[arg-type]
    assert (await decide(api, marking={"raw": 4, "attempt": 1}, level="level 5"))["grade"] == "P"
    assert (await decide(api, marking={"raw": 4, "attempt": 1}, level="L3"))["grade"] == "D"


async def test_a_mark_is_read_by_its_item(memory: Api) -> None:
    items = ["Distinction", "Merit", "Pass", "Refer"]
    found = await decide(
        memory,
        markings=[
            {"raw": 5, "maximum": 7},
            {"raw": 1, "items": items},
            {"raw": 5},
            {"raw": 1, "items": ["No", "Yes"]},
            {"raw": 3, "submitted": None},
        ],
    )
    assert [
        (each["decision"]["grade"], each["decision"]["rule"], each["decision"]["warnings"])
        for each in found["decisions"]
    ] == [
        ("D", "DISTINCTION", []),
        ("D", "DISTINCTION", []),
        ("PENDING", "OFF_SCALE", ["OFF_SCALE"]),
        ("PENDING", "UNKNOWN_SCALE", ["UNKNOWN_SCALE"]),
        ("M", "MERIT", []),
    ]


async def test_several_markings_are_decided_one_by_one(api: Api) -> None:
    found = await decide(api, markings=[{"raw": 2}, {"raw": "two"}, {}])
    assert [each["position"] for each in found["decisions"]] == [0, 1, 2]
    assert [each["decision"] and each["decision"]["grade"] for each in found["decisions"]] == ["P", None, "R"]
    assert [len(each["errors"]) for each in found["decisions"]] == [0, 1, 0]
    assert "raw must be a number" in found["decisions"][1]["errors"][0]


async def test_a_marking_that_cannot_be_read_harms_no_other(api: Api) -> None:
    body = b'{"markings": [{"raw": NaN}, {"raw": 2}, {"raw": 1, "raw": 4}, {"raw": 4}]}'
    answer = await api.client.post(DECIDE, content=body, headers={"Content-Type": "application/json"})
    found = answer.json()["decisions"]
    assert [each["position"] for each in found] == [0, 1, 2, 3]
    assert [each["decision"] and each["decision"]["grade"] for each in found] == [None, "P", None, "D"]
    assert found[0]["errors"][0].startswith("The marking holds `NaN` in `$.raw`")
    assert "has the name `raw` twice" in found[2]["errors"][0]


@pytest.mark.parametrize(
    ("body", "sessions"),
    [
        ({"markings": [{"raw": 2}] * 1000}, (1, 0)),
        ({"markings": [{"raw": 2}, {"raw": "two"}]}, (1, 0)),
        ({"marking": {"raw": 2}}, (1, 0)),
        ({"marking": {"raw": 2}, "record_as": "10_20_30"}, (0, 1)),
    ],
    ids=["a thousand", "a bad one among them", "one", "one that is kept"],
)
async def test_a_request_opens_one_session_however_many_markings_it_brings(
    body: Any, sessions: tuple[int, int]
) -> None:
    store = CountedStore()
    async with serving(store) as api:
        await decide(api, **body)
    assert (store.reads, store.writes) == sessions


async def test_a_decision_is_kept_when_a_key_is_given_and_simulated_later(api: Api) -> None:
    await decide(api, marking={"raw": 4, "attempt": 1}, record_as="10_20_30")
    await decide(api, marking={"raw": 2}, record_as="11_20_30")
    found = await simulate(api, policy="pearson-higher-national")
    assert found["policy"] == {"name": "pearson-higher-national", "version": "2"}
    assert [
        (change["key"], change["before"]["grade"], change["after"]["grade"]) for change in found["changes"]
    ] == [("10_20_30", "D", "P")]
    assert found["more"] is False


async def test_markings_are_compared_under_an_overridden_policy(api: Api) -> None:
    markings = {"a": {"raw": "2.4"}, "b": {"raw": 3}, "c": {"raw": 0}}
    found = await simulate(api, policy={"base": "btec-default", "pass_from": "2.5"}, markings=markings)
    assert [(change["key"], change["after"]["grade"], change["rule"]) for change in found["changes"]] == [
        ("a", "R", "BELOW_PASS")
    ]
    assert found["policy"]["version"].startswith("2+")


@pytest.mark.parametrize(
    ("limit", "changes", "more"), [(1, 1, True), (2, 2, True), (3, 3, False), (4, 3, False)]
)
async def test_a_simulation_stops_at_its_limit_and_says_so(
    memory: Api, limit: int, changes: int, more: bool
) -> None:
    found = await simulate(
        memory, policy="pearson-higher-national", markings=[{"raw": 4, "attempt": 1}] * 3, limit=limit
    )
    assert ([change["key"] for change in found["changes"]], found["more"]) == (list("012")[:changes], more)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "`marking` must be an object."),
        ({"marking": None}, "`marking` must be an object."),
        ({"marking": []}, "`marking` must be an object."),
        ({"markings": {}}, "`markings` must be a list of objects."),
        ({"markings": [1]}, "`markings` must be a list of objects."),
        ({"marking": {}, "markings": []}, "goes neither with `marking`"),
        ({"markings": [], "record_as": "k"}, "nor with `record_as`"),
        ({"marking": {"raw": "two"}}, "raw must be a number"),
        ({"marking": {"grade": 2}}, "'grade'"),
        ({"marking": {"scale": "5"}}, "scale"),
        ({"marking": {"attempt": -1}}, "Attempts are counted from 0"),
        ({"marking": {"due": "2026-02-15"}}, "due must be a time with its offset"),
        ({"marking": {}, "policy": "nonsense"}, "nonsense"),
        ({"marking": {}, "policy": 5}, "`policy` must be a text"),
        ({"marking": {}, "level": ""}, "`level` must be a text"),
        ({"marking": {}, "record_as": "k" * 256}, "`record_as` must be a text"),
        ({"marking": {"criteria": [{"code": "P1"}] * 201}}, "more than 200 criteria"),
        ({"markings": [{"criteria": [{"code": "P1"}] * 201}]}, "more than 200 criteria"),
        ({"marking": {}, "polcy": "percent"}, "There is no field `polcy`"),
        ({"marking": {"feedback": "a\x00"}}, "NUL"),
        ({"marking": {"feedback": "a\ud800"}}, "half a character"),
        ({"marking": {}, "record_as": "a\x00"}, "NUL"),
        *(
            ({"marking": {}, "record_as": key}, f"`record_as`: {key!r} is no key to keep a decision under")
            for key in ("a/b c", "..", ".a", "_a", "a b", "a?b", "a#b", "a%2Fb", "a\\b", "é", "a\n", "٤١٠١_١")
        ),
        ({"marking": {"feedback": "a" * 100_001}}, "more than 100,000 characters"),
    ],
)
async def test_what_cannot_be_decided_is_422_with_every_reason(memory: Api, body: Any, said: str) -> None:
    found = await decide(memory, 422, **body)
    assert found["type"] == "urn:mzi:problem:refused"
    assert said in found["detail"]
    assert any(said in error["detail"] for error in found["errors"])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "`policy` must be an object."),
        ({"policy": "nonsense"}, "nonsense"),
        ({"policy": {"pass_from": "x"}}, "pass_from"),
        ({"policy": {"nonsense": 1}}, "nonsense"),
        ({"policy": "percent", "markings": {"a": {"criteria": [{}] * 201}}}, "more than 200 criteria"),
        ({"policy": "percent", "limit": 0}, "from 1 to 1000"),
        ({"policy": "percent", "limit": True}, "from 1 to 1000"),
        ({"policy": "percent", "markings": 5}, "`markings` must be a list"),
        ({"policy": "percent", "markings": {"a": 5}}, "`markings` must be objects by their keys"),
        ({"policy": "percent", "markings": {"a": {"raw": "x"}}}, "raw must be a number"),
    ],
)
async def test_what_cannot_be_simulated_is_422(memory: Api, body: Any, said: str) -> None:
    assert said in (await simulate(memory, 422, **body))["detail"]


async def test_several_things_wrong_are_all_said(memory: Api) -> None:
    assert len((await decide(memory, 422, policy=5, nonsense=1))["errors"]) == 3


async def test_everything_wrong_with_a_marking_and_its_policy_is_said(memory: Api) -> None:
    marking = {"raw": "x", "attempt": "y", "grade": 1, "criteria": [{"code": "P1", "achieved": 7}, {}]}
    wrong = [
        "A marking has no 'grade'; did you mean 'raw'?",
        "raw must be a number, not 'x'.",
        "attempt must be a number, not 'y'.",
        "criteria 1 achieved must be true or false, not 7.",
        "criteria 2 must have a code, such as P1.",
    ]
    wrong[0] = (await decide(memory, 422, marking={"grade": 1}))["errors"][0]["detail"]
    found = await decide(memory, 422, marking=marking)
    assert [error["detail"] for error in found["errors"]] == wrong
    found = await decide(memory, 422, marking=marking, policy="nonsense")
    assert "nonsense" in found["errors"][0]["detail"]
    assert [error["detail"] for error in found["errors"][1:]] == wrong
    found = await decide(memory, 422, marking=marking, level="", polcy=1)
    assert [error["detail"] for error in found["errors"][2:]] == wrong
    several = await decide(memory, markings=[{"raw": 2}, marking])
    assert several["decisions"][1]["errors"] == wrong


async def test_everything_wrong_with_a_simulation_is_said(memory: Api) -> None:
    policy = {"pass_from": "x", "nonsense": 1, "late_cap": "D", "invalid_code": " "}
    markings = {"a": {"raw": "x", "attempt": 1.5}, "b": {"raw": 2}, "c": {"maximum": 0}}
    wrong = [
        "A grading policy has no 'nonsense'; known are ",
        "pass_from must be a number, not 'x'.",
        "'a': raw must be a number, not 'x'.",
        "'a': attempt must be a whole number, not 1.5.",
        "'c': The maximum must be above the minimum, and 0 is not above 0.",
    ]
    found = [
        error["detail"] for error in (await simulate(memory, 422, policy=policy, markings=markings))["errors"]
    ]
    assert found[0].startswith(wrong[0])
    assert found[1:] == wrong[1:]
    del policy["pass_from"], policy["nonsense"]
    refused = await simulate(memory, 422, policy=policy, limit=0)
    found = [error["detail"] for error in refused["errors"]]
    assert found == [
        "`limit` must be a whole number from 1 to 1000.",
        "Late work can be capped at P, at M or not at all, but not at D.",
        "invalid_code must not be blank; say null where the college uses no code.",
    ]
    many = [{"raw": "x"}] * 150
    assert len((await simulate(memory, 422, policy="percent", markings=many))["errors"]) == 20


async def test_a_simulation_says_what_is_wrong_with_the_policy(memory: Api) -> None:
    assert (await simulate(memory, policy="percent", markings=[]))["problems"] == []
    found = await simulate(memory, policy={"merit_from": 4, "invalid_code": "NS"}, markings=[{"raw": 4}])
    assert found["problems"] == [
        "The code 'NS' has fewer than 4 letters or digits, and feedback may have it by chance",
        "On the scale btec-0-4 Pass begins at 2, Merit at 4 and Distinction at 4; "
        "each must begin above the one before",
        "On the scale btec-0-4 the rule MERIT can never hold",
    ]


async def test_bodies_that_are_no_object_and_forms_are_refused(memory: Api) -> None:
    for path in (DECIDE, SIMULATE):
        assert (await memory.client.post(path, json=[])).json()["detail"] == "The body must be a JSON object."
        assert (await memory.client.post(path, data={"marking": "{}"})).status_code == 415
        assert (await memory.client.post(path, content=b"")).status_code == 415


async def test_too_many_markings_are_413() -> None:
    async with serving(max_records=2) as api:
        several: Any = ([{}] * 3, {"a": {}, "b": {}, "c": {}})
        for markings in several:
            answer = await api.client.post(SIMULATE, json={"policy": "percent", "markings": markings})
            assert (answer.status_code, "send several requests" in answer.json()["detail"]) == (413, True)
        assert (await api.client.post(DECIDE, json={"markings": [{}] * 3})).status_code == 413
    async with serving() as api:
        answer = await api.client.post(DECIDE, json={"markings": [{}] * 1001})
        assert "one request may carry 1,000" in answer.json()["detail"]
