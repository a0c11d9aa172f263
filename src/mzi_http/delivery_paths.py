"""How a delivery stands in an address: its flow and its key, a segment each, whatever is in them.

What has nothing but letters and digits of ASCII, `_`, `-`, `.` and `:` stands as it is. Anything else is
written as `~` and base64url of its UTF-8 without `=`: a percent sign would not do, for proxies and servers
decode one, or collapse what it stands for, before a route is chosen.
"""

import re
from base64 import b64decode, urlsafe_b64encode
from binascii import Error

from mzi_core.ports import DeliveryKey

ENCODED = "~"
STEERING = ("pause", "resume")
"""What stands behind a flow in an address and is no key."""

_PLAIN = re.compile(r"[A-Za-z0-9_:-][A-Za-z0-9_.:-]*")  # neither `.` nor `..`, which an address loses


class BadSegment(ValueError):
    """What stands in an address is no flow and no key."""

    def __init__(self) -> None:
        super().__init__(
            f"Behind `{ENCODED}` stands no base64url of UTF-8. Take the `path` of a listed delivery; a flow "
            "or key of ASCII letters, digits, `_`, `-`, `.` and `:` stands as it is."
        )


def path_of(address: DeliveryKey) -> str:
    """The flow and the key of a delivery as they stand in an address."""
    return f"{_segment(address.flow)}/{_segment(address.key)}"


def _segment(text: str) -> str:
    if _PLAIN.fullmatch(text) and text not in STEERING:
        return text
    return ENCODED + urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_segment(segment: str) -> str:
    """A flow or a key out of an address. Raises BadSegment."""
    if not segment.startswith(ENCODED):
        return segment
    text = segment.removeprefix(ENCODED)
    try:
        return b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True).decode()
    except (Error, ValueError) as error:
        raise BadSegment from error


def read_path(path: str) -> DeliveryKey:
    """The delivery that `path_of` has written. Raises BadSegment."""
    flow, _, key = path.partition("/")
    return DeliveryKey(read_segment(flow), read_segment(key))
