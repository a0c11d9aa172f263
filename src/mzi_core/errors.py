"""Everything mzi raises on purpose. Each message is a sentence a person can act on."""

from collections.abc import Sequence


def _or(names: Sequence[str]) -> str:
    return " or ".join(f"`{name}`" for name in names)


class MziError(Exception):
    """The root of the tree: catch this to catch whatever mzi refuses."""


class UnknownModule(MziError):
    """No module of the catalogue has this name or alias."""

    def __init__(self, name: str, nearest: Sequence[str] = ()) -> None:
        self.name = name
        self.nearest = tuple(nearest)
        hint = f" Did you mean {_or(nearest)}?" if nearest else ""
        super().__init__(f"`{name}` is not a module mzi knows.{hint}")


class MappingRefused(MziError):
    """A tenant's field mapping cannot be used; `problems` says every reason."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(self.problems))


class UnknownTenant(MziError):
    """No tenant of this name has been made."""

    def __init__(self, tenant: str) -> None:
        self.tenant = tenant
        super().__init__(f"Tenant `{tenant}` is not known here; `mzi tenants add {tenant}` makes it.")


class NotFound(MziError):
    """Nothing is stored or held under this key."""

    def __init__(self, what: str, key: str) -> None:
        self.what = what
        self.key = key
        super().__init__(f"There is no {what} `{key}`.")


class KeyReused(MziError):
    """An idempotency key came back with another request than the first time."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(
            f"The idempotency key `{key}` was first used with another request; "
            "resend the same body, or take a new key."
        )


class StoreError(MziError):
    """The store could not do what was asked."""


class StoreUnavailable(StoreError):
    """The store cannot be reached or is not ready; trying again later may help."""


class StoreRefused(StoreError):
    """The store will not hold these rows as they are; trying again will not help."""
