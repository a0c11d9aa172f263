"""One function called over a wire: when it is tried again, and what is certain after it failed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

import attrs

from mzi_adapters.breakers import NoBreaker
from mzi_adapters.moodle.answers import returned
from mzi_adapters.moodle.form import Params, form_pairs
from mzi_adapters.moodle.json_fields import moodle_id, row
from mzi_adapters.moodle.refusals import ANSWERS, SERVICE
from mzi_adapters.web import (
    CHANCE,
    Dice,
    Failure,
    Lost,
    NotSent,
    Request,
    RetryPolicy,
    Timer,
    TooLarge,
    Transport,
    Trying,
    pairs_to_form,
    unsent,
)
from mzi_adapters.web.transport import moment_of
from mzi_core.errors import (
    AccessRefused,
    AmbiguousWrite,
    GatewayError,
    GatewayUnavailable,
    ProtocolError,
)
from mzi_core.ports import Breaker
from mzi_core.values import MoodleId

T = TypeVar("T")

RETRIES = RetryPolicy(attempts=4)
"""When a call is made again."""

UNTIL_SENT = 180.0
"""Seconds that a call may have to wait for its turn, before it is sent."""


def _site(url: str) -> str:
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        raise ValueError("The address of a Moodle is its wwwroot, like https://moodle.example.edu")
    return url.strip().rstrip("/")


@attrs.frozen
class MoodleAccount:
    """Where a Moodle is, and the token of the service user. `url` is exactly the site's `wwwroot`."""

    url: str = attrs.field(converter=_site)
    token: str = attrs.field(repr=False)


class _Unclear(Exception):
    """An answer came that tells nothing, so a write may or may not have been carried out."""

    def __init__(self, error: GatewayError) -> None:
        self.error = error
        super().__init__()


@attrs.frozen(kw_only=True)
class Written:
    """What a function returned that was carried out. `again`: it was sent before and not answered."""

    answer: object
    again: bool


@attrs.define(kw_only=True)
class MoodleCaller:
    """Calls functions, at most `at_once` of them together; `timeout`: seconds for one answer."""

    account: MoodleAccount
    wire: Transport
    timer: Timer
    at_once: int = 4
    retries: RetryPolicy = RETRIES
    random: Dice = CHANCE
    timeout: float = 60
    breaker: Breaker = attrs.field(factory=NoBreaker)
    answered_at: datetime | None = attrs.field(default=None, init=False)
    """The time by the site's own clock when it last answered."""

    _turns: asyncio.Semaphore = attrs.field(init=False, repr=False)
    _account_id: MoodleId | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._turns = asyncio.Semaphore(self.at_once)

    async def account_id(self) -> MoodleId:
        """The account behind the token; asked for once."""
        if self._account_id is None:
            self._account_id = moodle_id(row(await self.read("core_webservice_get_site_info")), "userid")
        return self._account_id

    def trying(self) -> Trying:
        """A piece of work under the policy of this client."""
        return Trying(policy=self.retries, timer=self.timer, random=self.random)

    async def read(self, function: str, params: Params | None = None) -> object:
        """What a function returns that changes nothing; sent again for as long as it may help."""
        async with self._passing(self.trying()) as trying:
            return await self._read(function, params, trying)

    @asynccontextmanager
    async def _passing(self, trying: Trying) -> AsyncIterator[Trying]:
        """Around a call with its attempts: how often it may be sent. Raises GatewayUnavailable."""
        async with self.breaker.passing(UNTIL_SENT + self.timeout, ANSWERS) as is_probe:
            yield trying.once() if is_probe else trying

    async def _read(self, function: str, params: Params | None, trying: Trying) -> object:
        while True:
            try:
                return await self._send(function, params)
            except TooLarge:  # it would be as large the next time
                raise ProtocolError(SERVICE, f"The answer of {function} is too large.") from None
            except Lost:
                error: GatewayError = GatewayUnavailable(SERVICE, f"No whole answer to {function} came.")
                failure = Failure.READ_UNANSWERED
            except _Unclear as unclear:
                error, failure = unclear.error, Failure.READ_UNANSWERED
            except GatewayUnavailable as unavailable:
                error, failure = unavailable, Failure.BUSY
            if not await trying.again(failure, error):
                raise error

    async def write(self, function: str, params: Params, *, trying: Trying | None = None) -> object:
        """What a function returns that changes something; sent again only when it was not carried out.

        Raises AmbiguousWrite when it may have been. `trying` counts on where the same work was sent before.
        """
        done = await self._written(function, params, Failure.WRITE_UNANSWERED, trying or self.trying())
        return done.answer

    async def write_again(self, function: str, params: Params) -> Written:
        """As `write`, for what done twice is done once: sent again also when it may have been carried out."""
        return await self._written(function, params, Failure.KEYED_WRITE_UNANSWERED, self.trying())

    async def _written(self, function: str, params: Params, unanswered: Failure, trying: Trying) -> Written:
        async with self._passing(trying) as passed:
            return await self._carried_out(function, params, unanswered, passed)

    async def _carried_out(
        self, function: str, params: Params, unanswered: Failure, trying: Trying
    ) -> Written:
        lost: AmbiguousWrite | None = None
        while True:
            cause: GatewayError | None = None
            try:
                return Written(answer=await self._send(function, params), again=lost is not None)
            except Lost:
                said = f"No whole answer to {function} came; it may have been carried out."
                lost, failure = AmbiguousWrite(SERVICE, said), unanswered
            except _Unclear as unclear:
                cause = unclear.error
                said = f"{function} got no usable answer; it may have been carried out."
                lost, failure = AmbiguousWrite(SERVICE, said, code=cause.code), unanswered
            except GatewayUnavailable as unavailable:
                cause, failure = unavailable, Failure.BUSY
            except AccessRefused as refused:
                cause, failure = refused, Failure.REFUSED
            if await trying.again(failure, cause):
                continue
            if lost is not None:  # that asking again failed says nothing of the first time
                raise lost from cause
            raise cause or AssertionError("what failed has a reason")

    async def _send(self, function: str, params: Params | None) -> object:
        form = [
            ("wstoken", self.account.token),
            ("wsfunction", function),
            ("moodlewsrestformat", "json"),
            (
                "moodlewssettingraw",
                "1",
            ),  # else names come as HTML: "B&L" as "B&amp;L", which differs for ever
            *form_pairs(params or {}),
        ]
        request = Request(
            method="POST",
            url=f"{self.account.url}/webservice/rest/server.php",
            headers={"content-type": "application/x-www-form-urlencoded"},
            body=pairs_to_form(form),
            timeout=self.timeout,
        )
        async with self._turns:
            try:
                answer = await self.wire.send(request)
            except NotSent as error:
                said, remedy = unsent(error)
                raise GatewayUnavailable(SERVICE, f"The site {said}", remedy=remedy) from None
        self.answered_at = moment_of(answer.headers)
        try:
            return returned(answer)
        except ProtocolError as error:
            raise _Unclear(error) from None
        except GatewayUnavailable as error:
            if error.code.startswith("5"):  # a page of a proxy or of PHP: who knows how far it got
                raise _Unclear(error) from None
            raise


async def together(works: Iterable[Awaitable[T]]) -> list[T]:
    """All of them at the same time, in order; when one fails the others are given up."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
