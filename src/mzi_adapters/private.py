"""Files that nobody else on the machine can read: what is in them is about people, or lets somebody in."""

import os
import stat
from contextlib import suppress
from pathlib import Path

_OWNER = stat.S_IRUSR | stat.S_IWUSR
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def opener(path: str, flags: int) -> int:
    """For `open`: a file that is made is its owner's alone (0600); one that is there stays as it is."""
    return os.open(path, flags, _OWNER)


def make(path: Path) -> None:
    """Make an empty file that is its owner's alone, unless it is there or cannot be made."""
    with suppress(OSError):  # whoever opens it next says why
        os.close(opener(str(path), os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC))


def is_open_to_others(path: Path) -> bool:
    """Whether its group or everybody may read or write a file that is there; on POSIX alone."""
    if os.name != "posix":
        return False
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False
