"""HTTP as the gateways use it: requests and answers as values, and how they are sent.

`mzi_adapters.web.aiohttp_transport` sends them over the network; nothing else needs aiohttp.
"""

from mzi_adapters.web.retrying import CHANCE, Dice, Failure, RetryPolicy, Trying
from mzi_adapters.web.timer import LoopTimer
from mzi_adapters.web.transport import (
    Lost,
    NotSent,
    Request,
    Response,
    Streamed,
    Timer,
    TooLarge,
    Transport,
    Untrusted,
    in_chunks,
    pairs_to_form,
    unsent,
)

__all__ = [
    "CHANCE",
    "Dice",
    "Failure",
    "LoopTimer",
    "Lost",
    "NotSent",
    "Request",
    "Response",
    "RetryPolicy",
    "Streamed",
    "Timer",
    "TooLarge",
    "Transport",
    "Trying",
    "Untrusted",
    "in_chunks",
    "pairs_to_form",
    "unsent",
]
