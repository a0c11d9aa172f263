"""An organisation to try a Zoho gateway on. It may hold other records, so each test marks its own."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from secrets import token_hex

import attrs

from mzi_core.ports import Applied, ReadMethod, Selection, WireRecord, WriteResult, ZohoGateway
from mzi_core.values import ZohoId

GRADES = "BTEC_Grades"
KEY = "Moodle_Grade_Composite_Key"
"""The unique field of a grade."""

NUMBER = "Moodle_Grade_ID"
"""Another unique field of a grade."""

GRADER = "Grader_Name"
FEEDBACK = "Feedback"
ATTEMPT = "Attempt_Number"
DAY = "Attempt_Date"
SYNCED = "Last_Sync_Date"
ROWS = "Learning_Outcomes_Assessm"
CODE = "LO_Code"
SCORE = "LO_Score"
STUDENT = "Student"
STUDENTS = "BTEC_Students"
NOBODY = ZohoId("5999999999999999999")

PLAIN = Selection(fields=(KEY, GRADER))
WITH_ROWS = Selection(fields=(KEY,), subforms={ROWS: (CODE, SCORE)})
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@attrs.define
class Remote:
    """A gateway with our modules behind it, and what one test keeps there under its own mark."""

    gateway: ZohoGateway
    mark: str = attrs.field(factory=lambda: f"contract-{token_hex(6)}")

    def key(self, n: int) -> str:
        """The n-th key of this test."""
        return f"{self.mark}-{n:06d}"

    def grade(self, n: int, **values: object) -> dict[str, object]:
        """The n-th grade of this test, as it is to be written."""
        return {KEY: self.key(n), GRADER: f"Grader {n}", **values}

    async def plant(self, *numbers: int, **values: object) -> list[ZohoId]:
        """Grades of these numbers, and the ids they were given."""
        found = await self.gateway.upsert(GRADES, [self.grade(n, **values) for n in numbers], by=[KEY])
        return applied_ids(found)

    async def ours(self, via: ReadMethod, selection: Selection = PLAIN, **how: object) -> list[WireRecord]:
        """All grades of this test, read as pages."""
        found: list[WireRecord] = []
        since, after = how.get("since"), how.get("after")
        assert since is None or isinstance(since, datetime)
        async for page in self.gateway.pages(
            GRADES, selection, via=via, since=since, after=ZohoId(str(after)) if after else None
        ):
            found += [record for record in page if str(record.get(KEY)).startswith(self.mark)]
        return found

    async def clear(self) -> None:
        """Take away what the test left."""
        await self.gateway.delete(GRADES, [id_of(record) for record in await self.ours(ReadMethod.COQL)])


def id_of(record: WireRecord) -> ZohoId:
    """The id of a record, which is text."""
    found = record["id"]
    assert isinstance(found, str)
    return ZohoId(found)


def applied(result: WriteResult[ZohoId]) -> Applied[ZohoId]:
    """A result that must be a success."""
    assert isinstance(result, Applied), result
    return result


def applied_ids(results: Sequence[WriteResult[ZohoId]]) -> list[ZohoId]:
    """The ids of records whose write must have succeeded."""
    found = [applied(each).id for each in results]
    ids = [each for each in found if each is not None]
    assert len(ids) == len(found)
    return ids


def rows_of(record: WireRecord | None) -> list[tuple[object, object]]:
    """The rows of a grade as code and score, sorted."""
    assert record is not None
    rows = record[ROWS]
    assert isinstance(rows, list)
    return sorted((row[CODE], row[SCORE]) for row in rows)


def row(code: str, score: str) -> Mapping[str, object]:
    """A row of a grade."""
    return {CODE: code, SCORE: score}
