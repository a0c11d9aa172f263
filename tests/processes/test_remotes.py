"""`mzi demo --remotes`: what it prints is typed in another terminal, and works."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MZI = (sys.executable, "-m", "mzi_http")


def plain_environment() -> dict[str, str]:
    """Without what somebody has set for himself."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MZI_")}


@contextmanager
def remotes(folder: Path, width: int = 80) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command at work, and what it said before it began to wait."""
    served = subprocess.Popen(
        [*MZI, "demo", "--remotes", "--students", "30"],
        cwd=folder,
        env={**plain_environment(), "COLUMNS": str(width)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with served:
        try:
            assert served.stdout is not None
            said = "".join(iter(served.stdout.readline, "mzi doctor\n"))
            yield served, f"{said}mzi doctor\n"
        finally:
            served.kill()


def typed(said: str) -> tuple[dict[str, str], list[list[str]]]:
    """What is there to be copied: the environment, and the commands."""
    settings = {}
    for line in re.findall(r"^export (.*)$", said, re.MULTILINE):
        (pair,) = shlex.split(line)
        name, _, value = pair.partition("=")
        settings[name] = value
    commands = re.findall(r"^mzi (?!demo)(.*)$", said, re.MULTILINE)
    return settings, [shlex.split(command) for command in commands]


def test_what_it_prints_to_be_copied_pulls_pushes_and_is_found_sound(tmp_path: Path) -> None:
    with remotes(tmp_path) as (served, said):
        settings, commands = typed(said)
        assert [command[0] for command in commands] == [
            "pull",
            *["push"] * 5,
            "pull",
            "push",
            "rules",
            "deliver",
            "doctor",
        ]
        told = {}
        for command in commands:
            ran = subprocess.run(
                [*MZI, *command, "--json"],
                cwd=tmp_path,
                env={**plain_environment(), **settings},
                capture_output=True,
                text=True,
                check=False,
            )
            assert ran.returncode in (0, 1), ran.stderr
            told[" ".join(command)] = json.loads(ran.stdout)
        assert told["pull all"]["summary"]["NEW"] > 100
        for module in ("teachers", "students", "programs", "classes", "enrollments"):
            moodle, zoho = told[f"push {module}"]["targets"]
            assert moodle["done"]["written"] == moodle["planned"]["create"] > 0
            assert zoho["done"]["refused"] == zoho["done"]["unsure"] == 0
        assert told["pull moodle_users"]["summary"]["NEW"] > told["push students"]["targets"][0]["records"]
        for target in told["push students --dry-run"]["targets"]:
            assert target["planned"]["nothing"] == target["records"] > 20
        for flow in told["deliver"]["flows"].values():
            assert flow["settled"] > flow["due"] == 0
        findings = told["doctor"]["findings"]
        assert {each["check"] for each in findings if each["level"] != "green"} == {"notify"}
        assert [each.name for each in tmp_path.glob("*.db")] == ["remotes.db"]
        served.send_signal(signal.SIGINT)
        out, err = served.communicate(timeout=20)
    assert (served.returncode, out, err) == (0, "", "Both are gone, and nothing of them is kept.\n")


@pytest.mark.parametrize("width", [80, 50])
def test_what_is_to_be_copied_stands_on_lines_of_its_own(tmp_path: Path, width: int) -> None:
    """However narrow the terminal is, and whoever copies all of it at once."""
    with remotes(tmp_path, width) as (served, said):
        prose, _, rest = said.partition("\n1  In another terminal")
        assert max(map(len, prose.splitlines())) <= width
        for line in filter(None, rest.splitlines()[1:]):
            assert line.startswith(("export MZI_", "# ", "mzi ", "2  "))
        assert len(re.findall(r"http://127[.]0[.]0[.]1:[0-9]+", rest)) == 3
        served.terminate()
        assert served.wait(timeout=20) == 0
