"""POST /classes/create: the course of a class, made now for who waits for it."""

from collections.abc import Iterator, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mzi_core.ids import is_digits
from mzi_core.use_cases.create_course import CourseAsked, CourseMade
from mzi_core.values import MoodleId, ZohoId
from mzi_http.bodies import JSON, object_of, read_body
from mzi_http.context import service, tenant
from mzi_http.errors import (
    BAD_BODY,
    OTHER_MEDIA_TYPE,
    REFUSED,
    TOO_LARGE,
    UNKNOWN_RECORD,
    Problem,
    ProblemItem,
)
from mzi_http.routing import PREFIX, Operation, answer, under_prefixes
from mzi_http.schemas import Schema, nullable, ref
from mzi_http.security import caused_by
from mzi_http.shapes import MadeCourse

_KEY = "zoho_class_id"
_TEXTS: Mapping[str, str] = {
    "class_name": "name",
    "class_short_name": "short_name",
    "start_date": "start_date",
    "class_major": "major",
}
"""What is said of the class in text, by our names of it."""

_TEACHER = "teacher_zoho_id"
_NUMBERS: Mapping[str, tuple[int, int]] = {"category_id": (1, 2**31 - 1), "num_sections": (0, 52)}
"""What is said of the course, with the least and the most it may be."""


async def create(request: Request) -> Response:
    """Make the course of a class, or say what it is; 202 where that is not done yet."""
    asked = _asked(object_of(await read_body(request)))
    create_course = service(request).use_cases.remote.create_course
    made = await create_course(tenant(request), asked, caused_by=caused_by(request))
    return answer(_made(made), 202 if made.may_come else 200)


def _asked(fields: Mapping[str, object]) -> CourseAsked:
    """What the body asks for. Raises Problem: 400 with every reason."""
    known = (_KEY, *_TEXTS, _TEACHER, *_NUMBERS)
    faults = [
        ProblemItem(f"There is no field `{name[:60]}`; there is {', '.join(known)}.", name)
        for name in fields
        if name not in known
    ]
    said = {name: value for name, value in fields.items() if name in known and value is not None}
    for name in (_KEY, _TEACHER):
        value = said.get(name)
        if (value is not None or name == _KEY) and not (isinstance(value, str) and is_digits(value)):
            faults.append(ProblemItem(f"`{name}` must be the id in Zoho, digits in quotes.", name))
    faults += (
        ProblemItem(f"`{name}` must be text.", name)
        for name in _TEXTS
        if not isinstance(said.get(name, ""), str)
    )
    for name, (least, most) in _NUMBERS.items():
        value = said.get(name, least)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            faults.append(ProblemItem(f"`{name}` must be a whole number from {least} to {most:,}.", name))
    if faults:
        raise Problem.of(BAD_BODY, faults)
    told: dict[str, object] = {ours: said[name] for name, ours in _TEXTS.items() if name in said}
    if _TEACHER in said:
        told["teacher"] = {"id": said[_TEACHER]}
    category, sections = (said.get(name) for name in _NUMBERS)
    return CourseAsked(
        zoho_id=ZohoId(str(said[_KEY])),
        fields=told,
        category=MoodleId(category) if isinstance(category, int) else None,
        sections=sections if isinstance(sections, int) else None,
    )


def _made(made: CourseMade) -> MadeCourse:
    return {
        "status": "pending" if made.may_come else "success",
        "moodle_course_id": made.class_.moodle_class_id,
        "zoho_updated": made.is_told,
        "teacher_enrolled": made.teacher,
        "default_users_enrolled": made.others,
        "message": made.pair.reason or "The class has its course.",
    }


ROUTES: Sequence[BaseRoute] = (*under_prefixes("/classes/create", create, ["POST"]),)

_ID: Schema = {"type": "string", "pattern": "^[0-9]+$"}
_ASKED: Schema = {
    "type": "object",
    "required": [_KEY],
    "properties": {
        _KEY: {**_ID, "examples": ["5398830000070000001"]},
        **{name: nullable({"type": "string"}) for name in _TEXTS},
        _TEACHER: nullable(_ID),
        **{
            name: nullable({"type": "integer", "minimum": least, "maximum": most})
            for name, (least, most) in _NUMBERS.items()
        },
    },
    "additionalProperties": False,
}


def operations() -> Iterator[Operation]:
    """The one."""
    yield Operation(
        method="post",
        path=f"{PREFIX}/classes/create",
        id="create_course",
        tag="classes",
        summary="Make the course of a class now",
        description=(
            "The class is read again in Zoho; what the body says of it counts only for a tenant without an "
            "account there. `category_id` is where the course goes whose programme names none. Asked again "
            "it makes nothing twice. What is `pending` is done as any delivery."
        ),
        body={JSON: _ASKED},
        answer=ref("MadeCourse"),
        problems=(UNKNOWN_RECORD, REFUSED, BAD_BODY, TOO_LARGE, OTHER_MEDIA_TYPE),
    )
