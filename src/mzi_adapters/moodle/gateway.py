"""The Moodle gateway over a wire: every part of it under one name."""

import attrs

from mzi_adapters.breakers import NoBreaker
from mzi_adapters.moodle.calling import RETRIES, MoodleAccount, MoodleCaller
from mzi_adapters.moodle.categories import MoodleCategories
from mzi_adapters.moodle.courses import MoodleCourses
from mzi_adapters.moodle.enrolments import MoodleEnrolments
from mzi_adapters.moodle.groups import MoodleGroups
from mzi_adapters.moodle.marking import MoodleMarks
from mzi_adapters.moodle.plugin import MoodlePlugin
from mzi_adapters.moodle.users import MoodleUsers
from mzi_adapters.web import CHANCE, Dice, RetryPolicy, Timer, Transport
from mzi_core.ports import Breaker


@attrs.define(slots=False)
class MoodleClient(
    MoodlePlugin, MoodleUsers, MoodleCourses, MoodleCategories, MoodleEnrolments, MoodleGroups, MoodleMarks
):
    """One tenant's Moodle over its web services. It opens nothing, so there is nothing to close.

    `at_once`: calls at the same time; `timeout`: seconds for one answer. `random` spreads what is attempted
    again; `retries` says when a call is, and the `breaker` when none is even sent.
    """

    account: MoodleAccount
    wire: Transport = attrs.field(repr=False)
    timer: Timer = attrs.field(repr=False)
    at_once: int = attrs.field(default=4, kw_only=True)
    random: Dice = attrs.field(default=CHANCE, kw_only=True, repr=False, eq=False)
    retries: RetryPolicy = attrs.field(default=RETRIES, kw_only=True)
    timeout: float = attrs.field(default=60, kw_only=True)
    breaker: Breaker = attrs.field(factory=NoBreaker, kw_only=True, repr=False, eq=False)
    calls: MoodleCaller = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        self.calls = MoodleCaller(
            account=self.account,
            wire=self.wire,
            timer=self.timer,
            at_once=self.at_once,
            random=self.random,
            retries=self.retries,
            timeout=self.timeout,
            breaker=self.breaker,
        )
