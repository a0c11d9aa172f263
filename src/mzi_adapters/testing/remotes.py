"""A Zoho with a college in it, a Moodle, and both behind sockets of this machine: something to work with.

It needs what a service needs, the extra `server`.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

import attrs

from mzi_adapters.testing.college import College
from mzi_adapters.testing.college.before_moodle import before_moodle
from mzi_adapters.testing.connections import TOKEN
from mzi_adapters.testing.loopback import serving
from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.testing.zoho import FakeZoho, define_modules
from mzi_core.modules import ZOHO_CATALOGUE
from mzi_core.ports import Clock, Feature


def sound_zoho(clock: Clock) -> FakeZoho:
    """A Zoho with every module, and nothing in it."""
    zoho = FakeZoho(clock=clock)
    define_modules(zoho)
    return zoho


def sound_moodle(clock: Clock | None = None) -> FakeMoodle:
    """A Moodle with nobody in it, and with all that mzi can use."""
    moodle = FakeMoodle(token=TOKEN, clock=clock)
    moodle.max_input_vars = 5000
    moodle.plugin = True
    moodle.functions.update(Feature)
    return moodle


def at_work(moodle: FakeMoodle) -> None:
    """Give a site what shows an account's last capabilities: work that was handed in, and a hidden course."""
    course = moodle.add_course(shortname="NET-1")
    assignment = moodle.add_assignment(course, name="Task 1")
    student = moodle.add_user(username="rana@college.example")
    moodle.enrol(student, course)
    moodle.submit(assignment, student)
    moodle.add_course(shortname="NET-2", visible=False)


def furnish(zoho: FakeZoho, college: College, *, in_moodle: bool = True) -> None:
    """Put the college's records into a Zoho; what is broken on purpose, and Zoho would not hold, is left out.

    Without `in_moodle` it is a college of which nothing is in Moodle yet.
    """
    for module in ZOHO_CATALOGUE.in_order():
        for record in college.records[module.name]:
            shown = record if in_moodle else before_moodle(module.name, record)
            with suppress(ValueError):
                zoho.add(module.remote_name, known(zoho, module.remote_name, shown))


def known(zoho: FakeZoho, module: str, record: Mapping[str, object]) -> dict[str, object]:
    """What an organisation's module can hold of a record."""
    fields = zoho.organization.tables[module].fields
    return {name: value for name, value in record.items() if name in fields and value is not None}


@attrs.frozen(kw_only=True)
class ServedRemotes:
    """Both, and the addresses at which they are served."""

    zoho: FakeZoho
    moodle: FakeMoodle
    zoho_url: str
    moodle_url: str

    @property
    def settings(self) -> Mapping[str, str]:
        """What to set so that mzi works with them, by the dotted names of the settings."""
        return {
            **zoho_settings(self.zoho, self.zoho_url),
            "moodle.url": self.moodle_url,
            "moodle.token": TOKEN,
        }


def zoho_settings(zoho: FakeZoho, url: str) -> Mapping[str, str]:
    """What to set so that mzi works with a Zoho that is served at `url`, by the dotted names."""
    return {
        "zoho.client_id": zoho.accounts.client_id,
        "zoho.client_secret": zoho.accounts.client_secret,
        "zoho.refresh_token": zoho.accounts.refresh_token,
        "zoho.accounts_url": url,
        "zoho.api_url": url,
    }


@asynccontextmanager
async def serving_remotes(zoho: FakeZoho, moodle: FakeMoodle) -> AsyncIterator[ServedRemotes]:
    """Both behind free ports of this machine; they learn where they are."""
    async with serving(zoho) as at_zoho, serving(moodle) as at_moodle:
        zoho.accounts_url = zoho.api_url = at_zoho.url
        moodle.url = at_moodle.url
        yield ServedRemotes(zoho=zoho, moodle=moodle, zoho_url=at_zoho.url, moodle_url=at_moodle.url)
