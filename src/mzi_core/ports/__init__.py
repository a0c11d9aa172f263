"""What the core needs of the world, each port with what it does NOT promise.

An adapter proves itself by running the contract suite of its port in `mzi_adapters.testing.contracts`.
"""

from typing import TYPE_CHECKING

from mzi_core.lazy import finder

if TYPE_CHECKING:
    from mzi_core.ports.brake import Brake, BrakePlan, PlanState
    from mzi_core.ports.breakers import Breaker, OpenBreaker, StoredBreakers
    from mzi_core.ports.clock import Clock, Ids, SingleIds
    from mzi_core.ports.codec import (
        MOST_REASONS,
        Codec,
        Columns,
        Decoded,
        FieldForms,
        RawRecord,
        Unreadable,
        decoded,
    )
    from mzi_core.ports.connections import Connections, NoConnections
    from mzi_core.ports.decisions import MOST_DECISIONS, DecisionRecord, Decisions
    from mzi_core.ports.deliveries import (
        AT_ONCE,
        Claim,
        Deliveries,
        DeliveryKey,
        DeliveryQuery,
        DeliveryState,
        Due,
        Ending,
        FlowStatus,
        Forgotten,
        JsonObject,
        Note,
        PutOff,
        StoredDelivery,
        TenantFlow,
    )
    from mzi_core.ports.event_sources import EventSource, EventSources, SourceSecret
    from mzi_core.ports.events import Event, EventIntake, EventQuery, EventReader, Events, EventState, Told
    from mzi_core.ports.history import (
        PROGRAM,
        CausedBy,
        Causer,
        ChangeKind,
        HistoryEntry,
        RecordHistory,
        ValueChange,
    )
    from mzi_core.ports.idempotency import StoredResponse, StoredResponses
    from mzi_core.ports.leases import Lease, Leases, StoredLeases, holds
    from mzi_core.ports.locks import Lock, Locks
    from mzi_core.ports.moodle.assignments import (
        SUBMITTED,
        GradingDefinition,
        MarkingMethod,
        MoodleAssignment,
        MoodleAssignments,
        Participant,
        Submission,
    )
    from mzi_core.ports.moodle.categories import (
        CategoryChange,
        MoodleCategories,
        MoodleCategory,
        NewCategory,
    )
    from mzi_core.ports.moodle.courses import (
        CourseChange,
        CourseKey,
        CourseUpdate,
        MoodleCourse,
        MoodleCourses,
        NewCourse,
    )
    from mzi_core.ports.moodle.enrolments import (
        EnrolledUser,
        Enrolment,
        Membership,
        MoodleEnrolments,
        RoleInCourse,
        Unenrolment,
    )
    from mzi_core.ports.moodle.gateway import MoodleGateway
    from mzi_core.ports.moodle.groups import GroupMember, MoodleGroup, MoodleGroups, NewGroup
    from mzi_core.ports.moodle.marking import (
        AssignmentGrade,
        Attempt,
        GivenMark,
        MoodleMarks,
        StudentWork,
        UserFlags,
    )
    from mzi_core.ports.moodle.plugin import MoodlePlugin, Template, TemplateCriterion
    from mzi_core.ports.moodle.site import Feature, MoodleSite, MoodleStatus
    from mzi_core.ports.moodle.users import MoodleUser, MoodleUsers, NewUser, UserChange, UserKey
    from mzi_core.ports.notices import (
        Notice,
        NoticeAddress,
        NoticeDigest,
        NoticeKind,
        NoticeLine,
        NoticeState,
        Notifier,
        NotifyFailed,
        ToldNotice,
        ToldNotices,
    )
    from mzi_core.ports.parked import (
        LARGEST_PARKED,
        LEFT_OUT,
        ModuleStatus,
        ParkedRecord,
        ParkedRecords,
        RecordSession,
    )
    from mzi_core.ports.records import FIRST_REVISION, Cursor, Query, Records, Stored
    from mzi_core.ports.registry import ApiKey, Registry
    from mzi_core.ports.review import (
        Candidate,
        ReviewAddress,
        ReviewItem,
        ReviewKind,
        ReviewQuestion,
        Reviews,
        ReviewState,
    )
    from mzi_core.ports.runs import Run, Runs, RunStatus
    from mzi_core.ports.settings import StoredSettings, TenantSettings
    from mzi_core.ports.store import Session, Store, StoreHealth
    from mzi_core.ports.tokens import AccessToken, AccessTokens
    from mzi_core.ports.vault import NoVault, Vault
    from mzi_core.ports.writes import (
        Applied,
        Rejected,
        RejectionKind,
        RejectionReason,
        Unknown,
        WriteResult,
        kind_of,
    )
    from mzi_core.ports.zoho.gateway import ZohoGateway
    from mzi_core.ports.zoho.metadata import Organization, ZohoField, ZohoMetadata, ZohoModule
    from mzi_core.ports.zoho.reading import Cost, Deleted, ReadMethod, Selection, WireRecord, ZohoReading
    from mzi_core.ports.zoho.status import ApiUsage, ZohoStatus
    from mzi_core.ports.zoho.watching import Channel, Watching, ZohoWatching
    from mzi_core.ports.zoho.writing import ZohoWriting
else:
    _HOMES = (
        *("clock", "records", "parked", "codec", "registry", "settings", "runs", "decisions", "events"),
        *("event_sources", "history", "idempotency", "locks", "tokens", "leases", "breakers", "deliveries"),
        *("brake", "review", "notices", "vault", "store", "writes"),
        *("zoho.reading", "zoho.metadata", "zoho.status", "zoho.writing", "zoho.watching", "zoho.gateway"),
        *("moodle.users", "moodle.courses", "moodle.categories", "moodle.enrolments"),
        *("moodle.groups", "moodle.site", "moodle.assignments", "moodle.marking", "moodle.plugin"),
        *("moodle.gateway", "connections"),
    )
    # a type checker would take any name for one of these
    __getattr__ = finder(__name__, _HOMES)

__all__ = [
    "AT_ONCE",
    "FIRST_REVISION",
    "LARGEST_PARKED",
    "LEFT_OUT",
    "MOST_DECISIONS",
    "MOST_REASONS",
    "PROGRAM",
    "SUBMITTED",
    "AccessToken",
    "AccessTokens",
    "ApiKey",
    "ApiUsage",
    "Applied",
    "AssignmentGrade",
    "Attempt",
    "Brake",
    "BrakePlan",
    "Breaker",
    "Candidate",
    "CategoryChange",
    "CausedBy",
    "Causer",
    "ChangeKind",
    "Channel",
    "Claim",
    "Clock",
    "Codec",
    "Columns",
    "Connections",
    "Cost",
    "CourseChange",
    "CourseKey",
    "CourseUpdate",
    "Cursor",
    "DecisionRecord",
    "Decisions",
    "Decoded",
    "Deleted",
    "Deliveries",
    "DeliveryKey",
    "DeliveryQuery",
    "DeliveryState",
    "Due",
    "Ending",
    "EnrolledUser",
    "Enrolment",
    "Event",
    "EventIntake",
    "EventQuery",
    "EventReader",
    "EventSource",
    "EventSources",
    "EventState",
    "Events",
    "Feature",
    "FieldForms",
    "FlowStatus",
    "Forgotten",
    "GivenMark",
    "GradingDefinition",
    "GroupMember",
    "HistoryEntry",
    "Ids",
    "JsonObject",
    "Lease",
    "Leases",
    "Lock",
    "Locks",
    "MarkingMethod",
    "Membership",
    "ModuleStatus",
    "MoodleAssignment",
    "MoodleAssignments",
    "MoodleCategories",
    "MoodleCategory",
    "MoodleCourse",
    "MoodleCourses",
    "MoodleEnrolments",
    "MoodleGateway",
    "MoodleGroup",
    "MoodleGroups",
    "MoodleMarks",
    "MoodlePlugin",
    "MoodleSite",
    "MoodleStatus",
    "MoodleUser",
    "MoodleUsers",
    "NewCategory",
    "NewCourse",
    "NewGroup",
    "NewUser",
    "NoConnections",
    "NoVault",
    "Note",
    "Notice",
    "NoticeAddress",
    "NoticeDigest",
    "NoticeKind",
    "NoticeLine",
    "NoticeState",
    "Notifier",
    "NotifyFailed",
    "OpenBreaker",
    "Organization",
    "ParkedRecord",
    "ParkedRecords",
    "Participant",
    "PlanState",
    "PutOff",
    "Query",
    "RawRecord",
    "ReadMethod",
    "RecordHistory",
    "RecordSession",
    "Records",
    "Registry",
    "Rejected",
    "RejectionKind",
    "RejectionReason",
    "ReviewAddress",
    "ReviewItem",
    "ReviewKind",
    "ReviewQuestion",
    "ReviewState",
    "Reviews",
    "RoleInCourse",
    "Run",
    "RunStatus",
    "Runs",
    "Selection",
    "Session",
    "SingleIds",
    "SourceSecret",
    "Store",
    "StoreHealth",
    "Stored",
    "StoredBreakers",
    "StoredDelivery",
    "StoredLeases",
    "StoredResponse",
    "StoredResponses",
    "StoredSettings",
    "StudentWork",
    "Submission",
    "Template",
    "TemplateCriterion",
    "TenantFlow",
    "TenantSettings",
    "Told",
    "ToldNotice",
    "ToldNotices",
    "Unenrolment",
    "Unknown",
    "Unreadable",
    "UserChange",
    "UserFlags",
    "UserKey",
    "ValueChange",
    "Vault",
    "Watching",
    "WireRecord",
    "WriteResult",
    "ZohoField",
    "ZohoGateway",
    "ZohoMetadata",
    "ZohoModule",
    "ZohoReading",
    "ZohoStatus",
    "ZohoWatching",
    "ZohoWriting",
    "decoded",
    "holds",
    "kind_of",
]
