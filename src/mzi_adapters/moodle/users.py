"""Users: found by what they are known by, created in batches, changed each for itself."""

import re
from collections.abc import Sequence
from secrets import token_urlsafe

from mzi_adapters.moodle.batching import Repeating, looked_up
from mzi_adapters.moodle.calling import MoodleCaller, together
from mzi_adapters.moodle.countries import COUNTRIES
from mzi_adapters.moodle.creating import Creating, Found, Match
from mzi_adapters.moodle.json_fields import Row, flag, inner_rows, moodle_id, row, rows, text, warnings
from mzi_adapters.moodle.refusals import SERVICE, KeptBack, rejection
from mzi_core.errors import AccessRefused, ProtocolError
from mzi_core.ports import (
    Applied,
    MoodleUser,
    NewUser,
    Rejected,
    RejectionKind,
    UserChange,
    UserKey,
    WriteResult,
)
from mzi_core.values import MoodleId

_GUEST = "guest"

# Deleting a user leaves the row behind, with the moment in the username and a digest for an address.
_DELETED_USERNAME = re.compile(r"\.\d{9,11}$")
_WILDCARD = re.compile(r"[\\%_]")
_DELETED_EMAIL = re.compile(r"[0-9a-f]{32}")


def user_from(found: Row) -> MoodleUser:
    """A user as every function that returns whole users writes one.

    Raises AccessRefused where the username, the address or the id number is kept from the account: Moodle
    leaves the key out then, and read as empty it would be changed at every comparison, or its owner not be
    found. An empty id number is left out too, but who is shown the username is shown every id number.
    """
    id, username = moodle_id(found), text(found, "username")
    if "email" not in found:
        raise KeptBack(
            "It keeps the addresses of users from the account.",
            "moodle/site:viewuseridentity",
            also=", and tick the address under Users > Permissions > User policies > Show user identity "
            "(`showuseridentity`)",
        )
    if "username" not in found:
        said = "It keeps the usernames and id numbers of users from the account."
        raise KeptBack(said, "moodle/user:viewalldetails")
    email = text(found, "email")
    return MoodleUser(
        id=id,
        username=username,
        email=email,
        first_name=text(found, "firstname"),
        last_name=text(found, "lastname"),
        id_number=text(found, "idnumber"),
        phone=text(found, "phone1"),
        city=text(found, "city"),
        country=text(found, "country"),
        auth=text(found, "auth"),
        suspended=flag(found, "suspended"),
        deleted=bool(_DELETED_USERNAME.search(username) and _DELETED_EMAIL.fullmatch(email)),
    )


def _folded(key: UserKey, value: str) -> str:
    return value.strip().lower() if key in (UserKey.USERNAME, UserKey.EMAIL) else value


def _of(user: MoodleUser, key: UserKey) -> str:
    match key:
        case UserKey.ID:
            return str(user.id)
        case UserKey.USERNAME:
            return user.username.lower()
        case UserKey.EMAIL:
            return user.email.lower()
        case UserKey.ID_NUMBER:
            return user.id_number


async def _by_criterion(calls: MoodleCaller, name: str, value: str) -> list[Row]:
    params = {"criteria": [{"key": name, "value": value}]}
    answer = row(await calls.read("core_user_get_users", params))
    if inner_rows(answer, "warnings"):  # it ignores what it does not know, and returns everybody
        raise ProtocolError(SERVICE, f"This site cannot search users by {name}.")
    return inner_rows(answer, "users")


async def must_see_others(calls: MoodleCaller) -> None:
    """Nobody was found at all: is nobody there, or may the account not look? Raises AccessRefused.

    Every site has a guest. Without the capability Moodle shows an account itself alone, and no error; and by
    what it does not show of somebody, nobody is found.
    """
    found = await _by_criterion(calls, "username", _GUEST)
    if _GUEST not in [user_from(user).username for user in found]:
        raise AccessRefused(
            SERVICE,
            "The account sees no other user. Give its role moodle/user:viewdetails and "
            "moodle/user:viewalldetails.",
        )


class MoodleUsers:
    """The part of the gateway that is about users."""

    calls: MoodleCaller

    async def find_users(
        self, key: UserKey, values: Sequence[str], *, thoroughly: bool = True
    ) -> dict[str, tuple[MoodleUser, ...]]:
        """Every user who has exactly one of these values, under the value as it was asked for."""
        wanted = dict.fromkeys(value for value in values if value.strip())
        if not wanted:
            return {}
        found = await self._at_once(key, list(wanted))
        if key is UserKey.EMAIL and thoroughly:
            missing = [value for value in wanted if _folded(key, value) not in found]
            for value, users in zip(
                missing, await together(self._by_pattern(value) for value in missing), strict=True
            ):
                found[_folded(key, value)] = users
        if not any(found.values()):
            await must_see_others(self.calls)
        by_value = {value: tuple(found.get(_folded(key, value), ())) for value in wanted}
        return {value: users for value, users in by_value.items() if users}

    async def _at_once(self, key: UserKey, values: Sequence[str]) -> dict[str, list[MoodleUser]]:
        """Some hundreds a call. PostgreSQL compares addresses letter by letter, so this can miss one."""
        asked = [*values, *(_folded(key, value) for value in values)]
        if key is UserKey.USERNAME:  # a capital in one of them, and Moodle refuses all
            asked = [_folded(key, value) for value in values]

        async def read(some: Sequence[str]) -> list[Row]:
            params = {"field": key.value, "values": list(some)}
            return rows(await self.calls.read("core_user_get_users_by_field", params))

        by_value: dict[str, list[MoodleUser]] = {}
        wanted = {_folded(key, value) for value in values}
        found = map(user_from, await looked_up(list(dict.fromkeys(asked)), read))
        for user in {one.id: one for one in found}.values():
            if _of(user, key) in wanted and not (user.deleted and key is not UserKey.ID):
                by_value.setdefault(_of(user, key), []).append(user)
        return by_value

    async def _by_pattern(self, email: str) -> list[MoodleUser]:
        """By address whatever its case. Moodle takes it as a pattern, so its wildcards are made harmless."""
        harmless = _WILDCARD.sub(r"\\\g<0>", email.strip())
        return [
            user
            for user in map(user_from, await _by_criterion(self.calls, "email", harmless))
            if user.email.lower() == _folded(UserKey.EMAIL, email)
        ]

    async def create_users(self, users: Sequence[NewUser]) -> Sequence[WriteResult[MoodleId]]:
        """Create users; who has the username or the address already is rejected as `existing`."""
        return await Creating[NewUser](
            calls=self.calls,
            function="core_user_create_users",
            field="users",
            encode=_new,
            keys=lambda user: (user.username.lower(), f"@{user.email.lower()}"),
            named=lambda created: text(created, "username"),
            check=_wrong,
            singly=lambda user: user.is_mailed,
            find=self._users_with_keys_of,
            explain=self._user_with_keys_of,
        ).all(users)

    async def _users_with_keys_of(self, users: Sequence[NewUser]) -> Found:
        by_name, by_email = await together(
            [
                self._at_once(UserKey.USERNAME, [user.username for user in users]),
                self._at_once(UserKey.EMAIL, [user.email for user in users]),
            ]
        )
        if not by_name and not by_email:
            await must_see_others(self.calls)
        matches = {
            place: _match(user, [*by_name.get(user.username, ()), *by_email.get(user.email.lower(), ())])
            for place, user in enumerate(users)
        }
        return {place: match for place, match in matches.items() if match}

    async def _user_with_keys_of(self, user: NewUser) -> Match | None:
        by_name = await self._at_once(UserKey.USERNAME, [user.username])
        return _match(user, [*by_name.get(user.username, ()), *await self._by_pattern(user.email)])

    async def update_users(self, changes: Sequence[UserChange]) -> Sequence[WriteResult[MoodleId]]:
        """Change users, each for itself."""
        wrong = [_bad_country(change.country) for change in changes]
        right = [change for change, refusal in zip(changes, wrong, strict=True) if refusal is None]
        done = iter(
            await Repeating[UserChange](
                calls=self.calls,
                function="core_user_update_users",
                field="users",
                encode=_changed,
                answered=_warned,
                key=lambda change: change.id,
            ).all(right)
        )
        return [refusal or next(done) for refusal in wrong]


def _match(user: NewUser, found: Sequence[MoodleUser]) -> Match | None:
    for one in found:
        whole = one.username == user.username and one.email.lower() == user.email.lower()
        return Match(one.id, whole)
    return None


def _wrong(user: NewUser) -> Rejected[MoodleId] | None:
    if user.username != user.username.strip().lower() or not user.username:
        why = "A Moodle username is in small letters, without blanks around it, and not empty."
        return rejection(RejectionKind.BAD_INPUT, why)
    return _bad_country(user.country)


def _bad_country(country: str | None) -> Rejected[MoodleId] | None:
    if not country or country in COUNTRIES:
        return None
    why = "The country must be an ISO 3166 code of two capitals, such as JO; Moodle would store it as 0."
    return rejection(RejectionKind.BAD_INPUT, why)


def _password(user: NewUser) -> str | None:
    """The password that is sent; where nobody is mailed one that nobody learns, and that any site takes."""
    if user.password is None and not user.mailed and user.keeps_password:
        return f"Aa1-{token_urlsafe(24)}"
    return user.password


def _new(user: NewUser) -> dict[str, object]:
    return {
        "username": user.username,
        "password": _password(user),
        "createpassword": True if user.is_mailed else None,
        "firstname": user.first_name,
        "lastname": user.last_name,
        "email": user.email,
        "auth": user.auth,
        "idnumber": user.id_number or None,
        "phone1": user.phone or None,
        "city": user.city or None,
        "country": user.country or None,
    }


def _changed(change: UserChange) -> dict[str, object]:
    return {
        "id": change.id,
        "username": change.username,
        "firstname": change.first_name,
        "lastname": change.last_name,
        "email": change.email,
        "idnumber": change.id_number,
        "phone1": change.phone,
        "city": change.city,
        "country": change.country,
        "suspended": change.suspended,
    }


def _warned(answer: object, changes: Sequence[UserChange]) -> list[WriteResult[MoodleId]]:
    bad = warnings(row(answer))
    return [bad.get(change.id) or Applied(id=change.id) for change in changes]
