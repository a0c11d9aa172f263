"""How many steps a backtracking engine takes over a text: counted, so that no clock has a say.

`re` does not tell how hard it works. This counter walks the tree that `re` itself parses a pattern into,
tries the same alternatives in the same order, and counts each. `steps` checks that it finds what `re` finds.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from itertools import product
from typing import Any

_parser: Any = import_module("re._parser")
_compiler: Any = import_module("re._compiler")
_constants: Any = import_module("re._constants")

Node = tuple[Any, Any]

_ONE = {"LITERAL", "NOT_LITERAL", "ANY", "IN"}
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}

ENOUGH = 300_000
"""Steps after which nothing more need be known."""


class TooHard(Exception):
    """A text took more steps than anybody wants to wait for."""


class _Counter:
    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.tree = parsed(pattern)
        self.text = ""
        self.steps = 0
        self._matchers: dict[int, re.Pattern[str]] = {}
        self._kept: list[Any] = []

    def _single(self, node: Node) -> re.Pattern[str]:
        """The engine's own word about one character, or one place between two."""
        known = self._matchers.get(id(node))
        if known is None:
            alone = _parser.SubPattern(self.tree.state, [node])
            known = self._matchers[id(node)] = _compiler.compile(alone, self.tree.state.flags)
            self._kept.append(node)  # or another node could get its id
        return known

    def _step(self) -> None:
        self.steps += 1
        if self.steps > ENOUGH:
            raise TooHard

    def run(self, nodes: Sequence[Node], place: int) -> Iterator[int]:
        """Every end of `nodes` from `place` on, in the order in which they are tried."""
        if not nodes:
            yield place
            return
        first, rest = nodes[0], nodes[1:]
        for end in self._one(first, place):
            yield from self.run(rest, end)

    def _one(self, node: Node, place: int) -> Iterator[int]:  # noqa: PLR0912  # a node is of many kinds
        self._step()
        kind, told = str(node[0]), node[1]
        if kind in _ONE:
            if self._single(node).match(self.text, place):
                yield place + 1
        elif kind == "AT":
            if self._single(node).match(self.text, place):
                yield place
        elif kind == "BRANCH":
            for way in told[1]:
                yield from self.run(list(way), place)
        elif kind == "SUBPATTERN":
            yield from self.run(list(told[3]), place)
        elif kind in ("ASSERT", "ASSERT_NOT"):
            direction, inner = told
            start = place if direction > 0 else place - inner.getwidth()[0]
            there = start >= 0 and next(self.run(list(inner), start), None) is not None
            if there == (kind == "ASSERT"):
                yield place
        elif kind == "ATOMIC_GROUP":
            found = next(self.run(list(told), place), None)
            if found is not None:
                yield found
        elif kind in _REPEATS:
            yield from self._repeat(kind, told, place)
        else:
            raise NotImplementedError(kind)

    def _repeat(self, kind: str, told: Any, place: int) -> Iterator[int]:
        least, most, inner = told
        nodes = list(inner)
        if len(nodes) == 1 and str(nodes[0][0]) in _ONE:
            ends = self._characters(nodes[0], place, least, most, lazy=kind == "MIN_REPEAT")
        else:
            ends = self._groups(nodes, place, least, most, lazy=kind == "MIN_REPEAT")
        if kind == "POSSESSIVE_REPEAT":
            found = next(ends, None)
            ends = iter(()) if found is None else iter((found,))
        yield from ends

    def _characters(self, node: Node, place: int, least: int, most: int, *, lazy: bool) -> Iterator[int]:
        match, text = self._single(node).match, self.text
        end = place
        if lazy:
            while True:
                if end - place >= least:
                    yield end
                self._step()
                if end - place >= most or not match(text, end):
                    return
                end += 1
        while end - place < most and match(text, end):
            self._step()
            end += 1
        while end - place >= least:
            self._step()
            yield end
            end -= 1

    def _groups(self, nodes: list[Node], place: int, least: int, most: int, *, lazy: bool) -> Iterator[int]:
        self._step()
        if lazy and least <= 0:
            yield place
        if most > 0:
            for end in self.run(nodes, place):
                if end > place or least > 0:
                    yield from self._groups(nodes, end, least - 1, most - 1, lazy=lazy)
        if not lazy and least <= 0:
            yield place


@cache
def parsed(pattern: re.Pattern[str]) -> Any:
    """The tree of a pattern."""
    return _parser.parse(pattern.pattern, pattern.flags)


def steps(pattern: re.Pattern[str], way: str, text: str) -> int:
    """The steps of `pattern` over `text`, used as the method `way` uses it. Raises TooHard beyond ENOUGH."""
    counter = _Counter(pattern)
    counter.text = text
    nodes = list(counter.tree)
    if way == "fullmatch":
        found = any(end == len(text) for end in counter.run(nodes, 0))
        assert found == (pattern.fullmatch(text) is not None), (pattern.pattern, text)
        return counter.steps
    if way == "match":
        end = next(counter.run(nodes, 0), None)
        real = pattern.match(text)
        assert end == (None if real is None else real.end()), (pattern.pattern, text)
        return counter.steps
    spans = []
    start = 0
    while start <= len(text):
        end = next(counter.run(nodes, start), None)
        if end is not None:
            spans.append((start, end))
            if way == "search":
                break
        start = end if end is not None and end > start else start + 1
    wanted = [each.span() for each in pattern.finditer(text)]
    wanted = wanted[:1] if way == "search" else wanted
    assert [s for s in spans if s[0] < s[1]] == [s for s in wanted if s[0] < s[1]], (pattern.pattern, text)
    return counter.steps


_OF_CATEGORY = {
    "CATEGORY_DIGIT": "0",
    "CATEGORY_NOT_DIGIT": "a",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_SPACE": "a",
    "CATEGORY_WORD": "a",
    "CATEGORY_NOT_WORD": "-",
}


def _of_set(told: Sequence[Node]) -> Iterator[str]:
    """Some characters that a set speaks of, whether it takes them or not."""
    for kind, value in told:
        match str(kind):
            case "LITERAL":
                yield chr(value)
            case "RANGE":
                yield from map(chr, value)
            case "CATEGORY":
                yield _OF_CATEGORY[str(value)]


def alphabet(pattern: re.Pattern[str]) -> str:
    """The characters that a pattern speaks of."""

    def of(nodes: Any) -> Iterator[str]:
        for kind, told in nodes:
            match str(kind):
                case "LITERAL" | "NOT_LITERAL":
                    yield chr(told)
                case "IN":
                    yield from _of_set(told)
                case "BRANCH":
                    for way in told[1]:
                        yield from of(way)
                case "SUBPATTERN":
                    yield from of(told[3])
                case "ASSERT" | "ASSERT_NOT":
                    yield from of(told[1])
                case "ATOMIC_GROUP":
                    yield from of(told)
                case repeat if repeat in _REPEATS:
                    yield from of(told[2])

    return "".join(dict.fromkeys(of(parsed(pattern))))


def examples(pattern: re.Pattern[str], most: int = 3) -> list[str]:
    """A few short texts that the pattern takes, or nearly."""
    found = list(dict.fromkeys(_texts(pattern, list(parsed(pattern)))))
    by_length = sorted(found, key=len, reverse=True)
    return by_length[: most // 2] + by_length[max(most // 2, len(by_length) - most // 2) :]


_WAYS = 12


def _texts(pattern: re.Pattern[str], nodes: Sequence[Node]) -> list[str]:
    parts = [_of_node(pattern, node) for node in nodes]
    found = ["".join(each) for each, _ in zip(product(*parts), range(_WAYS**2), strict=False)]
    return found[:: max(1, len(found) // _WAYS)][:_WAYS]


def _of_node(pattern: re.Pattern[str], node: Node) -> list[str]:
    kind, told = str(node[0]), node[1]
    if kind == "LITERAL":
        return [chr(told)]
    if kind in _ONE:
        alone = _compiler.compile(
            _parser.SubPattern(parsed(pattern).state, [node]), parsed(pattern).state.flags
        )
        candidates = [*alphabet(pattern), *"a0 .-_<"]
        return [each for each in dict.fromkeys(candidates) if alone.fullmatch(each)][:2] or ["é"]
    if kind == "BRANCH":
        return [text for way in told[1] for text in _texts(pattern, list(way))[:2]][:_WAYS]
    if kind == "SUBPATTERN":
        return _texts(pattern, list(told[3]))
    if kind == "ATOMIC_GROUP":
        return _texts(pattern, list(told))
    if kind in _REPEATS:
        least, most, inner = told
        inside = _texts(pattern, list(inner))[:2]
        times = [each for each in dict.fromkeys((max(least, 1), least, least + 2)) if each <= most]
        return [text * each for text in inside for each in times]
    return [""]


BREAKS = ("\x00", " ", "a", "!")
"""What may end a match that nearly came about."""


def families(pattern: re.Pattern[str]) -> list[tuple[str, str, str]]:
    """Texts that grow: (what comes first, what is repeated, what ends it)."""
    found: list[tuple[str, str, str]] = []
    letters = list(dict.fromkeys((*alphabet(pattern)[:12], *"a0 <@")))
    found += [("", each, end) for each in letters for end in ("", "\x00")]
    for whole in examples(pattern):
        found += [("", whole, end) for end in ("", *BREAKS)]
        short = whole[:12]
        for start in range(len(short)):
            for end in range(start + 1, min(len(short), start + 3) + 1):
                found.append((whole[:start], whole[start:end], whole[end:] + "\x00"))
    return [each for each in dict.fromkeys(found) if each[1]]


def grown(family: tuple[str, str, str], size: int) -> str:
    """The text of a family that has about `size` characters."""
    first, repeated, last = family
    return f"{first}{repeated * max(1, size // len(repeated))}{last}"
