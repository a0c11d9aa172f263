"""What a fault makes of an answer on its way."""

import attrs

from mzi_adapters.testing.faults.kinds import (
    Cut,
    Fault,
    Huge,
    Instead,
    Late,
    Retyped,
    Short,
    Silence,
    Trickle,
)
from mzi_adapters.web.transport import Response


@attrs.frozen(kw_only=True)
class Delivery:
    """How an answer travels: what is sent of it, when, and whether the connection holds to its end."""

    answer: Response
    wait: float = 0
    """Seconds before anything of it comes."""
    pause: float = 0
    """Seconds before each byte of the body."""
    kept: int | None = None
    """How much of the body comes; None for all of it."""
    breaks: bool = False
    """After what is kept: the connection closes, or stays open in silence."""

    @property
    def seconds(self) -> float:
        """How long it takes until all is there; infinite when it never is."""
        if self.kept is not None and not self.breaks:
            return float("inf")
        return self.wait + self.pause * len(self.answer.body)


def deliver(fault: Fault | None, answer: Response) -> Delivery:
    """What a fault makes of the service's answer; an answer without a body has no middle to break in."""
    body, middle = answer.body, len(answer.body) // 2
    match fault:
        case Instead():
            return Delivery(answer=fault.answer)
        case Late():
            return Delivery(answer=answer, wait=fault.seconds)
        case Silence() if body:
            return Delivery(answer=answer, kept=0)
        case Trickle():
            return Delivery(answer=answer, pause=fault.pause)
        case Short() if body:
            return Delivery(answer=answer, kept=middle, breaks=True)
        case Cut():
            return Delivery(answer=attrs.evolve(answer, body=body[:middle]))
        case Retyped():
            headers = {**answer.headers, "content-type": fault.content_type}
            return Delivery(answer=attrs.evolve(answer, headers=headers))
        case Huge():
            return Delivery(answer=attrs.evolve(answer, body=bytes(fault.size)))
        case _:
            return Delivery(answer=answer)
