"""Every recorded call of a running Moodle: our form is the form that was sent, its answer is understood."""

import json
from collections.abc import Iterator

import pytest
from tests.gateways.moodle.given import TOKEN, client_of
from tests.gateways.moodle.recorded import Recorded, as_kept, nested, recorded_calls

from mzi_adapters.moodle.answers import returned
from mzi_adapters.moodle.form import form_pairs
from mzi_adapters.moodle.refusals import error_for
from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.web import pairs_to_form
from mzi_core.errors import (
    AccessRefused,
    AlreadyTaken,
    AuthRevoked,
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
    InputRefused,
    ProtocolError,
    RemoteBug,
    RemoteNotFound,
)
from mzi_core.ports import Enrolment, UserKey
from mzi_core.values import MoodleId

CALLS = tuple(recorded_calls().values())
FAILURES = tuple(call for call in CALLS if call.errorcode)
SUCCESSES = tuple(call for call in CALLS if not call.errorcode)

MEANS: dict[str, type[GatewayError]] = {
    # credentials
    "invalidtoken": AuthRevoked,
    "wsaccessusersuspended": AuthRevoked,
    # how the service is set up
    "accessexception": AccessRefused,
    # permission
    "nopermissions": AccessRefused,
    "requireloginerror": AccessRefused,
    "errorcoursecontextnotvalid": AccessRefused,
    "errorcatcontextnotvalid": AccessRefused,
    "wsusercannotassign": AccessRefused,
    "criteriaerror": AccessRefused,
    "useradminodelete": AccessRefused,
    # bad input
    "invalidparameter": InputRefused,
    "errorinvalidparam": InputRefused,
    "dmlwriteexception": InputRefused,
    "enddatebeforestartdate": InputRefused,
    "invalid_method_name": InputRefused,
    "html": InputRefused,
    "Module assign does not support quick creation": InputRefused,
    # conflict
    "shortnametaken": AlreadyTaken,
    "courseidnumbertaken": AlreadyTaken,
    "categoryidnumbertaken": AlreadyTaken,
    # not found
    "invalidrecord": RemoteNotFound,
    "invaliduser": RemoteNotFound,
    "invalidcoursemodule": RemoteNotFound,
    "unknowcategory": RemoteNotFound,
    "nofile": RemoteNotFound,
    # temporary
    "dbconnectionfailed": GatewayUnavailable,
    "sitemaintenance": GatewayUnavailable,
    "gradesneedregrading": GatewayUnavailable,
    "403": GatewayUnavailable,
    "503": GatewayUnavailable,
    # bug
    "php": RemoteBug,
    "codingerror": RemoteBug,
    # no answer of this protocol
    "xml": ProtocolError,
}


@pytest.mark.parametrize("call", CALLS, ids=repr)
def test_the_encoder_writes_the_form_that_was_recorded(call: Recorded) -> None:
    """The same names and values in the same order."""
    assert form_pairs(nested(call.asked)) == call.asked


@pytest.mark.parametrize("call", CALLS, ids=repr)
def test_a_form_is_the_same_to_the_byte(call: Recorded) -> None:
    """Arabic names, tags, plus signs and all."""
    assert as_kept(pairs_to_form(call.pairs).decode()) == call.form


@pytest.mark.parametrize("call", SUCCESSES, ids=repr)
def test_an_answer_is_what_the_function_returned(call: Recorded) -> None:
    """Lists, objects, null, bare numbers and texts."""
    assert returned(call.answer) == call.said


@pytest.mark.parametrize("call", FAILURES, ids=repr)
def test_a_failure_is_the_error_its_code_stands_for(call: Recorded) -> None:
    """By errorcode, never by the class name of the exception."""
    with pytest.raises(GatewayError) as raised:
        returned(call.answer)
    assert type(raised.value) is MEANS[call.errorcode or ""]


@pytest.mark.parametrize("call", FAILURES, ids=repr)
def test_no_word_of_moodle_about_a_person_gets_into_an_error(call: Recorded) -> None:
    """Its messages and its debug information name usernames and addresses."""
    with pytest.raises(GatewayError) as raised:
        returned(call.answer)
    said = str(raised.value).lower()
    assert "btec.example" not in said
    assert "mzi_suspended" not in said


SEEN_LATER = (
    *("wsnoinstance", "userdeleted", "forcepasswordchangenotice", "sitepolicynotagreed", "usernotfullysetup"),
    "nopasswordchangeforced",
    *("nopermission", "nostartdatenoenddate", "usernotupdatedguest", "invalidcourse"),
)
"""Codes that a running site answered with and that were not recorded."""

READ_APART = {"1", "2", "3", "invalidfieldparameter"}
"""Codes of warnings that mean something else with each function."""


def _codes(said: object) -> Iterator[str]:
    """Every errorcode and warningcode in an answer, also those of calls in a call."""
    if isinstance(said, dict):
        for name, value in said.items():
            if name in ("errorcode", "warningcode") and isinstance(value, str):
                yield value
            yield from _codes(value)
    elif isinstance(said, list):
        for one in said:
            yield from _codes(one)
    elif isinstance(said, str) and said.startswith(("{", "[")):
        yield from _codes(json.loads(said))


def test_every_code_has_a_sentence_of_its_own() -> None:
    """Nobody reads that the call was refused with a code."""
    codes = {code for call in CALLS for code in _codes(call.said)} | set(SEEN_LATER)
    bare = {code for code in codes if f"`{code}`" in str(error_for(code))}
    assert bare == READ_APART


@pytest.mark.parametrize("code", SEEN_LATER[2:6])
async def test_an_account_that_moodle_keeps_waiting_is_told_what_to_do(code: str) -> None:
    """For the call as a whole: taking it apart would not help. Some calls have no code for it."""
    site = FakeMoodle(token=TOKEN)
    course = MoodleId(site.add_course(shortname="NET-1"))
    student = MoodleId(site.add_user(username="sara@mzi.example"))
    site.accounts[TOKEN].unready = code
    moodle = client_of(site)
    helps = r"[Ss]ign in as this account once|Untick Force password change"
    with pytest.raises(AccessRefused, match=helps):
        await moodle.enrol([Enrolment(user=student, course=course, role=MoodleId(5))] * 3)
    with pytest.raises(AccessRefused, match=helps):
        await moodle.find_users(UserKey.USERNAME, ["sara@mzi.example"])
    for asked in (moodle.enrolled, moodle.groups):
        with pytest.raises(AccessRefused, match=helps):
            await asked(course)
    assert site.calls == 4


def test_every_class_of_failure_was_recorded() -> None:
    """Nothing in the table that no call shows, but for what only a fault of the network shows."""
    assert {call.errorcode for call in FAILURES} == set(MEANS)


def test_what_is_refused_is_told_from_what_may_pass() -> None:
    """Only a temporary failure invites another try."""
    temporary = {code for code, kind in MEANS.items() if issubclass(kind, GatewayUnavailable)}
    assert temporary == {"dbconnectionfailed", "sitemaintenance", "gradesneedregrading", "403", "503"}
    assert all(not issubclass(GatewayUnavailable, kind) for kind in (GatewayRefused, RemoteBug))
