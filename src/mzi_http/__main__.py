"""The console script `mzi`, and `python -m mzi_http`."""

import sys
from contextlib import suppress
from importlib.util import find_spec
from io import TextIOWrapper

_NEEDED = ("cyclopts", "rich", "typed_settings", "structlog", "dependency_injector", "sqlalchemy")


def main() -> int:
    """Run the command line. Without the `server` extra it says so, and nothing heavy is imported."""
    if any(find_spec(name) is None for name in _NEEDED):
        print('The mzi command needs more than the library: pip install "mzi[server]"', file=sys.stderr)
        return 2
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal that cannot show رنا still shows the rest.
            stream.reconfigure(errors="backslashreplace")
    if sys.argv[1:] == ["--version"]:
        # The command line says the same, but takes three times as long to import.
        from mzi_http.release import title  # noqa: PLC0415  # only when it can work

        with suppress(BrokenPipeError):  # the command line knows what to do then
            print(title(), flush=True)
            return 0
    from mzi_adapters import system  # noqa: PLC0415  # as above

    system.moves_many_records()
    from mzi_http.cli import run  # noqa: PLC0415

    try:
        return run(sys.argv[1:])
    finally:
        system.ends()


if __name__ == "__main__":
    sys.exit(main())
