"""A Moodle 4.5 in memory: the same functions, shapes, refusals and traps, behind the same wire."""

from mzi_adapters.testing.moodle.fake import Call, FakeMoodle

__all__ = ["Call", "FakeMoodle"]
