"""What an organisation says of itself: its modules and their fields."""

from collections.abc import Sequence
from typing import Protocol

import attrs

MANY_LOOKUP = "multiselectlookup"
"""Zoho's type of a lookup to several records."""


@attrs.frozen(kw_only=True)
class ZohoModule:
    """A module as Zoho's metadata describes it."""

    api_name: str
    label: str
    api_supported: bool = True


@attrs.frozen(kw_only=True)
class ZohoField:
    """A field as Zoho's metadata describes it; `data_type` and `json_type` in Zoho's words."""

    api_name: str
    label: str
    data_type: str
    json_type: str | None = None
    mandatory: bool = False
    read_only: bool = False
    unique: bool = False
    length: int | None = None
    choices: tuple[str, ...] = ()
    """The values of a picklist, as they are sent."""
    lookup: str | None = None
    """The module a lookup points at, or the module that holds a subform's rows."""

    @property
    def points_at_several(self) -> bool:
        """Whether it is a lookup to several records: these are rows of a module of their own."""
        return self.data_type == MANY_LOOKUP

    @property
    def holds_text(self) -> bool:
        """Whether a value is sent as text, whatever it is here."""
        return self.json_type == "string"


@attrs.frozen(kw_only=True)
class Organization:
    """The Zoho organisation behind the credentials."""

    id: str
    name: str
    edition: str
    time_zone: str = ""
    currency: str = ""


class ZohoMetadata(Protocol):
    """The organisation, its modules and their fields."""

    async def modules(self) -> Sequence[ZohoModule]:
        """Every module of the organisation."""
        ...

    async def fields(self, module: str) -> Sequence[ZohoField]:
        """The fields of a module; raises RemoteNotFound for a module the organisation lacks."""
        ...

    async def organization(self) -> Organization:
        """The organisation; raises AccessRefused without the scope for it."""
        ...
