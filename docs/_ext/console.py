"""The `console` blocks of the pages, carried out by the doctest builder: each command must answer as written.

What may stand there is `mzi …`, `curl …` against the service, and `echo $?`. A file that a command needs is a
`code-block` whose caption is its name. In an answer a line `…` stands for any number of lines.
"""

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import attrs
from sphinx.application import Sphinx
from sphinx.util import logging

from mzi_adapters.harness import Harness
from mzi_core.use_cases import UseCases
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
_BY_THE_CLOCK = re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\dZ|(?<=\bin )\d+\.\d s\b")
_WIDTH = 84
_RATE = re.compile(r" +[\d,]+ *$", re.MULTILINE)


def _comparable(text: str) -> str:
    """Without what differs from run to run: times, and the column `per s`."""
    text = _BY_THE_CLOCK.sub("", text)
    return _RATE.sub("", text) if "per s" in text else text


def _as_written(wanted: str, got: str) -> bool:
    wanted = _SOME_LINES.sub("...\n", wanted)
    return OutputChecker().check_output(
        _comparable(wanted), _comparable(got), ELLIPSIS | NORMALIZE_WHITESPACE
    )


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
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MZI_")}
        done = subprocess.run(  # noqa: S603  # the commands are those of our own pages
            [sys.executable, "-m", "mzi_http", *words],
            cwd=self.folder,
            env={**kept, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
        self.code = done.returncode
        return done.stdout

    def _service(self) -> Callable[[], AbstractAsyncContextManager[UseCases]]:
        if self.store is not None:
            path = self.folder / self.store.removeprefix("sqlite:///")
            return lambda: open_use_cases(Settings(store=f"sqlite:///{path}"))

        @asynccontextmanager
        async def opened() -> Any:
            yield self.harness.use_cases

        return opened

    async def _curl(self, words: list[str]) -> str:
        method, headers, body, show_head, url = _request(words, self.folder)
        app = create_app(self._service(), version=version("mzi"), open_to_all="x-api-key" not in headers)
        if "x-api-key" in headers and self.store is None:
            headers["x-api-key"] = await self._key(headers["x-api-key"])
        async with app.router.lifespan_context(app) as state:
            head, answer = await _call(app, dict(state or {}), method, url, headers, body)
        text = f"{_indented(json.loads(answer))}\n"
        return f"{head}\n{text}" if show_head else text

    async def _key(self, given: str) -> str:
        """What `$KEY` stands for: a key of the harness, made for the occasion."""
        return (await self.harness.use_cases.new_key("docs"))[1] if given == "$KEY" else given


def _indented(value: Any, indent: str = "") -> str:
    """JSON for people: what fits on a line stands on one."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(indent) + len(line) <= _WIDTH:
        return line
    inner = f"{indent}  "
    named = isinstance(value, dict)
    items = [
        f"{json.dumps(name, ensure_ascii=False)}: {_indented(item, inner)}" if named else _indented(item, inner)
        for name, item in (value.items() if named else enumerate(value))
    ]
    opening, closing = "{}" if named else "[]"
    return f"{opening}\n{inner}" + f",\n{inner}".join(items) + f"\n{indent}{closing}"


def _request(words: list[str], folder: Path) -> tuple[str, dict[str, str], bytes, bool, str]:
    method, body, show_head, url = "GET", b"", False, ""
    headers = {"host": "127.0.0.1:8000"}
    rest = iter(words)
    for word in rest:
        match word:
            case "-X":
                method = next(rest)
            case "-H":
                name, _, value = next(rest).partition(": ")
                headers[name.lower()] = value
            case "-d" | "--data-binary" | "--json":
                said = next(rest)
                body = (folder / said[1:]).read_bytes() if said.startswith("@") else said.encode()
                method = "POST"
                headers.setdefault(
                    "content-type",
                    "application/json" if word == "--json" else "application/x-www-form-urlencoded",
                )
            case "-i":
                show_head = True
            case _ if word.startswith("http://"):
                url = word
            case _:
                raise ValueError(f"curl {word} is not known here")
    return method, headers, body, show_head, url


async def _call(
    app: Any, state: dict[str, Any], method: str, url: str, headers: dict[str, str], body: bytes
) -> tuple[str, bytes]:
    parts = urlsplit(url)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "root_path": "",
        "query_string": parts.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": state,
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

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
