"""The `console` blocks of the pages, carried out by the doctest builder: each command must answer as written.

What may stand there is `mzi …`, `curl …` against the service, and `echo $?`. A file that a command needs is a
`code-block` whose caption is its name. In an answer a line `…` stands for any number of lines.
"""

import asyncio
import json
import logging as standard_logging
import os
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    chdir,
    contextmanager,
    redirect_stderr,
    redirect_stdout,
)
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from http import HTTPStatus
from importlib.metadata import version
from io import BytesIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import attrs
from sphinx.application import Sphinx
from sphinx.util import logging

from mzi_adapters.testing.harness import Harness
from mzi_core.event_proofs import Scheme
from mzi_core.module import Side
from mzi_core.use_cases import UseCases
from mzi_core.values import DEFAULT_TENANT
from mzi_http import cli
from mzi_http.app import create_app
from mzi_http.services import open_use_cases
from mzi_http.settings import Settings

_log = logging.getLogger(__name__)

_BLOCK = re.compile(
    r"^```console\n(?P<commands>.*?)^```$"
    r"|^```\{code-block\} \w+\n:caption: (?P<name>[\w.]+)\n\n?(?P<file>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)

_SOME_LINES = re.compile(r"^\s*…\n?", re.MULTILINE)
_BY_THE_CLOCK = re.compile(
    r"\b\d{4}-\d\d-\d\d \d\d:\d\dZ|(?<=\bin )\d+\.\d s\b|\b\d+ s(?= *$)|\b\d{4}-\d\d-\d\dT[\d:.]+Z",
    re.MULTILINE,
)
_WIDTH = 84
_RATE = re.compile(r" +[\d,]+ *$", re.MULTILINE)


def _as_written(wanted: str, got: str) -> bool:
    """Whether an answer is as the page has it, but for times and for the column `per s`."""
    wanted = _SOME_LINES.sub("...\n", wanted)
    told = _BY_THE_CLOCK.sub("", wanted), _BY_THE_CLOCK.sub("", got)
    if "per s" in wanted + got:
        told = _RATE.sub("", told[0]), _RATE.sub("", told[1])
    return OutputChecker().check_output(*told, ELLIPSIS | NORMALIZE_WHITESPACE)


@contextmanager
def _at_a_terminal() -> Iterator[None]:
    """No settings but those of a page, and as wide as one; logging is put back as it was."""
    root = standard_logging.getLogger()
    before = dict(os.environ), root.handlers[:], root.level
    for name in [name for name in os.environ if name.startswith("MZI_")]:
        del os.environ[name]
    os.environ |= {"COLUMNS": "80", "NO_COLOR": "1"}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before[0])
        root.handlers[:], root.level = before[1], before[2]


@attrs.define
class _Desk:
    """Where the commands of one page are typed: a folder of its own, and a service to call."""

    folder: Path
    code: int = 0
    harness: Harness = attrs.field(factory=Harness)
    store: str | None = None
    """What `mzi serve` was last asked to serve; without it the service stands over the harness."""

    def type(self, command: str) -> str:
        """The answer to a command line."""
        words = shlex.split(command.replace("\\\n", " "))
        match words:
            case ["echo", "$?"]:
                return f"{self.code}\n"
            case ["mzi", *_, "serve", "--dev"]:
                self.store = words[words.index("--store") + 1] if "--store" in words else "sqlite:///mzi.db"
                return ""
            case ["mzi", *rest]:
                return self._mzi(rest)
            case ["curl", *rest]:
                return asyncio.run(self._curl(rest))
        raise ValueError(f"No page may say {command}")

    def _mzi(self, words: list[str]) -> str:
        """In this process: one of its own would import everything anew for each command."""
        said = TextIOWrapper(BytesIO(), "utf-8", write_through=True)
        with _at_a_terminal(), chdir(self.folder), redirect_stdout(said), redirect_stderr(said):
            self.code = cli.run(words)
        said.seek(0)
        return said.read()

    def _service(self) -> Callable[[], AbstractAsyncContextManager[UseCases]]:
        if self.store is not None:
            path = self.folder / self.store.removeprefix("sqlite:///")
            return lambda: open_use_cases(Settings(store=f"sqlite:///{path}"))

        @asynccontextmanager
        async def opened() -> Any:
            yield self.harness.use_cases

        return opened

    async def _curl(self, words: list[str]) -> str:
        asked = _asked(words, self.folder)
        key = asked.headers.get("x-api-key")
        if asked.headers.get("x-zoho-token") == "$TOKEN":
            asked.headers["x-zoho-token"] = await self._token()
        app = create_app(self._service(), version=version("mzi"), open_to_all=key is None)
        if key == "$KEY":
            asked.headers["x-api-key"] = (await self.harness.use_cases.new_key("docs"))[1]
        async with app.router.lifespan_context(app) as state:
            head, answer = await _answered(app, dict(state or {}), asked)
        text = f"{_indented(json.loads(answer))}\n"
        return f"{head}\n{text}" if asked.shows_head else text

    async def _token(self) -> str:
        """The token of a source of events that did not exist before."""
        async with self._service()() as use_cases:
            _, token = await use_cases.sources.add(Side.ZOHO, "docs", DEFAULT_TENANT, scheme=Scheme.HEADER)
            return token


def _indented(value: Any, indent: str = "") -> str:
    """JSON for people: what fits on a line stands on one."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(indent) + len(line) <= _WIDTH:
        return line
    inner = f"{indent}  "
    named = isinstance(value, dict)
    items = [
        f"{json.dumps(name, ensure_ascii=False)}: {_indented(item, inner)}"
        if named
        else _indented(item, inner)
        for name, item in (value.items() if named else enumerate(value))
    ]
    opening, closing = "{}" if named else "[]"
    return f"{opening}\n{inner}" + f",\n{inner}".join(items) + f"\n{indent}{closing}"


@attrs.define
class _Asked:
    """What a `curl` asks for."""

    method: str = ""
    url: str = ""
    headers: dict[str, str] = attrs.field(factory=lambda: {"host": "127.0.0.1:8000"})
    body: bytes = b""
    shows_head: bool = False


def _asked(words: list[str], folder: Path) -> _Asked:
    asked = _Asked()
    rest = iter(words)
    for word in rest:
        match word:
            case "-H":
                name, _, value = next(rest).partition(": ")
                asked.headers[name.lower()] = value
            case "--json":
                said = next(rest)
                asked.body = (folder / said[1:]).read_bytes() if said.startswith("@") else said.encode()
                asked.method = asked.method or "POST"
                asked.headers["content-type"] = "application/json"
            case "-X":
                asked.method = next(rest)
            case "-i":
                asked.shows_head = True
            case _ if word.startswith("http://"):
                asked.url = word
            case _:
                raise ValueError(f"curl {word} is not known here")
    asked.headers["content-length"] = str(len(asked.body))
    return asked


async def _answered(app: Any, state: dict[str, Any], asked: _Asked) -> tuple[str, bytes]:
    """The head and the body of the answer."""
    parts = urlsplit(asked.url)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": asked.method or "GET",
        "scheme": "http",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "root_path": "",
        "query_string": parts.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in asked.headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": state,
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": asked.body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *chunks = sent
    lines = [f"HTTP/1.1 {start['status']} {HTTPStatus(start['status']).phrase}"]
    lines += [f"{name.decode()}: {value.decode()}" for name, value in start["headers"]]
    return "\n".join([*lines, ""]), b"".join(chunk.get("body", b"") for chunk in chunks)


@attrs.define
class Typed:
    """A command line of a page, where it stands, and the answer that is written under it."""

    line: int
    command: str
    answer: str = ""


def typed(text: str) -> Iterator[Typed]:
    """Everything that is typed in the blocks of `text`."""
    for block in _BLOCK.finditer(text):
        if block["name"]:
            continue
        found: list[Typed] = []
        for line in block["commands"].splitlines():
            if line.startswith("$ "):
                found.append(Typed(text.count("\n", 0, text.index(line, block.start())) + 1, line[2:]))
            elif not _is_whole(found[-1].command):
                found[-1].command += f"\n{line}"
            else:
                found[-1].answer += f"{line}\n"
        yield from found


def _is_whole(command: str) -> bool:
    """Whether a command ends here: neither with a backslash nor inside quotes."""
    try:
        shlex.split(command)
    except ValueError:
        return False
    return not command.endswith("\\")


def _carry_out(app: Sphinx) -> None:
    if app.builder.name != "doctest":
        return
    count = 0
    for page in sorted(Path(app.srcdir).glob("*.md")):
        text = page.read_text("utf-8")
        with TemporaryDirectory(prefix="mzi-docs-") as folder:
            desk = _Desk(Path(folder))
            for block in _BLOCK.finditer(text):
                if block["name"]:
                    (desk.folder / block["name"]).write_text(block["file"], "utf-8")
            for each in typed(text):
                got = desk.type(each.command)
                count += 1
                if not _as_written(each.answer, got):
                    _log.warning("%s:%d: `%s` answers:\n%s", page.name, each.line, each.command, got)
    _log.info("%d commands carried out", count)


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the build."""
    app.connect("builder-inited", _carry_out)
    return {"parallel_read_safe": True}
