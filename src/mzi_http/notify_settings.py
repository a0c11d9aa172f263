"""By which ways people are told what waits for them, and when."""

import re
from collections.abc import Iterator, Mapping
from datetime import time, timedelta
from typing import TYPE_CHECKING

import attrs

from mzi_adapters.notify.mail_security import MailSecurity
from mzi_adapters.places import is_forbidden
from mzi_core.event_proofs import Scheme, SecretRefused, checked_secret
from mzi_http.converters import LARGEST_PORT, LOOPBACK, credential, one_of, receiver, whole

if TYPE_CHECKING:
    from mzi_core.notices import NotifyPolicy, QuietHours

MOST_ADDRESSES = 20

_LONGEST_ADDRESS = 254
_SUBMISSION = 587  # the port at which mail is handed in: RFC 6409
_PREFIX = "whsec_"

_ADDRESS = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*@([a-z\d-]+\.)+[a-z\d-]+", re.ASCII | re.IGNORECASE
)
_HOST = re.compile(r"[\w.:-]+", re.ASCII)
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)

# One function an option, because mypy reads an attrs converter's type only off a function with a name.


def _host(value: object) -> str:
    said = value.strip() if isinstance(value, str) else "?"
    if said and (len(said) > _LONGEST_ADDRESS or not _HOST.fullmatch(said)):
        raise ValueError("must be the name of a server, such as `mail.college.example`.")
    if is_forbidden(said):
        raise ValueError("must not be link-local or a cloud's metadata service: no mail server is there.")
    return said


def _port(value: object) -> int:
    return whole(value, 1, LARGEST_PORT)


def _security(value: object) -> MailSecurity:
    return one_of(value, MailSecurity)


def _sender(value: object) -> str:
    said = _addresses(value)
    if len(said) > 1:
        raise ValueError("must be one address.")
    return said[0] if said else ""


def _to(value: object) -> tuple[str, ...]:
    found = _addresses(value)
    if len(found) > MOST_ADDRESSES:
        raise ValueError(
            f"must be {MOST_ADDRESSES} addresses at most; a list of the mail server has room for more."
        )
    return found


def _addresses(value: object) -> tuple[str, ...]:
    """Addresses as a list, or as a text parted by commas; the sentence repeats none."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(each, str) for each in parts):
        raise ValueError("must be an e-mail address such as `office@college.example`.")
    found = tuple(each.strip() for each in parts if each.strip())
    for number, each in enumerate(found, 1):
        if len(each) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(each):
            raise ValueError(
                "must be e-mail addresses such as `office@college.example`, parted by commas: number "
                f"{number} is none."
            )
    return found


def _secret(value: object) -> str:
    said = credential(value)
    try:
        if said and (not said.startswith(_PREFIX) or not checked_secret(Scheme.STANDARD, said)):
            raise ValueError(f"must begin with `{_PREFIX}`.")
    except SecretRefused as refused:
        raise ValueError(f"cannot be used. {refused}") from None
    return said


def _minutes(value: object) -> int:
    return whole(value, 1, 1_440)


def _days(value: object) -> int:
    return whole(value, 0, 365)


def _quiet(value: object) -> str:
    said = value.strip() if isinstance(value, str) else "?"
    found = _HOURS.fullmatch(said)
    if said and (found is None or found[1] + found[2] == found[3] + found[4]):
        raise ValueError("must be hours such as 22:00-07:00.")
    return said


@attrs.frozen(kw_only=True)
class Mail:
    """The server that takes mail, as whom mzi hands it over, and to whom it goes."""

    host: str = attrs.field(default="", converter=_host)
    port: int = attrs.field(default=_SUBMISSION, converter=_port)
    security: MailSecurity = attrs.field(default=MailSecurity.STARTTLS, converter=_security)
    user: str = attrs.field(default="", converter=credential, repr=False)
    password: str = attrs.field(default="", converter=credential, repr=False)
    sender: str = attrs.field(default="", converter=_sender, repr=False)
    to: tuple[str, ...] = attrs.field(default=(), converter=_to, repr=False)

    def problems(self) -> Iterator[str]:
        """Why it cannot be used as it is set, a sentence each."""
        needed = {"host": self.host, "sender": self.sender, "to": self.to}
        yield from _partly("mail", needed)
        yield from _partly("mail", {"user": self.user, "password": self.password})
        if self.host and self.security is MailSecurity.NONE and self.host not in LOOPBACK:
            yield (
                "`notify.mail.security` may be `none` only for a mail server on this machine: what is sent "
                "must not be read on the way."
            )


@attrs.frozen(kw_only=True)
class Webhook:
    """Where digests are posted, and the secret that signs them; the address may be a secret too."""

    url: str = attrs.field(default="", converter=receiver, repr=False)
    secret: str = attrs.field(default="", converter=_secret, repr=False)

    def problems(self) -> Iterator[str]:
        """Why it cannot be used as it is set, a sentence each."""
        yield from _partly("webhook", {"url": self.url, "secret": self.secret})


def _partly(way: str, needed: Mapping[str, object]) -> Iterator[str]:
    """What is missing where not all is set that goes together."""
    missing = [f"`notify.{way}.{name}`" for name, value in needed.items() if not value]
    if 0 < len(missing) < len(needed):
        there = ", ".join(f"`notify.{way}.{name}`" for name, value in needed.items() if value)
        yield f"{' and '.join(missing)} must be set beside {there}."


@attrs.frozen(kw_only=True)
class Notify:
    """When people are told: every so many minutes, and in `quiet` hours only of what cannot wait.

    `silent_days`: after so many days without an event a source is called silent; 0 for never.
    """

    every: int = attrs.field(default=15, converter=_minutes)
    quiet: str = attrs.field(default="", converter=_quiet)
    silent_days: int = attrs.field(default=3, converter=_days)
    mail: Mail = attrs.field(factory=Mail)
    webhook: Webhook = attrs.field(factory=Webhook)

    def problems(self) -> Iterator[str]:
        """Why no way, or one of them, can be used as it is set."""
        yield from self.mail.problems()
        yield from self.webhook.problems()

    def policy(self) -> "NotifyPolicy":
        """The same as the rules want it."""
        from mzi_core.notices import NotifyPolicy  # noqa: PLC0415  # settings are read by every command

        return NotifyPolicy(
            every=timedelta(minutes=self.every),
            quiet=_hours(self.quiet),
            silent_after=timedelta(days=self.silent_days) if self.silent_days else None,
        )


def _hours(said: str) -> "QuietHours | None":
    from mzi_core.notices import QuietHours  # noqa: PLC0415  # as above

    if not said:
        return None
    start, _, end = said.partition("-")
    return QuietHours(time.fromisoformat(start), time.fromisoformat(end))
