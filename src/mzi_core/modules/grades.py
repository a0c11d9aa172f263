"""BTEC_Grades: what was recorded for a piece of work. Sources: reference §1.2, C7, C8, C9, C18."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import attrs

from mzi_core.module import Module, ZohoEntity, link, lookup, said_of, subform, zoho
from mzi_core.values import Code, MoodleId, Reason, ZohoId


def letter_of(text: str) -> str:
    """The letter a word such as "Merit" stands for; what is no BTEC grade stays as it came (C7)."""
    # Only here: the whole of grading takes as long to import as all ten modules.
    from mzi_core.grading import Grade  # noqa: PLC0415

    try:
        grade = Grade.parse(text)
    except ValueError:
        return text
    return grade.value if grade.is_final else text


@attrs.frozen(kw_only=True)
class OutcomeRow:
    """One row of `Learning_Outcomes_Assessm`: a criterion and whether it was achieved."""

    row_id: Annotated[str | None, zoho("id")] = None
    code: Annotated[str | None, zoho("LO_Code", "outcome_id", "code", "criterion")] = None
    title: Annotated[str | None, zoho("LO_Title", "outcome_name")] = None
    definition: Annotated[str | None, zoho("LO_Definition", "description")] = None
    score: Annotated[str | None, zoho("LO_Score", "score", "grade", "achieved")] = None
    feedback: Annotated[str | None, zoho("LO_Feedback", "feedback")] = None


@attrs.frozen(kw_only=True)
class RecordedGrade(ZohoEntity):
    """A grade. Words such as "Merit" are kept as their letter; what is no BTEC grade is kept as it came."""

    student: Annotated[ZohoId, lookup("Student")]
    unit: Annotated[ZohoId | None, lookup("Unit")] = None
    class_: Annotated[ZohoId | None, lookup("Class")] = None
    unit_name: Annotated[str | None, zoho("BTEC_Unit")] = None
    class_name: Annotated[str | None, zoho("Class_Name")] = None
    grade_name: Annotated[str | None, zoho("BTEC_Grade_Name")] = None
    grade_value: Annotated[str | None, zoho("Grade", "Grade_Value", clean=letter_of)] = None
    score: Annotated[Decimal | None, zoho("Score", minimum=0, maximum=100)] = None
    grade_date: Annotated[date | None, zoho("Attempt_Date", "Grade_Date")] = None
    attempt_number: Annotated[int | None, zoho("Attempt_Number", minimum=0)] = None
    grade_status: Annotated[str | None, zoho("Grade_Status")] = None
    grader_name: Annotated[str | None, zoho("Grader_Name")] = None
    iv_name: Annotated[str | None, zoho("IV_Name")] = None
    feedback: Annotated[str | None, zoho("Feedback", "Comments")] = None
    moodle_grade_id: Annotated[MoodleId | None, link("Moodle_Grade_ID")] = None
    moodle_grade_id_in_zoho: Annotated[MoodleId | None, said_of("moodle_grade_id")] = None
    composite_key: Annotated[str | None, zoho("Moodle_Grade_Composite_Key", unique=True)] = None
    outcomes: Annotated[tuple[OutcomeRow, ...], subform("Learning_Outcomes_Assessm", row_key="code")] = ()


def of_something(grade: RecordedGrade) -> tuple[Reason, ...]:
    """A grade belongs to a unit or to a class: one of the two lookups must be given (C18)."""
    if grade.unit or grade.class_:
        return ()
    return (Reason(Code.REQUIRED, "$.Class", "A grade needs its Class or its Unit; both are empty."),)


GRADES = Module(
    name="grades",
    singular="grade",
    remote_name="BTEC_Grades",
    entity=RecordedGrade,
    depends_on={"student": "students", "unit": "units", "class_": "classes"},
    upsert_key="composite_key",
    check=of_something,
)
