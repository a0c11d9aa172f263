"""Telling the story to a fake, and keeping what it answered."""

import json
from typing import Any

import attrs
from tests.gateways.moodle_fake.chapters import CHAPTERS
from tests.gateways.moodle_fake.story import SITE, SetClock, site
from tests.recordings import recordings

from mzi_adapters.web.transport import Request, Response, pairs_to_form

ENDPOINT = f"{SITE}/webservice/rest/server.php"
FORM = "application/x-www-form-urlencoded"


@attrs.frozen
class Told:
    """One recorded call: what Moodle answered, and what the fake did."""

    recorded: dict[str, Any]
    answer: Response

    @property
    def status(self) -> int:
        """What Moodle's answer began with."""
        status: int = self.recorded["response"]["status"]
        return status

    @property
    def expected(self) -> Any:
        """Moodle's JSON, or None where it was none."""
        body = self.recorded["response"]["body"]
        return None if isinstance(body, dict) and "__not_json__" in body else body

    @property
    def is_json(self) -> bool:
        """Whether Moodle answered JSON at all."""
        body = self.recorded["response"]["body"]
        return not (isinstance(body, dict) and "__not_json__" in body)

    @property
    def media(self) -> str:
        """The recorded content type, with Moodle's own spelling."""
        media: str = self.recorded["response"]["headers"]["Content-Type"]
        return media

    @property
    def actual(self) -> Any:
        """The fake's JSON."""
        return json.loads(self.answer.body)


def request_of(call: dict[str, Any]) -> Request:
    """The recorded request, as it was sent."""
    sent = call["request"]
    pairs = tuple((key, value) for key, value in sent.get("form_pairs") or ())
    if sent["method"] == "GET":
        return Request(method="GET", url=ENDPOINT, query=pairs)
    return Request(method="POST", url=ENDPOINT, headers={"Content-Type": FORM}, body=pairs_to_form(pairs))


async def tell(*, hands: bool = True) -> dict[str, Told]:
    """The whole story, and what was answered on the way; without `hands` people do nothing between."""
    moodle = site()
    clock = moodle.clock
    assert isinstance(clock, SetClock)
    told: dict[str, Told] = {}
    for step in CHAPTERS:
        if isinstance(step, int):
            clock.time = step
        elif isinstance(step, str):
            assert step not in told, f"{step} is told twice"
            call = recordings()[step]
            told[step] = Told(call, await moodle.send(request_of(call)))
        elif hands:
            step(moodle)
    return told
