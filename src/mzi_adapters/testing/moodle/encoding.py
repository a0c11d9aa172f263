"""JSON as PHP writes it."""

import json
from decimal import Decimal
from typing import Any


def php_json(said: Any) -> bytes:
    """Slashes quoted, nothing but ASCII, whole numbers without a point."""
    text = json.dumps(said, separators=(",", ":"), default=_number)
    return text.replace("/", "\\/").encode()


def _number(value: object) -> int | float:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(type(value).__name__)
