"""The Moodle gateway over a wire: every part of it under one name."""

import attrs

from mzi_adapters.moodle.calling import Caller, MoodleAccount
from mzi_adapters.moodle.courses import Courses
from mzi_adapters.moodle.enrolments import Enrolments
from mzi_adapters.moodle.health import Health
from mzi_adapters.moodle.marking import Marking
from mzi_adapters.moodle.site import SiteItself
from mzi_adapters.moodle.users import Users
from mzi_adapters.web import Timer, Wire


@attrs.define(slots=False)
class MoodleClient(SiteItself, Health, Users, Courses, Enrolments, Marking):
    """One tenant's Moodle over its web services. It opens nothing, so there is nothing to close.

    `at_once`: calls at the same time; `tries`, `pause`, `patience`, `timeout`: see `Caller`.
    """

    account: MoodleAccount
    wire: Wire = attrs.field(repr=False)
    timer: Timer = attrs.field(repr=False)
    at_once: int = attrs.field(default=4, kw_only=True)
    tries: int = attrs.field(default=4, kw_only=True)
    pause: float = attrs.field(default=1, kw_only=True)
    patience: float = attrs.field(default=300, kw_only=True)
    timeout: float = attrs.field(default=60, kw_only=True)
    calls: Caller = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        self.calls = Caller(
            account=self.account,
            wire=self.wire,
            timer=self.timer,
            at_once=self.at_once,
            tries=self.tries,
            pause=self.pause,
            patience=self.patience,
            timeout=self.timeout,
        )
