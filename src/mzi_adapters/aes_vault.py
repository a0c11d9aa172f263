"""Secrets sealed with AES-256-GCM: `mzi1.<which key>.<nonce and ciphertext>`."""

import base64
import binascii
import os
from collections.abc import Sequence
from hashlib import sha256

import attrs
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mzi_adapters.vault import PREFIX
from mzi_core.errors import SecretUnreadable
from mzi_core.ports import Vault

_FORMAT = "mzi1"
_NONCE = 12  # bytes
_LONGEST = 64 * 2**10  # characters of a sealed text


def _bytes(key: str) -> bytes:
    return base64.urlsafe_b64decode(f"{key.removeprefix(PREFIX)}=")


def _name(key: bytes) -> str:
    """Tells keys apart and gives none of them away."""
    return sha256(b"mzi key\0" + key).hexdigest()[:8]


@attrs.frozen(init=False)
class AesGcmVault:
    """A vault whose first key seals; every key opens what it sealed, so that keys can be replaced."""

    _keys: dict[str, bytes] = attrs.field(repr=False)
    _first: str

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys` as `new_key` makes them, at least one."""
        known = {_name(key): key for key in map(_bytes, keys)}
        self.__attrs_init__(known, next(iter(known)))

    def seal(self, place: str, secret: str) -> str:
        """Seal with the first key."""
        nonce = os.urandom(_NONCE)
        sealed = AESGCM(self._keys[self._first]).encrypt(nonce, secret.encode(), _bound(place))
        return f"{_FORMAT}.{self._first}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, place: str, sealed: str) -> str:
        """Open with the key that sealed it. Raises SecretUnreadable."""
        form, _, rest = sealed[:_LONGEST].partition(".")
        name, _, text = rest.partition(".")
        key = self._keys.get(name)
        if form != _FORMAT or key is None:
            raise SecretUnreadable
        try:
            raw = base64.b64decode(text, altchars=b"-_", validate=True)
            if base64.urlsafe_b64encode(raw).decode() != text:  # two texts can stand for the same bytes
                raise SecretUnreadable
            return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], _bound(place)).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise SecretUnreadable from None


def _bound(place: str) -> bytes:
    return f"{_FORMAT}\0{place}".encode()


def _proof(vault: AesGcmVault) -> Vault:
    """The type checker's word that this is a Vault."""
    return vault
