"""What Zoho's error codes mean: for a whole call an exception, for one record of it a result."""

import re
from collections.abc import Iterator, Mapping

import attrs

from mzi_adapters.zoho.answers import SERVICE, Json, Said, bad, moment, objects, part, text
from mzi_core.errors import (
    AccessRefused,
    GatewayConflict,
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
    RemoteNotFound,
)
from mzi_core.ports import Applied, Rejected, RejectionKind, RejectionReason, WriteResult
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

KINDS: Mapping[str, RejectionKind] = {
    TWICE: RejectionKind.CONFLICT,
    "DUPLICATE_LINKING_DATA": RejectionKind.CONFLICT,
    **dict.fromkeys(NO_ACCESS, RejectionKind.PERMISSION),
    NO_MODULE: RejectionKind.NOT_FOUND,
    NOTHING: RejectionKind.NOT_FOUND,
    "RECORD_LOCKED": RejectionKind.TEMPORARY,
    "NOT_APPROVED": RejectionKind.TEMPORARY,
    "NOT_REVIEWED": RejectionKind.TEMPORARY,
    "RECORD_IN_BLUEPRINT": RejectionKind.TEMPORARY,
    "INTERNAL_ERROR": RejectionKind.REMOTE_BUG,
}
"""What a code says of one record; a code that is not here says that what was sent must change.

A record that is held up in the CRM is let go by people, another day.
"""

_DEPENDENT = "DEPENDENT_SERVICE_ERROR"
_DEPENDENT_KINDS: Mapping[str, RejectionKind] = {
    "PROCESSING_ERROR": RejectionKind.TEMPORARY,
    "NO_PERMISSION": RejectionKind.PERMISSION,
}
"""The same of a service behind Zoho that failed, by its own word for it."""

_INVALID = "INVALID_DATA"
"""Said of a value; of the id of the record itself when no record has it."""

_OWN_ID = re.compile(r"\$\.(data\[[0-9]{1,6}\]\.)?id", re.ASCII)

_FIRST = (
    RejectionKind.TEMPORARY,
    RejectionKind.CONFLICT,
    RejectionKind.PERMISSION,
    RejectionKind.NOT_FOUND,
    RejectionKind.REMOTE_BUG,
    RejectionKind.BAD_INPUT,
)
"""Which kind counts where a record has reasons of several: what passes by itself before the rest."""

_REMEDY = {
    NO_SCOPE: "the refresh token lacks a scope for this; make one with all the scopes we need.",
    "AUTHENTICATION_FAILURE": "it does not recognise how we say who we are; check the data centre.",
    "AUTHORIZATION_FAILED": "the user behind the refresh token may not do this; widen the user's profile.",
    "NO_PERMISSION": "the user behind the refresh token may not do this; widen the user's profile.",
    PAST_THE_END: "a listing ends after 100,000 records; read this module by Bulk Read or COQL instead.",
    NO_MODULE: "the organisation has no such module, or it is not open to the API.",
}
ANSWERS = frozenset({_DEPENDENT})
"""Codes with which Zoho itself answers, though what it needs for this one call is not there now."""

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
    if code == _DEPENDENT and _kind(body) is RejectionKind.TEMPORARY:
        return GatewayUnavailable(SERVICE, told, code=code)
    return GatewayRefused(SERVICE, told, code=code)


def result(module: str, item: Json) -> WriteResult[ZohoId]:
    """What became of one record of a write."""
    if text(item, "status") == "success":
        details = part(item, "details")
        found = text(details, "id")
        if not found:
            raise bad("a record was written and its id is not told.")
        return Applied(id=ZohoId(found), modified_at=moment(details.get("Modified_Time")))
    owners = (_existing(module, error) for error in _errors(item))
    return attrs.evolve(rejected(item), existing=next(filter(None, owners), None))


def rejected(item: Json) -> Rejected[ZohoId]:
    """One item of an answer with every reason that it gives."""
    errors = tuple(_errors(item))
    kinds = {_kind(error) for error in errors}
    return Rejected(
        kind=next(kind for kind in _FIRST if kind in kinds), reasons=tuple(_reason(error) for error in errors)
    )


def _kind(error: Json) -> RejectionKind:
    code = text(error, "code")
    if code == _DEPENDENT:
        return _DEPENDENT_KINDS.get(text(error, "details", "dependency_error"), RejectionKind.BAD_INPUT)
    if code == _INVALID and _OWN_ID.fullmatch(text(error, "details", "json_path")[:LONGEST_PLACE]):
        return RejectionKind.NOT_FOUND
    return KINDS.get(code, RejectionKind.BAD_INPUT)


def _errors(item: Json) -> Iterator[Json]:
    inner = part(item, "details")
    if text(item, "code") == SEVERAL and "errors" in inner:
        for error in objects(inner, "errors"):
            yield from _errors(error)
    else:
        yield item


def _reason(error: Json) -> RejectionReason:
    return reason(
        text(error, "code") or "UNKNOWN",
        _sentence(error),
        field=text(error, "details", "api_name"),
        path=text(error, "details", "json_path"),
    )


_ROW = re.compile(r"([A-Za-z0-9_]{1,100})\[([0-9]{1,6})\]")
"""The part of a path that is a row of a subform."""

LONGEST_PLACE = 250
"""How much of the end of a path is looked at."""


def reason(code: str, said: str, *, field: str = "", path: str = "") -> RejectionReason:
    """Why a record is rejected, and where: the field, and of a row its number as `mzi show` counts it."""
    *_, before, _ = ["", "", *path[-LONGEST_PLACE:].split(".")]
    row = _ROW.fullmatch(before)
    place = field
    if row is not None and row[1] != "data":
        place = f"row {row[2]} of {row[1]} (counted from 0), {field}".rstrip(", ")
    message = f"{said} ({code})."
    return RejectionReason(
        message=f"{place}: {message}" if place else message, code=code, field=field, path=path
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
