"""HTTP as the gateways use it: requests and answers as values, and how they are sent."""

from mzi_adapters.web.wire import Answer, Lost, NotSent, Request, Streamed, Timer, Wire, pairs_to_form

__all__ = ["Answer", "Lost", "NotSent", "Request", "Streamed", "Timer", "Wire", "pairs_to_form"]
