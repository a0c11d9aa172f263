"""A college for the doctor to look at: sound, or with one thing that is wrong."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
from tests.use_cases.remotes import TOKEN, College

from mzi_adapters.testing.remotes import at_work
from mzi_adapters.testing.zoho.fake import CLIENT_SECRET, REFRESH_TOKEN
from mzi_adapters.web import Response
from mzi_core.ports import Feature, Notifier, StoreHealth
from mzi_core.use_cases.doctor import CheckName, Doctor, Environment, Finding, Severity, Subject
from mzi_core.values import DEFAULT_TENANT, TenantId
from mzi_http.doctor_checks import DOCTOR

RED = Severity.RED
AMBER = Severity.AMBER
SECRETS = (CLIENT_SECRET, REFRESH_TOKEN, TOKEN)


def sound() -> College:
    """A college in which everything is as mzi needs it."""
    college = College()
    college.moodle.max_input_vars = 5000
    college.moodle.plugin = True
    college.moodle.functions.update(Feature)
    at_work(college.moodle)
    return college


@attrs.define
class Case:
    """A college with something wrong: what is given to its clients, and what is missing in its settings."""

    college: College = attrs.field(factory=sound)
    account: dict[str, Any] = attrs.field(factory=dict)
    token: str = TOKEN
    missing: dict[Subject, Sequence[str]] = attrs.field(factory=dict)
    files: Sequence[str] = ("mzi.toml", "a store.db")
    exposed: Sequence[str] = ()
    notifiers: Sequence[Notifier] = ()
    tenant: TenantId = DEFAULT_TENANT
    doctor: Doctor = DOCTOR
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
            files=self.files,
            exposed=self.exposed,
            notifiers=self.notifiers,
        )
        findings = [finding async for finding in self.doctor(environment)]
        await connections.close()
        return findings


def of(findings: Sequence[Finding], level: Severity) -> dict[CheckName, Finding]:
    """The findings of a level, by their check."""
    return {finding.check: finding for finding in findings if finding.level is level}


Plant = Callable[[Case], Any]
"""Makes something wrong in a case."""

Plants = Mapping[str, tuple[Plant, CheckName, Severity, str, str]]
"""What is wrong: how it is made so, the check that tells it and how bad it is, what is said, what helps."""


async def is_named_alone(plant: Plant, check: CheckName, level: Severity, said: str, remedy: str) -> None:
    """See that what is wrong is named with its remedy, that nothing else is, and that no secret is told."""
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


def zoho_answers(path: str, status: int, body: bytes) -> Plant:
    def plant(case: Case) -> None:
        headers = {"content-type": "application/json"}
        case.college.to_zoho.instead[path] = lambda: Response(status=status, headers=headers, body=body)

    return plant


def said(code: str) -> bytes:
    return json.dumps({"code": code, "details": {}, "message": "no", "status": "error"}).encode()


def revoked(case: Case) -> None:
    case.account["refresh_token"] = "1000.revoked"


def bad_token(case: Case) -> None:
    case.token = "not-the-token"
