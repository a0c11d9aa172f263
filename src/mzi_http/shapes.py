"""The shapes of what the service answers.

TypedDicts, because from them the type checker proves what `answers` builds, msgspec writes the schemas of the
OpenAPI document (see `openapi`), and what is answered stays the plain JSON that it is.
"""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from msgspec import Meta

from mzi_core.grading import Cause, Grade, RuleId, RuleOutcome, WarningId
from mzi_core.ports import Causer, ChangeKind, DeliveryState, PlanState, ReviewKind, ReviewState
from mzi_core.values import Code, State

Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Count = Annotated[int, Meta(ge=0)]


class Reason(TypedDict):
    """Why a record was refused, or what was noticed about it: for machines, where, and for people."""

    code: Code
    path: Annotated[str, Meta(description="JSON path inside the record", examples=["$.Academic_Email"])]
    message: str


class Result(TypedDict):
    """What became of one record. `changed_fields` are named as inside; `reasons` may be on any status."""

    position: Annotated[Count, Meta(description="Its place in the request, from 0")]
    status: State
    message: str
    changed_fields: list[str]
    reasons: list[Reason]
    parked: NotRequired[
        Annotated[bool, Meta(description="It waits for its parent and is taken by itself when that arrives")]
    ]


class Released(Result):
    """What became of a parked record, perhaps of another module, that this request unparked."""

    module: str


class Summary(TypedDict):
    """How many records ended in each status."""

    NEW: Count
    UPDATED: Count
    UNCHANGED: Count
    INVALID: Count
    ERROR: Count


class Synced(TypedDict):
    """What became of a request. `partial`: at least one record is INVALID or ERROR."""

    status: Literal["success", "partial"]
    tenant_id: str
    idempotency_key: str
    idempotent_replay: NotRequired[
        Annotated[bool, Meta(description="This is the answer of the first time; nothing was done")]
    ]
    summary: Summary
    results: list[Result]
    released: list[Released]
    received: NotRequired[Annotated[Count, Meta(description="How many records of Moodle came")]]


class Keyed(TypedDict):
    """What a record is known by: `zoho_id` if it is Zoho's, `moodle_key` if it is Moodle's."""

    zoho_id: NotRequired[str]
    moodle_key: NotRequired[str]


class Parent(Keyed):
    """The record another one waits for."""

    module: str


class StoredRecord(Keyed):
    """A record as it is stored. `record`: its fields by the name inside, amounts as text, times in UTC."""

    id: Annotated[str, Meta(description="Our own key, a UUID")]
    state: State
    revision: Annotated[int, Meta(description="Raised by each write, also by one that only saw it again")]
    record: dict[str, Any]
    created_at: Moment
    updated_at: Moment
    deleted_at: Moment | None


class HeldRecord(Keyed):
    """A record that was refused, or waits for another.

    `received`: what mzi reads of it, as it came; null if it is too large. `waiting`: the version that waits
    where `received` is a newer one that was refused, else null.
    """

    state: State
    reasons: list[Reason]
    waits_for: Parent | None
    waiting: Any
    received: Any
    held_at: Moment


class Listed(TypedDict):
    """A page of records: stored ones, or held ones where the state asked for is INVALID or ERROR."""

    items: list[Any]  # StoredRecord | HeldRecord, but msgspec has no unions of TypedDicts; `schemas` says it
    next: Annotated[str | None, Meta(description="The cursor of the next page; null after the last")]


class OneRecord(TypedDict):
    """All there is about one record: as it is stored, and a version that was refused or waits."""

    stored: StoredRecord | None
    held: HeldRecord | None


class ChangedBy(TypedDict):
    """What changed a record: a request, a run, an event and so on, and its id, where it has one."""

    what: Causer
    id: str | None


class ChangedField(TypedDict):
    """What a field was, and what it is from then on."""

    before: Any
    after: Any


class ListedChange(TypedDict):
    """One change of a record; `fields` by their names inside."""

    change: ChangeKind
    changed_at: Moment
    caused_by: ChangedBy
    fields: dict[str, ChangedField]


class ListedHistory(TypedDict):
    """What was changed of a record, newest first. That it came is no change; `created_at` says when."""

    items: list[ListedChange]
    next: Annotated[str | None, Meta(description="The cursor of the next page; null after the last")]


class PolicyName(TypedDict):
    """The policy that decided."""

    name: str
    version: str


class Step(TypedDict):
    """One rule of a trace, and the values it looked at."""

    rule: RuleId
    outcome: RuleOutcome
    saw: dict[str, Any]


class Explanation(TypedDict):
    """The sentence a student may be shown."""

    en: str
    ar: str


class Decided(TypedDict):
    """A grade, what settling makes of it, and why."""

    grade: Grade
    settled: Grade
    published: Grade
    rule: RuleId
    policy: PolicyName
    capped_from: Grade | None
    warnings: list[WarningId]
    trace: list[Step]
    explanation: Explanation


class Superseded(TypedDict):
    """When a decision gave way to the next one, and what was different then."""

    at: Moment
    causes: list[Cause]
    explanation: Explanation


class KeptDecision(TypedDict):
    """A decision that was kept, with the trace as it was told on the day; null: it was not superseded."""

    key: str
    decided_at: Moment
    decision: Decided
    superseded: Superseded | None


class DecisionHistory(TypedDict):
    """The decisions under a key: the latest attempt first, of one attempt the newest."""

    items: list[KeptDecision]
    next: Annotated[str | None, Meta(description="The cursor of the next page; null after the last")]


class Judged(TypedDict):
    """What became of one of several markings: a decision, or what is wrong with the marking."""

    position: Count
    decision: Decided | None
    errors: list[str]


class DecidedAll(TypedDict):
    """What became of each marking, in order."""

    decisions: list[Judged]


class JudgedAttempt(TypedDict):
    """The decision about one attempt at a piece of work."""

    attempt: Annotated[int, Meta(ge=0, description="Counted from 0")]
    decision: Decided


class JudgedMark(TypedDict):
    """What a mark that is stored comes to: a decision for each attempt, or why it cannot be judged."""

    moodle_key: str
    attempts: Annotated[
        list[JudgedAttempt], Meta(description="First to last; the decision about the last one stands")
    ]
    errors: list[str]


class Grades(TypedDict):
    """A grade and what settling makes of it."""

    grade: Grade
    settled: Grade


class GradeChange(TypedDict):
    """A grade that would be another."""

    key: str
    before: Grades
    after: Grades
    rule: RuleId
    explanation: Explanation


class Simulated(TypedDict):
    """The grades that would change under a policy; with `more` there are more than were asked for.

    `problems`: what is wrong with the policy, for which it would not be saved, or is to be looked at.
    """

    policy: PolicyName
    problems: list[str]
    changes: list[GradeChange]
    more: bool


class Received(TypedDict):
    """What became of a message: it is kept. `parked`: it cannot be attributed, as `message` says."""

    success: bool
    status: Literal["queued", "parked"]
    message: str
    event_id: Annotated[str, Meta(description="The first of `events`")]
    events: Annotated[list[str], Meta(description="The id of each event, one for every record that is named")]
    timestamp: Moment


class KeptEvent(TypedDict):
    """What a source told about one record, and what became of it."""

    id: str
    source: str
    kind: Annotated[str, Meta(examples=["student_updated"])]
    sent_as: Annotated[str | None, Meta(description="The sender's own id of it")]
    module: str | None
    key: Annotated[str | None, Meta(description="The id that the module's own side gives the record")]
    state: Literal["waiting", "taken", "parked", "dead"]
    reason: str
    received_at: Moment
    ended_at: Moment | None


class Delayed(TypedDict):
    """Why an event is not taken by now."""

    until: Annotated[Moment | None, Meta(description="When it is; null while its module is paused")]
    reason: str


class ShownEvent(KeptEvent):
    """An event with its body, in which nothing stands that lets anybody in."""

    put_off: Annotated[
        Delayed | None, Meta(description="null where it waits for its turn alone, or has ended")
    ]
    body: Any


class ListedEvents(TypedDict):
    """A page of events, the newest first."""

    items: list[KeptEvent]
    next: Annotated[str | None, Meta(description="The cursor of the next page; null after the last")]


class RecordsPutOff(TypedDict):
    """Records of a module that are looked at later: how many, when the first of them is, and why."""

    records: Annotated[int, Meta(ge=1, le=1000, description="So many or, with 1000, more")]
    until: Moment
    reason: str


class Pause(TypedDict):
    """Since when nothing of a module or a flow is worked on, and why."""

    since: Moment
    reason: str


class EventCounts(TypedDict):
    """How many events are in each state, and altogether; and what keeps those that wait, by module."""

    waiting: Count
    taken: Count
    parked: Count
    dead: Count
    total: Count
    put_off: dict[str, RecordsPutOff]
    paused: dict[str, Pause]


class EventsHealth(TypedDict):
    """Whether events are taken in, and looked at in time; null is not known, for the store is not ready."""

    ready: bool
    waiting: Count | None
    parked: Count | None
    dead: Count | None
    oldest_waiting: Annotated[
        float | None, Meta(description="Seconds for which the event has waited that waits longest")
    ]
    put_off: dict[str, RecordsPutOff]
    paused: dict[str, Pause]


class DeliveriesPutOff(TypedDict):
    """Deliveries of a flow that are looked at later: how many, when the first of them is, and why."""

    deliveries: Annotated[int, Meta(ge=1, le=1000, description="So many or, with 1000, more")]
    until: Moment
    reason: str


class FlowState(TypedDict):
    """How a flow stands: how many deliveries are in each state, and what keeps those that are due."""

    flow: str
    due: Count
    waiting: Count
    held: Count
    dead: Count
    settled: Count
    oldest_due: Annotated[
        float | None, Meta(description="Seconds for which the oldest is due; null where none is by now")
    ]
    put_off: DeliveriesPutOff | None
    paused: Pause | None


class FlowStates(TypedDict):
    """How every flow stands that has ever had a delivery, or is paused."""

    flows: list[FlowState]


class DeliveryPlace(TypedDict):
    """Which delivery: its flow and its key."""

    flow: str
    key: str
    path: Annotated[
        str,
        Meta(
            description="Both as they stand in an address, behind `/deliveries/`",
            examples=["take:students/5398830000090000001"],
        ),
    ]


class ListedDelivery(DeliveryPlace):
    """A delivery, and how it stands. `generation`: how often it was made due."""

    subject: Annotated[str | None, Meta(description="What it is about", examples=["students/539"])]
    state: DeliveryState
    reason: str
    generation: Count
    settled: Annotated[Count, Meta(description="The last generation that was settled; 0 if none was")]
    due_at: Annotated[Moment, Meta(description="When it was or is due; of one that is not, was last")]
    claimed_until: Annotated[Moment | None, Meta(description="null where nobody is at work on it")]
    starts: Annotated[Count, Meta(description="How often it was begun and never ended")]
    tries: Annotated[Count, Meta(description="How often it ended badly since it was last made due")]
    look_at: Annotated[Moment | None, Meta(description="When it is looked at once more")]
    waits_for: DeliveryPlace | None
    plan: Annotated[str | None, Meta(description="The plan it is held under, or was approved by")]
    approved: Annotated[bool, Meta(description="Whether a person has approved what is due")]
    updated_at: Moment


class ListedDeliveries(TypedDict):
    """A page of deliveries, by flow and key."""

    items: list[ListedDelivery]
    next: Annotated[str | None, Meta(description="The cursor of the next page; null after the last")]


class ShownDelivery(ListedDelivery):
    """A delivery with what keeps it. Of what is remembered of it only the names of the fields are told."""

    awaited: Annotated[
        DeliveryState | None, Meta(description="How the delivery stands that it waits for, if there is one")
    ]
    agreed: Annotated[list[str], Meta(description="What both sides said when they last agreed")]
    intent: Annotated[list[str], Meta(description="What was about to be sent; empty where nothing was")]
    paused: Annotated[Pause | None, Meta(description="Why its flow is paused; null where it is not")]


class NotDead(TypedDict):
    """A delivery that was named and is not dead; `state`: null where there is none."""

    key: str
    state: DeliveryState | None


class RedrivenDeliveries(TypedDict):
    """How many dead deliveries were made due, or with `dry_run` would be."""

    flow: str
    dry_run: bool
    redriven: Count
    left: Annotated[list[NotDead], Meta(description="Of those that were named")]


class PlanFacts(TypedDict):
    """What was held in a flow because an action would have touched too much, and how it was decided."""

    id: str
    flow: str
    action: Annotated[str, Meta(examples=["suspend"])]
    state: PlanState
    opened_at: Moment
    decided_at: Annotated[Moment | None, Meta(description="null while it is open")]
    decided_by: Annotated[str | None, Meta(examples=["API key 1a2b3c4d"])]
    reason: Annotated[str, Meta(description="Why it was approved or rejected; empty while it is open")]


class ListedPlan(PlanFacts):
    """A plan of the brake."""

    held: Annotated[Count, Meta(description="How many deliveries are held under it")]


class ListedPlans(TypedDict):
    """A page of plans, the newest first."""

    items: list[ListedPlan]
    next: Annotated[str | None, Meta(description="The cursor of the next page; null after the last")]


class ShownPlan(ListedPlan):
    """A plan, and a page of what is held under it, by flow and key."""

    deliveries: list[ListedDelivery]
    next: Annotated[str | None, Meta(description="The cursor of the next page; null after the last")]


class DecidedPlan(PlanFacts):
    """A plan that was decided just now."""

    decided: Annotated[Count, Meta(description="How many deliveries are due as approved, or settled")]


class ReviewCandidate(TypedDict):
    """What may be chosen."""

    id: Annotated[int, Meta(description="The id in Moodle")]
    sentence: Annotated[str, Meta(description="What is kept of it here")]


class ListedReview(TypedDict):
    """What a person must decide about a pair, or has decided."""

    kind: ReviewKind
    key: Annotated[str, Meta(examples=["5398830000090000001"])]
    subject: Annotated[str, Meta(examples=["students/5398830000090000001"])]
    module: str
    why: Annotated[str, Meta(description="Why mzi does not decide it")]
    candidates: Annotated[list[ReviewCandidate], Meta(description="By id")]
    state: ReviewState
    opened_at: Moment
    choice: Annotated[int | None, Meta(description="The candidate that was chosen")]
    decided_by: Annotated[str | None, Meta(examples=["API key 1a2b3c4d"])]
    decided_at: Annotated[Moment | None, Meta(description="When it was decided or closed; null while open")]


class ListedReviews(TypedDict):
    """A page of the review list, by kind and key."""

    items: list[ListedReview]
    next: Annotated[str | None, Meta(description="The cursor of the next page; null after the last")]


class SourceStatus(TypedDict):
    """What a source of events learns about itself: that it is believed, and what became of the events."""

    success: Literal[True]
    source: Annotated[str, Meta(description="The id by which it may say who it is")]
    label: str
    tenant_id: str
    events: EventCounts
    timestamp: Moment


class UnderstoodEvent(TypedDict):
    """What an event would be taken for. `is_fact`: its record would not be read again."""

    kind: str
    module: str | None
    key: str | None
    is_fact: bool
    problem: Annotated[str, Meta(description="Why it would be parked; nothing if it would not")]


class TriedWebhook(TypedDict):
    """What would become of the events of a request; nothing is kept."""

    success: bool
    source: str
    tenant_id: str
    message: str
    events: list[UnderstoodEvent]
    timestamp: Moment


class MadeCourse(TypedDict):
    """How a class stands after its course was asked for. `message`: what is still to be known, in a sentence.

    `teacher_enrolled` and `default_users_enrolled` tell who was enrolled in it, now or before.
    """

    status: Annotated[Literal["success", "pending"], Meta(description="pending: there is no course yet")]
    moodle_course_id: int | None
    zoho_updated: Annotated[bool, Meta(description="Whether Zoho knows the course")]
    teacher_enrolled: bool
    default_users_enrolled: Count
    message: str


class RuleValue(TypedDict):
    """One of the values a rule may have, and what it means."""

    value: str
    meaning: str


class TenantRule(TypedDict):
    """A rule as it is. `chosen`: whether the tenant said so, or it has its default."""

    value: Annotated[
        bool | str | list[str], Meta(description="True or false, of `choices` one or several, or lines")
    ]
    default: bool | str | list[str]
    chosen: bool
    meaning: str
    choices: Annotated[list[RuleValue], Meta(description="None where a rule is true or false, or lines")]


class TenantRules(TypedDict):
    """What a college lets mzi do by itself, by the names of the rules.

    `passed_over`: a sentence for everything that was saved and that this version does not know.
    """

    rules: dict[str, TenantRule]
    passed_over: list[str]


class StoreState(TypedDict):
    """What the store says of itself."""

    backend: str
    version: str
    ready: bool
    message: str


class Health(TypedDict):
    """How the service is, and which versions work together in it."""

    ready: bool
    versions: dict[str, str]
    store: StoreState
