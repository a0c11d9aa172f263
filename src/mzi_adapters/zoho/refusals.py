"""What Zoho's error codes mean: for a whole call an exception, for one record of it a result."""

from collections.abc import Iterator

from mzi_adapters.zoho.answers import SERVICE, Json, Said, bad, moment, objects, part, text
from mzi_core.errors import (
    AccessRefused,
    GatewayConflict,
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
    RemoteNotFound,
)
from mzi_core.ports import FieldError, NotWritten, WriteAction, WriteResult, Written
from mzi_core.values import ZohoId

STALE_TOKEN = frozenset({"INVALID_TOKEN", "INVALID_OAUTHTOKEN", "UNAUTHORIZED"})
"""With status 401: another access token may be taken."""

NO_SCOPE = "OAUTH_SCOPE_MISMATCH"
"""The token lacks a scope, and is good otherwise."""

NO_ACCESS = frozenset({NO_SCOPE, "AUTHENTICATION_FAILURE", "AUTHORIZATION_FAILED", "NO_PERMISSION"})
TOO_MANY = frozenset({"TOO_MANY_REQUESTS", "RATE_LIMIT_EXCEEDED"})
LOST_PLACE = frozenset({"EXPIRED_VALUE", "TOKEN_BOUND_DATA_MISMATCH"})
"""A page token that no longer works."""

PAST_THE_END = "PAGINATION_LIMIT_EXCEEDED"
NO_MODULE = "INVALID_MODULE"
NOTHING = "RESOURCE_NOT_FOUND"
NO_COLUMN = frozenset({"INVALID_QUERY", "INVALID_DATA", "SYNTAX_ERROR"})
"""A query names a column that is none, or compares it to what it never is."""

TWICE = "DUPLICATE_DATA"
CHANGED = "ALREADY_MODIFIED"
SEVERAL = "MULTIPLE_OR_MULTI_ERRORS"
NOT_DELETED = "record not deleted"
LATER = frozenset({"RECORD_LOCKED", "NOT_APPROVED", "NOT_REVIEWED", "RECORD_IN_BLUEPRINT"})

_REMEDY = {
    NO_SCOPE: "the refresh token lacks a scope for this; make one with all the scopes we need.",
    "AUTHENTICATION_FAILURE": "it does not recognise how we say who we are; check the data centre.",
    "AUTHORIZATION_FAILED": "the user behind the refresh token may not do this; widen the user's profile.",
    "NO_PERMISSION": "the user behind the refresh token may not do this; widen the user's profile.",
    PAST_THE_END: "a listing ends after 100,000 records; read this module by Bulk Read or COQL instead.",
    NO_MODULE: "the organisation has no such module, or it is not open to the API.",
}
_FORBIDDEN = 403
_CONFLICT = 412


def whole(said: Said, doing: str) -> GatewayError:
    """What a refused call as a whole raises. `doing` names the call, without any value in it."""
    body = said.rows[0] if said.status == _CONFLICT and said.rows else said.body
    code = text(body, "code")
    message = _sentence(body)
    told = _REMEDY.get(code) or f"{message} ({code or said.status})."
    told = f"{doing}: {told}"
    if code in NO_ACCESS or said.status == _FORBIDDEN:
        return AccessRefused(SERVICE, told, code=code)
    if said.status == _CONFLICT or code == CHANGED:
        at = moment(part(body, "details").get("Modified_Time"))
        return GatewayConflict(
            SERVICE,
            f"{doing}: the record was changed by somebody else; read it again.",
            code=code,
            modified_at=at,
        )
    if code in (NO_MODULE, NOTHING):
        return RemoteNotFound(SERVICE, told, code=code)
    if code == "DEPENDENT_SERVICE_ERROR" and _may_pass(body):
        return GatewayUnavailable(SERVICE, told, code=code)
    return GatewayRefused(SERVICE, told, code=code)


def _may_pass(item: Json) -> bool:
    return text(item, "details", "dependency_error") == "PROCESSING_ERROR"


def result(module: str, item: Json, done: WriteAction | None = None) -> WriteResult:
    """What became of one record of a write. `done`: what a success means where Zoho does not say it."""
    if text(item, "status") == "success":
        details = part(item, "details")
        found = text(details, "id")
        if not found:
            raise bad("a record was written and its id is not told.")
        action = done or _action(item)
        return Written(zoho_id=ZohoId(found), action=action, modified_at=moment(details.get("Modified_Time")))
    errors = tuple(_errors(item))
    return NotWritten(
        problems=tuple(_problem(error) for error in errors),
        existing=next(filter(None, (_existing(module, error) for error in errors)), None),
        later=any(text(e, "code") in LATER or _may_pass(e) for e in errors),
    )


def problems(item: Json) -> tuple[FieldError, ...]:
    """Every reason that one item of an answer gives."""
    return tuple(_problem(error) for error in _errors(item))


def _action(item: Json) -> WriteAction:
    said = text(item, "action") or ("insert" if "added" in text(item, "message") else "update")
    try:
        return WriteAction(said)
    except ValueError:
        raise bad("a record was written and nobody knows how.") from None


def _errors(item: Json) -> Iterator[Json]:
    inner = part(item, "details")
    if text(item, "code") == SEVERAL and "errors" in inner:
        for error in objects(inner, "errors"):
            yield from _errors(error)
    else:
        yield item


def _problem(error: Json) -> FieldError:
    return FieldError(
        code=text(error, "code") or "UNKNOWN",
        field=text(error, "details", "api_name"),
        path=text(error, "details", "json_path"),
        message=_sentence(error),
    )


MOST_VALUES = 20
"""Allowed values that are told; a pick-list may have hundreds."""


def _sentence(error: Json) -> str:
    """Zoho's own words, what it allows and which record is in the way; never the value it got."""
    details = part(error, "details")
    said = (text(error, "message") or "refused without a word")[:300]
    hints = [
        f"{name.replace('_', ' ')} {text(details, name)[:100]}"
        for name in ("expected_data_type", "maximum_length", "limit", "param_name", "dependency_error")
        if text(details, name)
    ]
    allowed = details.get("supported_values")
    if isinstance(allowed, list) and allowed:
        left = len(allowed) - MOST_VALUES
        shown = ", ".join(str(each)[:100] for each in allowed[:MOST_VALUES])
        hints.append(f"allowed are {shown}{f' and {left} more' if left > 0 else ''}")
    if text(error, "code") == TWICE:
        found, other = _in_the_way(error)
        if found:
            hints.append(f"{f'{other} {found}' if other else f'record {found}'} has it")
    permissions = details.get("permissions")
    if isinstance(permissions, list):
        hints.append(f"needs {', '.join(str(each)[:100] for each in permissions[:5])}")
    return f"{said} ({'; '.join(hints)})" if hints else said


def _in_the_way(error: Json) -> tuple[str, str]:
    """The id of the record that has a unique value already, and its module, where they are told."""
    details = part(error, "details")
    other = text(details, "duplicate_record", "module", "api_name") or text(details, "module", "api_name")
    return (text(details, "duplicate_record", "id") or text(details, "id"))[:100], other[:100]


def _existing(module: str, error: Json) -> ZohoId | None:
    """The record of the same module that has the unique value already."""
    if text(error, "code") != TWICE:
        return None
    found, other = _in_the_way(error)
    if other and other != module:
        return None
    return ZohoId(found) if found else None
