"""Moodle 4.5: how its records are written and read, and the client of its web services.

The client needs nothing but a `Transport`, as in `mzi_adapters.web`.
"""

from typing import TYPE_CHECKING

from mzi_core.lazy import finder

if TYPE_CHECKING:
    from mzi_adapters.moodle.calling import MoodleAccount
    from mzi_adapters.moodle.codec import MoodleCodec
    from mzi_adapters.moodle.gateway import MoodleClient
    from mzi_adapters.moodle.site import NEEDED
else:  # a type checker would take any name for one of these
    __getattr__ = finder(__name__, ["calling", "site", "codec", "gateway"])

__all__ = ["NEEDED", "MoodleAccount", "MoodleClient", "MoodleCodec"]
