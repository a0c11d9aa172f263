"""The lines of a source as text, whatever its encoding and line ends."""

from collections.abc import Iterator
from io import TextIOWrapper

import attrs

from mzi_adapters.files.source import FileProblem, Source


def has_bare_cr(source: Source) -> bool:
    """Whether lines end as they did on the first Macintoshes: with CR alone."""
    return not source.is_utf16 and b"\r" in source.head.rstrip(b"\r\n")


@attrs.define
class Text:
    """The lines, line ends and all; `last` is the one that was read last, `number` its number from 1."""

    source: Source
    last: str = ""
    number: int = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines():
            self.last = line
            self.number += 1
            yield line

    def _lines(self) -> Iterator[str]:
        if self.source.is_utf16:
            return self._wrapped(newline="")
        return self._wrapped(newline=None) if has_bare_cr(self.source) else self._utf8()

    def _utf8(self) -> Iterator[str]:
        """Decoded line by line, so that a wrong byte is found where it stands."""
        for number, raw in self.source.lines():
            try:
                yield raw.decode()
            except UnicodeDecodeError as error:
                raise self.source.not_text(number) from error

    def _wrapped(self, newline: str | None) -> Iterator[str]:
        try:
            yield from TextIOWrapper(self.source.stream, encoding=self.source.encoding, newline=newline)
        except UnicodeDecodeError as error:
            if not self.source.is_utf16:
                raise self.source.not_text(self.number + 1) from error
            raise FileProblem(f"{self.source.name} is not UTF-16 throughout: {error.reason}.") from error
