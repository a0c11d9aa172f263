"""Several functions in one call: one after the other, up to the first that fails."""

import json
from collections.abc import Callable
from typing import Any

from mzi_adapters.testing.moodle import form
from mzi_adapters.testing.moodle.encoding import php_json
from mzi_adapters.testing.moodle.parameters import Many, One, Value
from mzi_adapters.testing.moodle.refusals import Refusal, invalid_parameter
from mzi_adapters.testing.moodle.site import Function, Functions, Site

SETTINGS = {
    "settingraw": Value("bool", default=False),
    "settingfileurl": Value("bool", default=True),
    "settingfilter": Value("bool", default=False),
    "settinglang": Value("raw", default=""),
}
_REQUESTS = Many(One({"function": Value("alphanumext"), "arguments": Value("raw", default="{}"), **SETTINGS}))


def offering(find: Callable[[Site, str], Function]) -> Functions:
    """The batch function over whatever `find` finds for a caller; it raises Refusal for the rest."""
    functions = Functions()

    @functions.offer("tool_mobile_call_external_functions", requests=_REQUESTS)
    def call_all(site: Site, given: dict[str, Any]) -> dict[str, Any]:
        responses: list[dict[str, Any]] = []
        for wanted in given["requests"]:
            site.raw = wanted["settingraw"]
            try:
                arguments = _arguments(wanted["arguments"])
                said = _offered(find, site, wanted["function"]).call(site, arguments)
            except Refusal as refusal:
                responses.append({"error": True, "exception": _exception(site, refusal)})
                break
            responses.append({"error": False, "data": php_json(said).decode()})
        return {"responses": responses}

    return functions


def _offered(find: Callable[[Site, str], Function], site: Site, name: str) -> Function:
    try:
        return find(site, name)
    except Refusal as refusal:
        raise Refusal("webservice_access_exception", "accessexception", "", module="webservice") from refusal


def _arguments(text: str) -> dict[str, Any]:
    try:
        arguments = json.loads(text)
    except ValueError as error:
        raise invalid_parameter("Arguments are not JSON") from error
    if not isinstance(arguments, dict):
        raise invalid_parameter("Arguments are not a structure")
    nested: dict[str, Any] = form.as_php(arguments)
    return nested


def _exception(site: Site, refusal: Refusal) -> str:
    if refusal.module:
        return php_json({"errorcode": refusal.errorcode, "module": refusal.module}).decode()
    said = {
        "message": refusal.message,
        "errorcode": refusal.errorcode,
        "link": f"{site.url}/",
        "moreinfourl": f"https://docs.moodle.org/405/en/error/moodle/{refusal.errorcode}",
    }
    return php_json(said).decode()
