"""What the doctor finds of a Moodle and of the account there."""

import json
from collections.abc import Callable
from datetime import timedelta

import attrs
import pytest
from tests.use_cases.doctoring import AMBER, RED, Case, Plant, Plants, bad_token, is_named_alone, of
from tests.use_cases.remotes import TOKEN

from mzi_adapters.moodle import NEEDED
from mzi_adapters.moodle.capabilities import AS_GOOD, CAPABILITIES, UNASKED
from mzi_adapters.web import Response
from mzi_core.ports import Feature
from mzi_core.provisioning import MoodleDefaults
from mzi_core.use_cases.doctor import CheckName, Finding, Severity
from mzi_core.values import DEFAULT_TENANT, MoodleId, TenantId


def moodle_says(code: str, exception: str = "core\\exception\\moodle_exception") -> Callable[[], Response]:
    """An answer that refuses."""
    said = {"exception": exception, "errorcode": code, "message": "Sorry."}
    return lambda: Response(status=200, headers={}, body=json.dumps(said).encode())


def moodle_answers(function: str, code: str) -> Plant:
    def plant(case: Case) -> None:
        case.college.to_moodle.instead[function] = moodle_says(code)

    return plant


def without(*names: str) -> Plant:
    """Capabilities or functions taken away."""

    def plant(case: Case) -> None:
        moodle = case.college.moodle
        for name in names:
            (moodle.capabilities if name in CAPABILITIES else moodle.functions).remove(name)

    return plant


def set_moodle(**switches: object) -> Plant:
    def plant(case: Case) -> None:
        for name, value in switches.items():
            setattr(case.college.moodle, name, value)

    return plant


def misspelt_login(case: Case) -> None:
    case.college.defaults = MoodleDefaults(auth="oauht2")


def unassignable_role(case: Case) -> None:
    case.college.defaults = MoodleDefaults(student_role=MoodleId(1))


def no_manual_enrolment(case: Case) -> None:
    case.college.moodle.site.courses[2].manual = False


def unready_account(case: Case) -> None:
    case.college.moodle.accounts[TOKEN].unready = "forcepasswordchangenotice"


def no_plugin(case: Case) -> None:
    case.college.moodle.plugin = False
    case.college.moodle.functions.difference_update(Feature)


def clock_of_moodle(case: Case) -> None:
    case.college.to_moodle.ahead = timedelta(minutes=10)


PLANTS: Plants = {
    "a login method is misspelt": (
        misspelt_login,
        CheckName.SETTINGS,
        AMBER,
        "`moodle.auth` is `oauht2`, which is no login method",
        "Did you mean `oauth2`?",
    ),
    "the Moodle token is wrong": (bad_token, CheckName.MOODLE_TOKEN, RED, "token", "Manage tokens"),
    "the account has to change its password": (
        unready_account,
        CheckName.MOODLE_TOKEN,
        RED,
        "change its password first",
        "Sign in as this account once",
    ),
    "a function is missing in the service": (
        without("core_course_get_updates_since"),
        CheckName.MOODLE_FUNCTIONS,
        RED,
        "`core_course_get_updates_since`",
        "External services",
    ),
    "the plugin is absent": (no_plugin, CheckName.MOODLE_PLUGIN, AMBER, "not there", "Install"),
    "the plugin is old": (
        without("local_mzi_save_btec_definition"),
        CheckName.MOODLE_PLUGIN,
        AMBER,
        "too old: it lacks `local_mzi_save_btec_definition`",
        "Upgrade",
    ),
    "no capability to see participants": (
        without("moodle/course:viewparticipants", "moodle/course:enrolreview"),
        CheckName.MOODLE_CAPABILITIES,
        RED,
        "`moodle/course:viewparticipants`, `moodle/course:enrolreview`",
        "Define roles",
    ),
    "neither marks nor work may be seen": (
        without("mod/assign:viewgrades", "mod/assign:grade"),
        CheckName.MOODLE_CAPABILITIES,
        RED,
        "`mod/assign:grade`, `mod/assign:viewgrades`",
        "Define roles",
    ),
    "what changed may not be seen": (
        without("mod/assign:viewgrades"),
        CheckName.MOODLE_CAPABILITIES,
        AMBER,
        "Not seen: `mod/assign:viewgrades`.",
        "See that the role has them",
    ),
    **{
        f"capability {name}": (
            without(name),
            CheckName.MOODLE_CAPABILITIES,
            RED,
            f"The account lacks `{name}`.",
            "Define roles",
        )
        for name in CAPABILITIES
        if name not in (*UNASKED, *AS_GOOD, "webservice/rest:use", "mod/assign:viewgrades")
    },
    "the student role may not be assigned": (
        unassignable_role,
        CheckName.MOODLE_ROLES,
        RED,
        "may not assign role 1",
        "Allow role assignments",
    ),
    "no manual enrolment": (
        no_manual_enrolment,
        CheckName.MOODLE_ENROLMENT,
        RED,
        "no manual enrolment",
        "Enrolment methods",
    ),
    "PHP cuts forms at a thousand fields": (
        set_moodle(max_input_vars=1000),
        CheckName.MOODLE_FORM_FIELDS,
        AMBER,
        "cuts forms of 1,100 fields",
        "`max_input_vars = 5000`",
    ),
    "PHP cuts even what mzi sends": (
        set_moodle(max_input_vars=500),
        CheckName.MOODLE_FORM_FIELDS,
        RED,
        "cuts even forms of 900",
        "`max_input_vars = 5000`",
    ),
    "Moodle's clock is ten minutes off": (
        clock_of_moodle,
        CheckName.MOODLE_CLOCK,
        RED,
        "10 minutes behind Moodle's",
        "set-ntp",
    ),
    "Moodle is down for maintenance": (
        set_moodle(maintenance=True),
        CheckName.MOODLE_TOKEN,
        RED,
        "503",
        "Check `moodle.url`",
    ),
    "the token is revoked meanwhile": (
        moodle_answers("core_user_update_users", "invalidtoken"),
        CheckName.MOODLE_CAPABILITIES,
        RED,
        "token",
        "Make a token for the service",
    ),
}


@pytest.mark.parametrize("name", PLANTS)
async def test_what_is_wrong_is_named_with_its_remedy_and_no_other_check_is_red(name: str) -> None:
    await is_named_alone(*PLANTS[name])


@pytest.mark.parametrize("function", [name for name in NEEDED if name != "core_webservice_get_site_info"])
async def test_a_function_that_the_service_lacks_is_named_once(function: str) -> None:
    case = Case()
    without(function)(case)
    found = of(await case.findings(), RED)
    assert list(found) == [CheckName.MOODLE_FUNCTIONS]
    assert found[CheckName.MOODLE_FUNCTIONS].said == f"The service lacks `{function}`."


async def test_without_a_course_what_needs_one_is_not_checked() -> None:
    case = Case()
    for course in (2, 3):
        case.college.moodle.site.courses.pop(course)
    findings = await case.findings()
    assert list(of(findings, Severity.UNKNOWN)) == [CheckName.MOODLE_ROLES, CheckName.MOODLE_ENROLMENT]
    assert of(findings, RED) == {}


async def test_without_an_assignment_what_needs_one_is_not_seen() -> None:
    case = Case()
    case.college.moodle.site.assignments.clear()
    findings = {finding.check: finding for finding in await case.findings()}
    told = findings[CheckName.MOODLE_CAPABILITIES]
    assert (told.level, "`mod/assign:grade`, `mod/assign:view`" in told.said) == (AMBER, True)


async def test_without_its_category_the_right_to_make_courses_is_not_seen() -> None:
    case = Case()
    case.college.defaults = MoodleDefaults(category=MoodleId(999))
    findings = {finding.check: finding for finding in await case.findings()}
    told = findings[CheckName.MOODLE_CAPABILITIES]
    assert (told.level, "Not seen: `moodle/course:create`." in told.said) == (AMBER, True)


async def test_without_work_or_a_hidden_course_what_needs_one_is_not_seen() -> None:
    case = Case()
    case.college.moodle.site.submissions.drop(1, max(case.college.moodle.site.people.rows))
    case.college.moodle.site.courses[3].visible = 1
    findings = {finding.check: finding for finding in await case.findings()}
    told = findings[CheckName.MOODLE_CAPABILITIES]
    assert told.level is AMBER
    assert told.said.endswith("Not seen: `mod/assign:viewgrades`, `moodle/course:viewhiddencourses`.")
    assert "Every capability" not in told.said


async def test_a_course_of_which_moodle_tells_little_is_not_called_open_to_enrolment() -> None:
    """Nor closed."""
    case = Case()
    case.college.to_moodle.instead["core_course_get_courses_by_field"] = lambda: Response(
        status=200, headers={}, body=b'{"courses":[],"warnings":[]}'
    )
    findings = {finding.check: finding for finding in await case.findings()}
    assert findings[CheckName.MOODLE_ENROLMENT].level is Severity.UNKNOWN


async def test_in_a_course_with_nobody_in_it_the_same_capabilities_are_seen() -> None:
    """And its people are not taken for hidden."""
    case = Case()
    for user in list(case.college.moodle.site.enrolments.seconds(2)):
        case.college.moodle.site.enrolments.drop(2, user)
    case.college.moodle.capabilities.remove("moodle/site:accessallgroups")
    found = of(await case.findings(), RED)
    assert "The account lacks `moodle/site:accessallgroups`." in found[CheckName.MOODLE_CAPABILITIES].said


@pytest.mark.parametrize("auth", [None, "oauth2", "manual", "saml2"])
async def test_a_login_method_that_moodle_has_is_no_finding(auth: str | None) -> None:
    case = Case()
    case.college.defaults = MoodleDefaults(auth=auth)
    (finding,) = [each for each in await case.findings() if each.check is CheckName.SETTINGS]
    assert finding.level is Severity.GREEN


async def test_a_login_method_that_is_like_none_is_told_without_a_guess() -> None:
    case = Case()
    case.college.defaults = MoodleDefaults(auth="zzz")
    (finding,) = [each for each in await case.findings() if each.check is CheckName.SETTINGS]
    assert finding.level is AMBER
    assert "Did you mean" not in finding.remedy


async def ruled(case: Case, **rules: object) -> Finding:
    """What the doctor says of roles under such rules."""
    async with case.college.store.begin(DEFAULT_TENANT) as session:
        await session.save_settings(attrs.evolve(await session.settings(), rules=rules))
    (found,) = [each for each in await case.findings() if each.check is CheckName.MOODLE_ROLES]
    return found


async def test_where_courses_are_made_the_roles_of_whoever_is_in_them_are_looked_at_too() -> None:
    said = await ruled(Case(), flows=["course"], course_users=["support:teacher"])
    assert said.level is Severity.GREEN
    assert said.said == (
        "The account may assign role 3 to teachers, role 4 to those whom `course_users` names, "
        "role 5 to students."
    )
    said = await ruled(Case(), flows=["course"], course_users=["boss:manager"], teacher_role="none")
    assert (said.level, said.said) == (
        RED,
        "The account may not assign role 1 to those whom `course_users` names.",
    )
    said = await ruled(Case(), flows=["account"], course_users=["boss:manager"])
    assert (said.level, said.said) == (Severity.GREEN, "The account may assign role 5 to students.")


async def test_of_a_tenant_that_nobody_has_made_the_students_are_looked_at() -> None:
    case = Case(tenant=TenantId("nobody"))
    (found,) = [each for each in await case.findings() if each.check is CheckName.MOODLE_ROLES]
    assert (found.level, found.said) == (Severity.GREEN, "The account may assign role 5 to students.")
