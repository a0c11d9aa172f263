"""Answers that Moodle never gives: each is refused with the name of the field, and never with its value."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.gateways.moodle.given import SARA, Line
from tests.gateways.moodle.replaying import replaying

from mzi_adapters.moodle import MoodleClient
from mzi_adapters.moodle.answers import returned
from mzi_adapters.moodle.json_fields import flag, integer, moment, number, text
from mzi_adapters.moodle.refusals import error_for
from mzi_adapters.testing.faults import says
from mzi_adapters.web import Response
from mzi_core.errors import AccessRefused, GatewayError, GatewayLimited, GatewayUnavailable, ProtocolError
from mzi_core.ports import Applied, NewGroup, Rejected, RejectionKind, Unknown, UserChange, UserKey
from mzi_core.values import MoodleId

SECRET = "Sara Student"

USERS = "core_user_get_users_by_field"
FLAGS = "mod_assign_get_user_flags"

BROKEN: tuple[tuple[str, object, str], ...] = (
    (USERS, {"users": []}, "answer"),
    (USERS, [SECRET], "answer"),
    (USERS, [{"id": SECRET}], "id"),
    (USERS, [{"id": 0}], "id"),
    (USERS, [{"username": SECRET}], "id"),
    (USERS, [{"id": 7, "username": {"x": SECRET}}], "username"),
    (FLAGS, SECRET, "answer"),
    (FLAGS, {"assignments": SECRET}, "assignments"),
    (FLAGS, {"assignments": [{"assignmentid": 2, "userflags": [SECRET]}]}, "userflags"),
    (
        FLAGS,
        {"assignments": [{"assignmentid": 2, "userflags": [{"userid": 7, "extensionduedate": 10**30}]}]},
        "extensionduedate",
    ),
)
ASK: dict[str, Callable[[MoodleClient], Awaitable[Any]]] = {
    USERS: lambda moodle: moodle.find_users(UserKey.ID, ["7"]),
    FLAGS: lambda moodle: moodle.user_flags([MoodleId(2)]),
}


@pytest.mark.parametrize(("function", "answer", "field"), BROKEN, ids=repr)
async def test_an_answer_of_another_shape_is_refused(function: str, answer: object, field: str) -> None:
    """By the name of the field alone: what stands there may be somebody's."""
    moodle, _ = replaying(**{function: json.dumps(answer)})
    with pytest.raises(ProtocolError, match=f"`{field}`") as raised:
        await ASK[function](moodle)
    assert SECRET not in str(raised.value)


async def test_numbers_and_their_digits_are_the_same() -> None:
    """Moodle writes ids as it likes, even within one answer."""
    row = {"a": 7, "b": "7", "c": None, "d": "", "e": "1.50000", "f": True, "g": "0", "h": 1.5, "i": "NaN"}
    assert [integer(row, name) for name in "abf"] == [7, 7, 1]
    assert [str(number(row, name)) for name in "abcdeh"] == ["7", "7", "None", "None", "1.50000", "1.5"]
    assert [flag(row, name) for name in "afgcz"] == [True, True, False, False, False]
    assert [text(row, name) for name in "abch"] == ["7", "7", "", "1.5"]
    assert [moment(row, name) for name in "cgz"] == [None, None, None]
    for read, name in ((integer, "e"), (number, "i"), (number, "f")):
        with pytest.raises(ProtocolError):
            read(row, name)


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (integer, "9" * 5000),
        (integer, 10**18),
        (integer, " 7"),
        (integer, "1_000"),
        (integer, "٧"),
        (number, "9" * 65),
        (number, 10**4000),
        (number, "1e999999"),
        (number, "1e-999999"),
        (moment, 7_289_654_400),
        (moment, 10**17),
        (moment, "9" * 18),
    ],
)
def test_a_number_or_a_time_that_nobody_could_work_with_is_refused(
    read: Callable[[dict[str, object], str], object], value: object
) -> None:
    """The last second of the year 2200 is read, and the one after it is not."""
    assert moment({"a": 7_289_654_399}, "a") == datetime(2200, 12, 31, 23, 59, 59, tzinfo=UTC)
    with pytest.raises(ProtocolError, match="`a`"):
        read({"a": value}, "a")


async def test_an_answer_that_is_nested_without_end_is_no_json() -> None:
    moodle, _ = replaying(core_user_get_users_by_field="[" * 200_000)
    with pytest.raises(ProtocolError, match="not JSON"):
        await moodle.find_users(UserKey.ID, ["7"])


def test_the_rules_for_passwords_are_told_without_tags_and_in_short() -> None:
    said = str(error_for("<div>" * 200_000))
    assert len(said) < 400
    assert str(error_for("<div>At least 1 digit.</div><p>And more.</p>")).endswith(
        "At least 1 digit. And more."
    )


STATUSES: tuple[tuple[int, bytes, type[GatewayError]], ...] = (
    (301, b"", AccessRefused),
    (303, b"", AccessRefused),
    (401, b"", ProtocolError),
    (403, b"", GatewayUnavailable),
    (403, b"<h1>Blocked</h1>", AccessRefused),
    (404, b"<h1>Not Found</h1>", AccessRefused),
    (413, b"", ProtocolError),
    (429, b"", GatewayLimited),
    (500, b"", GatewayUnavailable),
    (503, b"", GatewayUnavailable),
)


@pytest.mark.parametrize(("status", "body", "kind"), STATUSES, ids=repr)
def test_a_status_that_is_not_200_is_never_read_as_an_answer(
    status: int, body: bytes, kind: type[GatewayError]
) -> None:
    """Only who is asked to try again is told that it may help."""
    with pytest.raises(GatewayError) as raised:
        returned(Response(status=status, body=body))
    assert type(raised.value) is kind
    assert raised.value.code in (str(status), "")


async def test_a_search_that_moodle_did_not_understand_found_nobody() -> None:
    """It ignores a key it does not know, and returns every user of the site."""
    everybody = {
        "users": [{"id": 7, "username": "sara", "email": "sara@mzi.example"}],
        "warnings": [{"item": "email", "warningcode": "invalidfieldparameter", "message": "unknown"}],
    }
    moodle, _ = replaying(**{USERS: "[]", "core_user_get_users": json.dumps(everybody)})
    with pytest.raises(ProtocolError, match="search"):
        await moodle.find_users(UserKey.EMAIL, ["sara@mzi.example"])


async def test_users_that_an_answer_leaves_out_are_looked_up(line: Line) -> None:
    """A cut list of what was created is no list of who is there."""
    line.on("core_user_create_users", says(200, b"[]", applied=True))
    [result] = await line.moodle.create_users([SARA])
    assert isinstance(result, Applied)
    assert line.calls("core_user_create_users") == 1


@pytest.mark.parametrize("body", [b"null", b"{}", b'[{"id":0}]', b'"ok"'], ids=repr)
async def test_a_write_with_a_strange_answer_was_carried_out_nevertheless(line: Line, body: bytes) -> None:
    """What can be looked up is; the rest stays unknown."""
    line.on("core_user_create_users", says(200, body, applied=True))
    [created] = await line.moodle.create_users([SARA])
    assert isinstance(created, Applied)
    assert created.id is not None
    line.on("core_user_update_users", says(200, b'"ok"', applied=True))
    [changed] = await line.moodle.update_users([UserChange(id=created.id, city="Irbid")])
    assert isinstance(changed, Unknown)


async def test_a_token_that_ends_after_a_lost_answer_leaves_it_ambiguous(line: Line) -> None:
    """Nobody can look any more, and nothing is said to be refused that may be there."""
    revoked = says(200, b'{"exception":"moodle_exception","errorcode":"invalidtoken","message":"no"}')
    line.on("core_user_create_users", says(502, b"<h1>!</h1>"))
    line.on("core_user_create_users", revoked, times=9)
    [result] = await line.moodle.create_users([SARA])
    assert isinstance(result, Unknown)


async def test_a_group_that_somebody_made_meanwhile_is_named(line: Line) -> None:
    """Moodle does not say what was wrong; looking again does."""
    course = MoodleId(line.site.add_course(shortname="BM-1"))
    line.on("core_group_get_course_groups", says(200, b"[]"))
    made = line.site.add_group(course, "Section A")
    [result] = await line.moodle.create_groups([NewGroup(course=course, name="Section A")])
    assert isinstance(result, Rejected)
    assert (result.kind, result.existing) == (RejectionKind.CONFLICT, made)
