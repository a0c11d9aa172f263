"""What a record says, as a digest and by its fields: equal digests exactly where no field differs."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from hashlib import sha256
from typing import Any

import attrs

from mzi_core.module import E, Module


def _framed(tag: str, body: str) -> str:
    return f"{tag}{len(body)}:{body}"


_EXACT = Context(prec=1000)
"""Far more digits than any amount has: nothing is rounded while it is written down."""


def _digits(value: Decimal) -> str:
    """The shortest plain writing: 5 for 5.00, 100 for 1E+2, 0 for -0."""
    return f"{_EXACT.plus(value).normalize(_EXACT):f}"


def _text(value: str) -> str:
    return f"s{len(value)}:{value}"


_CANONICAL: dict[type[Any], Callable[[Any], str]] = {
    type(None): lambda value: "-",
    str: _text,
    bool: lambda value: "t" if value else "f",
    int: lambda value: _framed("i", str(value)),
    Decimal: lambda value: _framed("n", _digits(value)),
    datetime: lambda value: _framed("m", value.astimezone(UTC).isoformat()),
    date: lambda value: f"d10:{value.isoformat()}",
    tuple: lambda value: _framed("l", "".join(map(_canonical, value))),
}


def _of_mapping(value: Mapping[str, Any]) -> str:
    return _framed("o", "".join(f"{_canonical(k)}{_canonical(value[k])}" for k in sorted(value)))


_WRITERS = dict(_CANONICAL)
"""The same, and for every other type that was met how it is written down."""


def _writer(kind: type[Any]) -> Callable[[Any], str]:
    """How values of a further type are written down."""
    if issubclass(kind, Mapping):
        return _of_mapping
    for base, write in _CANONICAL.items():
        if issubclass(kind, base):  # an enumeration, or somebody's own subclass
            return write
    names = [field.name for field in attrs.fields(kind)]
    return lambda value: _framed("r", "".join([_canonical(getattr(value, name)) for name in names]))


def _canonical(value: Any) -> str:
    """One text per value: equal values give equal texts, different ones different texts.

    Every part is framed by its type and its length, so no two neighbours can be read as another pair.
    """
    kind = type(value)
    write = _WRITERS.get(kind)  # pragma: no mutate  # it is found out again otherwise, and the same
    if write is None:
        write = _WRITERS[kind] = _writer(kind)
    return write(value)


_NO_EXTRA = _canonical({})


def fingerprint(module: Module[E], entity: E) -> str:
    """SHA-256 (hex) over every compared field of `entity` that holds something, with its name.

    Equal for two entities exactly when `changed_fields` finds nothing between them; so amounts are the same
    as 5 and 5.00, instants in any offset, while letter case, white space, and null against empty text differ.
    A field that a later version declares leaves the fingerprints of records without it as they are. Text
    must be encodable, as all decoded text is.
    """
    said = [
        # Most values are text, and most time is spent here: the general way is taken for the others.
        f"{name}=s{len(it)}:{it}" if type(it) is str else f"{name}={_canonical(it)}"  # pragma: no mutate
        for name, it in module.compared_values(entity)
        if it is not None
    ]
    extra = _canonical(entity.extra) if entity.extra else _NO_EXTRA  # pragma: no mutate  # quicker
    return sha256(f"{module.name}:{''.join(said)}{extra}".encode()).hexdigest()


def changed_fields(module: Module[E], before: E, after: E) -> tuple[str, ...]:
    """The names of the compared fields that differ, in the order of the declaration; `extra.` ones last."""
    both = (module.compared_values(before), module.compared_values(after))
    pairs = zip(*both, strict=True)  # pragma: no mutate  # of one module there are as many
    fields = [name for (name, old), (_, new) in pairs if old != new]
    if not before.extra and not after.extra:
        return tuple(fields)
    old, new = ({name: _canonical(value) for name, value in e.extra.items()} for e in (before, after))
    extras = (name for name in sorted({*old, *new}) if old.get(name) != new.get(name))
    return (*fields, *(f"extra.{name}" for name in extras))
