"""`mzi drift`: whether Zoho and Moodle agree, and where not. Nothing is written."""

import asyncio
from contextlib import aclosing

from mzi_core.errors import MziError
from mzi_core.flows.flow import FLOWS
from mzi_core.flows.rules import FlowName
from mzi_http.cli.drifted import Drifted
from mzi_http.cli.report import JsonResults
from mzi_http.cli.shell import FIRST, AsJson, Ended, Given, Limit, Tenant, check_limit


async def drift(
    *flows: FlowName,
    limit: Limit = FIRST,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Tell whether Zoho and Moodle agree, and where not; nothing is written.

    Both sides are read, and of every pair it is told what `mzi deliver` would do about it by the rules. It
    shows data about people. JSON has all pairs that do not agree, and is written as they are read.

    Parameters
    ----------
    flows
        Only these: account, course, enrolment, grade.
    limit
        How many pairs at most are shown; all are counted.
    """
    check_limit(limit)
    chosen = [flow for flow in FLOWS.values() if not flows or flow.name in flows]
    whose = shell.tenant(tenant)
    async with shell.open() as use_cases:
        await use_cases.read_settings(whose)  # refuses a tenant that nobody has made
        found = Drifted(
            shell=shell,
            limit=limit,
            results=JsonResults(shell.line, "pairs") if as_json else None,
        )
        try:
            with shell.err.status("Reading both sides …") as status:
                pages = use_cases.remote.find_drift(whose, chosen)
                async with aclosing(pages):
                    async for page in pages:
                        found.add(page)
                        status.update(f"{page.flow.name}: {found.pairs_of(page.flow.name):,} pairs")
        except Exception as error:
            found.tell(stopped=str(error) if isinstance(error, MziError) else type(error).__name__)
            raise
        except asyncio.CancelledError:
            found.tell(stopped=Ended.STOPPED.value)
            raise
    return found.tell()
