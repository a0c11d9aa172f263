"""The doctor: a sound college is green; what is ours and what we declare is named with its remedy alone."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from tests.use_cases.doctoring import (
    AMBER,
    RED,
    Case,
    Plant,
    Plants,
    bad_token,
    is_named_alone,
    of,
    revoked,
    said,
    zoho_answers,
)
from tests.use_cases.remotes import hidden_from_the_account

from mzi_adapters.testing.moodle.site import Site
from mzi_adapters.testing.notifier import FakeNotifier
from mzi_core.circuit_breaker import opened
from mzi_core.errors import AccessRefused, AuthRevoked, GatewayUnavailable, ProtocolError, UnknownTenant
from mzi_core.mapping import FieldMapping
from mzi_core.modules import STUDENTS
from mzi_core.ports import StoreHealth
from mzi_core.use_cases.doctor import (
    GRANT,
    LATER,
    LOOK,
    Check,
    CheckName,
    Doctor,
    Environment,
    Finding,
    Severity,
    Subject,
)
from mzi_core.use_cases.rules import SetRules
from mzi_core.values import DEFAULT_TENANT, TenantId


async def test_in_a_sound_college_every_check_is_green() -> None:
    findings = await Case().findings()
    assert [finding for finding in findings if finding.level is not Severity.GREEN] == []
    assert {finding.check for finding in findings} == set(CheckName)
    assert all(not finding.remedy for finding in findings)


def _tables(site: Site) -> dict[str, object]:
    """Everything a site keeps."""
    other = ("now", "caller", "raw", "given")
    return {each.name: getattr(site, each.name) for each in attrs.fields(Site) if each.name not in other}


async def test_the_doctor_changes_nothing() -> None:
    case = Case()
    site = case.college.moodle.site
    before = deepcopy(_tables(site))
    await case.findings()
    await case.findings()
    assert _tables(site) == before
    assert all(not table.rows for table in case.college.zoho.organization.tables.values())
    writes = [one.method for one in case.college.zoho.seen if one.method not in ("GET", "POST")]
    assert writes == []


def raising(error: Exception) -> Check:
    """A check of Zoho's edition and credits that comes to nothing."""

    async def look(_: Environment) -> Sequence[Finding]:
        raise error

    return Check((CheckName.ZOHO_EDITION, CheckName.ZOHO_CREDITS), look)


async def sound_look(_: Environment) -> Sequence[Finding]:
    return [Finding(check=CheckName.ZOHO_CLOCK, level=Severity.GREEN, said="It is well.")]


async def test_a_service_that_is_left_alone_is_told_with_its_times() -> None:
    """Not where the store that knows of it cannot be read."""
    case = Case()
    since = datetime(2026, 9, 1, 7, 30, tzinfo=UTC)
    async with case.college.store.begin(DEFAULT_TENANT) as session:
        await session.save_breaker(opened("Moodle", "https://moodle.college.example", since, asked=600))
    amber = of(await case.findings(), Severity.AMBER)
    assert set(amber) == {CheckName.BREAKERS}
    assert amber[CheckName.BREAKERS].said == (
        "Moodle stopped answering: nothing has been sent to it since 2026-09-01 07:30 UTC, and it was to be "
        "tried again at 2026-09-01 07:40 UTC."
    )
    assert "checks of Moodle" in amber[CheckName.BREAKERS].remedy
    case.health = attrs.evolve(case.health, ready=False)
    assert all(finding.check is not CheckName.BREAKERS for finding in await case.findings())


NEXT = Check((CheckName.ZOHO_CLOCK,), sound_look)
WELL = (CheckName.ZOHO_CLOCK, Severity.GREEN, "It is well.", "")
SHUT = (
    CheckName.ZOHO_CLOCK,
    Severity.UNKNOWN,
    "The rest of Zoho is not checked: zoho edition comes first.",
    "",
)


@pytest.mark.parametrize(
    ("error", "level", "said", "remedy", "then"),
    [
        (AuthRevoked("Zoho", "No."), RED, "Zoho: No.", AuthRevoked.usual_remedy, SHUT),
        (AccessRefused("Zoho", "No.", code="CLOSED"), RED, "Zoho: No.", GRANT, WELL),
        (GatewayUnavailable("Zoho", "Later."), RED, "Zoho: Later.", LATER, SHUT),
        (GatewayUnavailable("Zoho", "Later.", remedy="Wait."), RED, "Zoho: Later.", "Wait.", SHUT),
        (ProtocolError("Zoho", "What?"), RED, "Zoho: What?", LOOK, WELL),
        (UnknownTenant("nobody"), RED, str(UnknownTenant("nobody")), LOOK, WELL),
    ],
    ids=["revoked", "no access", "unavailable", "unavailable, with a remedy", "strange answer", "no tenant"],
)
async def test_a_check_that_is_refused_says_why_and_only_a_closed_door_hides_the_others(
    error: Exception, level: Severity, said: str, remedy: str, then: tuple[object, ...]
) -> None:
    found = await Case(doctor=Doctor(checks=[raising(error), NEXT])).findings()
    told = [(each.check, each.level, each.said, each.remedy) for each in found]
    assert told == [(CheckName.ZOHO_EDITION, level, said, remedy), then]


async def test_what_another_check_has_told_already_is_no_finding_of_each_that_it_stops() -> None:
    """By the code that an adapter names; the checks behind it are looked at."""
    refusal = raising(AccessRefused("Zoho", "No.", code="NO_SCOPE"))
    doctor = Doctor(checks=[refusal, NEXT], told={"NO_SCOPE": "Not checked: it lacks a scope."})
    found = await Case(doctor=doctor).findings()
    assert [(each.check, each.level, each.said) for each in found] == [
        (CheckName.ZOHO_EDITION, Severity.UNKNOWN, "Not checked: it lacks a scope."),
        (CheckName.ZOHO_CREDITS, Severity.UNKNOWN, "Not checked: it lacks a scope."),
        WELL[:3],
    ]


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


async def test_a_field_that_comes_with_no_record_is_amber_and_one_that_is_empty_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = Case()
    for n in (1, 2):
        case.college.zoho.add(
            "BTEC_Students", {"id": str(n), "Name": f"A{n}", "Academic_Email": f"{n}@c.example"}
        )
    hidden_from_the_account(monkeypatch, "City", range(1, 2))
    told = {finding.check: finding for finding in await case.findings()}
    assert told[CheckName.ZOHO_RECORDS].level is Severity.GREEN
    assert "those of 1 module were looked at" in told[CheckName.ZOHO_RECORDS].said
    hidden_from_the_account(monkeypatch, "City", range(1, 3))
    amber = of(await case.findings(), AMBER)
    assert list(amber) == [CheckName.ZOHO_RECORDS]
    assert amber[CheckName.ZOHO_RECORDS].said.startswith(
        "BTEC_Students is said to have `City`, and no record"
    )
    assert "Let the profile of the API user see it" in amber[CheckName.ZOHO_RECORDS].remedy


@pytest.mark.parametrize(
    ("ahead", "level", "said"),
    [
        (timedelta(seconds=119), Severity.GREEN, "Its clock and ours agree."),
        (timedelta(seconds=-119), Severity.GREEN, "Its clock and ours agree."),
        (timedelta(minutes=2), RED, "Our clock is 2 minutes behind Zoho's."),
        (timedelta(minutes=-10), RED, "Our clock is 10 minutes ahead of Zoho's."),
    ],
    ids=repr,
)
async def test_a_clock_that_differs_by_minutes_is_told(ahead: timedelta, level: Severity, said: str) -> None:
    case = Case()
    case.college.to_zoho.ahead = ahead
    (found,) = [each for each in await case.findings() if each.check is CheckName.ZOHO_CLOCK]
    assert (found.level, found.said) == (level, said)


async def test_a_service_that_does_not_say_what_time_it_is_is_not_blamed() -> None:
    case = Case()
    case.college.to_zoho.ahead = case.college.to_moodle.ahead = None
    findings = {finding.check: finding for finding in await case.findings()}
    for check in (CheckName.ZOHO_CLOCK, CheckName.MOODLE_CLOCK):
        assert findings[check].level is Severity.GREEN
        assert "carry no time" in findings[check].said


def no_settings(case: Case) -> None:
    case.missing = {Subject.ZOHO: ("zoho.client_secret", "zoho.refresh_token")}


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


def no_files(case: Case) -> None:
    case.files = ()


def open_files(case: Case) -> None:
    case.exposed = ["mzi.toml", "a store.db"]


def old_schema(case: Case) -> None:
    case.health = attrs.evolve(case.health, ready=False, message="The schema is old.")


PLANTS: Plants = {
    "the schema is old": (old_schema, CheckName.STORE, RED, "schema is old", "mzi db upgrade"),
    "settings are missing": (
        no_settings,
        CheckName.SETTINGS,
        RED,
        "`zoho.client_secret`, `zoho.refresh_token`",
        "`MZI_ZOHO_CLIENT_SECRET`",
    ),
    "no file is there": (no_files, CheckName.FILES, Severity.UNKNOWN, "neither a settings file nor", ""),
    "files are open to others": (
        open_files,
        CheckName.FILES,
        AMBER,
        "`mzi.toml` and `a store.db`",
        "`chmod 600 mzi.toml 'a store.db'`",
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
}


@pytest.mark.parametrize("name", PLANTS)
async def test_what_is_wrong_is_named_with_its_remedy_and_no_other_check_is_red(name: str) -> None:
    await is_named_alone(*PLANTS[name])


class TestWhoIsTold:
    """Whether anybody hears of it when a flow stands still."""

    async def found(self, case: Case, *flows: str) -> list[tuple[Severity, str]]:
        """What is found where these flows run by themselves."""
        await SetRules(store=case.college.store)(DEFAULT_TENANT, {"flows": list(flows)})
        findings = [each for each in await case.findings() if each.check is CheckName.NOTIFY]
        assert all(bool(each.remedy) is (each.level is not Severity.GREEN) for each in findings)
        return [(each.level, each.said) for each in findings]

    async def test_it_is_amber_where_flows_run_and_nobody_is_told(self) -> None:
        assert await self.found(Case(), "grade") == [
            (
                AMBER,
                "Flows run by themselves, and nobody is told when one stands still or waits for a person.",
            )
        ]
        assert await self.found(Case()) == [
            (Severity.GREEN, "No flow runs by itself, so nobody need be told when one stands still.")
        ]

    async def test_each_way_is_looked_at_without_sending_anything(self) -> None:
        mail, down = FakeNotifier("mail"), FakeNotifier("pager", refusal="It is away.")
        blind = Unseen("webhook")
        assert await self.found(Case(notifiers=[mail, blind, down]), "grade") == [
            (Severity.GREEN, "People are told by mail, which takes what mzi hands over."),
            (
                Severity.GREEN,
                "People are told by webhook; `mzi notify test` shows whether it arrives.",
            ),
            (RED, "Nobody can be told by pager. It is away."),
        ]
        assert mail.sent == blind.sent == down.sent == []

    async def test_without_a_store_there_is_nothing_to_find(self) -> None:
        health = StoreHealth(backend="", version="", ready=False, message="It is not there.")
        assert await self.found(Case(health=health), "grade") == []


class Unseen(FakeNotifier):
    """Of which only a message shows whether it is taken."""

    async def check(self) -> bool:
        return False
