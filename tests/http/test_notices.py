"""Where a message sends people to look, the service answers."""

from datetime import timedelta

import pytest
from tests.http.serving import serving

from mzi_adapters.testing.contracts.fixtures import question
from mzi_core.notices import path
from mzi_core.ports import Due, NoticeAddress, NoticeKind, Store
from mzi_core.values import DEFAULT_TENANT


@pytest.mark.parametrize("kind", NoticeKind)
async def test_each_path_of_a_notice_shows_what_it_is_about(store: Store, kind: NoticeKind) -> None:
    async with store.begin(DEFAULT_TENANT) as session:
        await session.make_due([Due("grade", "1")])
        (claim,) = await session.claim("grade", 1, timedelta(hours=1))
        await session.end_claims([claim.dead("It is not known.")])
        await session.put_reviews([question("1")])
        plan = await session.open_plan("enrolment", "suspend")
    of = {NoticeKind.PLAN: plan, NoticeKind.REVIEW: "account", NoticeKind.SILENT: "1a2b3c4d"}
    async with serving(store) as api:
        answer = await api.client.get(path(NoticeAddress(kind, of.get(kind, "grade"))))
    assert answer.status_code == 200, answer.text
    items = answer.json().get("items")
    assert items is None or len(items) == (0 if kind is NoticeKind.SILENT else 1)
