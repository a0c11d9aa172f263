"""A Moodle site as a whole."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from mzi_core.values import MoodleId


class Feature(StrEnum):
    """What a site can do beyond stock Moodle, named by the function of mzi's plugin that brings it."""

    GRADE_FACTS = "local_mzi_get_grade_facts"
    TEMPLATES = "local_mzi_save_btec_definition"


@attrs.frozen(kw_only=True)
class MoodleSite:
    """The site and the account behind the token. Our own writes come back as events of `user_id`.

    `is_administrator`: the account is one of the site's, so nothing is refused to it.
    """

    name: str
    url: str
    release: str
    user_id: MoodleId
    username: str
    functions: frozenset[str]
    missing: tuple[str, ...]
    """Functions mzi always needs and this account's service lacks: an administrator adds them."""

    features: frozenset[Feature]
    is_administrator: bool = False


class MoodleStatus(Protocol):
    """How the site is, and what the account behind the token finds there."""

    async def site(self) -> MoodleSite:
        """The site, and which functions it lacks; asked anew each time."""
        ...

    async def server_time(self) -> datetime | None:
        """The time by the site's own clock when it last answered, if it says it; sends nothing."""
        ...

    async def takes_form_of(self, fields: int) -> bool:
        """Whether a form of so many fields arrives whole: PHP cuts at `max_input_vars`, and says nothing."""
        ...
