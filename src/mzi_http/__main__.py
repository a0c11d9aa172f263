"""The console script `mzi`, and `python -m mzi_http`."""

import sys
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
    from mzi_adapters.system import moves_many_records  # noqa: PLC0415  # only when it can work
    from mzi_http.cli import run  # noqa: PLC0415  # as above

    moves_many_records()
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
