"""Who may use the API, and for which tenants: keys are shown once and kept only as a digest."""

import hmac
import re
from collections.abc import Sequence
from enum import StrEnum
from hashlib import sha256

import attrs

from mzi_core.errors import LabelRefused, MziError, NotFound, UnknownTenant
from mzi_core.ports import ApiKey, Clock, Ids, Store
from mzi_core.values import TenantId

PREFIX = "mzi"
LONGEST_KEY = 200
"""Characters; a key has fewer than half as many."""

_LONGEST_LABEL = 200

_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class TenantNameRefused(MziError):
    """A tenant name is small letters, digits, `-` and `_`, at most 63 of them."""

    def __init__(self) -> None:
        super().__init__(
            "A tenant name has small letters, digits, `-` and `_`, starts with a letter or digit, "
            "and is at most 63 long."
        )


def tenant_id(name: str) -> TenantId:
    """A tenant's name, checked; raises TenantNameRefused."""
    if not _TENANT.fullmatch(name):
        raise TenantNameRefused
    return TenantId(name)


def checked_label(label: str) -> str:
    """What a person calls a key or a source, without blanks around it. Raises LabelRefused."""
    if not label.strip() or len(label) > _LONGEST_LABEL:
        raise LabelRefused(f"A label has 1 to {_LONGEST_LABEL} characters, and not only blanks.")
    return label.strip()


class Access(StrEnum):
    """What a presented key opens."""

    GRANTED = "granted"
    NO_KEYS = "no_keys"
    UNKNOWN_KEY = "unknown_key"
    OTHER_TENANT = "other_tenant"


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _parts(key: str) -> tuple[str, str]:
    """The public and the secret part of a key; empty ones of what has not the form of one."""
    prefix, _, rest = key.partition("_")
    if prefix != PREFIX or len(key) > LONGEST_KEY or not key.isascii():
        return "", ""
    public, _, secret = rest.partition("_")
    return public, secret


def key_id(presented: str | None) -> str:
    """The public part of a key as it is presented, by which lists know it; empty where it is none."""
    return _parts(presented or "")[0]


@attrs.frozen(kw_only=True)
class NewKey:
    """Make an API key."""

    store: Store
    clock: Clock
    ids: Ids

    async def __call__(self, label: str, tenant: TenantId | None = None) -> tuple[ApiKey, str]:
        """The key as kept, and its text `mzi_<id>_<secret>`, which is nowhere kept.

        Raises UnknownTenant, LabelRefused.
        """
        label = checked_label(label)
        public, secret = self.ids.record_ids(1)[0][-8:], self.ids.secret()
        key = ApiKey(
            id=public, digest=_digest(secret), label=label, tenant=tenant, created_at=self.clock.now()
        )
        async with self.store.registry() as registry:
            if tenant is not None and tenant not in await registry.tenants():
                raise UnknownTenant(tenant)
            await registry.save_key(key)
        return key, f"{PREFIX}_{public}_{secret}"


@attrs.frozen(kw_only=True)
class RevokeKey:
    """Close an API key for good."""

    store: Store
    clock: Clock

    async def __call__(self, id: str) -> ApiKey:
        """The key as it is now. Raises NotFound."""
        async with self.store.registry() as registry:
            key = await registry.key(id)
            if key is None:
                raise NotFound("API key", id)
            if key.revoked_at is None:
                key = attrs.evolve(key, revoked_at=self.clock.now())
                await registry.save_key(key)
        return key


@attrs.frozen
class ListKeys:
    """All API keys, revoked ones too."""

    store: Store

    async def __call__(self) -> Sequence[ApiKey]:
        """Oldest first."""
        async with self.store.read_registry() as registry:
            return await registry.keys()


@attrs.frozen
class CheckKey:
    """Say what a presented key opens; with no key in the store nothing is open to anybody."""

    store: Store

    async def __call__(self, presented: str | None, tenant: TenantId) -> Access:
        """Compare in constant time; a revoked key is an unknown one."""
        public, secret = _parts(presented or "")
        async with self.store.read_registry() as registry:
            key = await registry.key(public)
            if key is None and not any(k.revoked_at is None for k in await registry.keys()):
                return Access.NO_KEYS
        matches = hmac.compare_digest(key.digest if key else _digest(""), _digest(secret))
        if key is None or not matches or key.revoked_at is not None:
            return Access.UNKNOWN_KEY
        return Access.GRANTED if key.tenant in (None, tenant) else Access.OTHER_TENANT
