"""What the core needs to keep a secret where others may look: in a store, its backups, a file."""

from typing import Protocol

import attrs

from mzi_core.errors import SecretNotKept, SecretUnreadable


class Vault(Protocol):
    """Secrets at rest. What `seal` gives can be kept anywhere; only `open` makes the secret of it again.

    `place` says whose secret it is and what it is for, such as `default/zoho`: what was sealed for one place
    opens at no other, so that nobody who can write a store passes one secret off as another.

    Not promised: that a secret sealed twice gives the same text; that what was sealed before a later secret
    of the same place still opens.
    """

    def seal(self, place: str, secret: str) -> str:
        """The text to keep of a secret, in ASCII without blanks. Raises SecretNotKept."""
        ...

    def open(self, place: str, sealed: str) -> str:
        """The secret. Raises SecretUnreadable for any text that was not sealed for this place, as here."""
        ...


@attrs.frozen
class NoVault:
    """A vault without a key: it keeps nothing and opens nothing."""

    def seal(self, place: str, secret: str) -> str:
        """Raises SecretNotKept with what helps."""
        raise SecretNotKept(
            "There is no key to keep this secret with: `mzi secrets new-key` makes one; set it as "
            "MZI_SECRETS_KEY, or name its file with `secrets.key_file`."
        )

    def open(self, place: str, sealed: str) -> str:
        """Raises SecretUnreadable."""
        raise SecretUnreadable
