"""Faults without a socket."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import attrs

from mzi_adapters.testing.faults.delivery import Delivery, deliver
from mzi_adapters.testing.faults.kinds import Fault, Instead, Reset, Unreachable
from mzi_adapters.testing.faults.schedule import Faults
from mzi_adapters.web.transport import (
    Lost,
    NotSent,
    Request,
    Response,
    Streamed,
    Timer,
    TooLarge,
    Transport,
    in_chunks,
)


@attrs.frozen
class FaultyTransport:
    """A wire on which `faults` happen, with the outcomes of a real socket; `timer` does the waiting."""

    wire: Transport
    faults: Faults
    timer: Timer

    async def send(self, request: Request) -> Response:
        """The answer, or what the fault makes of it. Raises NotSent, Lost or TooLarge."""
        delivery = await self._delivery(request, self.faults.next(request))
        await self._arrive(request, delivery)
        return delivery.answer

    def stream(self, request: Request) -> AbstractAsyncContextManager[Streamed]:
        """As `send`; a body that breaks does so after what came of it."""
        return self._stream(request)

    @asynccontextmanager
    async def _stream(self, request: Request) -> AsyncIterator[Streamed]:
        fault = self.faults.next(request)
        if fault is None:
            async with self.wire.stream(request) as streamed:
                yield streamed
            return
        delivery = await self._delivery(request, fault)
        answer = delivery.answer

        async def chunks() -> AsyncIterator[bytes]:
            part = attrs.evolve(answer, body=answer.body[: min(delivery.kept or 0, request.largest)])
            async with in_chunks(part) as begun:
                async for chunk in begun.chunks:
                    yield chunk
            await self._arrive(request, attrs.evolve(delivery, wait=0))
            yield answer.body[len(part.body) :]

        if delivery.wait:
            await self._wait(request, delivery.wait)
        yield Streamed(status=answer.status, headers=answer.headers, chunks=chunks())

    async def _delivery(self, request: Request, fault: Fault | None) -> Delivery:
        match fault:
            case Unreachable():
                raise NotSent(f"{request.method} {request.url}: no connection came about.")
            case Reset(applied=False):
                raise _broken(request)
            case Instead(applied=False):
                return Delivery(answer=fault.answer)
        answer = await self.wire.send(request)
        if isinstance(fault, Reset):
            raise _broken(request)
        return deliver(fault, answer)

    async def _arrive(self, request: Request, delivery: Delivery) -> None:
        await self._wait(request, delivery.seconds)
        if len(delivery.answer.body) > request.largest:
            raise TooLarge(
                f"{request.method} {request.url}: the answer is larger than {request.largest} bytes."
            )
        if delivery.breaks:
            raise _broken(request)

    async def _wait(self, request: Request, seconds: float) -> None:
        if seconds >= request.timeout:
            await self.timer.sleep(request.timeout)
            raise Lost(f"{request.method} {request.url}: no whole answer came within {request.timeout} s.")
        if seconds:
            await self.timer.sleep(seconds)


def _broken(request: Request) -> Lost:
    return Lost(f"{request.method} {request.url}: the connection broke before the whole answer was there.")
