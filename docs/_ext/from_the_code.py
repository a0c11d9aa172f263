"""Tables made from the code while the pages are read, so that no fact is copied by hand.

A line `<!-- mzi: NAME -->` in a page is replaced by what the function of that name gives. A line
`<!-- mzi: all NAME -->` is a promise that the page has a table row for each of some names, and for no others.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from flow_page import agreements
from grade_examples import EXAMPLES
from rich.console import Console
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.pycode import ModuleAnalyzer
from sphinx.util import logging

import mzi_core.ports
from mzi_adapters.moodle import NEEDED
from mzi_adapters.moodle.account_setup import STEPS
from mzi_adapters.moodle.capabilities import CAPABILITIES
from mzi_core.flows.drift import Outlook
from mzi_core.flows.flow import FLOWS
from mzi_core.flows.rules import RULES
from mzi_core.flows.write_back import write_back_of
from mzi_core.grading import (
    BTEC_DEFAULT,
    BUILT_IN,
    Cause,
    Language,
    Marking,
    RuleId,
    WarningId,
    marking_to_data,
)
from mzi_core.module import AnyModule, Field, Wire, declared
from mzi_core.modules import CATALOGUE
from mzi_core.ports import DeliveryState, NoticeKind, ReviewKind, ReviewState
from mzi_core.use_cases.doctor import CheckName
from mzi_core.values import Code, State
from mzi_http import errors, settings
from mzi_http.cli import main as cli
from mzi_http.cli.shell import Ended

_log = logging.getLogger(__name__)

_MARKER = re.compile(r"^<!-- mzi: (?P<name>[a-z ]+) -->$", re.MULTILINE)
_ROW = re.compile(r"^\| (`[^|]+`) \|", re.MULTILINE)
_LABEL = re.compile(r"\b[CBGQXS][0-9]{1,2}\b")


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    head = list(head)
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(str(cell) for cell in row)} |"
    yield ""


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _prose(docstring: str | None) -> str:
    return " ".join((docstring or "").split())


@cache
def _said_beside(module: str) -> Mapping[tuple[str, str], str]:
    """The sentences under the members of a module's classes, by (class, member)."""
    found = ModuleAnalyzer.for_module(module).find_attr_docs()
    return {place: _prose(" ".join(lines)) for place, lines in found.items()}


# The modules.


def _remarks(module: AnyModule | None, field: Field) -> Iterator[str]:
    wire = field.wire
    if field.required:
        yield "**required**"
    if wire.link:
        yield "link to Moodle: unique, never cleared"
    elif wire.unique:
        yield "unique"
    if module is not None and field.name in module.said_of_links:
        yield f"what {module.side.title()} itself says of `{module.said_of_links[field.name]}`"
    if wire.volatile:
        yield "a change of it alone is no change"
    yield from _bounds(wire)
    if wire.from_one:
        yield f"counted from 0; also read from {_code(wire.from_one)}, which counts from 1"
    if not field.required and field.default not in (None, ()):
        yield f"`{field.default}` unless said"
    if module is not None and field.name in module.depends_on:
        parent = module.depends_on[field.name]
        yield f"waits for its [{CATALOGUE[parent].singular}](#{parent})"
    if module is not None and field.name in module.refers_to:
        yield f"points at [{module.refers_to[field.name]}](#{module.refers_to[field.name]})"


def _bounds(wire: Wire) -> Iterator[str]:
    if wire.minimum is not None:
        yield f"at least {wire.minimum}"
    if wire.above is not None:
        yield f"more than {wire.above}"
    if wire.maximum is not None:
        yield f"at most {wire.maximum}"
    if wire.by_clock:
        yield "not before 1970"


def _fields(module: AnyModule | None, fields: Iterable[Field]) -> Iterator[str]:
    yield from _table(
        ("field", "read from", "kept as", ""),
        (
            (f"`{f.name}`", _code(f.names), f.kind.value.replace("_", " "), "; ".join(_remarks(module, f)))
            for f in fields
        ),
    )


def _follows(module: AnyModule) -> Iterator[str]:
    """What no single field says: what is filled in, and what is checked."""
    for function in (module.complete, module.check):
        if function.__module__ != attrs.fields(type(module)).complete.default.__module__:
            yield f"`{function.__name__}`: {_prose(function.__doc__)}"
            yield ""


def _module(module: AnyModule) -> Iterator[str]:
    yield f"## {module.name}"
    yield ""
    others = [module.singular, *module.aliases]
    side = module.side.title()
    yield f"{side}'s `{module.remote_name}`; also called {_code(others)}. {_prose(module.entity.__doc__)}"
    yield ""
    yield from _fields(module, module.fields)
    yield from _follows(module)
    yield from _rows(module.fields)


def _rows(fields: Iterable[Field]) -> Iterator[str]:
    for field in fields:
        if field.row is not None and declared(field.row):
            yield f"A row of `{field.name}`. {_prose(field.row.__doc__)}"
            yield ""
            yield from _fields(None, declared(field.row))
            yield from _rows(declared(field.row))


def modules() -> Iterator[str]:
    """Every module with its fields."""
    for module in CATALOGUE:
        yield from _module(module)


def overview() -> Iterator[str]:
    """The modules in the order in which parents come first."""
    yield from _table(
        ("module", "side", "called there", "waits for", "points at"),
        (
            (
                f"[{m.name}](#{m.name})",
                m.side.title(),
                f"`{m.remote_name}`",
                ", ".join(dict.fromkeys(m.depends_on.values())) or "–",
                ", ".join(dict.fromkeys(m.refers_to.values())) or "–",
            )
            for m in CATALOGUE.in_order()
        ),
    )


# Flows.


def flows() -> Iterator[str]:
    """What each flow keeps in agreement, and what Zoho is told of it."""
    rows = []
    for flow in FLOWS.values():
        backs = {module: write_back_of(module) for module in flow.zoho}
        told = [
            *(name for module, back in backs.items() for name in module.field[back.link].names[:1]),
            *(name for back in backs.values() for name in back.copies),
            *(name for back in backs.values() for name in (*back.flags, *back.moments, *back.reasons)),
        ]
        rows.append(
            (
                f"`{flow.name}`",
                _code(module.remote_name for module in flow.zoho),
                f"`{flow.moodle.name}`",
                f"`{flow.key}`",
                _code(dict.fromkeys(told)),
            )
        )
    yield from _table(("flow", "in Zoho", "in Moodle", "a pair is called by", "Zoho is told in"), rows)


def outlooks() -> Iterator[str]:
    """What drift may say of a pair, as the code says it."""
    said = _said_beside("mzi_core.flows.drift")
    rows = [(f"`{each}`", said["Outlook", each.name], "yes" if each.differs else "no") for each in Outlook]
    yield from _table(("", "what it means", "differs"), rows)


# Grading.


def rules() -> Iterator[str]:
    """The rules in order, as the code says them."""
    said = _said_beside("mzi_core.grading.rules")
    rows = []
    for place, rule in enumerate(RuleId, start=1):
        when, _, then = said["RuleId", rule.name].partition(": ")
        grade, _, more = then.partition(". ")
        rows.append((place, f"`{rule}`", f"{when}. {more}", grade.rstrip(".")))
    yield from _table(("", "rule", "when", "grade"), rows)


def sentences() -> Iterator[str]:
    """What is said of a grade by each rule, in both languages, on the clock of a college in Amman."""
    zone = ZoneInfo("Asia/Amman")
    for rule, decision in zip(RuleId, EXAMPLES, strict=True):
        if decision.rule is not rule:
            raise ValueError(f"The example of {rule} is one of {decision.rule}")
        yield from (f"## {rule}", "")
        yield from (decision.explain(Language.EN, zone), "")
        yield from ('<div lang="ar" dir="rtl">', "", decision.explain(Language.AR, zone), "", "</div>", "")


def warnings() -> Iterator[str]:
    """What a decision may warn of, as the code says it."""
    said = _said_beside("mzi_core.grading.warning_ids")
    yield from _table(
        ("warning", "when"), ((f"`{each}`", said["WarningId", each.name]) for each in WarningId)
    )


def causes() -> Iterator[str]:
    """What can make a decision another one, as the code says it."""
    said = _said_beside("mzi_core.grading.supersession")
    rows = [(f"`{cause}`", said["Cause", cause.name]) for cause in Cause]
    yield from _table(("cause", "what was different when the decision was made again"), rows)


def policies() -> Iterator[str]:
    """The fields of the default policy, and where the other built-in ones differ."""
    said = _said_beside("mzi_core.grading.policy")
    default = BTEC_DEFAULT.to_data()
    yield from _table(
        ("field", f"`{BTEC_DEFAULT.name}`", ""),
        (
            (f"`{field}`", f"`{_json(value)}`", said.get(("GradingPolicy", field), ""))
            for field, value in default.items()
            if field != "name"
        ),
    )
    for name, policy in BUILT_IN.items():
        changed = [f"`{f}` is `{_json(v)}`" for f, v in policy.to_data().items() if v != default[f]]
        if policy is not BTEC_DEFAULT:
            yield f"- `{name}`: as the default, but {' and '.join(changed[1:])}."
    yield ""


def _json(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return {None: "null", True: "true", False: "false"}.get(value, value)  # type: ignore[call-overload]


# The rules of a college.


def permitted() -> Iterator[str]:
    """Every rule with its default, what it means, and what it may be."""
    rows = []
    for rule in RULES.values():
        values = "; ".join(f"`{choice}`: {choice.meaning.rstrip('.')}" for choice in rule.choices)
        kind = "any of " if rule.is_set else ""
        form = "" if rule.entry is None else f"a list, each {rule.entry.FORM}"
        default = rule.plain(rule.default)
        told = "none" if isinstance(default, list) else f"`{_json(default)}`"
        rows.append((f"`{rule.name}`", told, rule.meaning, form or f"{kind}{values or '`true`, `false`'}"))
    yield from _table(("rule", "default", "what it means", "what it may be"), rows)


# The ports, the gateways, the service and its settings.


def functions() -> Iterator[str]:
    """The functions that the gateway to Moodle calls."""
    yield "```text"
    yield from NEEDED
    yield "```"
    yield ""


def steps() -> Iterator[str]:
    """What an administrator does in Moodle, in order."""
    for number, step in enumerate(STEPS, 1):
        yield f"{number}. *{step.where.replace(' > ', ' → ')}*: {step.what}"
        if step.command:
            yield from ("", "   ```text", f"   {step.command}", "   ```", "")
    yield ""


def names() -> Iterator[str]:
    """What the core offers by its own name."""
    yield f"From `mzi_core` itself: {_code(mzi_core.__all__)}."
    yield ""


def ports() -> Iterator[str]:
    """Every port, as its docstring says."""
    found = [getattr(mzi_core.ports, name) for name in mzi_core.ports.__all__]
    own = [each for each in found if getattr(each, "_is_protocol", False)]
    yield from _table(("port", ""), ((f"`{each.__name__}`", _prose(each.__doc__)) for each in own))


def problems() -> Iterator[str]:
    """Every kind of problem document."""
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, errors.ProblemType)}
    yield from _table(
        ("status", "`type`", "title"),
        (
            (kind.status, f"`{kind.type}`", kind.title)
            for kind in sorted(kinds, key=lambda kind: (kind.status, kind.name))
        ),
    )


_GLOBAL = re.compile(r"^\* `--(settings PATH|store STR|debug)`.*\n", re.MULTILINE)
_OFF = " *[default: False]*"
_EMPTY_LIST = re.compile(r"^\*\*[A-Z][a-z]+\*\*:\n\n(?=#|\Z)", re.MULTILINE)


def commands() -> Iterator[str]:
    """Every command, as its help says."""
    nowhere = Console(file=StringIO())
    said = cli._app(nowhere, nowhere).generate_docs(heading_level=2)
    said = _EMPTY_LIST.sub("", _GLOBAL.sub("", said[said.index("### ") :]))
    yield said.replace("```console", "```text").replace(_OFF, "")


def endings() -> Iterator[str]:
    """The exit codes."""
    yield from _table(("exit code", "the command ended so"), ((f"`{e.code}`", e.value) for e in Ended))


_MAKERS: Mapping[str, Callable[[], Iterator[str]]] = {
    each.__name__: each
    for each in (
        modules,
        overview,
        flows,
        agreements,
        outlooks,
        rules,
        causes,
        policies,
        permitted,
        sentences,
        warnings,
        names,
        ports,
        problems,
        commands,
        endings,
        functions,
        steps,
    )
}


# Promises that a table is whole.


def _labels() -> set[str]:
    """The labels by which the code names its reasons."""
    packages = Path(mzi_core.__file__).parents[1]
    files = (
        file for name in ("core", "adapters", "http") for file in (packages / f"mzi_{name}").rglob("*.py")
    )
    return {label for file in files for label in _LABEL.findall(file.read_text("utf-8"))}


_WHOLE: Mapping[str, Callable[[], set[str]]] = {
    "codes": lambda: {code.value for code in Code},
    "kinds of notices": lambda: {kind.value for kind in NoticeKind},
    "review kinds": lambda: {kind.value for kind in ReviewKind},
    "review states": lambda: {state.value for state in ReviewState},
    "delivery states": lambda: {state.value for state in DeliveryState},
    "states": lambda: {state.value for state in State},
    "contradictions": lambda: {label for label in _labels() if label.startswith("C")},
    "rules taken over": lambda: {label for label in _labels() if not label.startswith("C")},
    "marking": lambda: set(marking_to_data(Marking())),
    "checks": lambda: {check.value for check in CheckName},
    "capabilities": lambda: set(CAPABILITIES),
    "settings": lambda: {
        text
        for option in settings.options()
        for text in (option.path, "" if option.default in (None, (), "") else str(option.default))
        if text
    },
}


def _promised(page: str, name: str, text: str) -> str:
    """Nothing; but a warning if the rows from here to the next heading are not the names promised."""
    here = re.split(r"^#", text, maxsplit=1, flags=re.MULTILINE)[0]
    rows = {name for cell in _ROW.findall(here) for name in re.findall(r"`([^`]+)`", cell)}
    wanted = _WHOLE[name]()
    for missing in sorted(wanted - rows):
        _log.warning("%s: `%s` is missing in the table of %s", page, missing, name)
    for unknown in sorted(rows - wanted):
        _log.warning("%s: `%s` is none of the %s", page, unknown, name)
    return ""


def _fill(app: Sphinx, page: str, source: list[str]) -> None:
    text = source[0]

    def made(found: re.Match[str]) -> str:
        name = found["name"]
        if name.startswith("all "):
            return _promised(page, name.removeprefix("all "), text[found.end() :])
        return "\n".join(_MAKERS[name]())

    source[0] = _MARKER.sub(made, text)


# Docstrings are written for people who read code: `x` is code there, and a plural s may follow.

_CODE_IN_DOCSTRING = re.compile(r"(?<![`:])`(?P<code>[^`]+)`(?!`)(?P<after>\w?)")


def _literal(found: re.Match[str]) -> str:
    return f"``{_prose(found['code'])}``" + (f"\\ {found['after']}" if found["after"] else "")


def _docstring(app: Sphinx, *said: Any) -> None:
    *_, lines = said
    lines[:] = _CODE_IN_DOCSTRING.sub(_literal, "\n".join(lines)).split("\n")


def _made_pages(app: Sphinx, env: BuildEnvironment, *_: object) -> list[str]:
    """The pages with markers that were read before the code was written as it is now."""
    folders = (Path(app.srcdir).with_name("src"), Path(__file__).parent)
    files = (file for folder in folders for file in folder.rglob("*") if file.suffix in (".py", ".tsv"))
    code = max(file.stat().st_mtime_ns // 1000 for file in files)
    pages = (page for page in Path(app.srcdir).glob("*.md") if _MARKER.search(page.read_text("utf-8")))
    return [page.stem for page in pages if env.all_docs.get(page.stem, 0) <= code]


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the build."""
    app.connect("env-get-outdated", _made_pages)
    app.connect("source-read", _fill)
    app.connect("autodoc-process-docstring", _docstring)
    return {"parallel_read_safe": True}
