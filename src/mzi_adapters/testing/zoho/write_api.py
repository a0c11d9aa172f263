"""Insert, update, upsert and delete: a result for each record in order, whatever the status."""

from collections.abc import Sequence

import attrs

from mzi_adapters.testing.zoho.answers import ApiError, Json, error, results, said
from mzi_adapters.testing.zoho.calls import ReceivedCall, id_in, moment_of
from mzi_adapters.testing.zoho.changes import Changes, ZohoChange
from mzi_adapters.testing.zoho.checks import checked
from mzi_adapters.testing.zoho.module_tables import Row, Table
from mzi_adapters.testing.zoho.organization import FakeOrganization
from mzi_adapters.testing.zoho.subforms import SubformWrite, read_rows
from mzi_adapters.testing.zoho.write_requests import (
    AT_ONCE,
    FEATURES,
    check_fields,
    features_of,
    records_of,
    too_many,
)
from mzi_adapters.web.transport import Response

_LOCKED = {
    "RECORD_LOCKED": "record is locked",
    "NOT_APPROVED": "record is not approved",
    "NOT_REVIEWED": "record is not reviewed",
    "RECORD_IN_BLUEPRINT": "record is in blueprint",
}
_BAD_ID = "the id given seems to be invalid"


@attrs.frozen
class WriteApi:
    """The write operations over an organisation."""

    organization: FakeOrganization
    changes: Changes

    def insert(self, call: ReceivedCall) -> Response:
        """`POST /{module}`."""
        table = self.organization.table(call.path["module"])
        given = records_of(call)
        features = features_of(call)
        items = [self._insert(table, each, at, features) for at, each in enumerate(given)]
        return results(items, whole=201)

    def update(self, call: ReceivedCall) -> Response:
        """`PUT /{module}` with the ids inside, or `PUT /{module}/{id}`."""
        table = self.organization.table(call.path["module"])
        given = records_of(call)
        if "id" in call.path:
            given = [{**each, "id": call.path["id"]} for each in given]
        self._refuse_modified(call, [_row(table, each.get("id")) for each in given])
        features = features_of(call)
        items = [self._update(table, each, at, features) for at, each in enumerate(given)]
        return results(items, whole=200)

    def upsert(self, call: ReceivedCall) -> Response:
        """`POST /{module}/upsert`: without fields to check, people of one name merge."""
        table = self.organization.table(call.path["module"])
        given = records_of(call)
        features = features_of(call)
        by = check_fields(call, table)
        self._refuse_modified(call, [self._meant(table, each, by)[0] for each in given])
        items = [self._upsert(table, each, at, by, features) for at, each in enumerate(given)]
        return results(items, whole=200)

    def delete(self, call: ReceivedCall) -> Response:
        """`DELETE /{module}?ids=…` or `DELETE /{module}/{id}`; workflows run unless told not to."""
        table = self.organization.table(call.path["module"])
        ids = [call.path["id"]] if "id" in call.path else call.query.get("ids", "").split(",")
        if ids == [""]:
            raise ApiError(
                400,
                "REQUIRED_PARAM_MISSING",
                "one of the expected parameter is missing",
                {"param_name": "ids"},
            )
        if len(ids) > AT_ONCE:
            raise too_many()
        features = frozenset() if call.query.get("wf_trigger") == "false" else FEATURES
        return results([self._delete(table, each, features) for each in ids], whole=200)

    def _delete(self, table: Table, given: str, features: frozenset[str]) -> Json:
        row = _row(table, given)
        if row is None:
            return error("INVALID_DATA", "record not deleted", {"id": given})
        if row.lock:
            return error(row.lock, _LOCKED[row.lock], {"id": given})
        robot = self.organization.robot
        self.organization.delete(table, row.id, robot)
        self.changes.note(ZohoChange(table.name, given, "delete", (), robot), features)
        return {"code": "SUCCESS", "details": {"id": given}, "message": "record deleted", "status": "success"}

    def _insert(self, table: Table, given: Json, at: int, features: frozenset[str]) -> Json:
        values, rows, errors = self._checked(table, given, at, None)
        errors += self._duplicates(table, values, at, None)
        if errors:
            return _one(errors)
        row = self.make(table, values)
        self._put_rows(rows, row)
        self.changes.note(
            ZohoChange(table.name, str(row.id), "insert", tuple(given), row.created_by), features
        )
        return self._success(row, "record added")

    def _update(self, table: Table, given: Json, at: int, features: frozenset[str]) -> Json:
        row = _row(table, given.get("id"))
        path = f"$.data[{at}].id"
        if "id" not in given:
            return error(
                "MANDATORY_NOT_FOUND", "required field not found", {"api_name": "id", "json_path": path}
            )
        if row is None:
            return error("INVALID_DATA", _BAD_ID, {"api_name": "id", "json_path": path})
        return self._change(table, row, given, at, features)

    def _change(self, table: Table, row: Row, given: Json, at: int, features: frozenset[str]) -> Json:
        if row.lock:
            return error(row.lock, _LOCKED[row.lock], {"id": str(row.id), "json_path": f"$.data[{at}]"})
        values, rows, errors = self._checked(table, given, at, row)
        errors += self._duplicates(table, values, at, row)
        if errors:
            return _one(errors)
        self._own(row, values)
        table.change(row, values)
        self._put_rows(rows, row)
        row.modified = row.indexed = self.organization.now()
        row.modified_by = self.organization.robot
        self.changes.note(
            ZohoChange(table.name, str(row.id), "update", tuple(values), row.modified_by), features
        )
        return self._success(row, "record updated")

    def _upsert(
        self, table: Table, given: Json, at: int, by: Sequence[str], features: frozenset[str]
    ) -> Json:
        found, name = self._meant(table, given, by)
        if given.get("id") is not None:
            item = self._update(table, given, at, features)
        elif found is not None:
            item = self._change(table, found, given, at, features)
        else:
            item = self._insert(table, given, at, features)
        if item["status"] == "error":
            return item
        return {**item, "action": "insert" if found is None else "update", "duplicate_field": name}

    def _meant(self, table: Table, given: Json, by: Sequence[str]) -> tuple[Row | None, str | None]:
        """The record an upsert is about, if there is one, and the field it was known by."""
        if given.get("id") is not None:
            return _row(table, given["id"]), None
        for name in by:
            found = self._match(table, name, given.get(name))
            if found is not None:
                return found, name
        return None, None

    def _match(self, table: Table, name: str, value: object) -> Row | None:
        if value is None or isinstance(value, list | dict):
            return None
        if table.fields[name].unique:
            return table.holder(name, value)
        same = (row for row in table.rows.values() if row.values.get(name) == value)
        return min(same, key=lambda row: row.id, default=None)

    def _checked(
        self, table: Table, given: Json, at: int, row: Row | None
    ) -> tuple[dict[str, object], list[SubformWrite], list[Json]]:
        path = f"$.data[{at}]"
        found = checked(self.organization, table, given, path, new=row is None)
        rows = []
        for field in table.of_type("subform"):
            if field.api_name in given:
                parent = None if row is None else row.id
                value = given[field.api_name]
                asked, errors = read_rows(self.organization, field, value, f"{path}.{field.api_name}", parent)
                found.errors.extend(errors)
                rows += [asked] if asked else []
        return found.values, rows, found.errors

    def _duplicates(self, table: Table, values: Json, at: int, row: Row | None) -> list[Json]:
        errors = []
        for name in table.unique():
            holder = None if values.get(name) is None else table.holder(name, values[name])
            if holder is not None and holder is not row:
                owner = holder.owner
                errors.append(
                    error(
                        "DUPLICATE_DATA",
                        "duplicate data",
                        {
                            "api_name": name,
                            "json_path": f"$.data[{at}].{name}",
                            "id": str(holder.id),
                            "more_records": False,
                            "duplicate_record": {
                                "id": str(holder.id),
                                "module": {"api_name": table.name, "id": table.id},
                                "Owner": {"name": owner.name, "id": owner.id, "zuid": "70000001"},
                            },
                        },
                    )
                )
        return errors

    def make(self, table: Table, values: Json) -> Row:
        """A new record of the integration's user, its automatic numbers filled in."""
        now, robot = self.organization.now(), self.organization.robot
        held = {name: value for name, value in values.items() if value is not None}
        row = Row(next(self.organization.ids), held, robot, now, now, robot, robot, indexed=now)
        self._own(row, held)
        self.organization.number(table, row)
        table.put(row)
        return row

    def _own(self, row: Row, values: dict[str, object]) -> None:
        """Hand the record to the user given as its owner, if one is."""
        owner = values.pop("Owner", None)
        users = {int(user.id): user for user in (self.organization.person, self.organization.robot)}
        row.owner = users.get(owner, row.owner) if isinstance(owner, int) else row.owner

    def _put_rows(self, rows: Sequence[SubformWrite], row: Row) -> None:
        for each in rows:
            each.apply(self.organization, row.id, self.organization.robot)

    def _stamps(self, row: Row) -> Json:
        return {
            "Modified_Time": self.organization.moment(row.modified),
            "Modified_By": {"name": row.modified_by.name, "id": row.modified_by.id},
            "Created_Time": self.organization.moment(row.created),
            "id": str(row.id),
            "Created_By": {"name": row.created_by.name, "id": row.created_by.id},
        }

    def _success(self, row: Row, message: str) -> Json:
        details = {**self._stamps(row), "$approval_state": "approved"}
        return {"code": "SUCCESS", "details": details, "message": message, "status": "success"}

    def _refuse_modified(self, call: ReceivedCall, rows: Sequence[Row | None]) -> None:
        """Refuse everything when a record was changed after the moment the caller read it."""
        since = moment_of(call, "if-unmodified-since")
        for row in rows:
            if since is not None and row is not None and row.modified > since:
                refused = ApiError(412, "ALREADY_MODIFIED", "")
                item = error("ALREADY_MODIFIED", "record has been already modified", self._stamps(row))
                refused.answer = said(412, {"data": [item]})
                raise refused


def _row(table: Table, given: object) -> Row | None:
    row_id = id_in(given)
    return None if row_id is None else table.rows.get(row_id)


def _one(errors: Sequence[Json]) -> Json:
    if len(errors) == 1:
        return errors[0]
    return error("MULTIPLE_OR_MULTI_ERRORS", "Multiple errors in the request", {"errors": list(errors)})
