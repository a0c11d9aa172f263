"""Whatever is printed or written down passes a border: no character of it steers a terminal or a reader."""

import csv
import io
import json
from pathlib import Path

import pytest
from rich.text import Text
from tests.cli.terminal import Mzi, student, written

from mzi_core.values import Code, Outcome, Reason, State
from mzi_http.cli.console_tables import plain_json, table
from mzi_http.cli.main import _Output
from mzi_http.cli.report import Report, ReportLine
from mzi_http.cli.shell import Shell
from mzi_http.settings import Settings

HOSTILE = ("\x1b[31m", "\x07", "\x9b2J", "\u202e", "\u2066", "\u200b", "\ufeff", "\x7f")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_nobody_escaped_is_escaped_at_the_border(
    hostile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    console = _Output()
    shell = Shell(read=Settings, out=console, err=console)
    rows = table("name")
    rows.add_row(f"a{hostile}b")
    shell.show(f"a{hostile}b", Text(f"a{hostile}b"), rows)
    shell.say(f"a{hostile}b")
    shell.note(f"a{hostile}b")
    shell.json({f"a{hostile}b": f"a{hostile}b"})
    said = capsys.readouterr().out
    assert hostile[0] not in said
    assert said.count("a") >= 7


def test_json_says_the_same_after_the_border(capsys: pytest.CaptureFixture[str]) -> None:
    data = {"name": "".join(HOSTILE) + "رنا\u200d 😀 \U000e0001 \u00a0\ud800\n"}
    console = _Output()
    Shell(read=Settings, out=console, err=console).json(data)
    said = capsys.readouterr().out
    assert json.loads(said) == data
    assert "رنا\u200d 😀" in said
    assert plain_json('{"a": "\U000e0001"}') == '{"a": "\\udb40\\udc01"}'


def test_colours_and_the_cursor_are_still_steered_by_ourselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    console = _Output()
    console.file, console._force_terminal = io.StringIO(), True
    console._color_system = console._detect_color_system()
    console.print(Text("a\x1bb", style="bold"))
    assert "\x1b[1ma\\x1bb" in console.file.getvalue()


@pytest.mark.parametrize("hostile", ["=1+1", "+1", "-1", "@x", "＝1", "\t=1", "\r=1", *HOSTILE])
def test_no_cell_of_a_report_is_a_formula_or_hides_something(hostile: str) -> None:
    stream = io.StringIO()
    reason = Reason(Code.OUT_OF_RANGE, f"$.{hostile}", hostile)
    outcome = Outcome(position=0, module="students", key=None, state=State.INVALID, reasons=(reason,))
    Report(stream).add(ReportLine(file=hostile, line=1, outcome=outcome))
    (_, row) = csv.reader(io.StringIO(stream.getvalue()))
    for cell in row:
        assert not cell.startswith(("=", "+", "-", "@", "＝", "\t", "\r"))
        assert cell.isprintable()


def test_a_shown_record_keeps_its_table_straight(mzi: Mzi, folder: Path) -> None:
    written(folder, "a.json", [student(1, City="\x1b[2J\u202e", First_Name="رنا")])
    mzi("sync", "students", "a.json")
    shown = mzi("show", "students", student(1)["id"]).out
    assert "\\x1b[2J\\u202e" in shown
    assert "رنا" in shown
