"""GET and PUT /rules: what a college lets mzi do by itself."""

from collections.abc import Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mzi_core.flows.rules import RULES, Rule
from mzi_http.answers import chosen_rules
from mzi_http.bodies import JSON, object_of, read_body
from mzi_http.context import service, tenant
from mzi_http.errors import BAD_BODY, OTHER_MEDIA_TYPE, REFUSED, TOO_LARGE
from mzi_http.routing import PREFIX, Operation, answer, under_prefixes
from mzi_http.schemas import Schema, nullable, ref


async def rules(request: Request) -> Response:
    """All rules as they are, or as they are from now on."""
    use_cases = service(request).use_cases
    if request.method == "PUT":
        changes = object_of(await read_body(request))
        return answer(chosen_rules((await use_cases.set_rules(tenant(request), changes)).after))
    return answer(chosen_rules(await use_cases.show_rules(tenant(request))))


ROUTES: Sequence[BaseRoute] = under_prefixes("/rules", rules, ["GET", "PUT"])


def _schema(rule: Rule) -> Schema:
    """What a rule may be set to."""
    one: Schema = {"enum": [choice.value for choice in rule.choices]} if rule.choices else {"type": "boolean"}
    if rule.entry is not None:
        one = {"type": "string", "description": rule.entry.FORM}
    schema = {"type": "array", "items": one, "uniqueItems": True} if rule.is_list else one
    said = "\n".join([rule.meaning, *(f"`{choice}`: {choice.meaning}" for choice in rule.choices)])
    return {**nullable(schema), "description": said}


def operations() -> Iterator[Operation]:
    """Both."""
    yield Operation(
        method="get",
        path=f"{PREFIX}/rules",
        id="show_rules",
        tag="rules",
        summary="Show what mzi may do by itself",
        description="Every rule with its value, its default and what it means.",
        answer=ref("TenantRules"),
    )
    changes: Schema = {
        "type": "object",
        "properties": {rule.name: _schema(rule) for rule in RULES.values()},
        "additionalProperties": False,
    }
    yield Operation(
        method="put",
        path=f"{PREFIX}/rules",
        id="set_rules",
        tag="rules",
        summary="Change some of the rules",
        description="Those that are not named stay as they are; null gives a rule its default. All or none.",
        body={JSON: changes},
        answer=ref("TenantRules"),
        problems=(BAD_BODY, TOO_LARGE, OTHER_MEDIA_TYPE, REFUSED),
    )
