"""Look at everything mzi depends on, without changing anything, and say what is wrong and what helps."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, assert_never

import attrs

from mzi_core.errors import AccessRefused, AuthRevoked, ClockSkew, GatewayError, GatewayUnavailable, MziError
from mzi_core.ports import (
    Clock,
    MoodleAssignments,
    MoodleCategories,
    MoodleCourses,
    MoodleEnrolments,
    MoodleGroups,
    MoodleMarks,
    MoodleStatus,
    MoodleUsers,
    Notifier,
    Store,
    StoreHealth,
    ZohoMetadata,
    ZohoReading,
    ZohoStatus,
)
from mzi_core.provisioning import MoodleDefaults
from mzi_core.values import TenantId


class Severity(StrEnum):
    """How bad it is. Amber: mzi works, and somebody should know. Red: something mzi is for does not work."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    UNKNOWN = "not checked"


class Subject(StrEnum):
    """What a check is about."""

    MZI = "mzi"
    ZOHO = "Zoho"
    MOODLE = "Moodle"


class CheckName(StrEnum):
    """Every check, by its name."""

    STORE = "store"
    SETTINGS = "settings"
    FILES = "files"
    BREAKERS = "breakers"
    NOTIFY = "notify"
    ZOHO_TOKEN = "zoho token"  # noqa: S105  # a name
    ZOHO_SCOPES = "zoho scopes"
    ZOHO_EDITION = "zoho edition"
    ZOHO_CREDITS = "zoho credits"
    ZOHO_MODULES = "zoho modules"
    ZOHO_FIELDS = "zoho fields"
    ZOHO_RECORDS = "zoho records"
    ZOHO_CLOCK = "zoho clock"
    MOODLE_TOKEN = "moodle token"  # noqa: S105  # a name
    MOODLE_FUNCTIONS = "moodle functions"
    MOODLE_PLUGIN = "moodle plugin"
    MOODLE_CAPABILITIES = "moodle capabilities"
    MOODLE_ROLES = "moodle roles"
    MOODLE_ENROLMENT = "moodle enrolment"
    MOODLE_FORM_FIELDS = "moodle form fields"
    MOODLE_CLOCK = "moodle clock"

    @property
    def service(self) -> Subject:
        """What it is about."""
        match self.value.partition(" ")[0]:
            case "zoho":
                return Subject.ZOHO
            case "moodle":
                return Subject.MOODLE
            case _:
                return Subject.MZI


@attrs.frozen(kw_only=True)
class Finding:
    """What a check found, in a sentence, and what to do about it: empty where nothing need be done."""

    check: CheckName
    level: Severity
    said: str
    remedy: str = ""


class ExaminedZoho(ZohoStatus, ZohoMetadata, ZohoReading, Protocol):
    """What the checks ask of Zoho: nothing that writes."""


class ExaminedMoodle(
    MoodleStatus,
    MoodleUsers,
    MoodleCourses,
    MoodleCategories,
    MoodleEnrolments,
    MoodleGroups,
    MoodleAssignments,
    MoodleMarks,
    Protocol,
):
    """What the checks ask of Moodle, which tells only by its refusals what an account may do."""


@attrs.frozen(kw_only=True)
class Environment:
    """What is looked at. `health`: how the store of the settings is; `store` is one that can be read.

    `missing`: the settings that are not there, by service; its gateway is None then. `files`: those of the
    settings and the store that are there. `exposed`: those of them that others on this machine can read.
    `notifiers`: by whom people are told what waits for them.
    """

    tenant: TenantId
    health: StoreHealth
    store: Store
    clock: Clock
    zoho: ExaminedZoho | None
    moodle: ExaminedMoodle | None
    defaults: MoodleDefaults
    missing: Mapping[Subject, Sequence[str]] = attrs.field(factory=dict)
    files: Sequence[str] = ()
    exposed: Sequence[str] = ()
    notifiers: Sequence[Notifier] = ()


@attrs.frozen
class Check:
    """One look, and the checks that it tells. `first`: without it nothing else of its service is seen."""

    names: tuple[CheckName, ...]
    look: Callable[[Environment], Awaitable[Sequence[Finding]]]
    first: bool = False


@attrs.frozen(kw_only=True)
class Doctor:
    """Every check in turn. One that fails hides no other, except that a closed door is told once.

    `told`: by the code of a service's error, what is said of a check that it stopped where another check has
    told already what is missing.
    """

    checks: Sequence[Check]
    told: Mapping[str, str] = attrs.field(factory=dict)

    async def __call__(self, environment: Environment) -> AsyncIterator[Finding]:
        """Yield what is found as it is found; never raises for what it looks at."""
        closed: dict[Subject, CheckName] = {}
        passed_over: set[Subject] = set()
        for check in self.checks:
            service = check.names[0].service
            if service in closed:
                if service not in passed_over:
                    passed_over.add(service)
                    yield _not_checked(check, closed[service])
                continue
            if _gateway_is_missing(environment, service):
                continue
            findings, shut = await self._looked(check, environment)
            for finding in findings:
                yield finding
            if shut or (check.first and any(finding.level is Severity.RED for finding in findings)):
                closed[service] = check.names[0]

    async def _looked(self, check: Check, environment: Environment) -> tuple[Sequence[Finding], bool]:
        """What a check finds, and whether it closes its service."""
        name = check.names[0]
        try:
            return await check.look(environment), False
        except AuthRevoked as error:
            return [refused(name, error, error.usual_remedy)], True
        except AccessRefused as error:
            said = self.told.get(error.code)
            if said is None:
                return [refused(name, error, GRANT)], False
            return [Finding(check=each, level=Severity.UNKNOWN, said=said) for each in check.names], False
        except GatewayUnavailable as error:
            return [refused(name, error, LATER)], True
        except GatewayError as error:
            return [refused(name, error, LOOK)], False
        except MziError as error:
            return [Finding(check=name, level=Severity.RED, said=str(error), remedy=LOOK)], False


def zoho_of(environment: Environment) -> ExaminedZoho:
    """The gateway to Zoho; the doctor passes over the checks of a service without one."""
    assert environment.zoho is not None  # noqa: S101  # see above
    return environment.zoho


def moodle_of(environment: Environment) -> ExaminedMoodle:
    """The gateway to Moodle; the doctor passes over the checks of a service without one."""
    assert environment.moodle is not None  # noqa: S101  # see above
    return environment.moodle


def _gateway_is_missing(environment: Environment, service: Subject) -> bool:
    """Whether the settings have told already why nothing of a service is checked."""
    match service:
        case Subject.ZOHO:
            return environment.zoho is None
        case Subject.MOODLE:
            return environment.moodle is None
        case Subject.MZI:
            return False
    assert_never(service)


def _not_checked(check: Check, by: CheckName) -> Finding:
    service = check.names[0].service
    return Finding(
        check=check.names[0],
        level=Severity.UNKNOWN,
        said=f"The rest of {service} is not checked: {by} comes first.",
    )


def refused(check: CheckName, error: GatewayError, otherwise: str) -> Finding:
    """What an error of a service says; what helps is `otherwise` where the error says nothing better."""
    said = f"{error.service}: {error.said}"
    return Finding(check=check, level=Severity.RED, said=said, remedy=error.remedy or otherwise)


GRANT = "Give the account behind the credentials what the sentence asks for."
LATER = "Check the address and the network, or wait; then run `mzi doctor` again."
LOOK = "Run `mzi --debug doctor`, and look at the log of the service."

SKEW = timedelta(minutes=2)
"""From here on a clock is called wrong: signatures and tokens begin to be refused at five minutes."""


def clock_finding(check: CheckName, environment: Environment, says: datetime | None) -> Finding:
    """What the time of a service's last answer says about its clock and ours."""
    if says is None:
        return Finding(
            check=check, level=Severity.GREEN, said="Its answers carry no time to compare ours with."
        )
    ahead = environment.clock.now() - says
    if abs(ahead) < SKEW:
        return Finding(check=check, level=Severity.GREEN, said="Its clock and ours agree.")
    skew = ClockSkew(check.service, ahead)
    return Finding(check=check, level=Severity.RED, said=skew.said, remedy=skew.remedy)
