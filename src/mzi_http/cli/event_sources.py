"""`mzi sources`: who may send events, and with which secret."""

import os
import shlex
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from getpass import getpass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mzi_core.errors import SecretUnreadable
from mzi_core.event_proofs import (
    SOURCE_HEADER,
    TOKEN_HEADERS,
    TOKEN_PARAMETER,
    EventRequest,
    Scheme,
    checked_secret,
    signing_headers,
)
from mzi_core.module import Side
from mzi_core.ports import EventSource
from mzi_core.use_cases import UseCases
from mzi_core.use_cases.event_sources import Disbelief
from mzi_http.answers import moment as instant
from mzi_http.cli.console_tables import OneLine, identifier, key, moment, plain, table
from mzi_http.cli.shell import AsJson, Ended, Given, Missing, Shell, Tenant, UsageError

_LARGEST = 2**20  # bytes of a body that is signed
_LONGEST_SECRET = 1_000  # characters that are read
_VARIABLE = "TOKEN"
"""What stands for a token in a line that is printed; the line itself has none."""

SecretFrom = Annotated[
    str | None,
    Parameter(help="The variable of the environment that holds the secret; it is asked for if not said."),
]


async def add(
    origin: Side,
    label: str,
    /,
    *,
    scheme: Scheme | None = None,
    tenant: Tenant = None,
    own: bool = False,
    secret_from: SecretFrom = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Believe a sender of events. Its secret is shown this once.

    Parameters
    ----------
    origin
        The system that sends: zoho or moodle.
    label
        What the source is, in your own words.
    scheme
        How it proves itself. A token is sent in a header, in the URL, or by a watch channel; with a key the
        body is signed, as plain HMAC or as a Standard Webhook. Zoho has a header, Moodle the standard, if not
        said.
    own
        Take a secret that the sender has made, instead of making one.
    """
    brought = _brought(shell, secret_from, own=own)
    async with shell.open(Missing.MAKE) as use_cases:
        source, secret = await use_cases.sources.add(
            origin, label, shell.tenant(tenant), scheme=scheme, secret=brought
        )
    _tell(shell, source, secret, f"Source {source.id} of tenant {source.tenant}", as_json=as_json)
    return Ended.WELL


async def rotate(
    id: str,
    /,
    *,
    overlap: int = 24,
    own: bool = False,
    secret_from: SecretFrom = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Give a source a new secret. The one before stays valid for a while.

    Parameters
    ----------
    id
        The source, as `mzi sources list` shows it.
    overlap
        For how many hours the secret before stays valid.
    own
        Take a secret that the sender has made, instead of making one.
    """
    brought = _brought(shell, secret_from, own=own)
    async with shell.open() as use_cases:
        source, secret = await use_cases.sources.rotate(id, timedelta(hours=overlap), secret=brought)
    until = _valid_until(source)
    old = f"the old one is valid until {moment(until)}" if until else "the old one is valid no more"
    _tell(shell, source, secret, f"Source {source.id} has a new secret, and {old}", as_json=as_json)
    return Ended.WELL


def _brought(shell: Shell, secret_from: str | None, *, own: bool) -> str | None:
    """The secret that somebody brings, if one is to be taken."""
    if own:
        return _secret(shell, secret_from)
    if secret_from is not None:
        raise UsageError("--secret-from says where a secret of your own is; say --own as well.")
    return None


def _secret(shell: Shell, variable: str | None) -> str:
    """A secret from the environment, or from the person at the terminal, unseen. Raises UsageError."""
    if variable is not None:
        secret = os.environ.get(variable, "")
        if not secret:
            raise UsageError(f"The variable {plain(variable[:100])} of --secret-from is not set.")
        return secret[:_LONGEST_SECRET]
    if not shell.err.is_terminal:
        raise UsageError(
            "There is nobody to ask for the secret: name the variable it is in by --secret-from."
        )
    try:
        return getpass("The secret (it is not shown): ")[:_LONGEST_SECRET].strip()
    except EOFError:
        raise UsageError("No secret was entered.") from None


def _tell(shell: Shell, source: EventSource, secret: str, what: str, *, as_json: bool) -> None:
    """The secret, alone on standard output; what it is for beside it."""
    if as_json:
        shell.json({**_source(source), "secret": secret})
        return
    shell.say(f"{what}. The secret is shown this once. {_use_of(source)}")
    shell.line(secret)


def _use_of(source: EventSource) -> str:
    match source.scheme:
        case Scheme.HEADER:
            return f"Send it as `{TOKEN_HEADERS[source.origin]}` or `Authorization: Bearer …`."
        case Scheme.URL:
            return f"Put it into the address, as `?{TOKEN_PARAMETER}=…`."
        case Scheme.CHANNEL:
            return "Give it to the watch channel as its `token`."
        case _:
            return f"The sender signs with it; `mzi sources sign {source.id}` makes a request to compare."


def _valid_until(source: EventSource) -> datetime | None:
    return next((secret.retires_at for secret in source.secrets if secret.retires_at is not None), None)


def _source(one: EventSource) -> dict[str, object]:
    told = {
        "created_at": one.created_at,
        "rotated_at": one.rotated_at,
        "old_secret_until": _valid_until(one),
        "revoked_at": one.revoked_at,
    }
    return {
        "id": one.id,
        "origin": one.origin,
        "scheme": one.scheme,
        "tenant": one.tenant,
        "label": one.label,
        **{name: None if at is None else instant(at) for name, at in told.items()},
    }


async def list_sources(*, tenant: Tenant = None, as_json: AsJson = False, shell: Given) -> Ended:
    """List the sources of events, revoked ones too; of every tenant if none is said."""
    async with shell.open() as use_cases:
        found = await use_cases.sources.list(None if tenant is None else shell.tenant(tenant))
    if as_json:
        shell.json([_source(one) for one in found])
        return Ended.WELL
    shown = table(identifier("source"), key("sends", ""), key("tenant", ""), "label", "of late")
    for one in found:
        shown.add_row(one.id, f"{one.origin} {one.scheme}", one.tenant, plain(one.label), _of_late(one))
    nobody = "There is no source of events, so none is believed; `mzi sources add zoho LABEL` makes one."
    shell.show(shown if found else nobody)
    return Ended.WELL


def _of_late(one: EventSource) -> str:
    """What was done with it last."""
    if one.revoked_at is not None:
        return f"revoked {moment(one.revoked_at)}"
    done = f"made {moment(one.created_at)}"
    if one.rotated_at is not None:
        done = f"rotated {moment(one.rotated_at)}"
    until = _valid_until(one)
    return f"{done}, old secret until {moment(until)}" if until else done


async def revoke(id: str, /, *, shell: Given) -> Ended:
    """Believe a source no more, for good. Services that run know it within ten seconds.

    Parameters
    ----------
    id
        The source, as `mzi sources list` shows it.
    """
    async with shell.open() as use_cases:
        closed = await use_cases.sources.revoke(id)
    said = (
        f"Source {closed.id} ({plain(closed.label)}) is believed no more since {moment(closed.revoked_at)}."
    )
    shell.show(said)
    return Ended.WELL


async def sign(
    id: str, body: Path, url: str, /, *, secret_from: SecretFrom = None, as_json: AsJson = False, shell: Given
) -> Ended:
    """Make the curl line of a request that a source would send, to try it with.

    A line that is signed with Standard Webhooks is good for five minutes. A token stands in no line: put it
    into the variable TOKEN of your shell first.

    Parameters
    ----------
    id
        The source, as `mzi sources list` shows it.
    body
        The file with the body; `-` reads standard input.
    url
        The address of the service that it is sent to.
    """
    raw = _body(body)
    async with shell.open() as use_cases:
        source = await use_cases.sources.show(id)
        headers = await _signed(shell, use_cases, source, raw, secret_from)
    line = _curl(source, headers, raw, body, url)
    if as_json:
        shell.json({"url": url, "headers": dict(headers), "curl": line})
    else:
        shell.show(OneLine(line))
    return Ended.WELL


async def _signed(
    shell: Shell, use_cases: UseCases, source: EventSource, raw: bytes, secret_from: str | None
) -> Mapping[str, str]:
    """The headers that sign a body; none where a token is sent. Raises UsageError for a wrong secret."""
    if source.revoked_at is not None:
        raise UsageError(f"Source {source.id} was revoked: nothing that is signed for it is believed.")
    if source.scheme is Scheme.CHANNEL:
        raise UsageError("A watch channel has its token in the body: put it there as `token`, and send that.")
    if source.scheme.is_token:
        if secret_from is not None:
            raise UsageError(
                "This source sends a token, and nothing is signed with one: leave --secret-from out."
            )
        return {}
    secret = checked_secret(source.scheme, _secret(shell, secret_from))
    now, name = use_cases.batches.clock.now(), use_cases.batches.ids.record_ids(1)[0]
    headers = signing_headers(source.origin, source.scheme, secret, raw, id=f"msg_{name}", at=now)
    said = {name.lower(): value for name, value in headers.items()}
    try:
        believed = await use_cases.sources.authenticate(
            EventRequest(origin=source.origin, body=raw, headers=said, source=source.id)
        )
    except SecretUnreadable:
        shell.note(
            "Whether this is the secret of the source is not known here: its key of secrets is missing."
        )
    else:
        if isinstance(believed, Disbelief):
            raise UsageError(
                f"Source {source.id} would not be believed: this is none of the secrets that it has now, or "
                "the body is not UTF-8."
            )
    return headers


def _body(file: Path) -> bytes:
    """The bytes to sign, as they are. Raises UsageError."""
    try:
        if file == Path("-"):
            raw = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with file.open("rb") as stream:
                raw = stream.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}.") from error
    if len(raw) > _LARGEST:
        raise UsageError(f"The body is larger than {_LARGEST >> 20} MB, and so is no event.")
    return raw


def _curl(source: EventSource, headers: Mapping[str, str], raw: bytes, file: Path, url: str) -> str:
    """One line for a shell. What came from standard input is not read again: it stands in the line.

    Without a body it is a GET, as there is nothing to post.
    """
    said = [("Content-Type", "application/json"), *headers.items()]
    if headers:
        said.append((SOURCE_HEADER, source.id))
    words = ["curl", *(word for name, value in said for word in ("-H", shlex.quote(f"{name}: {value}")))]
    if source.scheme is Scheme.HEADER:
        words += ["-H", f'"{TOKEN_HEADERS[source.origin]}: ${_VARIABLE}"']
    if raw:
        words += ["--data-binary", shlex.quote(_data(raw, file))]
    address = shlex.quote(url)
    if source.scheme is Scheme.URL:
        address += f'"{"&" if "?" in url else "?"}{TOKEN_PARAMETER}=${_VARIABLE}"'
    return " ".join([*words, address])


def _data(raw: bytes, file: Path) -> str:
    if file != Path("-"):
        return f"@{file}"
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = "\0"
    if text.startswith("@") or not text.replace("\n", "").isprintable():
        raise UsageError("This body cannot stand in a line: keep it in a file, and name that.")
    return text
