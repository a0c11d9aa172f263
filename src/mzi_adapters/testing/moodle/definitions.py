"""Advanced grading forms: rubrics can be read and written, BTEC criteria can not."""

from typing import Any

from mzi_adapters.testing.moodle.parameters import Many, One, Value
from mzi_adapters.testing.moodle.refusals import missing_record, moodle_error, no_permission, php_error
from mzi_adapters.testing.moodle.site import Functions, Site, warning
from mzi_adapters.testing.moodle.site_tables import Assignment, FormCriterion, GradingForm, Mark

FUNCTIONS = Functions()

_METHODS = ("btec", "guide", "rubric")


@FUNCTIONS.offer(
    "core_grading_get_definitions",
    cmids=Many(Value("int")),
    areaname=Value("raw"),
    activeonly=Value("bool", default=False),
)
def get_definitions(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """The grading forms of course modules; of a BTEC one its name and id, and no criteria."""
    areas, warnings = [], []
    for cmid in given["cmids"]:
        assignment = site.module(cmid)
        if not site.sees_activity(assignment):
            warnings.append(warning("module", cmid, 1, "No access rights in module context"))
            continue
        if given["activeonly"] and assignment.method is None:
            raise moodle_error("invalid_method_name", "core_grading/invalid_method_name")
        found = [assignment.definition] if assignment.definition else []
        areas.append(
            {
                "cmid": cmid,
                "contextid": assignment.contextid,
                "component": "mod_assign",
                "areaname": given["areaname"],
                "activemethod": assignment.method,
                "definitions": [_definition(each) for each in found],
            }
        )
    return {"areas": areas, "warnings": warnings}


def _definition(definition: GradingForm) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": definition.id,
        "method": definition.method,
        "name": definition.name,
        "description": definition.description,
        "descriptionformat": 1,
        "status": 20,
        "copiedfromid": None,
        "timecreated": definition.timecreated,
        "usercreated": definition.usercreated,
        "timemodified": definition.timemodified,
        "usermodified": definition.usercreated,
        "timecopied": 0,
    }
    if definition.method == "rubric":
        shown["rubric"] = {
            "rubric_criteria": [
                {
                    "id": each.id,
                    "sortorder": order,
                    "description": each.description,
                    "descriptionformat": 1,
                    "levels": [
                        {"id": level, "score": score, "definition": text, "definitionformat": 1}
                        for level, score, text in each.levels
                    ],
                }
                for order, each in enumerate(definition.criteria, start=1)
            ]
        }
    return shown


_LEVEL = One(
    {
        "id": Value("int", optional=True),
        "score": Value("float"),
        "definition": Value("raw", optional=True),
        "definitionformat": Value("int", optional=True),
    }
)
_RUBRIC_CRITERION = One(
    {
        "id": Value("int", optional=True),
        "sortorder": Value("int"),
        "description": Value("raw", optional=True),
        "descriptionformat": Value("int", optional=True),
        "levels": Many(_LEVEL, optional=True),
    }
)
_DEFINITION = One(
    {
        "id": Value("int", optional=True),
        "method": Value("raw"),
        "name": Value("raw"),
        "description": Value("raw", optional=True),
        "descriptionformat": Value("int", optional=True),
        "status": Value("int"),
        "copiedfromid": Value("int", optional=True),
        "timecreated": Value("int"),
        "usercreated": Value("int"),
        "timemodified": Value("int"),
        "usermodified": Value("int"),
        "timecopied": Value("int", optional=True),
        "rubric": One({"rubric_criteria": Many(_RUBRIC_CRITERION)}, optional=True),
    }
)


@FUNCTIONS.offer(
    "core_grading_save_definitions",
    areas=Many(
        One(
            {
                "cmid": Value("int"),
                "contextid": Value("int"),
                "component": Value("raw"),
                "areaname": Value("raw"),
                "activemethod": Value("raw", optional=True),
                "definitions": Many(_DEFINITION),
            }
        )
    ),
)
def save_definitions(site: Site, given: dict[str, Any]) -> None:
    """Write rubrics: all criteria are new each time. A BTEC form breaks after it became the active method."""
    for area in given["areas"]:
        assignment = site.module(area["cmid"])
        if not (site.may_enter(assignment.course) and site.may("moodle/grade:managegradingforms")):
            raise no_permission("moodle/grade:managegradingforms")
        method = area.get("activemethod")
        if method not in _METHODS:
            raise moodle_error("invalid_method_name", "core_grading/invalid_method_name")
        assignment.method = method
        for wanted in area["definitions"]:
            if "rubric" not in wanted:
                raise php_error(
                    "array_keys(): Argument #1 ($array) must be of type array, null given", "TypeError"
                )
            assignment.definition = _rubric(site, assignment, wanted)


def _rubric(site: Site, assignment: Assignment, wanted: dict[str, Any]) -> GradingForm:
    before = assignment.definition
    criteria = [
        FormCriterion(
            id=site.next_id("gradingform_rubric_criteria"),
            code="",
            description=each.get("description", ""),
            levels=[
                (site.next_id("gradingform_rubric_levels"), level["score"], level.get("definition", ""))
                for level in each.get("levels", ())
            ],
        )
        for each in wanted["rubric"]["rubric_criteria"]
    ]
    made = GradingForm(
        id=before.id if before else site.next_id("grading_definitions"),
        method="rubric",
        name=wanted["name"],
        description=wanted.get("description", ""),
        criteria=criteria,
        usercreated=wanted["usercreated"],
        timecreated=before.timecreated if before else site.now(),
        timemodified=site.now(),
    )
    site.definitions[made.id] = made
    return made


@FUNCTIONS.offer(
    "core_grading_get_gradingform_instances", definitionid=Value("int"), since=Value("int", default=0)
)
def gradingform_instances(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """The filled forms of a definition; of a BTEC one without what was filled in."""
    definition = site.definitions.get(given["definitionid"])
    if definition is None:
        raise missing_record("grading_definitions")
    owners = {each.id for each in site.assignments.values() if each.definition is definition}
    if not all(site.may_enter(site.assignments[each].course) for each in owners) or not site.may(
        "moodle/grade:managegradingforms"
    ):
        raise no_permission("moodle/grade:managegradingforms")
    rows = [row for each in owners for rows in site.marks.of(each) for row in rows]
    rows = sorted((row for row in rows if row.instance), key=lambda row: row.instance)
    warnings = []
    if definition.method != "rubric":
        message = "Fillings unavailable because get_external_instance_filling_details is not defined"
        warnings.append(warning("definition", definition.id, 1, message))
    shown = [_instance(row, definition) for row in rows if row.filled >= given["since"]]
    return {"instances": shown, "warnings": warnings}


def _instance(row: Mark, definition: GradingForm) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": row.instance,
        "raterid": row.grader,
        "itemid": row.id,
        "rawgrade": None,
        "status": 1,
        "feedback": "",
        "feedbackformat": 0,
        "timemodified": row.filled,
    }
    if definition.method == "rubric":
        shown["rubric"] = {
            "criteria": [
                {"id": number, "criterionid": key, "levelid": level, "remark": remark, "remarkformat": 1}
                for number, (key, (level, remark)) in enumerate(row.fillings.items(), start=1)
            ]
        }
    return shown
