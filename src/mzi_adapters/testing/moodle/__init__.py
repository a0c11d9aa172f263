"""A Moodle 4.5 in memory: the same functions, shapes, refusals and traps, behind the same wire."""

from mzi_adapters.testing.moodle.fake import FakeMoodle, FunctionCall

__all__ = ["FakeMoodle", "FunctionCall"]
