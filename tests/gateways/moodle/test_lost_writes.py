"""Writes whose answer is lost, or that stop half-way: what is known of each item afterwards."""

from contextlib import AbstractAsyncContextManager
from decimal import Decimal

import attrs
import pytest
from tests.gateways.moodle.given import SARA, Line, client_of

from mzi_adapters.testing.faults import Cut, Fault, Late, Reset, says
from mzi_adapters.web import Lost, Request, Response, Streamed, Transport
from mzi_core.errors import AmbiguousWrite
from mzi_core.ports import (
    Applied,
    GivenMark,
    MoodleAssignment,
    Rejected,
    Unknown,
    UserChange,
    UserKey,
)
from mzi_core.ports import RejectionKind as Why
from mzi_core.values import MoodleId

REVOKED = b'{"exception":"moodle_exception","errorcode":"invalidtoken","message":"no"}'
PHP = b'{"exception":"Error","message":"null"}'


def _changes(line: Line, count: int) -> list[UserChange]:
    people = [line.site.add_user(username=f"u{n}@mzi.example") for n in range(count)]
    return [UserChange(id=MoodleId(id), city="Irbid") for id in people]


async def test_a_site_that_is_down_leaves_each_change_for_later(line: Line) -> None:
    """It was not applied, and what comes after it is not even sent."""
    changes = _changes(line, 120)
    line.site.database_down = True
    results = await line.moodle.update_users(changes)
    assert {one.kind for one in results if isinstance(one, Rejected)} == {Why.TEMPORARY}
    assert len(results) == 120
    assert line.calls("core_user_update_users") == 4


async def test_what_was_written_before_the_token_ended_is_known(line: Line) -> None:
    """The rest is refused, and the next call raises."""
    changes = _changes(line, 120)
    line.faults.at(2, says(200, REVOKED))
    results = await line.moodle.update_users(changes)
    assert [type(one) for one in results] == [Applied] * 50 + [Rejected] * 70


APPLIED = (Reset(applied=True), Cut(), Late(seconds=86400), says(500, b"<h1>!</h1>", applied=True))
LOST = (*APPLIED, Reset(applied=False), says(502, b"<h1>!</h1>"))


@pytest.mark.parametrize("fault", LOST, ids=repr)
async def test_a_creation_whose_answer_was_lost_is_settled_by_its_key(line: Line, fault: Fault) -> None:
    """Sent again only where nobody is there."""
    line.on("core_user_create_users", fault)
    [result] = await line.moodle.create_users([SARA])
    [user] = (await line.moodle.find_users(UserKey.USERNAME, [SARA.username]))[SARA.username]
    assert result == Applied(id=user.id)
    assert line.calls("core_user_create_users") == 1


async def test_php_that_fails_after_the_row_is_written_has_written_it(line: Line) -> None:
    """As with an observer of some plugin that throws."""
    line.on("core_user_create_users", says(200, PHP, applied=True))
    [result] = await line.moodle.create_users([SARA])
    assert isinstance(result, Applied)


async def test_php_that_fails_before_has_not(line: Line) -> None:
    """And says so of each."""
    line.on("core_user_create_users", says(200, PHP), times=99)
    results = await line.moodle.create_users([SARA, attrs.evolve(SARA, username="b", email="b@mzi.example")])
    assert [one.kind for one in results if isinstance(one, Rejected)] == [Why.REMOTE_BUG] * 2


async def test_a_write_that_can_never_be_settled_is_ambiguous(line: Line) -> None:
    """Rather than a guess."""
    line.on("core_user_create_users", Reset(applied=False), times=99)
    [result] = await line.moodle.create_users([SARA])
    assert isinstance(result, Unknown)


async def test_a_lost_change_is_sent_again(line: Line) -> None:
    """Done twice it is done once."""
    [change] = _changes(line, 1)
    line.on("core_user_update_users", Reset(applied=True), times=3)
    assert await line.moodle.update_users([change]) == [Applied(id=change.id)]
    assert line.calls("core_user_update_users") == 4


async def test_a_plugin_call_whose_answer_was_lost_is_not_sent_again(line: Line) -> None:
    """Nobody knows what it does."""
    line.site.functions.add("local_mzi_record_payment")
    line.on("local_mzi_record_payment", Reset(applied=False), times=99)
    with pytest.raises(AmbiguousWrite):
        await line.moodle.call_plugin("local_mzi_record_payment", {"paymentdata": "{}"})
    assert line.faults.seen == 2
    with pytest.raises(ValueError, match="plugin"):
        await line.moodle.call_plugin("core_user_delete_users", {"userids": [7]})


SAVE = "mod_assign_save_grade"


async def _marking(line: Line) -> tuple[MoodleAssignment, GivenMark]:
    """An assignment with one student's work, and the mark for it."""
    course = MoodleId(line.site.add_course(shortname="BM-1"))
    student = MoodleId(line.site.add_user(username="sara@mzi.example"))
    line.site.enrol(student, course)
    id = line.site.add_assignment(course)
    line.site.submit(id, student)
    found = (await line.moodle.assignments([course]))[course]
    assert not isinstance(found, Rejected)
    return found[0], GivenMark(user=student, attempt=0, raw=Decimal(3), feedback="Good", workflow="released")


@pytest.mark.parametrize("fault", APPLIED, ids=repr)
async def test_a_mark_whose_answer_was_lost_is_read_back(line: Line, fault: Fault) -> None:
    """It is there, so it is not sent again: Moodle would tell the student twice."""
    assignment, mark = await _marking(line)
    line.on(SAVE, fault)
    [result] = await line.moodle.save_marks(assignment, [mark])
    assert isinstance(result, Applied)
    assert line.calls(SAVE) == 1


@pytest.mark.parametrize("fault", [Reset(applied=False), says(502)], ids=repr)
async def test_a_mark_that_did_not_arrive_is_sent_again(line: Line, fault: Fault) -> None:
    """The reading says so."""
    assignment, mark = await _marking(line)
    line.on(SAVE, fault, times=2)
    [result] = await line.moodle.save_marks(assignment, [mark])
    assert isinstance(result, Applied)
    assert line.calls(SAVE) == 1


async def test_a_mark_that_moodle_did_not_keep_is_not_confirmed(line: Line) -> None:
    """It answers null all the same."""
    assignment, mark = await _marking(line)
    line.on(SAVE, says(200, b"null"))
    [result] = await line.moodle.save_marks(assignment, [mark])
    assert isinstance(result, Rejected)
    assert (await line.moodle.grades([assignment.id]))[assignment.id] == ()


async def test_the_same_mark_as_before_is_not_taken_for_the_new_one(line: Line) -> None:
    """Its feedback may be another, so after a lost answer it is sent again."""
    assignment, mark = await _marking(line)
    assert isinstance((await line.moodle.save_marks(assignment, [mark]))[0], Applied)
    line.on(SAVE, Reset(applied=False))
    again = attrs.evolve(mark, feedback="Better")
    assert isinstance((await line.moodle.save_marks(assignment, [again]))[0], Applied)
    work = await line.moodle.work(assignment.id, mark.user)
    assert work.attempts[-1].feedback == "Better"


async def test_a_mark_that_cannot_be_read_back_is_ambiguous(line: Line) -> None:
    """Neither applied nor rejected."""
    assignment, mark = await _marking(line)
    reads = iter(range(99))
    line.faults.when(
        lambda request: b"get_grades" in (request.body or b"") and next(reads) > 0, says(502), times=99
    )
    [result] = await line.moodle.save_marks(assignment, [mark])
    assert isinstance(result, Unknown)


async def test_of_many_marks_those_before_a_site_went_down_are_settled(line: Line) -> None:
    """The rest is left for later."""
    assignment, mark = await _marking(line)
    other = MoodleId(line.site.add_user(username="ali@mzi.example"))
    line.site.enrol(other, assignment.course)
    seen = iter(range(99))
    down = says(403)
    line.faults.when(
        lambda request: SAVE.encode() in (request.body or b"") and next(seen) > 0, down, times=99
    )
    results = await line.moodle.save_marks(assignment, [mark, attrs.evolve(mark, user=other)])
    assert isinstance(results[0], Applied)
    assert [one.kind for one in results[1:] if isinstance(one, Rejected)] == [Why.TEMPORARY]


@attrs.define
class Overtaken:
    """A wire on which the first creation arrives only when the second is sent, and is never answered."""

    wire: Transport
    held: list[Request] = attrs.field(factory=list)
    seen: int = 0

    async def send(self, request: Request) -> Response:
        """Lost the first time; then what was held goes first."""
        if b"core_user_create_users" in (request.body or b""):
            self.seen += 1
            if self.seen == 1:
                self.held.append(request)
                raise Lost
            for held in self.held:
                await self.wire.send(held)
            self.held.clear()
        return await self.wire.send(request)

    def stream(self, request: Request) -> AbstractAsyncContextManager[Streamed]:
        """Nothing is streamed."""
        return self.wire.stream(request)


async def test_a_creation_that_arrives_late_is_our_own(line: Line) -> None:
    """The second one is refused because of the first, and neither is anybody else's."""
    moodle = client_of(line.site, Overtaken(line.site), line.timer)
    bad = attrs.evolve(SARA, username="b", email="not-an-address")
    results = await moodle.create_users([SARA, bad, attrs.evolve(SARA, username="c", email="c@mzi.example")])
    assert [type(one) for one in results] == [Applied, Rejected, Applied]
    results = await client_of(line.site, Overtaken(line.site), line.timer).create_users(
        [attrs.evolve(SARA, username="d", email="d@mzi.example")]
    )
    [user] = (await moodle.find_users(UserKey.USERNAME, ["d"]))["d"]
    assert results == [Applied(id=user.id)]


@pytest.mark.parametrize("down", [says(403), says(200, REVOKED)], ids=repr)
async def test_a_lost_write_that_cannot_be_sent_again_is_not_called_refused(line: Line, down: Fault) -> None:
    """The first time may have been enough."""
    for function in ("core_user_create_users", "core_user_update_users"):
        line.on(function, says(502, b"<h1>!</h1>"))
        line.on(function, down, times=9)
    assert [type(one) for one in await line.moodle.create_users([SARA])] == [Unknown]
    assert [type(one) for one in await line.moodle.update_users(_changes(line, 1))] == [Unknown]
