"""`mzi push`: our records into Zoho and Moodle."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from enum import StrEnum
from typing import Annotated, assert_never

import attrs
from cyclopts import Parameter

from mzi_core.errors import MziError
from mzi_core.module import AnyModule
from mzi_core.provisioning import Target
from mzi_core.use_cases.push import Foreseen, PagePushed
from mzi_core.use_cases.remote import RemoteUseCases
from mzi_core.use_cases.zoho_target import ZohoTarget
from mzi_http.cli.pushed import Sent, data_of, shown
from mzi_http.cli.shell import AsJson, Ended, Given, Shell
from mzi_http.cli.zoho_modules import of_zoho


class Destination(StrEnum):
    """Where records are pushed to."""

    ZOHO = "zoho"
    MOODLE = "moodle"


async def push(
    module: str,
    /,
    *,
    to: Destination | None = None,
    dry_run: bool = False,
    force: bool = False,
    yes: Annotated[bool, Parameter(alias="-y")] = False,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Bring Moodle and Zoho to say what the store says, and tell what became of every record.

    In Moodle students and teachers become accounts, programs categories or courses as the rules say, classes
    courses, and enrolments and registrations manual enrolments; what is there is found and brought in line,
    and nobody is deleted or unenrolled. In Zoho the fields that differ are written; nothing is emptied, and
    no workflow runs. It works for the tenant of the settings.

    Parameters
    ----------
    module
        What to push: students, payments, …, or Zoho's name.
    to
        Only there; without it to Moodle where it has a counterpart, and then to Zoho.
    dry_run
        Only show what would be written, to Zoho also what would follow from what is made in Moodle.
    force
        Overwrite what was changed in Zoho since we last saw it.
    yes
        Ask nothing.
    """
    declared = of_zoho(module, "mzi push")
    async with shell.open() as use_cases:
        run = PushCommand(
            shell=shell,
            remote=use_cases.remote,
            module=declared,
            dry_run=dry_run,
            force=force,
            as_json=as_json,
        )
        destinations = _destinations(shell, declared, to)
        try:
            for destination in destinations:
                if shell.is_attended and not yes and not dry_run and not await run.agreed(destination):
                    continue
                await run.push(destination)
        except Exception as error:
            run.tell(stopped=str(error) if isinstance(error, MziError) else type(error).__name__)
            raise
        except asyncio.CancelledError:
            run.tell(stopped=Ended.STOPPED.value)
            raise
        return run.tell()


def _destinations(shell: Shell, module: AnyModule, to: Destination | None) -> list[Destination]:
    """Where to push; a service without settings is passed over when nobody named it."""
    if to is not None:
        return [to]
    settings = shell.settings
    found = []
    if module.counterpart is not None and not settings.moodle.missing():
        found.append(Destination.MOODLE)
    if not settings.zoho.missing():
        found.append(Destination.ZOHO)
    return found or [Destination.ZOHO]  # which says what is missing


@attrs.define(kw_only=True)
class PushCommand:
    """One run of the command: what it was asked for, and what was sent so far."""

    shell: Shell
    remote: RemoteUseCases
    module: AnyModule
    dry_run: bool
    force: bool
    as_json: bool
    sent: list[Sent] = attrs.field(factory=list)
    foreseen: Foreseen = attrs.field(factory=Foreseen)
    """What a dry run has found so far: what goes to Zoho follows from what would be made in Moodle."""

    async def agreed(self, destination: Destination) -> bool:
        """Show what would be written there, and ask."""
        foreseen = Sent(target=destination.value)
        pages = self.remote.push.preview(await self._target(destination))
        async with aclosing(pages):
            async for page in pages:
                foreseen.add(page)
        self.shell.note(*shown(self.module, foreseen, dry_run=True))
        if not foreseen.writes:
            return True
        return self.shell.agrees(f"Write {foreseen.writes:,} of them into {destination.value.capitalize()}?")

    async def push(self, destination: Destination) -> None:
        """Push to one service. Raises GatewayError, StoreError."""
        sent = Sent(target=destination.value, every=[] if self.as_json else None)
        self.sent.append(sent)
        with self.shell.err.status(f"{destination.value.capitalize()} …") as status:
            pages = await self._pages(destination)
            async with aclosing(pages):
                async for page in pages:
                    sent.add(page)
                    status.update(f"{destination.value.capitalize()}: {sent.records:,} {self.module.name}")

    async def _pages(self, destination: Destination) -> AsyncGenerator[PagePushed, None]:
        tenant, push = self.shell.settings.tenant, self.remote.push
        if self.dry_run:
            return push.preview(await self._target(destination), self.foreseen)
        match destination:
            case Destination.ZOHO:
                return push.to_zoho(await self._to_zoho())
            case Destination.MOODLE:
                await self._target(destination)  # says what is missing
                return push.to_moodle(tenant, self.module)
        assert_never(destination)

    async def _target(self, destination: Destination) -> Target:
        match destination:
            case Destination.ZOHO:
                return await self._to_zoho()
            case Destination.MOODLE:
                return await self.remote.targets.moodle(self.shell.settings.tenant, self.module)
        assert_never(destination)

    async def _to_zoho(self) -> ZohoTarget:
        tenant = self.shell.settings.tenant
        return await self.remote.targets.zoho(tenant, self.module, force=self.force)

    def tell(self, stopped: str | None = None) -> Ended:
        """Say how it went; `stopped`: why it went no further."""
        ended = Ended.WELL if not any(sent.turned_away for sent in self.sent) else Ended.REFUSED
        if self.as_json:
            refused = "partial" if ended is Ended.REFUSED else "success"
            self.shell.json(
                {
                    "status": "stopped" if stopped else refused,
                    **({"error": stopped} if stopped else {}),
                    "tenant_id": self.shell.settings.tenant,
                    "module": self.module.name,
                    "dry_run": self.dry_run,
                    "targets": [data_of(sent) for sent in self.sent],
                }
            )
            return ended
        if not self.sent and not stopped:
            self.shell.show("Nothing was written.")
        seen = [sent for sent in self.sent if sent.records or not stopped]
        for place, sent in enumerate(seen):
            self.shell.show(*([""] if place else []), *shown(self.module, sent, dry_run=self.dry_run))
        if self.dry_run and not stopped:
            self.shell.show("", "This was a dry run: nothing was written anywhere.")
        return ended
