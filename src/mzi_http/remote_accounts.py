"""With which accounts mzi works at Zoho and at Moodle, and what is missing before it can."""

from collections.abc import Mapping
from enum import StrEnum

import attrs

from mzi_core.module import caseless
from mzi_core.modules.classes import ACTIVE
from mzi_core.provisioning import (
    FIRST_CATEGORY,
    STUDENT_ROLE,
    IdNumbers,
    MoodleDefaults,
    NewPasswords,
    Usernames,
)
from mzi_core.values import MoodleId
from mzi_http.converters import credential, loopback, one_of, site, whole, words


class Region(StrEnum):
    """Where Zoho keeps the organisation: the end of the address at which people sign in says which."""

    US = "us"
    EU = "eu"
    IN = "in"
    AU = "au"
    JP = "jp"
    CN = "cn"
    CA = "ca"
    SA = "sa"
    UK = "uk"


class ZohoEnvironment(StrEnum):
    """Which of an organisation's copies: the one people work in, its sandbox, or a developer's own."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"
    DEVELOPER = "developer"


# One function an option, because mypy reads an attrs converter's type only off a function with a name.


def _data_centre(value: object) -> Region:
    return one_of(value, Region)


def _environment(value: object) -> ZohoEnvironment:
    return one_of(value, ZohoEnvironment)


def _zoho_calls(value: object) -> int:
    return whole(value, 1, 25)


def _moodle_calls(value: object) -> int:
    return whole(value, 1, 50)


def _moodle_id(value: object) -> MoodleId:
    return MoodleId(whole(value, 1, 2**31 - 1))


def _statuses(value: object) -> str:
    return words(value)


def _id_numbers(value: object) -> IdNumbers:
    return one_of(value, IdNumbers)


def _usernames(value: object) -> Usernames:
    return one_of(value, Usernames)


def _passwords(value: object) -> NewPasswords:
    return one_of(value, NewPasswords)


def _hours(value: object) -> int:
    said = str(value).strip()
    return -whole(said[1:], 1, 12) if said.startswith("-") else whole(said.removeprefix("+"), 0, 14)


@attrs.frozen(kw_only=True)
class Zoho:
    """The client that mzi is at Zoho. `concurrency`: calls at a time; 5 is what every edition allows.

    `accounts_url` and `api_url` put a server on this machine in Zoho's place, for tests.
    """

    client_id: str = attrs.field(default="", converter=credential)
    client_secret: str = attrs.field(default="", converter=credential, repr=False)
    refresh_token: str = attrs.field(default="", converter=credential, repr=False)
    data_centre: Region = attrs.field(default=Region.US, converter=_data_centre)
    environment: ZohoEnvironment = attrs.field(default=ZohoEnvironment.PRODUCTION, converter=_environment)
    concurrency: int = attrs.field(default=5, converter=_zoho_calls)
    accounts_url: str = attrs.field(default="", converter=loopback)
    api_url: str = attrs.field(default="", converter=loopback)

    def missing(self) -> tuple[str, ...]:
        """The settings without which nothing can be asked of Zoho, by their dotted names."""
        return _empty("zoho", {name: getattr(self, name) for name in _ZOHO_NEEDS})


@attrs.frozen(kw_only=True)
class Moodle:
    """The account that mzi has at Moodle. `concurrency`: calls at a time. Others: see `MoodleDefaults`."""

    url: str = attrs.field(default="", converter=site)
    token: str = attrs.field(default="", converter=credential, repr=False)
    concurrency: int = attrs.field(default=4, converter=_moodle_calls)
    auth: str = attrs.field(default="", converter=credential)
    student_role: MoodleId = attrs.field(default=STUDENT_ROLE, converter=_moodle_id)
    category: MoodleId = attrs.field(default=FIRST_CATEGORY, converter=_moodle_id)
    utc_offset: int = attrs.field(default=3, converter=_hours)
    active: str = attrs.field(default=", ".join(ACTIVE), converter=_statuses)
    id_numbers: IdNumbers = attrs.field(default=IdNumbers.KEEP, converter=_id_numbers)
    usernames: Usernames = attrs.field(default=Usernames.ADDRESS, converter=_usernames)
    passwords: NewPasswords = attrs.field(default=NewPasswords.MAILED, converter=_passwords)

    def defaults(self) -> MoodleDefaults:
        """What the college has decided about its Moodle."""
        return MoodleDefaults(
            auth=self.auth or None,
            student_role=self.student_role,
            category=self.category,
            utc_offset=self.utc_offset,
            active=frozenset(map(caseless, self.active.split(","))),
            id_numbers=self.id_numbers,
            usernames=self.usernames,
            passwords=self.passwords,
        )

    def missing(self) -> tuple[str, ...]:
        """The settings without which nothing can be asked of Moodle, by their dotted names."""
        return _empty("moodle", {"url": self.url, "token": self.token})


_ZOHO_NEEDS = ("client_id", "client_secret", "refresh_token")


def _empty(service: str, settings: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{service}.{name}" for name, value in settings.items() if not value)
