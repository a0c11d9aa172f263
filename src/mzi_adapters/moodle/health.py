"""What a site can be asked about itself without anybody's data being touched."""

from datetime import datetime

from mzi_adapters.moodle.calling import MoodleCaller
from mzi_adapters.moodle.json_fields import moodle_id, row, rows

_OTHERS = 3
"""Form fields of a call beside its parameters: the token, the function, the format."""

_ABSENT = 10**9
"""From here on up nobody has an id."""


class SiteHealth:
    """The part of the gateway that is about how the site is."""

    calls: MoodleCaller

    async def server_time(self) -> datetime | None:
        """The time by the site's own clock when it last answered."""
        return self.calls.answered_at

    async def takes_form_of(self, fields: int) -> bool:
        """Whether a form of so many fields arrives whole: our own id stands in its last field."""
        own = moodle_id(row(await self.calls.read("core_webservice_get_site_info")), "userid")
        absent = [_ABSENT + number for number in range(fields - _OTHERS - 2)]
        params = {"field": "id", "values": [*absent, own]}
        found = rows(await self.calls.read("core_user_get_users_by_field", params))
        return any(moodle_id(user) == own for user in found)
