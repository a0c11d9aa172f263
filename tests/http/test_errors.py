"""How every class of error is answered over HTTP, and how it ends a command; none is forgotten."""

import importlib
import pkgutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest
from tests.http.serving import Api, serving
from tests.http.test_problems import FailingStore, fail, problem
from tests.use_cases.remotes import College

import mzi_adapters
import mzi_core
import mzi_http
from mzi_core import errors
from mzi_core.errors import GatewayLimited, GatewayUnavailable, MziError
from mzi_core.event_proofs import Scheme, SecretRefused
from mzi_core.flows.rules import RulesRefused
from mzi_core.module import Side
from mzi_core.modules import CATALOGUE
from mzi_core.ports import NotifyFailed
from mzi_core.use_cases.access import TenantNameRefused
from mzi_core.use_cases.event_sources import OverlapRefused, SchemeRefused, SourceRevoked
from mzi_core.use_cases.grades import MarkingRefused, PolicyRefused
from mzi_core.use_cases.moodle_target import NothingInMoodle
from mzi_core.use_cases.tasks import NobodyIsTold
from mzi_core.use_cases.tenants import ZoneRefused
from mzi_core.values import DEFAULT_TENANT
from mzi_http.cli.main import meaning
from mzi_http.cli.shell import Ended
from mzi_http.errors import KINDS

SERVICE, SAID = "Zoho", "reading records: it says no."

ANSWERED: dict[MziError, tuple[int, str, Ended]] = {
    MziError("This cannot be."): (422, "refused", Ended.MISUSED),
    errors.UnknownModule("studens", ["students"]): (404, "unknown-module", Ended.MISUSED),
    errors.UnknownTenant("branch"): (404, "unknown-tenant", Ended.MISUSED),
    errors.NotFound("student", "1"): (404, "unknown-record", Ended.MISUSED),
    errors.KeyReused("k"): (409, "idempotency-key-reused", Ended.MISUSED),
    errors.SourceChanged("a.json"): (422, "refused", Ended.MISUSED),
    errors.RunInProgress("a.json", "0190", 3, datetime.now(UTC)): (
        422,
        "refused",
        Ended.MISUSED,
    ),
    errors.CannotBePulled("Moodle does not say that."): (422, "refused", Ended.MISUSED),
    errors.RunTakenOver("a.json"): (422, "refused", Ended.MISUSED),
    errors.ClockSkew(SERVICE, timedelta(minutes=12)): (422, "refused", Ended.MISUSED),
    errors.MappingRefused(["One.", "Two."]): (422, "refused", Ended.MISUSED),
    errors.MessageRefused("It is no object."): (400, "bad-body", Ended.MISUSED),
    SecretRefused("A secret has no blanks."): (422, "refused", Ended.MISUSED),
    SchemeRefused(Side.MOODLE, Scheme.URL): (422, "refused", Ended.MISUSED),
    OverlapRefused(): (422, "refused", Ended.MISUSED),
    SourceRevoked("1a2b3c4d"): (422, "refused", Ended.MISUSED),
    TenantNameRefused(): (400, "bad-parameter", Ended.MISUSED),
    MarkingRefused("raw must be a number."): (422, "refused", Ended.MISUSED),
    PolicyRefused("One.", "Two."): (422, "refused", Ended.MISUSED),
    RulesRefused("One.", "Two."): (422, "refused", Ended.MISUSED),
    ZoneRefused("Amman"): (422, "refused", Ended.MISUSED),
    NobodyIsTold(): (422, "refused", Ended.MISUSED),
    NotifyFailed("It redirects."): (422, "refused", Ended.MISUSED),
    NothingInMoodle(CATALOGUE["payments"], CATALOGUE): (422, "refused", Ended.MISUSED),
    errors.StoreError("It broke."): (500, "unforeseen", Ended.NO_STORE),
    errors.StoreUnavailable("It is away."): (503, "unavailable", Ended.NO_STORE),
    errors.StoreRefused("A key is too long."): (422, "refused", Ended.NO_STORE),
    errors.KeyRefused("It is no key."): (503, "secrets-closed", Ended.MISUSED),
    errors.UnknownFlow("studens", ["take:students"], []): (404, "unknown-flow", Ended.MISUSED),
    errors.PauseRefused("It is empty."): (422, "refused", Ended.MISUSED),
    errors.FlowPaused("account", "Zoho is moved."): (422, "refused", Ended.MISUSED),
    errors.CourseRefused("5", "No."): (422, "refused", Ended.MISUSED),
    errors.OutOfTime(): (422, "refused", Ended.MISUSED),
    errors.ReasonRefused("It is empty."): (422, "refused", Ended.MISUSED),
    errors.PlanDecided("019f", "rejected", "No."): (409, "plan-decided", Ended.MISUSED),
    errors.ChoiceRefused("It is none."): (422, "refused", Ended.MISUSED),
    errors.ReviewDecided("account", "539", "dismissed"): (409, "review-decided", Ended.MISUSED),
    errors.LabelRefused("It is empty."): (422, "refused", Ended.MISUSED),
    errors.SecretNotKept("No room."): (503, "secrets-closed", Ended.MISUSED),
    errors.SecretUnreadable(): (503, "secrets-closed", Ended.MISUSED),
    errors.GatewayError(SERVICE, SAID): (502, "remote-fault", Ended.NO_REMOTE),
    errors.GatewayUnavailable(SERVICE, SAID): (503, "remote-away", Ended.NO_REMOTE),
    errors.GatewayLimited(SERVICE, SAID): (503, "remote-limit", Ended.NO_REMOTE),
    errors.AmbiguousWrite(SERVICE, SAID): (502, "remote-unsure", Ended.NO_REMOTE),
    errors.ProtocolError(SERVICE, SAID): (502, "remote-fault", Ended.NO_REMOTE),
    errors.RemoteBug(SERVICE, SAID): (502, "remote-fault", Ended.NO_REMOTE),
    errors.GatewayRefused(SERVICE, SAID): (422, "refused", Ended.NO_REMOTE),
    errors.InputRefused(SERVICE, SAID): (422, "refused", Ended.NO_REMOTE),
    errors.AccessRefused(SERVICE, SAID): (502, "remote-access", Ended.NO_REMOTE),
    errors.AuthRevoked(SERVICE, SAID): (502, "remote-access", Ended.NO_REMOTE),
    errors.GatewayConflict(SERVICE, SAID): (409, "remote-conflict", Ended.NO_REMOTE),
    errors.AlreadyTaken(SERVICE, SAID): (409, "remote-conflict", Ended.NO_REMOTE),
    errors.AmbiguousMatch(SERVICE, SAID): (409, "remote-conflict", Ended.NO_REMOTE),
    errors.RemoteNotFound(SERVICE, SAID): (404, "not-at-remote", Ended.NO_REMOTE),
    errors.FieldsMissing(["One.", "Two."]): (502, "remote-setup", Ended.NO_REMOTE),
    errors.ModuleMissing(SERVICE, ["BTEC"]): (502, "remote-setup", Ended.NO_REMOTE),
    errors.NotOffered(SERVICE, SAID): (502, "remote-setup", Ended.NO_REMOTE),
    errors.AccountMissing(SERVICE, "set `zoho.client_id`."): (502, "remote-setup", Ended.MISUSED),
}
"""An error of each class: its status, the name of its problem, and how a command ends by it."""

NOT_OVER_HTTP = {
    "mzi_adapters.bench.Unexpected",
    "mzi_adapters.files.source.FileProblem",
    "mzi_adapters.zoho.callbacks.CallbackForged",
    "mzi_adapters.zoho.callbacks.CallbackRefused",
    "mzi_adapters.zoho.callbacks.CallbackTooLarge",
    "mzi_adapters.zoho.bulk_file.NoRoom",
    "mzi_http.cli.shell.UsageError",
    "mzi_http.routes.docs.ChangedAsset",
    "mzi_http.gateways.NotInstalled",
    "mzi_http.settings.SettingsRefused",
}
"""What no route raises: it belongs to the command line, to files, or to callbacks that are not served."""


def classes() -> Iterator[type[MziError]]:
    """Every class of error that mzi defines, wherever."""
    for package in (mzi_core, mzi_adapters, mzi_http):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__") and ".versions." not in found.name and found.name != ENV:
                importlib.import_module(found.name)
    waiting: list[type[MziError]] = [MziError]
    while waiting:
        each = waiting.pop()
        if each.__module__.startswith("mzi_"):
            yield each
        waiting += each.__subclasses__()


ENV = "mzi_adapters.sql.migrations.env"
"""Runs a migration when it is imported."""


def test_every_error_of_the_core_says_how_it_is_answered() -> None:
    core = {each for each in classes() if each.__module__.startswith("mzi_core")}
    assert set(KINDS) == core == {type(error) for error in ANSWERED}


def test_an_error_from_outside_the_core_is_answered_as_its_parent_or_belongs_to_no_route() -> None:
    parents = {each: next(one for one in each.__mro__ if one in KINDS) for each in classes()}
    rootless = [each for each, parent in parents.items() if parent is MziError and each is not MziError]
    assert {f"{each.__module__}.{each.__name__}" for each in rootless} == NOT_OVER_HTTP


@pytest.fixture
async def failing() -> AsyncIterator[Api]:
    """A service whose store raises what it is told to."""
    async with serving(FailingStore()) as api:
        yield api


@pytest.mark.parametrize("error", ANSWERED, ids=lambda error: type(error).__name__)
async def test_an_error_is_answered_with_its_status_and_a_sentence(error: MziError, failing: Api) -> None:
    status, name, _ = ANSWERED[error]
    fail(failing, error)
    answer = await failing.client.get("/api/v1/students/1")
    found = problem(answer, status, name)
    if status != HTTPStatus.INTERNAL_SERVER_ERROR:
        assert found["detail"] == " ".join(error.told.splitlines())
    assert ("Retry-After" in answer.headers) == (status == HTTPStatus.SERVICE_UNAVAILABLE)
    problems = getattr(error, "problems", None)
    if problems is not None:
        assert [each["detail"] for each in found["errors"]] == list(problems)


@pytest.mark.parametrize("error", ANSWERED, ids=lambda error: type(error).__name__)
def test_an_error_ends_a_command_with_its_code_and_the_same_sentence(error: MziError) -> None:
    assert meaning(error) == (error.told, ANSWERED[error][2])


@pytest.mark.parametrize(
    ("kind", "seconds", "header"),
    [
        (GatewayUnavailable, 90.0, "90"),
        (GatewayUnavailable, 0.2, "1"),
        (GatewayUnavailable, None, "30"),
        (GatewayLimited, 7200.0, "7200"),
        (GatewayLimited, 61.4, "62"),
        (GatewayLimited, None, "30"),
    ],
    ids=str,
)
async def test_a_sender_is_told_to_come_back_when_the_remote_will_be(
    kind: type[GatewayUnavailable], seconds: float | None, header: str, failing: Api
) -> None:
    fail(failing, kind(SERVICE, SAID, retry_after=seconds))
    answer = await failing.client.get("/api/v1/students")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, header)


@pytest.mark.parametrize(
    ("account", "setting"),
    [
        ({"client_id": "1000.ANOTHER"}, "`zoho.client_id`"),
        ({"refresh_token": "1000.revoked"}, "`zoho.refresh_token`"),
    ],
    ids=["client", "refresh token"],
)
async def test_credentials_zoho_refuses_are_502_with_the_remedy_of_the_doctor(
    account: dict[str, str], setting: str, failing: Api
) -> None:
    zoho = await College().connections(**account).zoho(DEFAULT_TENANT)
    for _ in range(2):  # asked again it is remembered, and the sentence is the same
        with pytest.raises(errors.AuthRevoked) as refused:
            await zoho.organization()
    fail(failing, refused.value)
    found = problem(await failing.client.get("/api/v1/students"), 502, "remote-access")
    assert setting in found["detail"]
    assert refused.value.remedy in found["detail"]
