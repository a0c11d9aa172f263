"""Numbers as people write them."""

from collections.abc import Iterable
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext

_ENOUGH = 200
"""Significant digits that no number here exceeds."""

_MORE = 4
"""So many decimals more are written before a number is cut off."""


def rounded(value: Decimal, places: int, limits: Iterable[Decimal] = ()) -> Decimal:
    """The value with `places` decimals, or with more, or cut off, where it would else reach one of `limits`.

    So 39.996 with two decimals stays 39.996 below a limit of 40, and 1.9999999999 with five is 1.99999.
    """
    limits = list(limits)
    decimals = -int(value.as_tuple().exponent)
    with localcontext(prec=_ENOUGH):
        for rounding, most in ((ROUND_HALF_UP, min(places + _MORE, decimals)), (ROUND_FLOOR, decimals)):
            for digits in range(places, most + 1):
                near = value.quantize(Decimal(1).scaleb(-digits), rounding=rounding)
                if all((near < limit) == (value < limit) for limit in limits):
                    return near
    return value


def written(value: Decimal) -> str:
    """Plain digits without zeros that say nothing: 3.00000 is 3, 1E+1 is 10, -0 is 0."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if text.strip("-0") else "0"
