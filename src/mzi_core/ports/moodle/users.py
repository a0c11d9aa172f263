"""Moodle's users.

In a change, None leaves a field alone and "" empties it.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import attrs

from mzi_core.ports.writes import WriteResult
from mzi_core.values import MoodleId


class UserKey(StrEnum):
    """What users can be found by, as Moodle calls it."""

    ID = "id"
    USERNAME = "username"
    EMAIL = "email"
    ID_NUMBER = "idnumber"


@attrs.frozen(kw_only=True)
class MoodleUser:
    """A user. `deleted`: Moodle still answers for the id, but nobody is behind it any more."""

    id: MoodleId
    username: str
    email: str
    first_name: str = ""
    last_name: str = ""
    id_number: str = ""
    phone: str = ""
    city: str = ""
    country: str = ""
    auth: str = "manual"
    suspended: bool = False
    deleted: bool = False


@attrs.frozen(kw_only=True)
class NewUser:
    """A user to create.

    Without a `password` Moodle makes one and mails it, if `auth` keeps passwords; where not `mailed` nobody
    learns it, and people set theirs by way of a forgotten one. `username` is in small letters; `country` an
    ISO 3166 code of two capitals.
    """

    username: str
    first_name: str
    last_name: str
    email: str
    password: str | None = attrs.field(default=None, repr=False)
    mailed: bool = True
    auth: str | None = None
    id_number: str | None = None
    phone: str | None = None
    city: str | None = None
    country: str | None = None

    @property
    def keeps_password(self) -> bool:
        """Whether Moodle itself keeps the password."""
        return self.auth in (None, "manual")

    @property
    def is_mailed(self) -> bool:
        """Whether Moodle mails a password; it does at once, also where the call is rolled back after it."""
        return self.password is None and self.mailed and self.keeps_password


@attrs.frozen(kw_only=True)
class UserChange:
    """What to change of a user. A user who leaves is suspended, never deleted."""

    id: MoodleId
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    id_number: str | None = None
    phone: str | None = None
    city: str | None = None
    country: str | None = None
    suspended: bool | None = None


class MoodleUsers(Protocol):
    """Users: found, created, changed; never deleted."""

    async def find_users(
        self, key: UserKey, values: Sequence[str], *, thoroughly: bool = True
    ) -> dict[str, tuple[MoodleUser, ...]]:
        """Every user who has exactly one of these values, under the value as it was asked for.

        Usernames and addresses whatever their case, ids and id numbers to the letter; several can have one
        id number. Values nobody has are left out. Some hundreds are a call; but an address nobody has costs
        one of its own, unless not asked for `thoroughly`: then one that Moodle keeps in capitals can be
        missed, as `create_users` will still not miss it. Deleted users come only by id, and are marked.
        Raises AccessRefused when the account sees no other user at all, or not their addresses or id numbers.
        """
        ...

    async def create_users(self, users: Sequence[NewUser]) -> Sequence[WriteResult[MoodleId]]:
        """Create users; who has the username or the address already is rejected as `existing`.

        One bad user harms no other. A lost answer is settled by the username, so nobody is created twice.
        Not promised: that who is mailed a password gets one mail. Moodle mails it before it knows that the
        whole call is good; who was in a call that was refused is sent once more, alone.
        """
        ...

    async def update_users(self, changes: Sequence[UserChange]) -> Sequence[WriteResult[MoodleId]]:
        """Change users, each for itself; a lost answer is followed by the same request again."""
        ...
