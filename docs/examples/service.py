"""A small service of a college's own over mzi: grades, records, and a module that only this college has."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated, Any

import attrs
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from mzi_adapters.sql import open_store, upgrade
from mzi_adapters.system import SystemClock, SystemIds
from mzi_adapters.zoho import ZohoCodec
from mzi_core import CATALOGUE, GradingPolicy, Marking, Module, MziError, TenantId, UseCases, ZohoEntity
from mzi_core.grading import BTEC_DEFAULT, decide
from mzi_core.module import zoho
from mzi_core.modules import Catalogue

TENANT = TenantId("default")
STORE = "sqlite:///service.db"
OURS: GradingPolicy = BTEC_DEFAULT.override(name="our-college", merit_from=Decimal("2.75"))


@attrs.frozen(kw_only=True)
class Room(ZohoEntity):
    """A module of the college's own, declared as mzi declares its ten."""

    name: Annotated[str, zoho("Name")]
    seats: Annotated[int | None, zoho("Seats", minimum=0)] = None


ROOMS = Module(name="rooms", singular="room", remote_name="BTEC_Rooms", entity=Room)
MODULES = Catalogue((*CATALOGUE, ROOMS))


class Mark(BaseModel):
    """What a marker gave."""

    raw: Decimal
    attempt: int = 0


@asynccontextmanager
async def opened() -> AsyncIterator[UseCases]:
    """Every use case over the store, whose schema is brought up to date first."""
    await upgrade(STORE, catalogue=MODULES)
    async with open_store(STORE) as store:
        yield UseCases.over(
            store=store, codec=ZohoCodec(), clock=SystemClock(), ids=SystemIds(), catalogue=MODULES
        )


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One store for as long as the service runs."""
    async with opened() as use_cases:
        app.state.use_cases = use_cases
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/grade")
def grade(mark: Mark) -> dict[str, str | None]:
    """Grading is pure: it needs no store, and does not wait."""
    decision = decide(Marking(raw=mark.raw, attempt=mark.attempt), OURS)
    return {"grade": decision.published, "why": decision.explain("en")}


@app.post("/take/{module}")
async def take(module: str, records: list[dict[str, Any]]) -> list[str]:
    """Take records as Zoho sends them. What was refused is no exception: its outcome says why."""
    use_cases: UseCases = app.state.use_cases
    try:
        result = await use_cases.sync(TENANT, MODULES[module], records)
    except MziError as error:
        raise HTTPException(422, error.told) from error
    return [f"{each.key}: {each.state}" for each in result.outcomes]


def take_now(records: Sequence[object]) -> list[str]:
    """The same for a program that waits: a script, or a Django view."""

    async def taken() -> list[str]:
        async with opened() as use_cases:
            result = await use_cases.sync(TENANT, CATALOGUE["students"], records)
        return [each.message for each in result.outcomes]

    return asyncio.run(taken())
