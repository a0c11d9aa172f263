"""Bulk Read: a job that takes its time, and a ZIP with one CSV at its end."""

import csv
import io
import zipfile
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import attrs

from mzi_adapters.testing.zoho.answers import ApiError, Json, said
from mzi_adapters.testing.zoho.calls import ReceivedCall, id_in
from mzi_adapters.testing.zoho.coql_text import Value
from mzi_adapters.testing.zoho.module_tables import MANY, Row, Table
from mzi_adapters.testing.zoho.organization import FakeOrganization
from mzi_adapters.testing.zoho.query_columns import Column
from mzi_adapters.web.transport import Response

CRITERIA = 25
DOWNLOADS = 10
"""In a minute."""
KEPT = timedelta(days=1)


@attrs.define
class Job:
    """One job: what was asked, how often it was asked after, and its file."""

    id: str
    table: Table
    query: Json
    page: int
    count: int
    more: bool
    file: bytes
    at: datetime
    polled: int = 0


@attrs.define
class BulkReadApi:
    """The bulk read API over an organisation."""

    organization: FakeOrganization
    per_page: int = 200_000
    polls: int = 2
    """How often a job is still under way when it is asked after."""
    fails: bool = False
    """Whether jobs end as FAILURE."""
    instead: bytes | None = None
    """A file that is given out in the place of every job's own."""
    jobs: dict[str, Job] = attrs.field(factory=dict)
    _downloads: deque[datetime] = attrs.field(factory=deque, init=False)

    def create(self, call: ReceivedCall) -> Response:
        """`POST /read`."""
        query = call.body().get("query")
        module = query.get("module") if isinstance(query, dict) else None
        if not isinstance(query, dict) or not isinstance(module, dict) or "api_name" not in module:
            details = {"api_name": "module", "json_path": "$.query.module"}
            raise ApiError(400, "MANDATORY_NOT_FOUND", "required field not found", details)
        table = self.organization.table(str(module["api_name"]))
        names = query.get("fields") or [name for name, f in table.fields.items() if f.data_type not in MANY]
        if not isinstance(names, list):
            raise _invalid("$.query.fields")
        columns = [Column(self.organization, table, str(name)) for name in names]
        page = self._page(query)
        rows = self._rows(table, query)
        shown = rows[(page - 1) * self.per_page : page * self.per_page]
        job_id = str(next(self.organization.ids))
        file = _zipped(job_id, columns, shown)
        more = len(rows) > page * self.per_page
        now = self.organization.now()
        self.jobs[job_id] = Job(job_id, table, query, page, len(shown), more, file, now)
        added: Json = {
            "id": job_id,
            "operation": "read",
            "state": "ADDED",
            "created_by": self._user(),
            "created_time": self.organization.moment(now),
        }
        item: Json = {
            "status": "success",
            "code": "ADDED_SUCCESSFULLY",
            "message": "Added successfully.",
            "details": added,
        }
        return said(201, {"data": [item], "info": {}})

    def _page(self, query: Json) -> int:
        """By number, or by the token of the page before, which here is `job:page`."""
        given = query.get("page", 1)
        if "page_token" in query:
            job, _, given = str(query["page_token"]).partition(":")
            if job not in self.jobs:
                raise ApiError(400, "INVALID_DATA", "invalid page_token", {"json_path": "$.query.page_token"})
        page = id_in(given)
        if not page:
            raise _invalid("$.query.page")
        return page

    def _rows(self, table: Table, query: Json) -> list[Row]:
        rows = [table.rows[row_id] for row_id in table.order]
        criteria = query.get("criteria")
        if criteria is None:
            return rows
        if not isinstance(criteria, dict):
            raise _invalid("$.query.criteria")
        group = criteria.get("group", [criteria])
        if not isinstance(group, list) or not all(isinstance(each, dict) for each in group):
            raise _invalid("$.query.criteria")
        if len(group) > CRITERIA:
            raise ApiError(400, "LIMIT_EXCEEDED", "criteria limit exceeded", {"limit": CRITERIA})
        tests = [self._criterion(table, each) for each in group]
        combine = any if criteria.get("group_operator") == "or" else all
        return [row for row in rows if combine(test(row) for test in tests)]

    def _criterion(self, table: Table, criterion: Json) -> "_Test":
        field = criterion.get("field")
        comparator = str(criterion.get("comparator"))
        value = criterion.get("value")
        if (
            not isinstance(field, dict)
            or comparator not in _COMPARATORS
            or not isinstance(value, str | int | float)
        ):
            raise _invalid("$.query.criteria")
        return _Test(Column(self.organization, table, str(field.get("api_name"))), comparator, value)

    def status(self, call: ReceivedCall) -> Response:
        """`GET /read/{id}`: asked often enough, it is done."""
        job = self._job(call)
        job.polled += 1
        done = job.polled > self.polls
        answer: Json = {
            "id": job.id,
            "operation": "read",
            "state": ("FAILURE" if self.fails else "COMPLETED") if done else _on_the_way(job),
            "query": _told(job),
            "created_by": self._user(),
            "created_time": self.organization.moment(job.at),
            "file_type": "csv",
        }
        if done and not self.fails:
            answer["result"] = {
                "page": job.page,
                "per_page": self.per_page,
                "count": job.count,
                "download_url": f"/crm/bulk/v8/read/{job.id}/result",
                "more_records": job.more,
                "next_page_token": f"{job.id}:{job.page + 1}" if job.more else None,
            }
        return said(200, {"data": [answer]})

    def download(self, call: ReceivedCall) -> Response:
        """`GET /read/{id}/result`: 404 before it is ready and after a day, ten a minute."""
        job = self._job(call)
        now = self.organization.clock.now()
        while self._downloads and now - self._downloads[0] >= timedelta(minutes=1):
            self._downloads.popleft()
        if len(self._downloads) >= DOWNLOADS:
            raise ApiError(429, "TOO_MANY_REQUESTS", "too many downloads in a minute", {})
        if job.polled <= self.polls or self.fails or now - job.at >= KEPT:
            raise _nowhere(job.id)
        self._downloads.append(now)
        headers = {
            "content-type": "application/zip",
            "content-disposition": f"attachment; filename={job.id}.zip",
        }
        return Response(status=200, headers=headers, body=job.file if self.instead is None else self.instead)

    def _job(self, call: ReceivedCall) -> Job:
        job = self.jobs.get(call.path["id"])
        if job is None:
            raise _nowhere(call.path["id"])
        return job

    def _user(self) -> Json:
        return {"id": self.organization.robot.id, "name": self.organization.robot.name}


def _told(job: Job) -> Json:
    """The query as a job repeats it: names come back with ids."""
    told = {
        **job.query,
        "module": {"api_name": job.table.name, "id": job.table.id},
        "page": job.page,
    }
    criteria = job.query.get("criteria")
    if isinstance(criteria, dict) and "group" in criteria:
        group = [
            {**each, "id": None, "type": "value", "field": {**each["field"], "id": None}}
            for each in criteria["group"]
        ]
        told["criteria"] = {**criteria, "group": group}
    return told


def _on_the_way(job: Job) -> str:
    return "ADDED" if job.polled == 1 else "IN PROGRESS"


def _nowhere(job_id: str) -> ApiError:
    return ApiError(404, "RESOURCE_NOT_FOUND", "the requested resource doesn't exist", {"resource": job_id})


def _invalid(path: str) -> ApiError:
    return ApiError(400, "INVALID_DATA", "invalid data", {"json_path": path})


def _zipped(job_id: str, columns: list[Column], rows: list[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([column.name for column in columns])
    writer.writerows([_cell(column.shown(row)) for column in columns] for row in rows)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{job_id}.csv", text.getvalue())
    return packed.getvalue()


def _cell(value: object) -> object:
    """Lookups as bare ids, nothing as nothing, `true` and `false`."""
    if isinstance(value, dict):
        return value["id"]
    return str(value).lower() if isinstance(value, bool) else value


_COMPARATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equal": lambda found, value: found == value,
    "not_equal": lambda found, value: found != value,
    "contains": lambda found, value: str(value) in str(found),
    "not_contains": lambda found, value: str(value) not in str(found),
    "starts_with": lambda found, value: str(found).startswith(str(value)),
    "ends_with": lambda found, value: str(found).endswith(str(value)),
    "greater_equal": lambda found, value: found >= value,
    "greater_than": lambda found, value: found > value,
    "less_equal": lambda found, value: found <= value,
    "less_than": lambda found, value: found < value,
}


class _Test:
    """One criterion; a record without a value fulfils none."""

    def __init__(self, column: Column, comparator: str, value: Value) -> None:
        self.column = column
        self.compare = _COMPARATORS[comparator]
        self.value = column.meant(value)

    def __call__(self, row: Row) -> bool:
        found = self.column.compared(row)
        return found is not None and self.compare(found, self.value)
