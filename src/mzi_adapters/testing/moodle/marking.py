"""What happens when work is handed in, marked, released and reopened, in pages and by web service alike.

Marking is not one transaction: what is refused late leaves behind what was written early.
"""

from decimal import ROUND_HALF_UP, Decimal

from mzi_adapters.testing.moodle.refusals import invalid_user, write_error
from mzi_adapters.testing.moodle.site import Site
from mzi_adapters.testing.moodle.site_tables import (
    Assignment,
    AssignSubmission,
    Final,
    Flags,
    GradingForm,
    Mark,
)

RELEASED = "released"
LATEST = -1
UNGRADED = Decimal(-1)


def latest(site: Site, assignment: int, user: int) -> AssignSubmission | None:
    """The attempt that counts."""
    for each in site.submissions.get(assignment, user) or ():
        if each.latest:
            return each
    return None


def mark_of(site: Site, assignment: int, user: int, attempt: int) -> Mark | None:
    """The marking of one attempt."""
    for each in site.marks.get(assignment, user) or ():
        if each.attempt == attempt:
            return each
    return None


def submission_for(site: Site, assignment: int, user: int, attempt: int = LATEST) -> AssignSubmission:
    """The submission of an attempt, which is made if there is none: a later one becomes the latest."""
    current = latest(site, assignment, user)
    if attempt == LATEST:
        attempt = current.attempt if current else 0
    held = site.submissions.get(assignment, user) or []
    for each in held:
        if each.attempt == attempt:
            return each
    now = site.now()
    made = AssignSubmission(
        id=site.next_id("assign_submission"),
        assignment=assignment,
        userid=user,
        attempt=attempt,
        status="new",
        latest=current is None or attempt > current.attempt,
        timecreated=now,
        timemodified=now,
    )
    if made.latest and current:
        current.latest = False
    site.submissions[assignment, user] = [*held, made]
    return made


def submit(
    site: Site, assignment: Assignment, user: int, *, status: str, text: str, files: dict[str, bytes]
) -> None:
    """A student saves work, as a draft or for good."""
    submission = submission_for(site, assignment.id, user)
    submission.status, submission.text, submission.files = status, text, dict(files)
    submission.timemodified = site.now()
    final_for(site, assignment.itemid, user).submitted = site.now()
    if assignment.team:
        _hand_in_for_team(site, assignment, user, status, text)


def _hand_in_for_team(site: Site, assignment: Assignment, user: int, status: str, text: str) -> None:
    """The team has a row of its own; those of the other members are not touched."""
    group = site.team_of(assignment.course, user)
    row = site.team_submissions.get(assignment.id, group)
    if row is None:
        number = site.next_id("assign_submission")
        row = AssignSubmission(
            id=number, assignment=assignment.id, userid=0, attempt=0, status=status, groupid=group
        )
        row.timecreated = site.now()
        site.team_submissions[assignment.id, group] = row
    row.status, row.text, row.timemodified = status, text, site.now()


def flags_for(site: Site, assignment: int, user: int) -> Flags:
    """The flags of a student, which are made if there are none."""
    key = assignment, user
    if key not in site.flags:
        site.flags[key] = Flags(id=site.next_id("assign_user_flags"), assignment=assignment, userid=user)
    return site.flags[key]


def final_for(site: Site, item: int, user: int) -> Final:
    """The gradebook's row of a student, which is made if there is none."""
    key = item, user
    if key not in site.finals:
        site.finals[key] = Final(id=site.next_id("grade_grades"), itemid=item, userid=user)
    return site.finals[key]


def workflow_state(site: Site, assignment: Assignment, user: int) -> str:
    """The marking workflow state of a student: of all attempts together."""
    flags = site.flags.get(assignment.id, user)
    return flags.workflowstate if flags else ""


def save(
    site: Site,
    assignment: Assignment,
    user: int,
    *,
    grade: Decimal,
    grader: int,
    feedback: str | None,
    workflow: str = "",
    attempt: int = LATEST,
    another: bool = False,
    fillings: dict[int, tuple[int, str]] | None = None,
) -> None:
    """Mark one attempt; `another` opens the next. `feedback` is None when the form has no such field."""
    mark = mark_for(site, assignment, user, attempt, grader)
    before = mark.grade
    given = grade
    if assignment.definition is not None:
        given = _advanced(site, assignment, assignment.definition, mark, fillings or {})
    first = (assignment.id, user) not in site.flags
    flags = flags_for(site, assignment.id, user)
    flags.workflowstate = workflow
    if first and assignment.workflow and workflow != RELEASED:
        flags.mailed = 2
    if assignment.workflow and site.people.living(user) is None:
        raise invalid_user()
    if feedback is None:
        raise write_error()
    changed = feedback != (mark.feedback or "")
    mark.feedback = feedback
    mark.grader = grader
    if another or changed or (before, given) != (UNGRADED, UNGRADED):
        _store(site, assignment, mark, given)
    if another:
        reopen(site, assignment, user)


def mark_for(site: Site, assignment: Assignment, user: int, attempt: int, grader: int) -> Mark:
    """The marking of an attempt, which is made if there is none, with its submission."""
    submission = submission_for(site, assignment.id, user, attempt)
    found = mark_of(site, assignment.id, user, submission.attempt)
    if found is None:
        now = site.now()
        found = Mark(
            id=site.next_id("assign_grades"),
            assignment=assignment.id,
            userid=user,
            attempt=submission.attempt,
            grader=grader,
            timecreated=now,
            timemodified=now,
        )
        site.marks[assignment.id, user] = [*(site.marks.get(assignment.id, user) or ()), found]
    return found


def _store(site: Site, assignment: Assignment, mark: Mark, given: Decimal) -> None:
    """Keep the grade if the assignment can have it, else keep none of it and say nothing."""
    low, high = bounds(site, assignment)
    reached = Decimal(int(given)) if assignment.grade < 0 else given
    if given not in (0, UNGRADED) and not low <= reached <= high:
        return
    mark.grade, mark.timemodified = given, site.now()
    publish(site, assignment, mark)


def bounds(site: Site, assignment: Assignment) -> tuple[Decimal, Decimal]:
    """The lowest and highest grade in the gradebook."""
    if assignment.grade < 0:
        return Decimal(1), Decimal(len(site.scales[-assignment.grade]))
    return Decimal(0), Decimal(assignment.grade)


def publish(site: Site, assignment: Assignment, mark: Mark) -> None:
    """Bring the gradebook in line with a marking: nothing of it before release."""
    final = final_for(site, assignment.itemid, mark.userid)
    out = not assignment.workflow or workflow_state(site, assignment, mark.userid) == RELEASED
    final.submitted = None
    final.feedback = mark.feedback or "" if out else ""
    if out and mark.grade != UNGRADED:
        write_final(site, assignment, final, mark.grade, mark.timemodified)
    else:
        final.grade = final.graded = None


def write_final(site: Site, assignment: Assignment, final: Final, grade: Decimal, graded: int) -> None:
    """A grade as the gradebook holds it: within bounds, and on a scale rounded to one of its words."""
    low, high = bounds(site, assignment)
    kept = min(high, max(low, grade))
    final.grade = kept.quantize(Decimal(1), ROUND_HALF_UP) if assignment.grade < 0 else kept
    final.graded = graded


def release(site: Site, assignment: Assignment, user: int) -> None:
    """A teacher releases a student's marks in Moodle's pages."""
    flags_for(site, assignment.id, user).workflowstate = RELEASED
    submission = latest(site, assignment.id, user)
    mark = mark_of(site, assignment.id, user, submission.attempt) if submission else None
    if mark is not None:
        publish(site, assignment, mark)


def reopen(site: Site, assignment: Assignment, user: int) -> None:
    """Open another attempt, unless there is none left. The workflow state stays what it is."""
    current = latest(site, assignment.id, user)
    left = assignment.maxattempts == -1 or (current and current.attempt < assignment.maxattempts - 1)
    if current is not None and left:
        submission_for(site, assignment.id, user, current.attempt + 1).status = "reopened"
        final_for(site, assignment.itemid, user).submitted = site.now()


def _advanced(
    site: Site,
    assignment: Assignment,
    definition: GradingForm,
    mark: Mark,
    fillings: dict[int, tuple[int, str]],
) -> Decimal:
    """The grade a filled form adds up to; a form that was left empty is filled with nothing met."""
    if not mark.instance:
        mark.instance = site.next_id("grading_instances")
    mark.fillings = dict(fillings)
    mark.filled = site.now()
    if definition.method == "btec":
        return btec_grade(definition, {key: score for key, (score, _) in fillings.items()})
    reached = highest = Decimal(0)
    for criterion in definition.criteria:
        scores = {level: score for level, score, _ in criterion.levels}
        reached += scores.get(fillings.get(criterion.id, (0, ""))[0], min(scores.values()))
        highest += max(scores.values())
    return reached / highest * bounds(site, assignment)[1] if highest else Decimal(0)


def btec_grade(definition: GradingForm, scores: dict[int, int]) -> Decimal:
    """Refer, Pass, Merit or Distinction as 1 to 4: a level counts when all of it and all below it is met."""
    met = {each.code: scores.get(each.id, 0) == 1 for each in definition.criteria}
    grade = Decimal(1)
    for level in "PMD":
        if not all(reached for code, reached in met.items() if code.startswith(level)):
            break
        grade += 1
    return grade
