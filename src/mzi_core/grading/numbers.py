"""Numbers as people write them."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, localcontext

_ENOUGH = 200
"""Significant digits that no number here exceeds."""


def rounded(value: Decimal, places: int, limits: Iterable[Decimal] = ()) -> Decimal:
    """The value with `places` decimals, and with more where it would otherwise reach one of `limits`."""
    limits = list(limits)
    with localcontext(prec=_ENOUGH):
        for digits in range(places, -int(value.as_tuple().exponent)):
            near = value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
            if all((near < limit) == (value < limit) for limit in limits):
                return near
    return value


def written(value: Decimal) -> str:
    """Plain digits without zeros that say nothing: 3.00000 is 3, 1E+1 is 10, -0 is 0."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if text.strip("-0") else "0"
