"""The users of a site, found the way its database compares text."""

from collections import defaultdict
from collections.abc import Iterable

import attrs

from mzi_adapters.testing.like import ANY_ONE, ANYTHING, Step, fits
from mzi_adapters.testing.moodle.site_tables import SiteUser


def like(pattern: str, text: str) -> bool:
    """SQL LIKE, whatever the case: `%` is anything, `_` one character, a backslash quotes the next."""
    letters = iter(pattern.lower())
    steps: list[Step] = [
        next(letters, "\\") if letter == "\\" else _WILDCARDS.get(letter, letter) for letter in letters
    ]
    return fits(steps, text.lower())


_WILDCARDS = {"%": ANYTHING, "_": ANY_ONE}


@attrs.define(kw_only=True)
class People:
    """Users by id, with what must be found fast in a college of a hundred thousand."""

    database: str
    rows: dict[int, SiteUser] = attrs.field(factory=dict)
    _by: dict[str, dict[str, list[int]]] = attrs.field(
        factory=lambda: {field: defaultdict(list) for field in ("username", "email", "idnumber")}
    )

    def put(self, user: SiteUser) -> None:
        """Add a user."""
        self.rows[user.id] = user
        self._list(user)

    def change(self, user: SiteUser, **changes: object) -> None:
        """Change fields of a user."""
        for field, index in self._by.items():
            if getattr(user, field):
                index[self._key(getattr(user, field))].remove(user.id)
        for field, value in changes.items():
            setattr(user, field, value)
        self._list(user)

    def living(self, user: int) -> SiteUser | None:
        """A user that exists and was not deleted."""
        found = self.rows.get(user)
        return None if found is None or found.deleted else found

    def username_taken(self, username: str) -> bool:
        """Whether somebody has this username."""
        return bool(self._by["username"].get(self._key(username)))

    def email_taken(self, email: str, *, but: int = 0) -> bool:
        """Whether somebody else has this address, in whatever case."""
        found = self._by["email"].get(self._key(email), ())
        return any(each != but and not self.rows[each].deleted for each in found)

    def where(self, field: str, value: str) -> list[SiteUser]:
        """Users whose field equals the value, as this database compares: MariaDB takes no notice of case."""
        if field == "id":
            found = [self.rows[int(value)]] if int(value) in self.rows else []
        else:
            found = [self.rows[each] for each in sorted(self._by[field].get(self._key(value), ()))]
            if self.database == "postgresql":
                found = [each for each in found if getattr(each, field) == value]
        return found

    def visible(self) -> Iterable[SiteUser]:
        """Everybody who was not deleted, by id."""
        return (self.rows[each] for each in sorted(self.rows) if not self.rows[each].deleted)

    def _list(self, user: SiteUser) -> None:
        for field, index in self._by.items():
            if getattr(user, field):
                index[self._key(getattr(user, field))].append(user.id)

    @staticmethod
    def _key(value: str) -> str:
        return value.lower()
