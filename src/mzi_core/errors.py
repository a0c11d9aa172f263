"""Everything mzi raises on purpose. Each message is a sentence a person can act on."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from mzi_core.suggestions import either


class MziError(Exception):
    """The root of the tree: catch this to catch whatever mzi refuses."""

    @property
    def told(self) -> str:
        """The message, with what helps where it does not say so itself."""
        return str(self)


class UnknownModule(MziError):
    """No module of the catalogue has this name or alias."""

    def __init__(self, name: str, nearest: Sequence[str] = ()) -> None:
        self.name = name
        self.nearest = tuple(nearest)
        hint = f" Did you mean {either(nearest)}?" if nearest else ""
        super().__init__(f"`{name}` is not a module mzi knows.{hint}")


class UnknownFlow(MziError):
    """No flow has this name; `nearest`: which may have been meant."""

    def __init__(self, name: str, nearest: Sequence[str], known: Sequence[str]) -> None:
        self.nearest = tuple(nearest)
        hint = f"Did you mean {either(nearest)}?" if nearest else f"There are {', '.join(known)}."
        super().__init__(f"There is no flow `{name[:60]}`. {hint}")


class MappingRefused(MziError):
    """A tenant's field mapping cannot be used; `problems` says every reason."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(self.problems))


class FieldsMissing(MziError):
    """A remote module lacks fields that no record can do without; `problems` says each with its remedy."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class UnknownTenant(MziError):
    """No tenant of this name has been made."""

    def __init__(self, tenant: str) -> None:
        self.tenant = tenant
        super().__init__(f"Tenant `{tenant}` is not known here; `mzi tenants add {tenant}` makes it.")


class AccountMissing(MziError):
    """A tenant's remote service is needed, and mzi has no account there; `remedy` says how to give it one."""

    def __init__(self, service: str, remedy: str) -> None:
        self.service = service
        super().__init__(f"mzi has no account at {service} yet: {remedy}")


class NotFound(MziError):
    """Nothing is stored or parked under this key."""

    def __init__(self, what: str, key: str) -> None:
        self.what = what
        self.key = key
        super().__init__(f"There is no {what} `{key}`.")


class KeyReused(MziError):
    """An idempotency key came back with another request than the first time."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(
            f"The idempotency key `{key}` was first used with another request; "
            "resend the same body, or take a new key."
        )


class SourceChanged(MziError):
    """A stream is to be taken up where it was stopped, and is another one by now."""

    def __init__(self, source: str) -> None:
        super().__init__(
            f"{source} is not what it was when it was stopped: the records that were done are not there in "
            "the same order, or it tells other fields. Take it from its beginning, without --resume; what is "
            "stored already will be UNCHANGED."
        )


class RunInProgress(MziError):
    """A run of the same source has not ended: a second one would take the same records."""

    def __init__(self, source: str, run: str | None, done: int, until: datetime) -> None:
        self.until = until
        records = f"{done:,} record{'' if done == 1 else 's'}"
        by = f" by run {run[-8:]}, which has done {records} and" if run else ", by a run that"
        super().__init__(
            f"{source} is being taken{by} holds it until {until:%H:%M:%S} UTC, and longer if it goes on. "
            "Wait for its end, or stop it; one that was killed lets go by then."
        )


class RunTakenOver(MziError):
    """A run stood still for so long that another one took its source over."""

    def __init__(self, source: str) -> None:
        super().__init__(
            f"{source} was taken over by another run while this one stood still; `mzi runs list` shows it. "
            "What this one had done is kept."
        )


class ClockSkew(MziError):
    """Our clock is so far `ahead` of a service's, or behind it, that their moments cannot be compared."""

    def __init__(self, service: str, ahead: timedelta) -> None:
        minutes = round(abs(ahead) / timedelta(minutes=1))
        side = "ahead of" if ahead > timedelta() else "behind"
        self.said = f"Our clock is {minutes:,} minutes {side} {service}'s."
        self.remedy = (
            "Set this machine's clock by a time server (`timedatectl set-ntp true`), or the other's."
        )
        super().__init__(f"{self.said} {self.remedy}")


class MessageRefused(MziError):
    """What a source sent has no form that it sends; nothing of it is kept."""


class StoreError(MziError):
    """The store could not do what was asked."""


class StoreUnavailable(StoreError):
    """The store cannot be reached or is not ready; trying again later may help."""


class StoreRefused(StoreError):
    """The store will not hold these rows as they are; trying again will not help."""


def unforeseen(error: Exception) -> str:
    """What is said about one record that raised what mzi does not raise on purpose: nothing that it holds."""
    return f"It led to an error that mzi does not know ({type(error).__name__}); please report it."


class CannotBePulled(MziError):
    """What was asked of a pull from Moodle cannot be."""


class GatewayError(MziError):
    """Zoho or Moodle, whichever `service` names, did not do what was asked. No secret is in any of these.

    `remedy`: what helps against this very one; it ends the message.
    """

    usual_remedy: ClassVar[str] = ""
    """What helps against errors of this class where one says nothing better."""

    def __init__(self, service: str, said: str, *, code: str = "", remedy: str = "") -> None:
        self.service = service
        self.said = said
        self.code = code
        """The remote's own code of the error, such as `INVALID_DATA` or `invalidparameter`."""
        self.remedy = remedy
        super().__init__(" ".join(filter(None, (f"{service}: {said}", remedy))))

    @property
    def told(self) -> str:
        """The message, with what helps where it does not say so itself."""
        return str(self) if self.remedy else " ".join(filter(None, (str(self), self.usual_remedy)))


class GatewayUnavailable(GatewayError):
    """The service cannot answer now; the same request may go through after `retry_after` seconds."""

    usual_remedy = "Try again later; `mzi doctor` says what can be reached."

    def __init__(
        self,
        service: str,
        said: str,
        *,
        code: str = "",
        remedy: str = "",
        retry_after: float | None = None,
    ) -> None:
        self.retry_after = retry_after
        super().__init__(service, said, code=code, remedy=remedy)


class GatewayLimited(GatewayUnavailable):
    """The service's limits are used up: requests a moment, or credits a day."""

    usual_remedy = "Try again later."


class AmbiguousWrite(GatewayError):
    """A write was sent and no usable answer came: it may or may not have been applied."""

    usual_remedy = "Look there before it is sent again; `mzi push` finds what was carried out."


class GatewayRefused(GatewayError):
    """The request as a whole was refused; sending it again will not help."""


class AccessRefused(GatewayRefused):
    """The account behind the gateway may not do this: a person must change a token, scope or capability."""


class AuthRevoked(AccessRefused):
    """The service no longer accepts our credentials: all work with it stops until they are replaced."""

    usual_remedy = "Make new credentials, and put them into the settings."


class GatewayConflict(GatewayRefused):
    """The remote record was changed by somebody else since it was read; at `modified_at`, if that is told."""

    def __init__(
        self, service: str, said: str, *, code: str = "", modified_at: datetime | None = None
    ) -> None:
        self.modified_at = modified_at
        super().__init__(service, said, code=code)


class AmbiguousMatch(GatewayRefused):
    """Several remote records answer to what must name only one."""


class RemoteNotFound(GatewayRefused):
    """The remote has nothing under this id."""


class ModuleMissing(RemoteNotFound):
    """The remote has a module under none of the names it may have."""

    def __init__(self, service: str, names: Sequence[str], nearest: Sequence[str] = ()) -> None:
        self.names = tuple(names)
        near = f" The nearest is {either(nearest)}." if nearest else ""
        super().__init__(
            service,
            f"There is no module {either(names)}.{near}",
            remedy=f"Make it in {service}, rename it there to `{names[0]}`, or open it to mzi's account.",
        )


class InputRefused(GatewayRefused):
    """The remote takes no such value; what was sent must change."""


class AlreadyTaken(GatewayRefused):
    """Another remote record has a value that must be unique."""


class NotOffered(GatewayRefused):
    """The remote lacks an optional function: the plugin behind it is not installed or not in the service."""


class ProtocolError(GatewayError):
    """The answer is not what this service ever says: not JSON, cut short, or of another shape."""

    usual_remedy = "Check that the address is the service's own; `mzi doctor` looks at it."


class RemoteBug(GatewayError):
    """The remote failed by a fault of its own; its operator must look."""

    usual_remedy = "Its operator must look at its log."


class LabelRefused(MziError):
    """A label says nothing, or is too long."""


class FlowPaused(MziError):
    """Nothing of a flow is delivered until somebody resumes it."""

    def __init__(self, flow: str, reason: str) -> None:
        super().__init__(
            f"The {flow} deliveries are paused: {reason} After that `mzi deliveries resume {flow}` goes on."
        )


class OutOfTime(MziError):
    """The lease of a batch is nearly over, so nothing is sent any more."""

    def __init__(self) -> None:
        super().__init__("It took too long and begins anew.")


class PauseRefused(MziError):
    """A pause has no reason that a person could read, or too long a one."""


class ReasonRefused(MziError):
    """A decision has no reason that a person could read, or too long a one."""


class PlanDecided(MziError):
    """A plan is to be decided that somebody has decided already, as `state` and for `reason` say."""

    def __init__(self, id: str, state: str, reason: str) -> None:
        self.state = state
        super().__init__(f"The plan `{id}` was {state} already: {reason}")


class ReviewDecided(MziError):
    """An item of the review list is to be decided that is not open any more, as `state` says."""

    def __init__(self, kind: str, key: str, state: str) -> None:
        self.state = state
        super().__init__(f"The {kind} `{key}` is not under review any more: it was {state}.")


class CourseRefused(MziError):
    """A class gets no course."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"Class `{key}` has no course. {why}".strip())


class ChoiceRefused(MziError):
    """What a person chose cannot be: it is no candidate, or belongs to another record."""


class KeyRefused(MziError):
    """The key of the secrets cannot be used."""


class SecretNotKept(MziError):
    """A secret could not be kept; nothing of it is anywhere."""


class SecretUnreadable(MziError):
    """What is kept of a secret cannot be opened here."""

    def __init__(self) -> None:
        super().__init__(
            "What is kept of this secret was sealed with another key or elsewhere, or is damaged. Give "
            "the old key behind the new one in `secrets.key`, or enter the secret again."
        )
