"""`mzi serve` over a real socket."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter

import pytest
from tests.cli.terminal import student

from mzi_core.errors import MziError
from mzi_http.cli.serve import bound

ROOT = Path(__file__).parents[2]
FIRST, REQUESTS = 5, 30
"""The first requests of a connection are not measured: a system acknowledges these at once."""

MOST_TIMES_BARE = 60
"""A request costs some ten times what a bare one does; where Nagle's algorithm waits, two hundred times."""


@contextmanager
def running(*arguments: str, cwd: Path) -> Iterator[str]:
    """A server in a process of its own, by the address that is in the first line it says."""
    with subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            where = re.search(r"http://(127\.0\.0\.1:[0-9]+)", first)
            assert where is not None, first + process.stdout.read()
            yield where[1]
        finally:
            process.kill()


def fastest(address: str, path: str, bodies: Sequence[bytes]) -> float:
    """The seconds that the fastest of the later POSTs took, one after the other on one connection."""
    connection = HTTPConnection(address, timeout=30)
    took = []
    for body in bodies:
        begun = perf_counter()
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        took.append(perf_counter() - begun)
        assert answer.status == 200
    connection.close()
    return min(took[FIRST:])


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_accepted_connection_sends_at_once(host: str) -> None:
    try:
        listening = bound(host, 0)
    except MziError:
        pytest.skip(f"This machine has no {host}.")
    with (
        listening,
        socket.create_connection(listening.getsockname()[:2]),
        listening.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_lone_caller_does_not_wait_for_the_network(folder: Path) -> None:
    """An answer is two writes; the second must not wait until the caller acknowledges the first."""
    bodies = [json.dumps(student(number)).encode() for number in range(REQUESTS)]
    with (
        running("tests.servers.bare", cwd=ROOT) as bare,
        running("mzi_http", "--store", "memory:", "serve", "--dev", "--port", "0", cwd=folder) as service,
    ):
        nothing = fastest(bare, "/", bodies)
        assert fastest(service, "/api/v1/sync/students", bodies) < MOST_TIMES_BARE * nothing
