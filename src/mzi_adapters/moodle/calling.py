"""One function called over a wire: how often it is tried again, and what is certain after it failed."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

import attrs

from mzi_adapters.moodle.answers import returned
from mzi_adapters.moodle.form import Params, form_pairs
from mzi_adapters.moodle.refusals import SERVICE
from mzi_adapters.web import Lost, NotSent, Request, Timer, TooLarge, Wire, pairs_to_form
from mzi_adapters.web.wire import moment_of
from mzi_core.errors import (
    AmbiguousWrite,
    GatewayError,
    GatewayUnavailable,
    ProtocolError,
)

T = TypeVar("T")


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


@attrs.define(kw_only=True)
class Caller:
    """Calls functions, at most `at_once` of them together.

    `tries`: how often one call is sent; `pause`: seconds before the second time, doubled each time after;
    `patience`: seconds after which it is not tried again; `timeout`: seconds for one answer.
    """

    account: MoodleAccount
    wire: Wire
    timer: Timer
    at_once: int = 4
    tries: int = 4
    pause: float = 1
    patience: float = 300
    timeout: float = 60
    answered_at: datetime | None = attrs.field(default=None, init=False)
    """The time by the site's own clock when it last answered."""

    _turns: asyncio.Semaphore = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._turns = asyncio.Semaphore(self.at_once)

    async def read(self, function: str, params: Params | None = None) -> object:
        """What a function returns that changes nothing; sent again for as long as it may help."""

        async def once() -> object:
            try:
                return await self._send(function, params)
            except TooLarge:
                raise
            except Lost:
                raise GatewayUnavailable(SERVICE, f"No whole answer to {function} came.") from None

        try:
            return await self._trying(once, ProtocolError, GatewayUnavailable)
        except TooLarge:  # it would be as large the next time
            raise ProtocolError(SERVICE, f"The answer of {function} is too large.") from None

    async def write(self, function: str, params: Params) -> object:
        """What a function returns that changes something; sent again only when it was not carried out.

        Raises AmbiguousWrite when it may have been.
        """

        async def once() -> object:
            try:
                return await self._send(function, params)
            except Lost:
                said = f"No whole answer to {function} came; it may have been carried out."
                raise AmbiguousWrite(SERVICE, said) from None
            except ProtocolError as error:
                raise _may_have_been(function, error) from error
            except GatewayUnavailable as error:
                if error.code.startswith("5"):  # a page of a proxy or of PHP: who knows how far it got
                    raise _may_have_been(function, error) from error
                raise

        return await self._trying(once, GatewayUnavailable)

    async def wait(self, tried: int) -> None:
        """The pause after a call was tried so many times."""
        await self.timer.sleep(self.pause * 2 ** (tried - 1))

    async def _send(self, function: str, params: Params | None) -> object:
        form = [
            ("wstoken", self.account.token),
            ("wsfunction", function),
            ("moodlewsrestformat", "json"),
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
            except NotSent:
                raise GatewayUnavailable(SERVICE, "The site cannot be reached.") from None
        self.answered_at = moment_of(answer.headers)
        return returned(answer)

    async def _trying(self, once: Callable[[], Awaitable[T]], *passing: type[GatewayError]) -> T:
        begun = self.timer.monotonic()
        for tried in range(1, self.tries):
            try:
                return await once()
            except passing as error:
                asked = error.retry_after if isinstance(error, GatewayUnavailable) else None
                pause = max(self.pause * 2 ** (tried - 1), asked or 0)
                if self.timer.monotonic() - begun + pause > self.patience:
                    raise
                await self.timer.sleep(pause)
        return await once()


def _may_have_been(function: str, error: GatewayError) -> AmbiguousWrite:
    said = f"{function} got no usable answer; it may have been carried out."
    return AmbiguousWrite(SERVICE, said, code=error.code)


async def together(works: Iterable[Awaitable[T]]) -> list[T]:
    """All of them at the same time, in order; when one fails the others are given up."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
