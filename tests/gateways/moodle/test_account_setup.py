"""The role and the functions that an administrator gives mzi's account are those that the gateway uses."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

import mzi_adapters.moodle
from mzi_adapters.moodle import NEEDED
from mzi_adapters.moodle.account_setup import SERVICE_NAME, SERVICE_SHORT_NAME, role_preset
from mzi_adapters.moodle.capabilities import CAPABILITIES, UNASKED, Rights
from mzi_adapters.moodle.plugin import PLUGIN

FOLDER = Path(mzi_adapters.moodle.__file__).parent
FILES = sorted(FOLDER.glob("*.py"))

CAPABILITY = re.compile(r"\b(?:moodle|mod|enrol|webservice|gradereport|local)/[a-z]+:[a-z]+\b")
FUNCTION = re.compile(r"(?:core|mod|enrol|gradereport|gradingform|tool)_[a-z_]+")


def texts(path: Path) -> Iterator[str]:
    """The texts of a file that are neither a docstring nor the list of the functions itself."""
    tree = ast.parse(path.read_text("utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    declared = {
        id(each)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "NEEDED"
        for each in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in prose | declared:
            yield str(node.value)


def test_the_service_holds_the_functions_that_the_gateway_calls_and_no_others() -> None:
    called = {text for path in FILES for text in texts(path) if FUNCTION.fullmatch(text)}
    assert called == set(NEEDED)
    assert list(NEEDED) == sorted(set(NEEDED))


def test_the_role_has_every_capability_that_a_refusal_or_the_doctor_names() -> None:
    named = {found for path in FILES for text in texts(path) for found in CAPABILITY.findall(text)}
    assert named >= {"moodle/course:view", "moodle/user:viewdetails", "mod/assign:grade"}
    assert named - {*role_preset().capabilities, *role_preset().plugin_capabilities} == set()


def test_the_doctor_names_every_capability_of_the_role_that_a_call_needs() -> None:
    assert role_preset().capabilities == CAPABILITIES
    assert set(CAPABILITY.findall(Rights().told().said)) == set(CAPABILITIES) - UNASKED


def test_the_role_is_shaped_as_moodle_imports_one() -> None:
    """Its schema asks for this order, and what it does not know of it drops without a word."""
    preset = role_preset()
    role = ElementTree.fromstring(preset.xml)  # noqa: S314
    assert [each.tag for each in role] == [
        "shortname",
        "name",
        "description",
        "archetype",
        "contextlevels",
        "allowassign",
        "allowoverride",
        "allowswitch",
        "allowview",
        "permissions",
    ]
    assert {each.tag for each in role.iterfind("permissions/*")} == {"allow"}
    assert [each.text for each in role.iterfind("contextlevels/level")] == ["system"]
    assert preset.may_assign == ("student", "teacher", "editingteacher")
    allowed = [each.text for each in role.iterfind("permissions/allow")]
    assert allowed == sorted({*preset.capabilities, *preset.plugin_capabilities})


@pytest.mark.parametrize("capability", ["moodle/user:delete", "moodle/site:config", "moodle/role:manage"])
def test_the_role_may_not(capability: str) -> None:
    assert capability not in role_preset().xml


def test_a_service_made_by_hand_leaves_the_names_of_the_plugin_free() -> None:
    """A Moodle with two services of one name installs a plugin by half."""
    taken = {"mzi", "mzi plugin", "local_mzi", PLUGIN.rstrip("_")}
    assert not {SERVICE_NAME.lower(), SERVICE_SHORT_NAME.lower()} & taken
    assert re.fullmatch(r"[a-z0-9_-]+", SERVICE_SHORT_NAME)
