"""What a command does not import: most of the time of a short command is the time of its imports."""

import subprocess
import sys


def test_importing_the_core_imports_none_of_it() -> None:
    code = "import sys, mzi_core; print(*(name for name in sys.modules if name.startswith('mzi_core.')))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
