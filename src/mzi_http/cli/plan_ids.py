"""How a person names a plan of the brake."""

from mzi_core.errors import NotFound
from mzi_core.ports import BrakePlan
from mzi_core.use_cases import UseCases
from mzi_core.values import TenantId
from mzi_http.cli.console_tables import plain
from mzi_http.cli.shell import MOST, UsageError

SHOWN = 8
"""Characters of an id that a list shows."""


async def meant_plan(use_cases: UseCases, tenant: TenantId, id: str) -> BrakePlan:
    """The plan that has this id, or that alone ends in it. Raises NotFound, UsageError."""
    sought = id.strip().lower()
    page = await use_cases.plans.list(tenant, limit=MOST)
    found = [item.plan for item in page.items if item.plan.id.endswith(sought)]
    if len(sought) < SHOWN:  # what is approved by mistake cannot be taken back
        found = []
    if not found:
        raise NotFound("plan with the id", plain(id)[:60])
    if len(found) > 1:
        raise UsageError(f"{len(found)} plans end in {plain(id)[:60]}; give the whole id, as --json has it.")
    return found[0]
