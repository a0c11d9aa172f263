"""The doctor: a sound college is green, and each thing that is wrong is named with its remedy alone."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.use_cases.remotes import College

from mzi_adapters.moodle import NEEDED
from mzi_adapters.web import Response
from mzi_core.mapping import FieldMapping
from mzi_core.modules import STUDENTS
from mzi_core.ports import Feature, StoreHealth
from mzi_core.provisioning import MoodleDefaults
from mzi_core.use_cases.doctor import CheckName, Doctor, Environment, Finding, Severity, Subject
from mzi_core.use_cases.doctor_capabilities import CAPABILITIES
from mzi_core.use_cases.doctor_checks import CHECKS
from mzi_core.values import DEFAULT_TENANT, MoodleId, TenantId

SECRETS = ("client-secret", "1000.refresh.token", "0123456789abcdef0123456789abcdef")


def sound() -> College:
    """A college in which everything is as mzi needs it."""
    college = College()
    college.moodle.max_input_vars = 5000
    college.moodle.plugin = True
    college.moodle.functions.update(Feature)
    course = college.moodle.add_course(shortname="NET-1")
    college.moodle.add_assignment(course, name="Task 1")
    return college


@attrs.define
class Case:
    """A college with something wrong: what is given to its clients, and what is missing in its settings."""

    college: College = attrs.field(factory=sound)
    account: dict[str, Any] = attrs.field(factory=dict)
    token: str = "0123456789abcdef0123456789abcdef"
    missing: dict[Subject, Sequence[str]] = attrs.field(factory=dict)
    exposed: Sequence[str] = ()
    tenant: TenantId = DEFAULT_TENANT
    health: StoreHealth = attrs.field(
        default=StoreHealth(backend="memory", version="1", ready=True, message="It is there.")
    )

    async def findings(self) -> list[Finding]:
        """What the doctor says."""
        college = self.college
        connections = college.connections(token=self.token, **self.account)
        environment = Environment(
            tenant=self.tenant,
            health=self.health,
            store=college.store,
            clock=college.timer,
            zoho=None if Subject.ZOHO in self.missing else await connections.zoho(DEFAULT_TENANT),
            moodle=None if Subject.MOODLE in self.missing else await connections.moodle(DEFAULT_TENANT),
            defaults=college.defaults,
            missing=self.missing,
            exposed=self.exposed,
        )
        findings = [finding async for finding in Doctor(checks=CHECKS)(environment)]
        await connections.close()
        return findings


def of(findings: Sequence[Finding], level: Severity) -> dict[CheckName, Finding]:
    """The findings of a level, by their check."""
    return {finding.check: finding for finding in findings if finding.level is level}


async def test_in_a_sound_college_every_check_is_green() -> None:
    findings = await Case().findings()
    assert [finding for finding in findings if finding.level is not Severity.GREEN] == []
    assert {finding.check for finding in findings} == set(CheckName)
    assert all(not finding.remedy for finding in findings)


async def test_the_doctor_changes_nothing() -> None:
    case = Case()
    await case.findings()
    await case.findings()
    site = case.college.moodle.site
    assert [user.username for user in site.people.rows.values()] == ["guest", "admin", "mzi_service"]
    assert [course.shortname for course in site.courses.values()] == ["mzi", "NET-1"]
    (course,) = [each for each in site.courses if each != 1]
    (assignment,) = site.assignments
    client = await case.college.connections().moodle(DEFAULT_TENANT)
    assert await client.enrolled(MoodleId(course)) == []
    assert await client.submissions([MoodleId(assignment)]) == {assignment: ()}
    assert all(not table.rows for table in case.college.zoho.organization.tables.values())
    writes = [one.method for one in case.college.zoho.seen if one.method not in ("GET", "POST")]
    assert writes == []


def moodle_says(code: str, exception: str = "core\\exception\\moodle_exception") -> Callable[[], Response]:
    """An answer that refuses."""
    said = {"exception": exception, "errorcode": code, "message": "Sorry."}
    return lambda: Response(status=200, headers={}, body=json.dumps(said).encode())


Plant = Callable[[Case], Any]


def wrong_secret(case: Case) -> None:
    case.account["client_secret"] = "another"


def revoked(case: Case) -> None:
    case.account["refresh_token"] = "1000.revoked"


def wrong_data_centre(case: Case) -> None:
    case.account["client_id"] = "1000.OF.ANOTHER.DATA.CENTRE"


def foreign_api_domain(case: Case) -> None:
    said = {
        "access_token": "1000.x",
        "api_domain": "https://www.zohoapis.com",
        "token_type": "Bearer",
        "expires_in": 3600,
    }
    case.college.to_zoho.instead["/oauth/v2/token"] = lambda: Response(
        status=200, headers={"content-type": "application/json"}, body=json.dumps(said).encode()
    )


def zoho_refuses(path: str) -> Plant:
    def plant(case: Case) -> None:
        said = {"code": "OAUTH_SCOPE_MISMATCH", "details": {}, "message": "Unauthorized", "status": "error"}
        case.college.to_zoho.instead[path] = lambda: Response(
            status=401, headers={"content-type": "application/json"}, body=json.dumps(said).encode()
        )

    return plant


def few_credits(left: int) -> Plant:
    def plant(case: Case) -> None:
        college = case.college
        said = {"org": [{"zgid": "1", "company_name": "C", "license_details": {"paid_type": "free"}}]}
        college.to_zoho.instead["/crm/v8/org"] = lambda: Response(
            status=200,
            headers={"content-type": "application/json", "x-api-credits-remaining": str(left)},
            body=json.dumps(said).encode(),
        )

    return plant


async def misspelt_mapping(case: Case) -> None:
    mapping = [FieldMapping("extra.intake", "Intake")]
    await case.college.use_cases.map_fields(DEFAULT_TENANT, STUDENTS, mapping)
    fields = case.college.zoho.organization.table("BTEC_Students").fields
    fields["Intake_Term"] = attrs.evolve(fields.pop("Intake"), api_name="Intake_Term", label="Intake term")


async def unknown_mapping(case: Case) -> None:
    lines = {"students": (FieldMapping("extra.intake", "Intak"),)}
    async with case.college.store.begin(DEFAULT_TENANT) as session:
        await session.save_settings(attrs.evolve(await session.settings(), mappings=lines))


def renamed_required_field(case: Case) -> None:
    fields = case.college.zoho.organization.table("BTEC_Payments").fields
    fields["Payment_Amnt"] = attrs.evolve(
        fields.pop("Payment_Amount"), api_name="Payment_Amnt", label="Paid sum"
    )


def without_students(case: Case) -> None:
    del case.college.zoho.organization.tables["BTEC_Students"]


def doubled_key(case: Case) -> None:
    fields = case.college.zoho.organization.table("BTEC_Grades").fields
    key = "Moodle_Grade_Composite_Key"
    fields[key] = attrs.evolve(fields[key], unique=False)


def no_link(case: Case) -> None:
    del case.college.zoho.organization.table("BTEC_Teachers").fields["Teacher_Moodle_ID"]


def renamed_module(case: Case) -> None:
    tables = case.college.zoho.organization.tables
    tables["BTEC_Enrolments"] = attrs.evolve(tables.pop("BTEC_Enrollments"))
    tables["BTEC_Enrolments"].name = "BTEC_Enrolments"


def without(name: str) -> Plant:
    """A capability or a function taken away."""

    def plant(case: Case) -> None:
        moodle = case.college.moodle
        (moodle.capabilities if name in CAPABILITIES else moodle.functions).remove(name)

    return plant


def moodle_answers(function: str, code: str) -> Plant:
    def plant(case: Case) -> None:
        case.college.to_moodle.instead[function] = moodle_says(code)

    return plant


def misspelt_login(case: Case) -> None:
    case.college.defaults = MoodleDefaults(auth="oauht2")


def unassignable_role(case: Case) -> None:
    case.college.defaults = MoodleDefaults(student_role=MoodleId(1))


def set_moodle(**switches: object) -> Plant:
    def plant(case: Case) -> None:
        for name, value in switches.items():
            setattr(case.college.moodle, name, value)

    return plant


def no_plugin(case: Case) -> None:
    case.college.moodle.plugin = False
    case.college.moodle.functions.difference_update(Feature)


def clock_of_zoho(case: Case) -> None:
    case.college.to_zoho.ahead = timedelta(minutes=-10)


def clock_of_moodle(case: Case) -> None:
    case.college.to_moodle.ahead = timedelta(minutes=10)


def bad_token(case: Case) -> None:
    case.token = "not-the-token"


def no_settings(case: Case) -> None:
    case.missing = {Subject.ZOHO: ("zoho.client_secret", "zoho.refresh_token")}


def open_files(case: Case) -> None:
    case.exposed = ["mzi.toml", "a store.db"]


def old_schema(case: Case) -> None:
    case.health = attrs.evolve(case.health, ready=False, message="The schema is old.")


RED = Severity.RED
AMBER = Severity.AMBER

PLANTS: dict[str, tuple[Plant, CheckName, Severity, str, str]] = {
    "the schema is old": (old_schema, CheckName.STORE, RED, "schema is old", "mzi db upgrade"),
    "settings are missing": (
        no_settings,
        CheckName.SETTINGS,
        RED,
        "`zoho.client_secret`, `zoho.refresh_token`",
        "`MZI_ZOHO_CLIENT_SECRET`",
    ),
    "a login method is misspelt": (
        misspelt_login,
        CheckName.SETTINGS,
        AMBER,
        "`moodle.auth` is `oauht2`, which is no login method",
        "Did you mean `oauth2`?",
    ),
    "files are open to others": (
        open_files,
        CheckName.FILES,
        AMBER,
        "`mzi.toml` and `a store.db`",
        "`chmod 600 mzi.toml 'a store.db'`",
    ),
    "wrong client secret": (wrong_secret, CheckName.ZOHO_TOKEN, RED, "invalid_client", "zoho.client_secret"),
    "refresh token revoked": (revoked, CheckName.ZOHO_TOKEN, RED, "invalid_code", "make a new one"),
    "client of another data centre": (
        wrong_data_centre,
        CheckName.ZOHO_TOKEN,
        RED,
        "invalid_client",
        "zoho.data_centre",
    ),
    "organisation in another data centre": (
        foreign_api_domain,
        CheckName.ZOHO_TOKEN,
        RED,
        "outside the configured data centre",
        "zoho.data_centre",
    ),
    "a scope is missing": (
        zoho_refuses("/crm/v8/coql"),
        CheckName.ZOHO_SCOPES,
        RED,
        "`ZohoCRM.coql.READ`",
        "refresh token",
    ),
    "the scope for the organisation is missing": (
        zoho_refuses("/crm/v8/org"),
        CheckName.ZOHO_SCOPES,
        RED,
        "`ZohoCRM.org.READ`",
        "refresh token",
    ),
    "the scope for the modules is missing": (
        zoho_refuses("/crm/v8/settings/modules"),
        CheckName.ZOHO_SCOPES,
        RED,
        "`ZohoCRM.settings.modules.READ`",
        "refresh token",
    ),
    "the scope for the fields is missing": (
        zoho_refuses("/crm/v8/settings/fields"),
        CheckName.ZOHO_SCOPES,
        RED,
        "`ZohoCRM.settings.fields.READ`",
        "refresh token",
    ),
    "the credits are nearly used up": (
        few_credits(400),
        CheckName.ZOHO_CREDITS,
        AMBER,
        "400 credits are left of 5,000",
        "Put large pulls off",
    ),
    "the credits are used up": (
        few_credits(30),
        CheckName.ZOHO_CREDITS,
        RED,
        "30 credits",
        "Put large pulls off",
    ),
    "a mapped field is misspelt": (
        misspelt_mapping,
        CheckName.ZOHO_FIELDS,
        RED,
        "no field `Intake`, which `extra.intake` is read from. The nearest is `Intake_Term`",
        "`mzi fields students`",
    ),
    "a required field is called otherwise": (
        renamed_required_field,
        CheckName.ZOHO_FIELDS,
        RED,
        "no field `Payment_Amount`, which `amount` is read from. The nearest is `Payment_Amnt`",
        "`mzi fields payments`",
    ),
    "grades have no unique key": (
        doubled_key,
        CheckName.ZOHO_FIELDS,
        AMBER,
        "`Moodle_Grade_Composite_Key` of BTEC_Grades is not unique",
        "Do not allow duplicate values",
    ),
    "a link to Moodle is missing": (
        no_link,
        CheckName.ZOHO_FIELDS,
        AMBER,
        "no field `Teacher_Moodle_ID`",
        "Add it in Zoho",
    ),
    "a module is missing": (
        renamed_module,
        CheckName.ZOHO_MODULES,
        RED,
        "no module `BTEC_Enrollments`. The nearest is `BTEC_Enrolments`",
        "rename it there",
    ),
    "Zoho's clock is ten minutes off": (
        clock_of_zoho,
        CheckName.ZOHO_CLOCK,
        RED,
        "10 minutes ahead of Zoho's",
        "set-ntp",
    ),
    "the Moodle token is wrong": (bad_token, CheckName.MOODLE_TOKEN, RED, "token", "Manage tokens"),
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
    "capability to see users": (
        without("moodle/user:viewdetails"),
        CheckName.MOODLE_CAPABILITIES,
        RED,
        "`moodle/user:viewdetails`",
        "Define roles",
    ),
    "capability to create users": (
        without("moodle/user:create"),
        CheckName.MOODLE_CAPABILITIES,
        RED,
        "`moodle/user:create`",
        "Define roles",
    ),
    "capability to update users": (
        without("moodle/user:update"),
        CheckName.MOODLE_CAPABILITIES,
        RED,
        "`moodle/user:update`",
        "Define roles",
    ),
    "capability to create courses": (
        without("moodle/course:create"),
        CheckName.MOODLE_CAPABILITIES,
        RED,
        "`moodle/course:create`",
        "Define roles",
    ),
    "capability to enter courses": (
        without("moodle/course:view"),
        CheckName.MOODLE_CAPABILITIES,
        RED,
        "`moodle/course:view`",
        "Define roles",
    ),
    "capability to see participants": (
        without("moodle/course:viewparticipants"),
        CheckName.MOODLE_CAPABILITIES,
        RED,
        "`moodle/course:viewparticipants`",
        "Define roles",
    ),
    "capability to enrol": (
        without("enrol/manual:enrol"),
        CheckName.MOODLE_CAPABILITIES,
        RED,
        "`enrol/manual:enrol`",
        "Define roles",
    ),
    "capability to unenrol": (
        without("enrol/manual:unenrol"),
        CheckName.MOODLE_CAPABILITIES,
        RED,
        "`enrol/manual:unenrol`",
        "Define roles",
    ),
    "capability to assign roles": (
        without("moodle/role:assign"),
        CheckName.MOODLE_CAPABILITIES,
        RED,
        "`moodle/role:assign`",
        "Define roles",
    ),
    "capability to manage groups": (
        without("moodle/course:managegroups"),
        CheckName.MOODLE_CAPABILITIES,
        RED,
        "`moodle/course:managegroups`",
        "Define roles",
    ),
    "capability to see marks": (
        without("mod/assign:viewgrades"),
        CheckName.MOODLE_CAPABILITIES,
        RED,
        "`mod/assign:viewgrades`",
        "Define roles",
    ),
    "capability to mark": (
        without("mod/assign:grade"),
        CheckName.MOODLE_CAPABILITIES,
        RED,
        "`mod/assign:grade`",
        "Define roles",
    ),
    "the student role may not be assigned": (
        unassignable_role,
        CheckName.MOODLE_ROLES,
        RED,
        "may not assign role 1",
        "Allow role assignments",
    ),
    "no manual enrolment": (
        moodle_answers("enrol_manual_enrol_users", "wsnoinstance"),
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
}


def zoho_answers(path: str, status: int, body: bytes) -> Plant:
    def plant(case: Case) -> None:
        headers = {"content-type": "application/json"}
        case.college.to_zoho.instead[path] = lambda: Response(status=status, headers=headers, body=body)

    return plant


def said(code: str) -> bytes:
    return json.dumps({"code": code, "details": {}, "message": "no", "status": "error"}).encode()


PLANTS |= {
    "Zoho is down": (
        zoho_answers("/crm/v8/org", 503, b"<h1>Maintenance</h1>"),
        CheckName.ZOHO_TOKEN,
        RED,
        "503",
        "Check the address and the network",
    ),
    "Zoho speaks in riddles": (
        zoho_answers("/crm/v8/org", 200, b"<h1>Hello</h1>"),
        CheckName.ZOHO_TOKEN,
        RED,
        "Zoho",
        "mzi --debug doctor",
    ),
    "the API user may not see fields": (
        zoho_answers("/crm/v8/settings/fields", 401, said("AUTHORIZATION_FAILED")),
        CheckName.ZOHO_FIELDS,
        RED,
        "may not do this",
        "Give the account",
    ),
    "modules are closed to the API": (
        zoho_answers("/crm/v8/settings/fields", 400, said("INVALID_MODULE")),
        CheckName.ZOHO_FIELDS,
        RED,
        "has no such module, or it is not open to the API",
        "to the API and to the profile",
    ),
    "the module of students is missing": (
        without_students,
        CheckName.ZOHO_MODULES,
        RED,
        "There is no module `BTEC_Students`.",
        "Make it in Zoho",
    ),
    "a mapping that no longer fits": (
        unknown_mapping,
        CheckName.ZOHO_FIELDS,
        RED,
        "BTEC_Students has no field `Intak`.",
        "Put the mapping right",
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
    plant, check, level, said, remedy = PLANTS[name]
    case = Case()
    planted = plant(case)
    if planted is not None:
        await planted
    findings = await case.findings()
    found = of(findings, level)
    assert list(found) == [check]
    assert said in found[check].said
    assert remedy in found[check].remedy
    other = RED if level is AMBER else AMBER
    assert of(findings, other) == {}
    text = " ".join(f"{finding.said} {finding.remedy}" for finding in findings)
    assert not any(secret in text for secret in SECRETS)


@pytest.mark.parametrize(
    ("scope", "named"),
    [
        ("ZohoCRM.modules.ALL", ["ZohoCRM.modules.READ"]),
        ("ZohoCRM.settings.ALL", ["ZohoCRM.settings.modules.READ", "ZohoCRM.settings.fields.READ"]),
        ("ZohoCRM.org.READ", ["ZohoCRM.org.READ"]),
        ("ZohoCRM.coql.READ", ["ZohoCRM.coql.READ"]),
    ],
    ids=repr,
)
async def test_a_scope_that_the_token_lacks_is_named_once(scope: str, named: list[str]) -> None:
    case = Case()
    accounts = case.college.zoho.accounts
    accounts.scopes = [each for each in accounts.scopes if each != scope]
    found = of(await case.findings(), RED)
    assert list(found) == [CheckName.ZOHO_SCOPES]
    assert re.findall(r"`(ZohoCRM[^`]+)`", found[CheckName.ZOHO_SCOPES].said) == named


@pytest.mark.parametrize(
    ("scope", "instead", "named"),
    [
        ("ZohoCRM.bulk.ALL", "", "`ZohoCRM.bulk.READ` for `mzi pull --via bulk`"),
        ("ZohoCRM.notifications.ALL", "", "`ZohoCRM.notifications.ALL` for being told of changes"),
        ("ZohoCRM.modules.ALL", "ZohoCRM.modules.READ", "`ZohoCRM.modules.ALL` for `mzi push`"),
    ],
    ids=repr,
)
async def test_a_scope_that_only_some_commands_need_is_worth_a_word(
    scope: str, instead: str, named: str
) -> None:
    case = Case()
    accounts = case.college.zoho.accounts
    given = [instead if each == scope else each for each in accounts.scopes]
    accounts.tells = {"scope": " ".join(filter(None, given))}
    found = await case.findings()
    assert of(found, RED) == {}
    assert list(of(found, AMBER)) == [CheckName.ZOHO_SCOPES]
    assert f"The refresh token lacks {named}." in of(found, AMBER)[CheckName.ZOHO_SCOPES].said


async def test_where_zoho_does_not_say_what_it_gave_only_reading_is_looked_at() -> None:
    case = Case()
    case.college.zoho.accounts.tells = {"scope": ""}
    found = await case.findings()
    assert (of(found, RED), of(found, AMBER)) == ({}, {})
    said = next(each.said for each in found if each.check is CheckName.ZOHO_SCOPES)
    assert "Zoho does not say which others are" in said


@pytest.mark.parametrize("function", [name for name in NEEDED if name != "core_webservice_get_site_info"])
async def test_a_function_that_the_service_lacks_is_named_once(function: str) -> None:
    case = Case()
    without(function)(case)
    found = of(await case.findings(), RED)
    assert list(found) == [CheckName.MOODLE_FUNCTIONS]
    assert found[CheckName.MOODLE_FUNCTIONS].said == f"The service lacks `{function}`."


@pytest.mark.parametrize(
    ("plant", "service", "checked"),
    [(revoked, Subject.ZOHO, Subject.MOODLE), (bad_token, Subject.MOODLE, Subject.ZOHO)],
    ids=["Zoho", "Moodle"],
)
async def test_what_a_closed_door_hides_is_told_once_and_the_other_service_is_looked_at(
    plant: Plant, service: Subject, checked: Subject
) -> None:
    case = Case()
    plant(case)
    findings = await case.findings()
    assert [finding.said for finding in findings if finding.level is Severity.UNKNOWN] == [
        f"The rest of {service} is not checked: {service.lower()} token comes first."
    ]
    assert all(f.level is Severity.GREEN for f in findings if f.check.service is checked)


async def test_a_tenant_nobody_made_hides_nothing_else() -> None:
    findings = await Case(tenant=TenantId("nobody")).findings()
    told = {finding.check: finding.said for finding in findings if finding.level is RED}
    assert set(told) == {CheckName.ZOHO_FIELDS}
    assert "`mzi tenants add nobody` makes it" in told[CheckName.ZOHO_FIELDS]


async def test_without_a_course_what_needs_one_is_not_checked() -> None:
    case = Case()
    case.college.moodle.site.courses.pop(2)
    findings = await case.findings()
    assert list(of(findings, Severity.UNKNOWN)) == [CheckName.MOODLE_ROLES, CheckName.MOODLE_ENROLMENT]
    assert of(findings, RED) == {}


async def test_without_an_assignment_what_needs_one_is_not_seen() -> None:
    case = Case()
    case.college.moodle.site.assignments.clear()
    findings = {finding.check: finding for finding in await case.findings()}
    told = findings[CheckName.MOODLE_CAPABILITIES]
    assert (told.level, "mod/assign:grade" in told.said) == (Severity.GREEN, True)


async def test_without_its_category_the_right_to_make_courses_is_not_seen() -> None:
    case = Case()
    case.college.defaults = MoodleDefaults(category=MoodleId(999))
    findings = {finding.check: finding for finding in await case.findings()}
    told = findings[CheckName.MOODLE_CAPABILITIES]
    assert (told.level, "moodle/course:create" in told.said) == (Severity.GREEN, True)


async def test_a_service_that_does_not_say_what_time_it_is_is_not_blamed() -> None:
    case = Case()
    case.college.to_zoho.ahead = case.college.to_moodle.ahead = None
    findings = {finding.check: finding for finding in await case.findings()}
    for check in (CheckName.ZOHO_CLOCK, CheckName.MOODLE_CLOCK):
        assert findings[check].level is Severity.GREEN
        assert "carry no time" in findings[check].said


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
