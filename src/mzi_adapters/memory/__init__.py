"""The ports over plain dictionaries: for tests of college rules, and the model of what a store promises."""

from mzi_adapters.memory.store import MemoryStore

__all__ = ["MemoryStore"]
