"""What the codecs of both sides have in common: values, fields, rows, digests of wire records."""

from typing import TYPE_CHECKING

from mzi_core.lazy import finder

if TYPE_CHECKING:
    from mzi_adapters.codecs.by_side import CodecBySide
else:  # a type checker would take any name for one of these
    __getattr__ = finder(__name__, ["by_side"])

__all__ = ["CodecBySide"]
