"""What goes wrong is told without a secret and without anything about a person."""

import json
import logging
import traceback

import pytest
from tests.gateways.zoho.given import SECRETS, World
from tests.gateways.zoho.test_access import is_call
from tests.gateways.zoho.test_writing import EVERY

from mzi_adapters.testing.contracts.zoho_gateway_remote import CODE, FEEDBACK, GRADER, GRADES, KEY, ROWS
from mzi_adapters.testing.faults import Fault, says
from mzi_core.errors import GatewayError
from mzi_core.ports import ReadMethod, Selection
from mzi_core.values import ZohoId

PERSON = "Amina Canary <amina.canary@college.example>"


def echoing(status: int) -> Fault:
    """An answer that repeats what it was sent."""
    body = {
        "code": "INVALID_DATA",
        "details": {"value": PERSON, "api_name": GRADER},
        "message": "invalid data",
    }
    return says(status, json.dumps(body).encode())


FAULTS = {**EVERY, "a refusal": echoing(400), "a refusal of access": echoing(403), "a conflict": echoing(412)}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_nothing_is_given_away(fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    """Neither by an error, nor by a result, nor by a log; whatever is done and however it fails."""
    caplog.set_level(logging.DEBUG)
    world = World()
    ids = [ZohoId(world.zoho.add(GRADES, {KEY: PERSON, GRADER: PERSON, FEEDBACK: PERSON}))]
    world.faults.when(is_call, fault, times=999)
    record = {KEY: PERSON, GRADER: PERSON}
    selection = Selection(fields=(GRADER,))
    told = []
    async with world.client() as client:

        async def listing() -> object:
            return [page async for page in client.pages(GRADES, selection, via=ReadMethod.RECORDS)]

        for attempt in (
            client.upsert(GRADES, [record], by=[KEY]),
            client.insert(GRADES, [record]),
            client.update(GRADES, {"id": ids[0], **record}),
            client.update_many(GRADES, [{"id": ids[0], **record}]),
            client.put_rows(GRADES, ids[0], ROWS, [{CODE: PERSON}], key=[CODE]),
            client.delete(GRADES, ids),
            client.find(GRADES, KEY, [PERSON], selection),
            client.get_many(GRADES, ids, selection),
            client.get(GRADES, ids[0]),
            listing(),
        ):
            try:
                told.append(repr(await attempt))
            except GatewayError as error:
                told += [str(error), *traceback.format_exception(error)]
    told.append(caplog.text)
    assert len(told) > 10
    for secret in (*SECRETS, "Canary", "Zoho-oauthtoken", "1000.0000"):  # as access tokens begin here
        assert not [each for each in told if secret in each], secret
