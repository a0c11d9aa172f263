"""A Moodle that knows only what was recorded: it answers a recorded form, and refuses every other."""

import re
from contextlib import AbstractAsyncContextManager
from urllib.parse import parse_qsl

import attrs
from tests.gateways.moodle.recorded import Recorded, recorded_calls

from mzi_adapters.moodle import MoodleAccount, MoodleClient
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.web import Request, Response, Streamed, in_chunks

_OWN_END = re.compile(r"courses\[\d+\]\[courseformatoptions\]\[0\]\[(name|value)\]")
"""What the gateway sends with the end of a course, and did not yet when the calls were recorded."""

TOKEN = "a-token-that-is-none"
URL = "https://moodle.example"


class NotRecorded(AssertionError):
    """The gateway sent a form that nobody recorded."""


@attrs.define
class Replay:
    """A wire that answers `recorded` forms, and functions asked `aside` with an answer given for any form."""

    recorded: tuple[Recorded, ...]
    aside: dict[str, str] = attrs.field(factory=dict)
    requests: list[Request] = attrs.field(factory=list)
    asked: list[str] = attrs.field(factory=list)
    """The recorded calls that were asked for, in order."""

    async def send(self, request: Request) -> Response:
        """The recorded answer. The order of the fields of a form does not matter to Moodle, nor here."""
        self.requests.append(request)
        form = dict(parse_qsl((request.body or b"").decode(), keep_blank_values=True, errors="strict"))
        assert form.pop("wstoken") == TOKEN
        assert form.pop("moodlewsrestformat") == "json"
        assert form.pop("moodlewssettingraw") == "1"  # the recorded calls did not, and name nothing with `&`
        function = form.pop("wsfunction")
        form = {name: value for name, value in form.items() if not _OWN_END.fullmatch(name)}
        for call in self.recorded:
            if call.function == function and dict(call.asked) == form:
                self.asked.append(call.name)
                return call.answer
        if function in self.aside:
            return Response(status=200, body=self.aside[function].encode())
        raise NotRecorded(f"{function} was asked with {form}")

    def stream(self, request: Request) -> AbstractAsyncContextManager[Streamed]:
        """No function of Moodle is streamed."""
        return in_chunks(Response(status=404))


def replaying(*names: str, **aside: str) -> tuple[MoodleClient, Replay]:
    """A client of a Moodle that knows these recorded calls."""
    wire = Replay(recorded=tuple(recorded_calls()[name] for name in names), aside=aside)
    return MoodleClient(MoodleAccount(URL, TOKEN), wire, VirtualTimer()), wire
