"""What the core says, as it is answered: plain JSON in the shapes of `shapes`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, cast

import msgspec

from mzi_core import values
from mzi_core.flows.rules import RULES, ChosenRules
from mzi_core.grading import Decision, Language, SimulatedChange, why_superseded
from mzi_core.module import Entity, Side, declared
from mzi_core.modules import CATALOGUE
from mzi_core.ports import (
    Cursor,
    Event,
    EventState,
    FlowStatus,
    HistoryEntry,
    ParkedRecord,
    Stored,
    StoreHealth,
)
from mzi_core.use_cases import kept_decisions
from mzi_core.use_cases.browse import Shown
from mzi_core.use_cases.browse_events import Delay, shown_body
from mzi_core.use_cases.decide_marks import DecidedMark
from mzi_core.use_cases.event_health import EventHealth
from mzi_core.use_cases.history import HistoryPage
from mzi_http.cursors import write_cursor
from mzi_http.shapes import (
    Decided,
    Delayed,
    EventsHealth,
    Explanation,
    GradeChange,
    HeldRecord,
    JudgedMark,
    KeptDecision,
    KeptEvent,
    Keyed,
    ListedChange,
    ListedHistory,
    OneRecord,
    Pause,
    Reason,
    RecordsPutOff,
    Result,
    ShownEvent,
    Step,
    StoredRecord,
    StoreState,
    Superseded,
    TenantRules,
)


def moment(at: datetime) -> str:
    """An instant as it is answered: UTC, with `Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def result_key(module: str) -> str:
    """The name under which a result carries its record's key: `zoho_student_id`; of Moodle's `moodle_id`."""
    declared = CATALOGUE[module]
    return f"zoho_{declared.singular}_id" if declared.side is Side.ZOHO else "moodle_id"


def _keyed(side: Side, key: str) -> Keyed:
    return {"zoho_id": key} if side is Side.ZOHO else {"moodle_key": key}


def reasons(found: Sequence[values.Reason]) -> list[Reason]:
    """Reasons as they are answered."""
    return [{"code": reason.code, "path": reason.path, "message": reason.message} for reason in found]


def result(outcome: values.Outcome) -> dict[str, object]:
    """What became of one record, as a `Result` with its id beside it."""
    plain: Result = {
        "position": outcome.position,
        "status": outcome.state,
        "message": outcome.message,
        "changed_fields": list(outcome.changed_fields),
        "reasons": reasons(outcome.reasons),
    }
    if outcome.parked:
        plain["parked"] = True
    return {**plain, result_key(outcome.module): outcome.key}


def fields(entity: Entity) -> dict[str, Any]:
    """The fields of an entity as declared, then `extra`: amounts as text, days and times in ISO 8601."""
    plain = msgspec.to_builtins(entity)
    return {name: plain[name] for name in (*(field.name for field in declared(type(entity))), "extra")}


def stored_record(stored: Stored[Any]) -> StoredRecord:
    """A stored record as it is answered."""
    return {
        "id": stored.id,
        **_keyed(stored.entity.side, stored.entity.key),
        "state": stored.state,
        "revision": stored.revision,
        "record": fields(stored.entity),
        "created_at": moment(stored.created_at),
        "updated_at": moment(stored.updated_at),
        "deleted_at": None if stored.deleted_at is None else moment(stored.deleted_at),
    }


def held_record(held: ParkedRecord) -> HeldRecord:
    """A held record as it is answered."""
    parent = held.waits_for
    side = CATALOGUE[held.module].side
    return {
        **_keyed(side, held.key),
        "state": held.state,
        "reasons": reasons(held.reasons),
        "waits_for": None if parent is None else {"module": parent.module, **_keyed(side, parent.key)},
        "waiting": held.waiting,
        "received": held.record,
        "held_at": moment(held.parked_at),
    }


def record_history(page: HistoryPage, list_id: Sequence[object]) -> ListedHistory:
    """A page of the history of a record, as it is answered."""
    last = page.items[-1] if page.next is not None else None
    return {
        "items": [record_change(entry) for entry in page.items],
        "next": None if last is None else write_cursor(Cursor(last.changed_at, str(last.number)), list_id),
    }


def record_change(entry: HistoryEntry) -> ListedChange:
    """One change of a record, as it is answered."""
    return {
        "change": entry.kind,
        "changed_at": moment(entry.changed_at),
        "caused_by": {"what": entry.caused_by.what, "id": entry.caused_by.id or None},
        "fields": {name: {"before": each.before, "after": each.after} for name, each in entry.fields.items()},
    }


def one_record(shown: Shown) -> OneRecord:
    """All there is about a record, as it is answered."""
    return {
        "stored": None if shown.stored is None else stored_record(shown.stored),
        "held": None if shown.held is None else held_record(shown.held),
    }


def explanation(decision: Decision, zone: tzinfo, decided_at: datetime | None = None) -> Explanation:
    """All that a student may be told, in each language, with times in `zone`."""
    return {
        "en": decision.explain(Language.EN, zone, decided_at),
        "ar": decision.explain(Language.AR, zone, decided_at),
    }


def decided(decision: Decision, zone: tzinfo, decided_at: datetime) -> Decided:
    """A decision that was made at `decided_at` as it is answered, with times for people in `zone`."""
    return {
        "grade": decision.grade,
        "settled": decision.settled,
        "published": decision.published,
        "rule": decision.rule,
        "policy": {"name": decision.policy.name, "version": decision.policy.version},
        "capped_from": decision.capped_from,
        "warnings": list(decision.warnings),
        "trace": [cast("Step", step.as_data()) for step in decision.trace],
        "explanation": explanation(decision, zone, decided_at),
    }


def judged_mark(judged: DecidedMark) -> JudgedMark:
    """What a stored mark comes to, as it is answered."""
    return {
        "moodle_key": judged.mark.key,
        "attempts": [
            {"attempt": each.marking.attempt, "decision": decided(each, judged.zone, judged.decided_at)}
            for each in judged.decisions
        ],
        "errors": [] if judged.refused is None else list(judged.refused.problems),
    }


def kept_decision(kept: kept_decisions.KeptDecision) -> KeptDecision:
    """A kept decision as it is answered."""
    record = kept.record
    return {
        "key": record.key,
        "decided_at": moment(record.decided_at),
        "decision": {
            **decided(record.decision, kept.zone, record.decided_at),
            "trace": [cast("Step", step) for step in record.trace],
        },
        "superseded": None if kept.superseded is None else _superseded(kept.superseded),
    }


def _superseded(superseded: kept_decisions.Superseded) -> Superseded:
    causes = superseded.causes
    return {
        "at": moment(superseded.at),
        "causes": list(causes),
        "explanation": {
            "en": why_superseded(causes, Language.EN),
            "ar": why_superseded(causes, Language.AR),
        },
    }


def grade_change(change: SimulatedChange[str]) -> GradeChange:
    """A changed grade as it is answered."""
    return {
        "key": change.key,
        "before": {"grade": change.before[0], "settled": change.before[1]},
        "after": {"grade": change.after[0], "settled": change.after[1]},
        "rule": change.decision.rule,
        "explanation": explanation(change.decision, change.zone),
    }


def chosen_rules(found: ChosenRules) -> TenantRules:
    """The rules of a tenant as they are answered."""
    return {
        "rules": {
            name: {
                "value": rule.plain(getattr(found.rules, name)),
                "default": rule.plain(rule.default),
                "chosen": name in found.chosen,
                "meaning": rule.meaning,
                "choices": [{"value": choice, "meaning": choice.meaning} for choice in rule.choices],
            }
            for name, rule in RULES.items()
        },
        "passed_over": list(found.passed_over),
    }


def store_state(health: StoreHealth) -> StoreState:
    """The store's health as it is answered."""
    return {
        "backend": health.backend,
        "version": health.version,
        "ready": health.ready,
        "message": health.message,
    }


def shown_event(event: Event, delay: Delay | None) -> ShownEvent:
    """An event as it is answered, with its body and why it waits."""
    put_off: Delayed | None = None
    if delay is not None:
        put_off = {"until": None if delay.until is None else moment(delay.until), "reason": delay.reason}
    return {**told_event(event), "put_off": put_off, "body": shown_body(event)}


def records_put_off(flows: Mapping[str, FlowStatus]) -> dict[str, RecordsPutOff]:
    """What of each module is looked at later, as it is answered."""
    return {
        name: {"records": off.number, "until": moment(off.until), "reason": off.reason}
        for name, flow in flows.items()
        if (off := flow.put_off) is not None
    }


def pauses(flows: Mapping[str, FlowStatus]) -> dict[str, Pause]:
    """Which modules or flows are paused, as it is answered."""
    return {
        name: {"since": moment(flow.paused_at), "reason": flow.paused}
        for name, flow in flows.items()
        if flow.paused is not None and flow.paused_at is not None
    }


def events_health(found: EventHealth) -> EventsHealth:
    """How events stand, as it is answered."""
    return {
        "ready": not found.trouble,
        "waiting": found.counts.get(EventState.WAITING),
        "parked": found.counts.get(EventState.PARKED),
        "dead": found.counts.get(EventState.DEAD),
        "oldest_waiting": None if found.oldest is None else found.oldest.total_seconds(),
        "put_off": records_put_off(found.flows),
        "paused": pauses(found.flows),
    }


def told_event(event: Event) -> KeptEvent:
    """An event as it is answered, without its body."""
    return {
        "id": event.id,
        "source": event.source,
        "kind": event.kind,
        "sent_as": event.sent_as,
        "module": event.module,
        "key": event.key,
        "state": event.state.value,
        "reason": event.reason,
        "received_at": moment(event.received_at),
        "ended_at": None if event.ended_at is None else moment(event.ended_at),
    }
