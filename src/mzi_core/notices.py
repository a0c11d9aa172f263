"""What is worth telling, what of it is told now, and in which words: pure functions.

A notice is told when it is new, when its number has doubled since it was told, and once a day while it
stands. That it is over is told once, when it has been so for an hour: what comes and goes is told once.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from hashlib import sha256
from shlex import quote
from urllib.parse import quote as escaped

import attrs

from mzi_core.ports import (
    BrakePlan,
    DeliveryState,
    EventSource,
    FlowStatus,
    Notice,
    NoticeAddress,
    NoticeDigest,
    NoticeKind,
    NoticeLine,
    NoticeState,
    ReviewKind,
    ToldNotice,
)
from mzi_core.values import TenantId

AGAIN = timedelta(hours=24)
"""After so long what stands is told once more."""

SETTLED = timedelta(hours=1)
"""For so long something must be over before that is told."""

REMEMBERED = timedelta(days=7)
"""For so long it is kept that it was told that something is over."""

_GROWN = 2
"""So many times as many as were told are told at once."""


@attrs.frozen
class QuietHours:
    """The hours of a day in which only what cannot wait is told, on the clock of the tenant.

    They begin with `start` and end before `end`, which may be on the next day.
    """

    start: time
    end: time

    def covers(self, at: datetime) -> bool:
        """Whether a moment on the clock of the tenant is in them."""
        local = at.time()
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


@attrs.frozen(kw_only=True)
class NotifyPolicy:
    """When people are told. `silent_after`: when a source is called silent; None for never."""

    every: timedelta = timedelta(minutes=15)
    quiet: QuietHours | None = None
    silent_after: timedelta | None = timedelta(days=3)


@attrs.frozen(kw_only=True)
class Conditions:
    """How a tenant stands. `held`: deliveries by the id of their plan; `reviews`: open items by their kind.

    `plans`: those that are open; `sources`: those that are believed. `heard`: when the newest event of a
    source was received, by its id, as far as events are kept.
    """

    plans: Sequence[BrakePlan] = ()
    held: Mapping[str, int] = attrs.field(factory=dict)
    flows: Sequence[FlowStatus] = ()
    reviews: Mapping[ReviewKind, int] = attrs.field(factory=dict)
    sources: Sequence[EventSource] = ()
    heard: Mapping[str, datetime] = attrs.field(factory=dict)


def notices(conditions: Conditions, policy: NotifyPolicy, now: datetime) -> Sequence[Notice]:
    """What is worth telling, what cannot wait first."""
    found = [*_of_deliveries(conditions), *_of_sources(conditions, policy, now)]
    found += [
        Notice(address=NoticeAddress(NoticeKind.REVIEW, kind.value), number=number)
        for kind, number in conditions.reviews.items()
        if number
    ]
    order = list(NoticeKind)
    return sorted(found, key=lambda each: (order.index(each.address.kind), each.address.of))


def _of_deliveries(conditions: Conditions) -> Iterator[Notice]:
    for plan in conditions.plans:
        if held := conditions.held.get(plan.id, 0):
            address = NoticeAddress(NoticeKind.PLAN, plan.id)
            yield Notice(address=address, number=held, about=f"{plan.action} in {plan.flow}")
    for flow in conditions.flows:
        if flow.paused is not None:
            yield Notice(address=NoticeAddress(NoticeKind.PAUSED, flow.flow))
        if dead := flow.counts.get(DeliveryState.DEAD, 0):
            yield Notice(address=NoticeAddress(NoticeKind.DEAD, flow.flow), number=dead)


def _of_sources(conditions: Conditions, policy: NotifyPolicy, now: datetime) -> Iterator[Notice]:
    for source in conditions.sources:
        since = max(conditions.heard.get(source.id, source.created_at), source.created_at)
        if policy.silent_after is not None and now - since >= policy.silent_after:
            about = f"{source.origin.title()}, since {since:%Y-%m-%d %H:%M}Z"
            yield Notice(address=NoticeAddress(NoticeKind.SILENT, source.id), about=about)


@attrs.frozen(kw_only=True)
class NoticeComparison:
    """What is told now, and what is to be kept of it.

    `noted` is kept whatever happens: what is gone by now, or came back. `told` takes its place once `lines`
    were sent. `forgotten`: what need not be kept any more.
    """

    lines: Sequence[NoticeLine] = ()
    noted: Sequence[ToldNotice] = ()
    told: Sequence[ToldNotice] = ()
    forgotten: Sequence[NoticeAddress] = ()


def compared(
    standing: Sequence[Notice], before: Sequence[ToldNotice], now: datetime, *, is_quiet: bool = False
) -> NoticeComparison:
    """What stands, compared with what was told before."""
    kept = {each.address: each for each in before}
    stands = {each.address for each in standing}
    lines = [
        NoticeLine(notice=notice, state=state, before=number)
        for notice in standing
        if notice.address.kind.cannot_wait or not is_quiet
        for state, number in _worth_telling(notice, kept.get(notice.address), now)
    ]
    over = [
        each
        for each in before
        if each.gone_at is not None and each.address not in stands and now - each.gone_at >= SETTLED
    ]
    lines += [
        NoticeLine(notice=Notice(address=each.address, number=0), state=NoticeState.OVER, before=each.number)
        for each in (() if is_quiet else over)
    ]
    return NoticeComparison(
        lines=lines,
        noted=list(_noted(before, stands, now)),
        told=[
            ToldNotice(address=each.notice.address, number=each.notice.number, told_at=now) for each in lines
        ],
        forgotten=[
            each.address
            for each in before
            if not each.number and each.address not in stands and now - each.told_at >= REMEMBERED
        ],
    )


def _worth_telling(
    notice: Notice, before: ToldNotice | None, now: datetime
) -> Iterator[tuple[NoticeState, int]]:
    """Why it is told now, and the number that was told; nothing where it is not told."""
    if before is None or not before.number:
        yield NoticeState.NEW, 0
    elif notice.number >= _GROWN * before.number:
        yield NoticeState.GROWN, before.number
    elif abs(now - before.told_at) >= AGAIN:  # or our clock was wrong when it was told
        yield NoticeState.STILL, before.number


def _noted(before: Sequence[ToldNotice], stands: "set[NoticeAddress]", now: datetime) -> Iterator[ToldNotice]:
    for each in before:
        is_gone = each.address not in stands and each.number > 0
        if is_gone and each.gone_at is None:
            yield attrs.evolve(each, gone_at=now)
        elif not is_gone and each.gone_at is not None:
            yield attrs.evolve(each, gone_at=None)


def digest_of_lines(
    tenant: TenantId, way: str, lines: Sequence[NoticeLine], before: Sequence[ToldNotice], at: datetime
) -> NoticeDigest:
    """The message. Its id follows from what is told and what was told before, not from the moment."""
    last = {each.address: each.told_at for each in before}
    said = [
        (str(each.notice.address), each.notice.number, each.state.value, str(last.get(each.notice.address)))
        for each in lines
    ]
    id = sha256(json.dumps([tenant, way, said]).encode()).hexdigest()[:32]
    return NoticeDigest(id=id, tenant=tenant, at=at, lines=tuple(lines))


# The words.


def headline(digest: NoticeDigest) -> str:
    """What it is about, on one line."""
    if digest.is_test:
        return f"mzi, tenant {digest.tenant}: a test"
    over = sum(line.state is NoticeState.OVER for line in digest.lines)
    stand = len(digest.lines) - over
    parts = [f"{stand} to look at"] if stand else []
    parts += [f"{over} over"] if over else []
    return f"mzi, tenant {digest.tenant}: {', '.join(parts)}"


def text_of(digest: NoticeDigest) -> str:
    """The whole message as plain text, each notice with the command that shows more."""
    at = f"{digest.at:%Y-%m-%d %H:%M} ({digest.at.tzinfo})"
    if digest.is_test:
        return f"This is a test of mzi for tenant {digest.tenant}, sent {at}. Nothing need be done.\n"
    parts = [f"What mzi has to tell of tenant {digest.tenant}, {at}:"]
    parts += [f"* {sentence(line)}\n  {command(line.notice.address)}" for line in digest.lines]
    parts += ["What stands is told again when it has doubled, or after a day. `mzi notify status` shows it."]
    return "\n\n".join(parts) + "\n"


def data_of(digest: NoticeDigest) -> Mapping[str, object]:
    """The same as plain JSON, in the form that Standard Webhooks 1.0 recommends."""
    return {
        "type": "mzi.test" if digest.is_test else "mzi.notices",
        "timestamp": digest.at.isoformat(),
        "data": {
            "tenant": digest.tenant,
            "notices": [
                {
                    "key": str(line.notice.address),
                    "kind": line.notice.address.kind.value,
                    "state": line.state.value,
                    "number": line.notice.number,
                    "before": line.before,
                    "said": sentence(line),
                    "command": command(line.notice.address),
                    "path": path(line.notice.address),
                }
                for line in digest.lines
            ],
        },
    }


def sentence(line: NoticeLine) -> str:
    """One notice in a sentence, with what was told before where that was another number."""
    notice = line.notice
    words = _WORDS[notice.address.kind]
    text = words.over if line.state is NoticeState.OVER else words.one if notice.number == 1 else words.many
    said = _filled(text, notice.address, number=f"{notice.number:,}", about=notice.about)
    if line.state is NoticeState.GROWN:
        return f"{said} It was {line.before:,} when it was told last."
    return f"{said} It was told before." if line.state is NoticeState.STILL else said


def command(address: NoticeAddress) -> str:
    """The command that shows more of it."""
    return _filled(_WORDS[address.kind].command, address)


def path(address: NoticeAddress) -> str:
    """Where the service tells more of it."""
    return _filled(_WORDS[address.kind].path, address)


def _filled(text: str, address: NoticeAddress, **what: str) -> str:
    of = address.of
    return text.format(of=of, typed=quote(of), escaped=escaped(of, safe=""), **what)


@attrs.frozen(kw_only=True)
class _Words:
    """What is said of a kind: that it stands for `one` or `many`, that it is over, and where to look.

    `of` is what it is of, as it is, as it is `typed` at a shell, and as it is `escaped` in an address.
    """

    one: str
    many: str
    over: str
    command: str
    path: str


_PAUSED = "The flow {of} is paused: nothing of it is worked on."
_SILENT = "The source {of} ({about}) has told nothing."

_WORDS: Mapping[NoticeKind, _Words] = {
    NoticeKind.PLAN: _Words(
        one="The brake holds 1 delivery ({about}) until a person decides.",
        many="The brake holds {number} deliveries ({about}) until a person decides.",
        over="Over: a plan of the brake was decided, or holds nothing any more.",
        command="mzi plan show {typed}",
        path="/api/v1/plans/{escaped}",
    ),
    NoticeKind.PAUSED: _Words(
        one=_PAUSED,
        many=_PAUSED,
        over="Over: the flow {of} goes on.",
        command="mzi deliveries status",
        path="/api/v1/deliveries/stats",
    ),
    NoticeKind.DEAD: _Words(
        one="1 delivery of {of} is dead.",
        many="{number} deliveries of {of} are dead.",
        over="Over: no delivery of {of} is dead any more.",
        command="mzi deliveries list --flow {typed} --state dead",
        path="/api/v1/deliveries?flow={escaped}&state=dead",
    ),
    NoticeKind.SILENT: _Words(
        one=_SILENT,
        many=_SILENT,
        over="Over: the source {of} tells again, or was revoked.",
        command="mzi events list --source {typed}",
        path="/api/v1/events?source={escaped}",
    ),
    NoticeKind.REVIEW: _Words(
        one="1 item waits on the review list ({of}).",
        many="{number} items wait on the review list ({of}).",
        over="Over: no item waits on the review list any more ({of}).",
        command="mzi review list --kind {typed}",
        path="/api/v1/review?kind={escaped}",
    ),
}
