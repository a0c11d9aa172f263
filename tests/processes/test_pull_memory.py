"""What a pull holds in memory does not grow with the module: one page, and eight bytes for each id."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

FEW, MANY = 2_000, 20_000


@contextmanager
def serving(students: int) -> Iterator[dict[str, str]]:
    """A Zoho in a process of its own, whose records burden nobody else; gives the settings that name it."""
    command = [sys.executable, "-m", "tests.servers.zoho_students", "--students", str(students)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        said = iter(server.stdout.readline, "# ready\n")
        try:
            yield dict(re.findall(r"export (\w+)=(\S+)", "".join(said)))
        finally:
            server.terminate()


def pulled(students: int, folder: Path) -> tuple[str, int]:
    """What a pull of so many students said, and the most memory it ever had, in KiB."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MZI_")}
    command = [sys.executable, "-m", "mzi_http", "pull", "students", "--via", "coql"]
    with serving(students) as settings:
        store = {"MZI_STORE": f"sqlite:///{folder}/{students}.db"}
        pull = subprocess.Popen(
            command,
            cwd=folder,
            env=clean | settings | store,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert pull.stdout is not None
        with pull.stdout:
            said = pull.stdout.read()
        _, _, used = os.wait4(pull.pid, 0)
        pull.returncode = 0
    return said, used.ru_maxrss


def test_ten_times_the_students_need_no_more_memory(tmp_path: Path) -> None:
    few, for_few = pulled(FEW, tmp_path)
    many, for_many = pulled(MANY, tmp_path)
    assert few.startswith(f"What became of {FEW:,} students")
    assert many.startswith(f"What became of {MANY:,} students")
    assert for_many <= 1.15 * for_few
