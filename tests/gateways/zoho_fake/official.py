"""Zoho's own SDK as a client: it is slow to import, blocking, and keeps its state in globals.

Its own imports warn; and it carries its answers in objects, which are taken apart here.
"""

import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import attrs


def _part(path: str) -> Any:
    """A package of the SDK, untyped as they all are."""
    return import_module(f"zohocrmsdk.src.com.zoho.{path}")


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    authenticator = _part("api.authenticator")
    store = _part("api.authenticator.store")
    api = _part("crm.api")
    dc = _part("crm.api.dc")
    record = _part("crm.api.record")
    sdk_config = _part("crm.api.sdk_config")
    util = _part("crm.api.util")


@attrs.frozen
class Official:
    """The SDK, pointed at a server of ours."""

    url: str
    folder: Path

    def sign_in(self, client_id: str, client_secret: str, refresh_token: str) -> None:
        """Make it ready; the token is asked for with the first call."""
        token = authenticator.OAuthToken(
            client_id=client_id, client_secret=client_secret, refresh_token=refresh_token, find_user=False
        )
        api.Initializer.initialize(
            environment=dc.DataCenter.Environment(self.url, f"{self.url}/oauth/v2/token", self.url),
            token=token,
            store=store.FileStore(str(self.folder / "tokens")),
            resource_path=str(self.folder),
            sdk_config=sdk_config.SDKConfig(
                auto_refresh_fields=False,
                pick_list_validation=False,
                connect_timeout=5,
                read_timeout=5,
                update_api_domain=False,
            ),
        )

    def write(self, how: str, module: str, records: list[dict[str, Any]], by: tuple[str, ...] = ()) -> Any:
        """`create_records`, `update_records` or `upsert_records`: the status, and each code with its id."""
        body = record.BodyWrapper()
        body.set_data([_record(each) for each in records])
        body.set_trigger([])
        if by:
            body.set_duplicate_check_fields(list(by))
        operations = record.RecordOperations(module)
        answer = getattr(operations, how)(*((body,) if how == "create_records" else (body, api.HeaderMap())))
        results = [_result(each) for each in answer.get_object().get_data()]
        return answer.get_status_code(), results

    def read(self, module: str, record_id: str) -> Any:
        """The status and the record, if there is one."""
        answer = record.RecordOperations(module).get_record(
            int(record_id), api.ParameterMap(), api.HeaderMap()
        )
        found = answer.get_object()
        return answer.get_status_code(), None if found is None else found.get_data()[0].get_key_values()

    def pages(self, module: str, fields: str, per_page: int) -> Any:
        """Every record, page by page; the status of the last page and the records."""
        found: list[dict[str, Any]] = []
        token = None
        while True:
            query = api.ParameterMap()
            query.add(record.GetRecordsParam.fields, fields)
            query.add(record.GetRecordsParam.per_page, per_page)
            if token is not None:
                query.add(record.GetRecordsParam.page_token, token)
            answer = record.RecordOperations(module).get_records(query, api.HeaderMap())
            body = answer.get_object()
            if body is None:
                return answer.get_status_code(), found
            if not hasattr(body, "get_data"):
                return answer.get_status_code(), body.get_code().get_value()
            found += [each.get_key_values() for each in body.get_data()]
            token = body.get_info().get_next_page_token()
            if not body.get_info().get_more_records():
                return answer.get_status_code(), found

    def delete(self, module: str, ids: list[str]) -> Any:
        """The status and each code with its id."""
        query = api.ParameterMap()
        query.add(record.DeleteRecordsParam.ids, ",".join(ids))
        query.add(record.DeleteRecordsParam.wf_trigger, False)
        answer = record.RecordOperations(module).delete_records(query, api.HeaderMap())
        return answer.get_status_code(), [_result(each) for each in answer.get_object().get_data()]

    def deleted(self, module: str) -> Any:
        """The status and the ids of what was deleted."""
        query = api.ParameterMap()
        query.add(record.GetDeletedRecordsParam.type, "all")
        answer = record.RecordOperations(module).get_deleted_records(query, api.HeaderMap())
        return answer.get_status_code(), [str(each.get_id()) for each in answer.get_object().get_data()]


def _record(values: dict[str, Any]) -> Any:
    made = record.Record()
    for name, value in values.items():
        if name == "id":
            made.set_id(int(value))
        elif isinstance(value, dict):
            made.add_key_value(name, _record(value))
        elif isinstance(value, list):
            made.add_key_value(name, [_record(row) for row in value])
        else:
            made.add_key_value(name, value)
    return made


def _result(item: Any) -> tuple[str, str | None]:
    details = item.get_details()
    given = details.get("id")
    return _plain(item.get_code()), None if given is None else str(given)


def _plain(value: Any) -> Any:
    return value.get_value() if isinstance(value, util.Choice) else value
