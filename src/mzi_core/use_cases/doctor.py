"""Look at everything mzi depends on, without changing anything, and say what is wrong and what helps."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

import attrs

from mzi_core.errors import AccessRefused, AuthRevoked, GatewayError, GatewayUnavailable, MziError
from mzi_core.ports import Clock, MoodleGateway, Store, StoreHealth, ZohoGateway
from mzi_core.provisioning import Customs
from mzi_core.values import TenantId


class Level(StrEnum):
    """How bad it is. Amber: mzi works, and somebody should know. Red: something mzi is for does not work."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    UNKNOWN = "not checked"


class Service(StrEnum):
    """What a check is about."""

    MZI = "mzi"
    ZOHO = "Zoho"
    MOODLE = "Moodle"


class Check(StrEnum):
    """Every check, by its name."""

    STORE = "store"
    SETTINGS = "settings"
    ZOHO_TOKEN = "zoho token"  # noqa: S105  # a name
    ZOHO_SCOPES = "zoho scopes"
    ZOHO_EDITION = "zoho edition"
    ZOHO_CREDITS = "zoho credits"
    ZOHO_MODULES = "zoho modules"
    ZOHO_FIELDS = "zoho fields"
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
    def service(self) -> Service:
        """What it is about."""
        match self.value.partition(" ")[0]:
            case "zoho":
                return Service.ZOHO
            case "moodle":
                return Service.MOODLE
            case _:
                return Service.MZI


@attrs.frozen(kw_only=True)
class Finding:
    """What a check found, in a sentence, and what to do about it: empty where nothing need be done."""

    check: Check
    level: Level
    said: str
    remedy: str = ""


@attrs.frozen(kw_only=True)
class Patient:
    """What is looked at. `health`: how the store of the settings is; `store` is one that can be read.

    `missing`: the settings that are not there, by service; its gateway is None then.
    """

    tenant: TenantId
    health: StoreHealth
    store: Store
    clock: Clock
    zoho: ZohoGateway | None
    moodle: MoodleGateway | None
    customs: Customs
    missing: Mapping[Service, Sequence[str]] = attrs.field(factory=dict)


@attrs.frozen
class Exam:
    """A check, or several that one look tells. `first`: without it nothing else of its service is seen."""

    checks: tuple[Check, ...]
    look: Callable[[Patient], Awaitable[Sequence[Finding]]]
    first: bool = False


@attrs.frozen(kw_only=True)
class Doctor:
    """Every exam in turn. One that fails hides no other, except that a closed door is told once."""

    exams: Sequence[Exam]

    async def __call__(self, patient: Patient) -> AsyncIterator[Finding]:
        """Yield what is found as it is found; never raises for what it looks at."""
        closed: dict[Service, Check] = {}
        told: set[Service] = set()
        for exam in self.exams:
            service = exam.checks[0].service
            if service in closed:
                if service not in told:
                    told.add(service)
                    yield _not_checked(exam, closed[service])
                continue
            if _gateway_is_missing(patient, service):
                continue
            findings, shut = await _looked(exam, patient)
            for finding in findings:
                yield finding
            if shut or (exam.first and any(finding.level is Level.RED for finding in findings)):
                closed[service] = exam.checks[0]


def _gateway_is_missing(patient: Patient, service: Service) -> bool:
    """Whether the settings have told already why nothing of a service is checked."""
    match service:
        case Service.ZOHO:
            return patient.zoho is None
        case Service.MOODLE:
            return patient.moodle is None
        case Service.MZI:
            return False
    assert_never(service)


def _not_checked(exam: Exam, by: Check) -> Finding:
    service = exam.checks[0].service
    return Finding(
        check=exam.checks[0],
        level=Level.UNKNOWN,
        said=f"The rest of {service} is not checked: {by} comes first.",
    )


def refused(check: Check, error: GatewayError, otherwise: str) -> Finding:
    """What an error of a service says; what helps is `otherwise` where the error says nothing better."""
    said = f"{error.service}: {error.said}"
    return Finding(check=check, level=Level.RED, said=said, remedy=error.remedy or otherwise)


async def _looked(exam: Exam, patient: Patient) -> tuple[Sequence[Finding], bool]:
    """What an exam finds, and whether it closes its service."""
    check = exam.checks[0]
    try:
        return await exam.look(patient), False
    except AuthRevoked as error:
        return [refused(check, error, error.usual_remedy)], True
    except AccessRefused as error:
        if error.code in TOLD:
            return [
                Finding(check=each, level=Level.UNKNOWN, said=TOLD[error.code]) for each in exam.checks
            ], False
        return [refused(check, error, GRANT)], False
    except GatewayUnavailable as error:
        return [refused(check, error, LATER)], True
    except GatewayError as error:
        return [refused(check, error, LOOK)], False
    except MziError as error:
        return [Finding(check=check, level=Level.RED, said=str(error), remedy=LOOK)], False


TOLD = {
    "OAUTH_SCOPE_MISMATCH": "Not checked: it needs a scope that the refresh token lacks.",
    "accessexception": "Not checked: it needs a function that the service lacks.",
}
"""What is said where another check has told already why nobody could look."""

GRANT = "Give the account behind the credentials what the sentence asks for."
LATER = "Check the address and the network, or wait; then run `mzi doctor` again."
LOOK = "Run `mzi --debug doctor`, and look at the log of the service."

SKEW = timedelta(minutes=2)
"""From here on a clock is called wrong: signatures and tokens begin to be refused at five minutes."""


def clock_finding(check: Check, patient: Patient, says: datetime | None) -> Finding:
    """What the time of a service's last answer says about its clock and ours."""
    if says is None:
        return Finding(check=check, level=Level.GREEN, said="Its answers carry no time to compare ours with.")
    ahead = patient.clock.now() - says
    if abs(ahead) < SKEW:
        return Finding(check=check, level=Level.GREEN, said="Its clock and ours agree.")
    minutes = round(abs(ahead) / timedelta(minutes=1))
    side = "ahead of" if ahead > timedelta() else "behind"
    return Finding(
        check=check,
        level=Level.RED,
        said=f"Our clock is {minutes} minutes {side} {check.service}'s.",
        remedy="Set this machine's clock by a time server (`timedatectl set-ntp true`), or the other's.",
    )
