"""What a tenant chose."""

from collections.abc import Mapping
from typing import Any, Protocol

import attrs

from mzi_core.mapping import FieldMapping


@attrs.frozen(kw_only=True)
class TenantSettings:
    """What a tenant chose: field mappings by module, grading policies as data (see `grading.policy`), the
    time zone in which people are told times, by its name in the IANA database, and rules as data (see
    `flows.rules`).
    """

    mappings: Mapping[str, tuple[FieldMapping, ...]] = attrs.field(factory=dict)
    policies: Mapping[str, Any] = attrs.field(factory=dict)
    zone: str = "UTC"
    rules: Mapping[str, Any] = attrs.field(factory=dict)


class StoredSettings(Protocol):
    """The part of a session that is about the tenant's choices."""

    async def settings(self) -> TenantSettings:
        """The tenant's choices; raises UnknownTenant."""
        ...

    async def save_settings(self, settings: TenantSettings) -> None:
        """Replace the tenant's choices; raises UnknownTenant."""
        ...
