"""Keys of secrets, and a vault for those who have no key: files that serve one machine."""

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from secrets import compare_digest, token_hex, token_urlsafe

import attrs

from mzi_adapters import private
from mzi_core.errors import KeyRefused, SecretNotKept, SecretUnreadable
from mzi_core.ports import NoVault, Vault

PREFIX = "mzi-key-"
_KEY = re.compile(rf"{PREFIX}[\w-]{{43}}", re.ASCII)
_MOST_KEYS = 100
_LARGEST_FILE = 64 * 2**10  # bytes


def new_key() -> str:
    """A key of 256 bits that nobody has had before."""
    return PREFIX + token_urlsafe(32)


def keys_in(text: str) -> tuple[str, ...]:
    """The keys in a text, between blanks: the first seals, all open. Raises ValueError for anything else."""
    words = text.split()
    if len(words) > _MOST_KEYS or not all(_KEY.fullmatch(word) for word in words):
        raise ValueError(
            "must be a key that `mzi secrets new-key` makes, or several with blanks between them."
        )
    return tuple(words)


def keys_of(file: Path) -> tuple[str, ...]:
    """The keys in a file, one a line. Raises KeyRefused, also for a file that others can read."""
    try:
        with file.open("rb") as stream:
            said = stream.read(_LARGEST_FILE).decode("ascii")
        keys = keys_in(said)
    except OSError as error:
        raise KeyRefused(f"The key file {file} cannot be read: {error.strerror or error}.") from error
    except ValueError:
        keys = ()
    if not keys:
        raise KeyRefused(f"The key file {file} must hold keys that `mzi secrets new-key` makes, one a line.")
    if private.is_open_to_others(file):
        raise KeyRefused(f"Others on this machine can read the key file {file}: `chmod 600 {file}` helps.")
    return keys


def add_key(file: Path) -> None:
    """Put a new key before those of a file, which is made if need be. Raises KeyRefused."""
    keys = (new_key(), *(keys_of(file) if file.exists() else ()))
    try:
        _replace(file, "".join(f"{key}\n" for key in keys))
    except OSError as error:
        raise KeyRefused(f"The key file {file} cannot be written: {error.strerror or error}.") from error


@attrs.frozen
class FileVault:
    """Keeps each secret in a file of its owner's alone, and seals it to the name of the file and a digest.

    It serves one machine and one user of it: elsewhere what was sealed here is unreadable.
    """

    folder: Path
    realm: str = ""
    """Vaults of one folder that are of different realms leave each other's secrets alone."""

    def seal(self, place: str, secret: str) -> str:
        """Write the secret in place of the one before. Raises SecretNotKept."""
        try:
            _replace(self._file(place), secret)
        except OSError as error:
            raise SecretNotKept(f"{self.folder} takes no file: {error.strerror or error}.") from error
        return f"file.{_digest(place, secret)}"

    def open(self, place: str, sealed: str) -> str:
        """Read it back. Raises SecretUnreadable."""
        try:
            secret = self._file(place).read_text("utf-8")
        except (OSError, ValueError):
            raise SecretUnreadable from None
        if not compare_digest(sealed.encode(), f"file.{_digest(place, secret)}".encode()):
            raise SecretUnreadable
        return secret

    def _file(self, place: str) -> Path:
        return self.folder / f".mzi-secret-{sha256((self.realm + place).encode()).hexdigest()[:16]}"


def _digest(place: str, secret: str) -> str:
    return sha256(f"{place}\0{secret}".encode()).hexdigest()[:32]


def _replace(file: Path, text: str) -> None:
    """Write a file whole or not at all, for its owner alone."""
    draft = file.with_name(f"{file.name}.{token_hex(4)}")
    try:
        with open(draft, "x", encoding="utf-8", opener=private.opener) as stream:
            stream.write(text)
        draft.replace(file)
    except OSError:
        with suppress(OSError):
            os.unlink(draft)
        raise


@attrs.define
class KeyedVault:
    """A vault that looks for its keys when it is first used: few commands need one.

    `keys`, else those in `file`. Without any it is a NoVault: what everybody who shares a store must be able
    to open is kept in no file of one machine.
    """

    keys: Sequence[str] = attrs.field(repr=False)
    file: Path | None = None
    _opened: Vault | None = attrs.field(default=None, init=False, repr=False)

    def seal(self, place: str, secret: str) -> str:
        """Seal with the first key. Raises SecretNotKept where there is none, and KeyRefused."""
        return self._vault().seal(place, secret)

    def open(self, place: str, sealed: str) -> str:
        """Open with the key that sealed it. Raises SecretUnreadable and KeyRefused."""
        return self._vault().open(place, sealed)

    def _vault(self) -> Vault:
        if self._opened is None:
            keys = self.keys or (keys_of(self.file) if self.file is not None else ())
            self._opened = _sealing(keys) if keys else NoVault()
        return self._opened


def vault_for(keys: Sequence[str], folder: Path, realm: str = "") -> Vault:
    """The vault of these keys; without any, files in a folder. Raises KeyRefused."""
    return _sealing(keys) if keys else FileVault(folder, realm)


def _sealing(keys: Sequence[str]) -> Vault:
    """The vault of at least one key. Raises KeyRefused."""
    try:
        from mzi_adapters.aes_vault import AesGcmVault  # noqa: PLC0415  # it comes with an extra
    except ImportError as error:
        raise KeyRefused('Secrets are sealed by cryptography: pip install "mzi[secrets]"') from error
    return AesGcmVault(keys)
