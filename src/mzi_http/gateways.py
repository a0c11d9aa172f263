"""The connections of the settings: one tenant's accounts at Zoho and at Moodle."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

import attrs

from mzi_core.errors import AccountMissing, MziError
from mzi_core.values import TenantId
from mzi_http.remote_accounts import Moodle, Zoho
from mzi_http.settings import Settings
from mzi_http.sources import variable_of

if TYPE_CHECKING:
    from mzi_core.ports import MoodleGateway, ZohoGateway
    from mzi_http.container import Container


class NotInstalled(MziError):
    """A gateway is needed, and what it speaks HTTP with is not installed."""

    def __init__(self) -> None:
        super().__init__('Zoho and Moodle are asked over aiohttp: pip install "mzi[gateways]"')


@attrs.frozen(kw_only=True)
class SettingsConnections:
    """The accounts of the settings are those of the settings' tenant, and of nobody else."""

    _settings: Settings = attrs.field(repr=False)
    _container: "Container" = attrs.field(repr=False)

    async def zoho(self, tenant: TenantId) -> "ZohoGateway":
        """The tenant's Zoho CRM. Raises AccountMissing, NotInstalled."""
        self._look("Zoho", tenant, self._settings.zoho)
        return await self._container.zoho.async_()

    async def moodle(self, tenant: TenantId) -> "MoodleGateway":
        """The tenant's Moodle. Raises AccountMissing, NotInstalled."""
        self._look("Moodle", tenant, self._settings.moodle)
        return await self._container.moodle.async_()

    def _look(self, service: str, tenant: TenantId, account: Zoho | Moodle) -> None:
        if tenant != self._settings.tenant:
            theirs = self._settings.tenant
            raise AccountMissing(service, f"the accounts of the settings are those of tenant `{theirs}`.")
        need(service, account)


def need(service: str, account: Zoho | Moodle) -> None:
    """See to it that a gateway can be opened. Raises AccountMissing, NotInstalled."""
    if missing := account.missing():
        raise AccountMissing(service, _to_set(missing))
    if find_spec("aiohttp") is None:
        raise NotInstalled


def _to_set(missing: Sequence[str]) -> str:
    names = ", ".join(f"`{name}`" for name in missing)
    variables = ", ".join(f"`{variable_of(name)}`" for name in missing)
    where = f"set {names} in mzi.toml, or {variables} in the environment."
    return f"{where} `docs/gateways.md` says how to get them."
