"""The gateway, asked for what a recorded call was after, sends that form and understands its answer.

Where the gateway asks for something else on purpose, the recorded answer alone is replayed: it reads fewer
fields of enrolled users than were recorded, and never names only active definitions, for that fails where
there is none. A mark names its attempt where a submission row is there, so the recorded -1 is asked where
there is none.
"""

import pytest
from tests.gateways.moodle.intents import COURSE, INTENTS, Intent
from tests.gateways.moodle.marking_intents import MARKING_INTENTS
from tests.gateways.moodle.recorded import recorded_calls
from tests.gateways.moodle.replaying import replaying

from mzi_adapters.moodle import NEEDED
from mzi_core.errors import RemoteNotFound
from mzi_core.ports import GradingDefinition, Rejected, RejectionKind
from mzi_core.values import MoodleId

ALL = (*INTENTS, *MARKING_INTENTS)


def _said(name: str) -> str:
    return recorded_calls()[name].answer.body.decode()


@pytest.mark.parametrize("intent", ALL, ids=repr)
async def test_an_intent_sends_the_recorded_form_and_reads_the_recorded_answer(intent: Intent) -> None:
    """Every field of it and none besides."""
    moodle, wire = replaying(intent.name, **intent.aside)
    given = await intent.ask(moodle)
    assert wire.asked == [intent.name]
    assert intent.given(given), given


READ = {"core_course_update_categories"}
"""Functions of which no call was recorded yet: what they take and refuse was read in Moodle's code."""


def test_every_function_the_gateway_needs_was_recorded() -> None:
    """Or read in the code: none is called on the word of a document."""
    recorded = {call.function for call in recorded_calls().values()}
    assert set(NEEDED) - recorded == READ


@pytest.mark.parametrize("case", ["ok_all", "ok_onlyactive_userfields", "ok_onlysuspended", "ok_paged"])
async def test_enrolled_users_are_read_whatever_fields_come(case: str) -> None:
    """With their roles, and without what the site does not show."""
    said = _said(f"core_enrol_get_enrolled_users__{case}")
    site = _said("core_webservice_get_site_info__ok")
    moodle, _ = replaying(core_enrol_get_enrolled_users=said, core_webservice_get_site_info=site)
    found = await moodle.enrolled(COURSE)
    assert found
    assert all(one.roles for one in found)


@pytest.mark.parametrize(("case", "method"), [("btec_active", "btec"), ("rubric_active", "rubric")], ids=repr)
async def test_a_definition_is_known_by_its_method(case: str, method: str) -> None:
    """Its criteria are the plugin's own."""
    said = _said(f"core_grading_get_definitions__{case}")
    moodle, _ = replaying(core_grading_get_definitions=said)
    [found] = (await moodle.definitions([MoodleId(6 if method == "btec" else 7)])).values()
    assert not isinstance(found, Rejected)
    assert [type(one) for one in found] == [GradingDefinition]
    assert found[0].method == method


async def test_whoever_does_not_take_part_has_no_work() -> None:
    """Moodle answers for a teacher without any attempt."""
    said = _said("mod_assign_get_submission_status__non_participant_behaviour")
    moodle, _ = replaying(mod_assign_get_submission_status=said)
    with pytest.raises(RemoteNotFound):
        await moodle.work(MoodleId(2), MoodleId(27))


@pytest.mark.parametrize(
    ("function", "case", "kind"),
    [
        ("get_assignments", "warning_no_capability", RejectionKind.NOT_FOUND),
        ("get_assignments", "warning_unknown_course", RejectionKind.NOT_FOUND),
        ("get_submissions", "warning_no_capability", RejectionKind.PERMISSION),
        ("get_submissions", "unknown_assignment", RejectionKind.NOT_FOUND),
        ("get_grades", "warning_no_capability", RejectionKind.PERMISSION),
        ("get_user_flags", "warning_no_capability", RejectionKind.PERMISSION),
    ],
    ids=repr,
)
async def test_a_warning_of_an_assignment_function_is_the_error_of_that_item(
    function: str, case: str, kind: RejectionKind
) -> None:
    """Never an empty list, which would look like nothing handed in."""
    name = f"mod_assign_{function}"
    moodle, _ = replaying(**{name: _said(f"{name}__{case}")})
    asked = MoodleId(99999 if "unknown" in case else 2)
    read = {
        "get_assignments": moodle.assignments,
        "get_submissions": moodle.submissions,
        "get_grades": moodle.grades,
        "get_user_flags": moodle.user_flags,
    }[function]
    found = (await read([asked]))[asked]  # type: ignore[operator]  # four functions of different results
    assert isinstance(found, Rejected)
    assert found.kind is kind


@pytest.mark.parametrize("case", ["get_grades__warning_none_yet", "get_user_flags__warning_none_yet"])
async def test_that_there_is_none_yet_is_no_error(case: str) -> None:
    """Moodle says it with a warning, too."""
    name = f"mod_assign_{case.split('__', maxsplit=1)[0]}"
    moodle, _ = replaying(**{name: _said(f"mod_assign_{case}")})
    read = moodle.grades if "grades" in name else moodle.user_flags
    assert await read([MoodleId(2)]) == {2: ()}
