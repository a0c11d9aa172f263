"""Of what kinds the values of rules are."""

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import ClassVar, Self


class RuleValue(StrEnum):
    """One of the values a rule may have; what it means stands beside it."""

    _value_: str
    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Self:
        """A member is its text; to look one up by it asks for no meaning."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


class RuleEntry(ABC):
    """One of the entries of a rule that may have any number of them, each written as a line."""

    FORM: ClassVar[str]
    """How it is written."""

    @classmethod
    @abstractmethod
    def read(cls, line: str) -> Self:
        """The entry that a line says. Raises ValueError with what is wrong, in a sentence."""
        ...
