"""The command line: what is asked for in words, done by the same use cases as everything else."""

from mzi_http.cli.main import run

__all__ = ["run"]
