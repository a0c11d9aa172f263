"""The README's commands are the commands."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def commands() -> list[str]:
    readme = (ROOT / "README.md").read_text("utf-8")
    return [
        line for block in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL) for line in block.splitlines()
    ]


def test_the_readme_has_two_commands_and_ci_runs_the_second() -> None:
    run_the_main_job, pass_the_tests = commands()
    assert run_the_main_job.endswith("mzi demo")
    script = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert [line for line in script if line and not line.startswith(("#", "set "))] == [pass_the_tests]
