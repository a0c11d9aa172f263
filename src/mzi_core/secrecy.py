"""Which names say that what stands under them is a secret."""

import re
from itertools import pairwise

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_LONGEST = 200  # characters of a name that are looked at

_SECRETS = ("password", "passwd", "passphrase", "passcode", "pwd", "token", "secret", "credential", "otp")
_KEYS = frozenset({("api", "key"), ("private", "key"), ("access", "key"), ("secret", "key")})
_JOINED = tuple(map("".join, _KEYS))


def names_a_secret(name: str) -> bool:
    """Whether a field of this name holds what lets somebody in: `Academic_Password`, `apiKey`, `wstoken`.

    By its words, not its letters: `Secretary_Name` holds none.
    """
    words = [word.lower().removesuffix("s") for word in _WORD.findall(name[:_LONGEST])]
    return any(word.endswith((*_SECRETS, *_JOINED)) for word in words) or not _KEYS.isdisjoint(
        pairwise(words)
    )
