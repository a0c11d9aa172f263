"""POST /grades/decide and /grades/simulate: grades with their reasons."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime, tzinfo

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mzi_core.grading import Decision, lint
from mzi_core.grading.quoting import quoted
from mzi_core.ports import Unreadable
from mzi_core.use_cases.grades import MarkingRefused, PolicyRefused, ToDecide, faults, read_policy
from mzi_http import grade_schemas
from mzi_http.answers import decided, grade_change
from mzi_http.bodies import JSON, object_of, read_body
from mzi_http.context import service, tenant
from mzi_http.errors import BAD_BODY, OTHER_MEDIA_TYPE, REFUSED, TOO_LARGE
from mzi_http.grade_bodies import DECIDE, LARGEST_LIMIT, SIMULATE, GradeBody
from mzi_http.routing import PREFIX, Operation, answer, under_prefixes
from mzi_http.schemas import ref
from mzi_http.shapes import Judged, Simulated

MOST_AT_ONCE = 1000
"""The most markings decided for one request: each decision comes with its whole trace."""


async def decide(request: Request) -> Response:
    """The decision about one marking, or about each of several; a bad one of several harms no other."""
    fields, bad = _apart(object_of(await read_body(request), listed="markings"))
    said = GradeBody(fields, DECIDE)
    policy, level, record_as = said.text("policy"), said.text("level"), said.key("record_as")
    several = said.several(min(MOST_AT_ONCE, service(request).max_records))
    one = None if several is not None else said.marking()
    if several is not None and ("marking" in said.fields or record_as is not None):
        said.refuse(
            "`markings` goes neither with `marking` nor with `record_as`, which are about a single one."
        )
    said.finish(None if policy is None else {"base": policy}, [] if one is None else [("", one)])
    use_cases = service(request).use_cases
    if several is None:
        told = await use_cases.decide_grade.as_told(
            tenant(request), one or {}, policy=policy, level=level, record_as=record_as
        )
        return answer(decided(told.decision, told.zone, told.decided_at))
    asked = [ToDecide(marking=marking) for marking in several]
    found = await use_cases.decide_grades(tenant(request), asked, policy=policy, level=level)
    made = iter(zip(found.made, found.decided_at, strict=True))
    places = range(len(asked) + len(bad))
    judged = (
        _unread(place, bad[place]) if place in bad else _judged(place, *next(made), found.zone)
        for place in places
    )
    return answer({"decisions": list(judged)})


def _apart(fields: Mapping[str, object]) -> tuple[Mapping[str, object], Mapping[int, Unreadable]]:
    """The fields without the markings that could not be read, and these by their places."""
    markings = fields.get("markings")
    listed = markings if isinstance(markings, list) else []
    bad = {place: each for place, each in enumerate(listed) if isinstance(each, Unreadable)}
    good = [each for place, each in enumerate(listed) if place not in bad]
    return {**fields, "markings": good} if bad else fields, bad


def _unread(position: int, marking: Unreadable) -> Judged:
    return {"position": position, "decision": None, "errors": [f"The marking {marking.said}"]}


def _judged(position: int, made: Decision | MarkingRefused, decided_at: datetime, zone: tzinfo) -> Judged:
    if isinstance(made, MarkingRefused):
        return {"position": position, "decision": None, "errors": list(made.problems)}
    return {"position": position, "decision": decided(made, zone, decided_at), "errors": []}


async def simulate(request: Request) -> Response:
    """What another policy would change: of the kept decisions, or of markings that are sent along."""
    said = GradeBody(object_of(await read_body(request)), SIMULATE)
    data = said.policy()
    limit = said.limit()
    markings = said.by_key(service(request).max_records)
    named = [(f"{quoted(key)}: ", marking) for key, marking in (markings or {}).items()]
    said.finish(data, named)
    try:
        policy = read_policy(data)
    except PolicyRefused:
        raise PolicyRefused(*faults(data, named)) from None
    simulate_grades = service(request).use_cases.simulate_grades
    found = simulate_grades(tenant(request), data, markings)
    # It takes a third of a second, in which nobody else would be answered.
    problems = await run_in_threadpool(lint, policy)
    simulated: Simulated = {
        "policy": {"name": policy.name, "version": policy.version},
        "problems": [problem.sentence for problem in problems],
        "changes": [],
        "more": False,
    }
    async with aclosing(found):
        async for change in found:
            simulated["more"] = len(simulated["changes"]) == limit
            if simulated["more"]:
                break
            simulated["changes"].append(grade_change(change))
    return answer(simulated)


ROUTES: Sequence[BaseRoute] = (
    *under_prefixes("/grades/decide", decide, ["POST"]),
    *under_prefixes("/grades/simulate", simulate, ["POST"]),
)

_PROBLEMS = (BAD_BODY, TOO_LARGE, OTHER_MEDIA_TYPE, REFUSED)


def operations() -> Iterator[Operation]:
    """Both."""
    yield Operation(
        method="post",
        path=f"{PREFIX}/grades/decide",
        id="decide_grades",
        tag="grades",
        summary="Decide grades, with the reason",
        description="By the policy that is named, else by the tenant's own for the programme's level.",
        body={JSON: grade_schemas.decide_body()},
        answer={"anyOf": [ref("Decided"), ref("DecidedAll")]},
        problems=_PROBLEMS,
    )
    yield Operation(
        method="post",
        path=f"{PREFIX}/grades/simulate",
        id="simulate_grades",
        tag="grades",
        summary="See what another policy would change",
        description="Of the decisions that were kept, or of the markings sent along. Nothing is written.",
        body={JSON: grade_schemas.simulate_body(LARGEST_LIMIT)},
        answer=ref("Simulated"),
        problems=_PROBLEMS,
    )
