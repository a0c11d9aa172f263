"""A vault for tests: what it seals is kept in memory, and what leaves it says nothing."""

from hashlib import sha256

import attrs

from mzi_core.errors import SecretUnreadable


@attrs.frozen
class FakeVault:
    """Keeps every promise of the port as long as it lives, without a key."""

    _secrets: dict[tuple[str, str], str] = attrs.field(factory=dict, repr=False)

    def seal(self, place: str, secret: str) -> str:
        """The name under which the secret is remembered."""
        sealed = f"fake.{len(self._secrets)}.{sha256(f'{place}/{secret}'.encode()).hexdigest()[:16]}"
        self._secrets[place, sealed] = secret
        return sealed

    def open(self, place: str, sealed: str) -> str:
        """Raises SecretUnreadable for any other name or place."""
        try:
            return self._secrets[place, sealed]
        except KeyError:
            raise SecretUnreadable from None
