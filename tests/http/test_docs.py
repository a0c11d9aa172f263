"""The OpenAPI document and the page that shows it."""

import re
from pathlib import Path
from typing import Any

import pytest
from tests.http.serving import Api, serving

from mzi_core.grading import Marking, marking_to_data
from mzi_core.modules import CATALOGUE, MOODLE_CATALOGUE, ZOHO_CATALOGUE
from mzi_http.grade_schemas import MARKING
from mzi_http.record_doors import MOODLE_DOORS
from mzi_http.routes.docs import ChangedAsset, asset


async def document() -> dict[str, Any]:
    async with serving(with_key=False) as api:
        found: dict[str, Any] = (await api.client.get("/openapi.json")).json()
        return found


def references(value: Any) -> set[str]:
    match value:
        case {"$ref": str(name)}:
            return {name}
        case dict():
            return set().union(*map(references, value.values()))
        case list():
            return set().union(*map(references, value))
    return set()


async def test_the_document_describes_every_module_and_refers_to_nothing_that_is_not_there() -> None:
    found = await document()
    assert (found["openapi"], found["info"]["version"]) == ("3.1.0", "1.2.3")
    for module in CATALOGUE:
        assert "get" in found["paths"][f"/api/v1/{module.name}"]
        assert "get" in found["paths"][f"/api/v1/{module.name}/{{{module.key_name}}}"]
    taken = [
        *(f"sync/{module.name}" for module in ZOHO_CATALOGUE),
        *(f"moodle/{kind}" for kind in MOODLE_DOORS),
    ]
    assert [path for path in taken if "post" not in found["paths"][f"/api/v1/{path}"]] == []
    assert set(MOODLE_DOORS.values()) == set(MOODLE_CATALOGUE)
    here = {f"#/components/schemas/{name}" for name in found["components"]["schemas"]}
    assert references(found) <= here


async def test_the_document_has_the_field_names_of_both_sides() -> None:
    schemas = (await document())["components"]["schemas"]
    assert "Also read: Student." in schemas["ZohoRegistration"]["properties"]["Student_ID"]["description"]
    assert "student" in schemas["Registration"]["required"]
    assert list(schemas["StudentResult"]["allOf"][1]["properties"]) == ["zoho_student_id"]


async def test_every_operation_has_a_name_of_its_own_and_only_health_and_doors_are_open() -> None:
    """A door of events asks for another proof than a key."""
    operations = [
        (path, operation)
        for path, methods in (await document())["paths"].items()
        for operation in methods.values()
    ]
    names = [operation["operationId"] for _, operation in operations]
    assert len(names) == len(set(names))
    open_ones = [path for path, operation in operations if operation.get("security") == []]
    doors = ("/events/zoho/", "/events/moodle/", "/webhooks")
    others = {path for path in open_ones if not any(door in path for door in doors)}
    assert others == {"/health", "/api/v1/health"}


async def test_the_page_and_all_it_loads_come_from_here(memory: Api) -> None:
    page = (await memory.client.get("/docs")).text
    wanted = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert "//" not in page.replace("<!doctype html>", "")
    for address in wanted:
        if not address.startswith("data:"):
            answer = await memory.client.get(f"/{address}")
            assert answer.status_code == 200
            assert "max-age" in answer.headers["Cache-Control"]
    start = (await memory.client.get("/docs/start.js")).text
    assert "SwaggerUIBundle" in start
    assert "http" not in start


async def test_the_page_runs_no_script_but_its_own_files(api: Api) -> None:
    answer = await api.client.get("/docs")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "<script>" not in answer.text


def test_the_document_names_all_that_is_known_of_a_marking() -> None:
    assert set(MARKING) == set(marking_to_data(Marking()))


@pytest.mark.parametrize("name", ["swagger_bundle.js", "swagger_style.css"])
def test_a_file_of_swagger_ui_is_the_one_it_was_released_with(name: str) -> None:
    assert len(asset(name)) > 10_000


def test_another_file_under_its_name_is_not_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "offapi").mkdir()
    (tmp_path / "offapi" / "__init__.py").write_text("")
    (tmp_path / "offapi" / "swagger_bundle.js").write_text("steal()")
    monkeypatch.syspath_prepend(tmp_path)
    asset.cache_clear()
    with pytest.raises(ChangedAsset, match="is not the file mzi was released with"):
        asset("swagger_bundle.js")
