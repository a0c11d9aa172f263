"""The command line as a whole: help, version, colours, errors, and what it needs."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.cli.terminal import Mzi, student, written

from mzi_adapters import system
from mzi_http import __main__ as entry
from mzi_http.cli import records

COMMANDS = {
    "demo": "See what mzi does, on a college",
    "sync": "Take records from files, page by page",
    "pull": "Read records from Zoho",
    "push": "Bring Moodle and Zoho to say",
    "drift": "Tell whether Zoho and Moodle",
    "doctor": "Look at the store, the settings",
    "status": "Say how the store is",
    "list": "List the records of a module",
    "show": "Show a record",
    "moodle": "What Moodle needs before mzi can work with it.",
    "runs": "What was done of late.",
    "modules": "List the modules mzi knows",
    "fields": "List the fields of a module",
    "deliveries": "What is due, and how the flows stand.",
    "plan": "What the brake holds, until a person decides.",
    "review": "What a person must decide, and deciding it.",
    "grade": "What grades come to and why, and the policies behind them.",
    "rules": "What mzi may do by itself.",
    "db": "The schema of the store.",
    "keys": "The keys that open the service.",
    "secrets": "With which key secrets are kept.",
    "sources": "Who may send events.",
    "tenants": "Whose data is kept.",
    "serve": "Run the HTTP service",
    "worker": "Take and deliver what is due",
    "bench": "Measure how fast this store",
}
"""Every command, and how the sentence about it begins."""

SUBCOMMANDS = {
    "moodle": ("setup",),
    "runs": ("list", "show"),
    "deliveries": ("status", "list", "show", "redrive", "pause", "resume"),
    "plan": ("list", "show", "approve", "reject"),
    "review": ("list", "show", "choose", "dismiss"),
    "grade": ("explain", "show", "marks", "policies", "choose", "simulate"),
    "rules": ("show", "set", "check"),
    "db": ("upgrade", "check", "status"),
    "keys": ("new", "list", "revoke"),
    "secrets": ("new-key", "reseal"),
    "sources": ("add", "list", "rotate", "revoke", "sign"),
    "tenants": ("add", "list", "zone"),
}


def test_help_names_every_command_and_exit_code(mzi: Mzi) -> None:
    ran = mzi("--help")
    assert ran.code == 0
    for command, sentence in COMMANDS.items():
        assert re.search(rf"│ {command} +{sentence}", ran.out)
    assert "130 stopped by Ctrl-C" in " ".join(ran.out.split())
    assert "What the records are: students, payments" in mzi("sync", "--help").out
    assert "Keep the store in this new file" in mzi("demo", "--help").out
    assert mzi().out == mzi("-h").out == ran.out


@pytest.mark.parametrize("group", SUBCOMMANDS)
def test_help_of_a_group_names_its_commands_with_what_they_do(mzi: Mzi, group: str) -> None:
    ran = mzi(group, "--help")
    for command in SUBCOMMANDS[group]:
        assert re.search(rf"│ {command} +[A-Z][\w ]+", ran.out)
    if group != "deliveries":  # by itself it says how the flows stand
        assert mzi(group).out == mzi("--debug", group).out == ran.out


def test_what_is_said_of_a_command_is_said_whole_in_its_own_help(mzi: Mzi) -> None:
    said = " ".join(mzi("sync", "--help").out.split())
    assert "Take records from files, page by page, and say what became of every one. A file is a" in said


@pytest.mark.parametrize(
    ("tokens", "meant"),
    [
        (["snyc"], '"sync"'),
        (["grade", "explian"], '"explain"'),
        (["deliveries", "redrvie"], '"redrive"'),
        (["deliveries", "--jsn"], "--json"),
        (["modules", "--jsn"], "--json"),
    ],
)
def test_an_unknown_word_is_answered_with_the_nearest_one(
    mzi: Mzi, tokens: Sequence[str], meant: str
) -> None:
    assert f"Did you mean {meant}?" in mzi(*tokens).err


def test_the_version_is_told(mzi: Mzi) -> None:
    """By the command line, too: the entry point has a shorter way to say it."""
    assert mzi("--version").out == f"mzi {version('mzi')}\n"
    assert mzi("--debug", "modules", "--version").out == f"mzi {version('mzi')}\n"


@pytest.mark.parametrize("tokens", [["snyc"], ["grade", "explian"], ["modules", "--nosn"]])
def test_an_unknown_word_is_exit_code_2(mzi: Mzi, tokens: Sequence[str]) -> None:
    ran = mzi(*tokens)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Unknown")


def test_what_nobody_foresaw_is_a_sentence_without_a_secret(
    mzi: Mzi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        local = "hunter2"
        raise RuntimeError(f"{len(local)} letters; token=canary")

    monkeypatch.setattr(records, "_module", fail)
    ran = mzi("modules", "--json")
    assert ran.code == 70
    assert ran.err.startswith("Nobody foresaw this: RuntimeError: 7 letters; token=[redacted].")
    assert "Traceback" not in ran.err
    shown = mzi("modules", "--json", "--debug")
    assert "Traceback" in shown.err
    assert "raise RuntimeError" in shown.err
    assert "token=canary" not in shown.err


def test_no_colour_comes_through_a_pipe(mzi: Mzi, folder: Path) -> None:
    written(folder, "a.json", [student(1), student(2, Name=None)])
    assert "\x1b" not in "".join(mzi("sync", "students", "a.json", "--debug").out)


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals_and_can_be_refused(
    mzi: Mzi, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], coloured: bool
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # what rich takes for a terminal
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert coloured is ("\x1b[1;32m" in mzi("grade", "explain", "--raw", "4").out)


def test_tables_fit_eighty_columns(mzi: Mzi, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    written(folder, "a.json", [student(1), student(2, Name=None)])
    for tokens in (["sync", "students", "a.json"], ["modules"], ["fields", "students", "--all"]):
        ran = mzi(*tokens)
        assert max(map(len, ran.out.splitlines())) <= 80
        assert "…" not in ran.out.replace("… and", "")
    rows = mzi("modules").out.splitlines()
    assert rows[0].endswith("fields")
    assert [row.split()[-1] for row in rows if row.startswith("requests ")] == ["17"]


def test_without_the_extra_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(entry, "_NEEDED", ("nothing_of_this_name",))
    assert entry.main() == 2
    assert capsys.readouterr().err.strip().endswith('pip install "mzi[server]"')


def test_without_the_extra_nothing_heavy_is_imported(folder: Path) -> None:
    code = (
        "import sys; sys.modules['cyclopts'] = None\n"
        "import importlib.util as util; find = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'cyclopts' else find(name, *rest)\n"
        "from mzi_http.__main__ import main\n"
        "code = main()\n"
        "heavy = {'attrs', 'rich', 'sqlalchemy', 'starlette', 'structlog', 'mzi_core'} & set(sys.modules)\n"
        "print(code, sorted(heavy))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=True)
    assert ran.stdout == "2 []\n"


def test_it_can_be_run_as_a_module(folder: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "mzi_http", "--version"],
        capture_output=True,
        text=True,
        cwd=folder,
        check=True,
    )
    assert ran.stdout == f"mzi {version('mzi')}\n"


@pytest.mark.parametrize("tokens", [["modules"], ["modules", "--json"], ["--version"]], ids=" ".join)
def test_a_reader_that_goes_away_is_no_error(folder: Path, tokens: list[str]) -> None:
    """As in `mzi fields students --all | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [sys.executable, "-m", "mzi_http", *tokens],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        check=False,
    )
    os.close(writing)
    assert ran.stderr == ""
    assert ran.returncode == 141


def test_what_no_encoding_can_write_is_still_shown(
    mzi: Mzi, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.json").write_text(f'[{{"id": "5", "Name": "{chr(92)}ud800", "Academic_Email": "x"}}]')
    mzi("sync", "students", "a.json")
    monkeypatch.setattr(sys, "argv", ["mzi", "show", "students", "5", "--json"])
    for said in ("moves_many_records", "ends"):
        monkeypatch.setattr(system, said, lambda: None)  # this process is not its own
    assert entry.main() == 0
    assert json.loads(capsys.readouterr().out)["held"]["received"]["Name"] == "\ud800"


@pytest.mark.parametrize(
    ("begun", "told"),
    [
        ("from mzi_http.__main__ import main; sys.argv[1:] = ['modules']; main()", True),
        ("from mzi_http.cli import run; run(['modules'])", False),
    ],
    ids=["mzi", "imported"],
)
def test_only_a_process_of_its_own_tells_the_garbage_collector_what_it_is(begun: str, told: bool) -> None:
    """Whoever imports mzi has a process that is theirs. It is told at the beginning and at the end."""
    code = (
        "import gc, sys; before = gc.get_threshold()\n"
        f"{begun}\n"
        "print(gc.get_threshold() != before, gc.get_freeze_count() > len(gc.get_objects()), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stderr == f"{told} {told}\n"
