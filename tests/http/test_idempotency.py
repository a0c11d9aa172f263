"""A request that is sent again: under a key it is answered as before, without one it does no harm."""

import json

import pytest
from tests.http.serving import Api, serving, statuses, student

from mzi_core.use_cases.take_page import PAGE

STUDENTS = "/api/v1/sync/students"


async def test_without_a_key_one_is_derived_and_only_reported(api: Api) -> None:
    first = await api.sync("students", student(1))
    again = await api.sync("students", student(1))
    assert first["idempotency_key"] == again["idempotency_key"]
    assert len(first["idempotency_key"]) == 64
    assert (statuses(first), statuses(again)) == (["NEW"], ["UNCHANGED"])
    assert "idempotent_replay" not in again


async def test_the_derived_key_differs_by_tenant_module_and_body(api: Api) -> None:
    await api.mzi.use_cases.add_tenant("other")  # type: ignore[arg-type]
    keys = {
        (await api.sync("students"))["idempotency_key"],
        (await api.sync("students", **{"X-Tenant-ID": "other"}))["idempotency_key"],
        (await api.sync("teachers"))["idempotency_key"],
        (await api.sync("students", {}))["idempotency_key"],
    }
    assert len(keys) == 4


async def test_under_a_key_the_first_answer_comes_again_and_nothing_is_done(api: Api) -> None:
    first = await api.sync("students", student(1), **{"Idempotency-Key": "k-1"})
    await api.sync("students", student(1, City="Irbid"))
    again = await api.sync("students", student(1), **{"Idempotency-Key": "k-1"})
    assert again == {**first, "idempotent_replay": True}
    assert first["idempotency_key"] == "k-1"
    assert (await api.stored("students", "1"))["city"] == "Irbid"


async def test_an_answer_is_the_same_for_other_spellings_of_the_media_type(api: Api) -> None:
    body = json.dumps(student(1)).encode()
    answers = [
        await api.client.post(STUDENTS, content=body, headers={"Content-Type": said, "Idempotency-Key": "k"})
        for said in ("application/json", "application/json; charset=utf-8")
    ]
    assert "idempotent_replay" not in answers[0].json()
    assert answers[1].json()["idempotent_replay"] is True


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (STUDENTS, {"data": [student(2)]}),
        ("/api/v1/sync/teachers", {"data": [student(1)]}),
        (STUDENTS, {"data": [student(n) for n in range(PAGE + 1)]}),
    ],
    ids=["another body", "another module", "a body of several pages"],
)
async def test_the_same_key_with_another_request_is_409(api: Api, path: str, body: object) -> None:
    await api.sync("students", student(1), **{"Idempotency-Key": "k-1"})
    answer = await api.client.post(path, json=body, headers={"Idempotency-Key": "k-1"})
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("idempotency-key-reused")
    assert "take a new key" in answer.json()["detail"]


async def test_tenants_do_not_share_keys(api: Api) -> None:
    await api.mzi.use_cases.add_tenant("other")  # type: ignore[arg-type]
    await api.sync("students", student(1), **{"Idempotency-Key": "k"})
    answer = await api.sync("students", student(2), **{"Idempotency-Key": "k", "X-Tenant-ID": "other"})
    assert statuses(answer) == ["NEW"]


async def test_a_partial_answer_is_never_frozen(api: Api) -> None:
    """The registration's parents arrive between two deliveries of one request."""
    registration = {"id": "r", "Student_ID": {"id": "1"}, "Program": {"id": "p"}}
    key = {"Idempotency-Key": "k"}
    assert statuses(await api.sync("registrations", registration, **key)) == ["INVALID"]
    await api.sync("programs", {"id": "p", "Product_Name": "P"})
    await api.sync("students", student(1))
    again = await api.sync("registrations", registration, **key)
    assert (again["status"], statuses(again)) == ("success", ["UNCHANGED"])
    assert "idempotent_replay" not in again
    assert (await api.sync("registrations", registration, **key))["idempotent_replay"] is True


async def test_a_partial_answer_holds_its_key_against_another_request(api: Api) -> None:
    await api.sync("students", {"id": "1"}, **{"Idempotency-Key": "k"})
    answer = await api.client.post(STUDENTS, json=student(1), headers={"Idempotency-Key": "k"})
    assert answer.status_code == 409


# More records than one session takes.


async def test_several_pages_are_one_answer() -> None:
    async with serving() as api:
        records = [student(n) for n in range(PAGE + 2)]
        records[PAGE]["Academic_Email"] = records[0]["Academic_Email"]
        answer = await api.sync("students", *records)
        assert [result["position"] for result in answer["results"]] == list(range(PAGE + 2))
        assert answer["summary"]["NEW"] == PAGE + 1
        assert [result["position"] for result in answer["results"] if result["status"] == "INVALID"] == [PAGE]
        assert answer["status"] == "partial"


async def test_several_pages_release_what_waits_and_count_it_through() -> None:
    async with serving() as api:
        await api.sync("programs", {"id": "p", "Product_Name": "P"})
        waiting = [
            {"id": f"r{n}", "Student_ID": {"id": str(n)}, "Program": {"id": "p"}} for n in (0, PAGE, PAGE + 1)
        ]
        await api.sync("registrations", *waiting)
        answer = await api.sync("students", *(student(n) for n in range(PAGE + 2)))
        assert [(each["position"], each["zoho_registration_id"]) for each in answer["released"]] == [
            (0, "r0"),
            (1, f"r{PAGE}"),
            (2, f"r{PAGE + 1}"),
        ]


async def test_a_request_cut_off_between_two_pages_goes_on_where_it_stood() -> None:
    """The first page was stored and its answer kept; the rest is taken when the request comes again."""
    async with serving() as api:
        records = [student(n) for n in range(PAGE + 2)]
        body = {"data": records}
        inner = api.mzi.use_cases.sync
        calls = 0

        async def failing(*args: object, **kwargs: object) -> object:
            nonlocal calls
            calls += 1
            if calls == 2:
                raise StoreUnavailable("The store went away.")
            return await inner(*args, **kwargs)  # type: ignore[call-overload]

        import attrs

        from mzi_core.errors import StoreUnavailable

        store = api.mzi.store
        async with serving(store, change=lambda use_cases: attrs.evolve(use_cases, sync=failing)) as cut:  # type: ignore[arg-type]
            answer = await cut.client.post(STUDENTS, json=body, headers={"Idempotency-Key": "k"})
            assert answer.status_code == 503
        answer = await api.client.post(STUDENTS, json=body, headers={"Idempotency-Key": "k"})
        found = answer.json()
        assert found["summary"]["NEW"] == PAGE + 2
        assert "idempotent_replay" not in found
        again = await api.client.post(STUDENTS, json=body, headers={"Idempotency-Key": "k"})
        assert again.json() == {**found, "idempotent_replay": True}
