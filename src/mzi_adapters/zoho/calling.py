"""One call of the API: with a token, within the limits, and again only where that does no harm."""

import json
from collections.abc import Mapping
from typing import BinaryIO

import attrs

from mzi_adapters.web import (
    Dice,
    Failure,
    Lost,
    NotSent,
    Request,
    Response,
    RetryPolicy,
    Timer,
    TooLarge,
    Transport,
    Trying,
    unsent,
)
from mzi_adapters.zoho.answers import SERVICE, Said, bad, objects, read, text
from mzi_adapters.zoho.limits import Pace, UsageMeter, limited, wanted_pause
from mzi_adapters.zoho.oauth import TokenSource
from mzi_adapters.zoho.refusals import ANSWERS, STALE_TOKEN, TOO_MANY, whole
from mzi_core.errors import (
    AccessRefused,
    AmbiguousWrite,
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
    ProtocolError,
)
from mzi_core.ports import Breaker, Clock

RETRIES = RetryPolicy(attempts=5)
"""When a call is made again; a renewed token is not counted."""

LARGEST = 32 * 2**20
"""Bytes of an answer that is not a file."""

LARGEST_FILE = 2**30
FILE_TIMEOUT = 900.0
TIMEOUT = 60.0
UNTIL_SENT = 180.0
"""Seconds that a call may have to wait for its slot and for a token, before it is sent."""

_OK = 200
_EMPTY = (204, 304)
_REDIRECTS = range(300, 400)
_UNAUTHORIZED = 401
_CONFLICT = 412
_TOO_LARGE = 413
_TOO_MANY = 429
_BROKEN = 500


@attrs.frozen(kw_only=True)
class ApiCall:
    """A call to be made. `doing` says in an error what it was, without any value.

    `unanswered`: what it means that no usable answer came; a write says whether it can be told by a key.
    `items`: how many records it speaks of one by one, under `listed`; then a refusal is theirs.
    `into`: the body of the answer is a file.
    """

    method: str
    path: str
    doing: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: object = attrs.field(default=None, repr=False)
    heavy: bool = False
    credits: int = 1
    unanswered: Failure = Failure.READ_UNANSWERED
    items: int | None = None
    listed: str = "data"
    into: BinaryIO | None = None

    @property
    def timeout(self) -> float:
        """Seconds for the answer."""
        return TIMEOUT if self.into is None else FILE_TIMEOUT

    @property
    def writes(self) -> bool:
        """Whether it changes something that a record says."""
        return self.unanswered is not Failure.READ_UNANSWERED


class _Unclear(Exception):
    """No usable answer came, so a write may or may not have been carried out."""

    def __init__(self, error: GatewayError) -> None:
        self.error = error
        super().__init__()


class _Stale(Exception):
    """The token that the call went out with is refused."""


@attrs.frozen(kw_only=True, eq=False)
class ZohoCaller:
    """Makes calls. What it raises holds no secret and nothing that a record said."""

    access: TokenSource
    wire: Transport
    timer: Timer
    clock: Clock
    pace: Pace
    meter: UsageMeter
    random: Dice
    breaker: Breaker
    retries: RetryPolicy = RETRIES

    def trying(self) -> Trying:
        """A piece of work under the policy of this client."""
        return Trying(policy=self.retries, timer=self.timer, random=self.random)

    async def ask(self, call: ApiCall) -> Said:
        """What Zoho says. Raises AmbiguousWrite if a write was lost on the way and may not be repeated."""
        async with self.breaker.passing(UNTIL_SENT + call.timeout, ANSWERS) as is_probe:
            return await self._answer(call, self.trying().once() if is_probe else self.trying())

    async def _answer(self, call: ApiCall, trying: Trying) -> Said:
        doubt = False
        replayed = False
        while True:
            failure = Failure.REFUSED
            try:
                return attrs.evolve(await self._once(call, trying), again=doubt)
            except _Stale:
                if not replayed:
                    replayed = True
                    continue
                error: GatewayError = AccessRefused(
                    SERVICE,
                    f"{call.doing}: a new access token is refused as well.",
                    remedy="Check `zoho.data_centre`, and that the API is open to the user behind the token.",
                )
            except _Unclear as unclear:
                error, failure, doubt = unclear.error, call.unanswered, True
            except GatewayUnavailable as unavailable:
                error, failure = unavailable, Failure.BUSY
            except GatewayError as other:
                error = other
            if await trying.again(failure, error):
                continue
            if doubt and call.writes:
                raise AmbiguousWrite(
                    SERVICE, f"{call.doing}: no usable answer came, so it may or may not have been done."
                ) from error
            raise error

    def _request(self, call: ApiCall, token: str) -> Request:
        body = None if call.body is None else json.dumps(call.body, ensure_ascii=False).encode()
        return Request(
            method=call.method,
            url=f"{self.access.account.data_centre.api}{call.path}",
            query=call.query,
            headers={
                "Authorization": f"Zoho-oauthtoken {token}",
                **({} if body is None else {"Content-Type": "application/json"}),
                **call.headers,
            },
            body=body,
            timeout=call.timeout,
            largest=LARGEST if call.into is None else LARGEST_FILE,
        )

    async def _once(self, call: ApiCall, trying: Trying) -> Said:
        async with self.pace.slot(trying, heavy=call.heavy):
            token = await self.access.token()  # here, or it could die in the queue
            request = self._request(call, token)
            self.meter.sent(call.credits)
            try:
                if call.into is None:
                    answer = await self.wire.send(request)
                else:
                    answer = await self._download(request, call.into)
            except NotSent as unreached:
                said, remedy = unsent(unreached)
                raise GatewayUnavailable(SERVICE, f"{call.doing}: it {said}", remedy=remedy) from None
            except TooLarge:
                error = bad(f"{call.doing}: the answer is larger than any Zoho gives.")
                raise (_Unclear(error) if call.writes else error) from None
            except Lost:
                lost = GatewayUnavailable(SERVICE, f"{call.doing}: the answer did not arrive.")
                raise _Unclear(lost) from None
            self.meter.told(answer.headers)
            return self._understood(call, answer, token)

    async def _download(self, request: Request, into: BinaryIO) -> Response:
        """A file goes where it is wanted; any other answer is short."""
        async with self.wire.stream(request) as streamed:
            is_file = streamed.status == _OK
            into.seek(0)
            into.truncate()
            error = bytearray()
            async for chunk in streamed.chunks:
                if is_file:
                    into.write(chunk)
                elif len(error) < LARGEST:
                    error += chunk
            return Response(status=streamed.status, headers=streamed.headers, body=bytes(error))

    def _understood(self, call: ApiCall, answer: Response, token: str) -> Said:
        status, now = answer.status, self.clock.now()
        if status in _EMPTY or (status == _OK and call.into is not None):
            return Said(status=status, body={})
        if status >= _BROKEN:
            after = wanted_pause(answer.headers, Said(status=status, body={}), now)
            failed = f"{call.doing}: it answers {status}, which is its own failure."
            raise _Unclear(GatewayUnavailable(SERVICE, failed, code=str(status), retry_after=after))
        if status == _TOO_LARGE:
            raise GatewayRefused(SERVICE, f"{call.doing}: the request is too large.", code="413")
        said = self._json(call, answer)
        code = text(said.body, "code")
        if status == _TOO_MANY or code in TOO_MANY:
            pause = wanted_pause(answer.headers, said, now)
            if pause is not None:
                self.pace.pause(pause)
            raise limited(pause, code)
        if status == _UNAUTHORIZED and (not code or code in STALE_TOKEN):
            self.access.refused(token)
            raise _Stale
        if call.items is not None and status != _CONFLICT and call.listed in said.body:
            return self._complete(call, said)
        if status >= _REDIRECTS.start:
            raise whole(said, call.doing)
        return said if call.items is None else self._complete(call, said)

    def _complete(self, call: ApiCall, said: Said) -> Said:
        """One result for each record, or nobody knows whose they are."""
        try:
            found = len(objects(said.body, call.listed))
            if found != call.items:
                raise bad(f"{call.doing}: {found} results came for {call.items} records.")
        except ProtocolError as error:
            raise _Unclear(error) from None
        return said

    def _json(self, call: ApiCall, answer: Response) -> Said:
        """The JSON; where there must be some and is none, nobody knows what happened."""
        try:
            said = read(answer)
            if answer.status in _REDIRECTS or (answer.status < _REDIRECTS.start and not said.body):
                raise bad(f"{call.doing}: the answer {answer.status} says nothing.")
        except ProtocolError as error:
            if answer.status in (_TOO_MANY, _UNAUTHORIZED):  # said by a gate in front of Zoho's API
                return Said(status=answer.status, body={})
            raise _Unclear(error) from None
        return said
