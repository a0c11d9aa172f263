"""Moodle 4.5 over its web services. Needs nothing but a `Transport`, as in `mzi_adapters.web`."""

from mzi_adapters.moodle.calling import MoodleAccount
from mzi_adapters.moodle.gateway import MoodleClient
from mzi_adapters.moodle.site import NEEDED

__all__ = ["NEEDED", "MoodleAccount", "MoodleClient"]
