"""What of a flow goes to the review list, and how candidates are described there."""

from collections.abc import Mapping

from mzi_core.flows.flow import flow_of
from mzi_core.flows.rules import FlowName
from mzi_core.flows.taking import subject_of
from mzi_core.module import AnyModule
from mzi_core.modules import MOODLE_COURSES, MOODLE_USERS, MoodleCourseRecord, MoodleUserRecord
from mzi_core.ports import Candidate, ReviewKind, ReviewQuestion
from mzi_core.provisioning import Step
from mzi_core.values import MoodleId

KINDS: Mapping[FlowName, ReviewKind] = {
    FlowName.ACCOUNT: ReviewKind.ACCOUNT,
    FlowName.COURSE: ReviewKind.COURSE,
    FlowName.ENROLMENT: ReviewKind.WITHDRAWAL,
    FlowName.REGISTRATION: ReviewKind.WITHDRAWAL,
}
"""What can be asked about the pairs of a flow."""

CANDIDATES: Mapping[ReviewKind, AnyModule] = {
    ReviewKind.ACCOUNT: MOODLE_USERS,
    ReviewKind.COURSE: MOODLE_COURSES,
    ReviewKind.WITHDRAWAL: MOODLE_USERS,
}
"""What the candidates are, of the modules of Moodle."""


def kind_of(module: AnyModule) -> ReviewKind | None:
    """What can be asked about the records of a module; None for one of which nothing is."""
    return KINDS.get(flow_of(module).name)


def question_of(
    module: AnyModule, step: Step[object], known: Mapping[MoodleId, object]
) -> ReviewQuestion | None:
    """What a person is asked about a step that cannot be done; None where there is nothing to choose from.

    `known`: what is kept of the candidates.
    """
    kind = kind_of(module)
    if not step.candidates or kind is None:
        return None
    return ReviewQuestion(
        kind=kind,
        key=step.zoho_id,
        subject=subject_of(module.name, step.zoho_id),
        module=module.name,
        why=step.why,
        candidates=tuple(Candidate(id, sentence_about(known.get(id))) for id in step.candidates),
    )


def sentence_about(record: object) -> str:
    """A sentence by which a person knows a user or a course again; None is one of which nothing is kept."""
    if isinstance(record, MoodleUserRecord):
        name = record.full_name or " ".join(filter(None, (record.first_name, record.last_name)))
        said: list[str | None] = [
            name,
            _called("username", record.username),
            _called("address", record.email),
        ]
        state = "It is suspended." if record.suspended else ""
    elif isinstance(record, MoodleCourseRecord):
        said = [record.full_name, _called("short name", record.short_name)]
        state = "It is hidden." if record.visible is False else ""
    else:
        return "Nothing is kept of it here; look at it in Moodle."
    said += [_called("id number", record.id_number)]
    sentence = ", ".join(filter(None, said)) or "It has no name"
    return f"{sentence}. {state}".strip()


def _called(what: str, value: str | None) -> str:
    return f"{what} {value}" if value else ""
