"""HTTP as the gateways use it: requests and answers as values, and how they are sent.

`mzi_adapters.web.aiohttp_wire` sends them over the network; nothing else needs aiohttp.
"""

from mzi_adapters.web.retrying import CHANCE, Dice, Failure, RetryPolicy, Trying
from mzi_adapters.web.timer import LoopTimer
from mzi_adapters.web.wire import (
    Answer,
    Lost,
    NotSent,
    Request,
    Streamed,
    Timer,
    TooLarge,
    Wire,
    in_chunks,
    pairs_to_form,
)

__all__ = [
    "CHANCE",
    "Answer",
    "Dice",
    "Failure",
    "LoopTimer",
    "Lost",
    "NotSent",
    "Request",
    "RetryPolicy",
    "Streamed",
    "Timer",
    "TooLarge",
    "Trying",
    "Wire",
    "in_chunks",
    "pairs_to_form",
]
