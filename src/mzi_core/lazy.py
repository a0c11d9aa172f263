"""Packages whose public names are imported when they are asked for (PEP 562).

Python runs a package's `__init__` before any of its modules. One that imports them all makes whoever wants
the shortest of them wait for the others: a command of a few lines spent most of its time so.
"""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module


def finder(package: str, homes: Sequence[str]) -> Callable[[str], object]:
    """The `__getattr__` of a package: it looks for a name of `__all__` in its modules `homes`, one by one.

    A module that others are built on comes before them, so that no more is imported than is needed. What was
    found is kept in the package, so that Python asks for it once.
    """

    def find(name: str) -> object:
        own = vars(sys.modules[package])
        if name in own["__all__"]:
            for home in homes:
                module = import_module(f"{package}.{home}")
                if hasattr(module, name):
                    own[name] = getattr(module, name)
                    return own[name]
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find
