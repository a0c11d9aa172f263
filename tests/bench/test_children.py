"""What is seen of other processes: the processor time of whole trees, answers over sockets."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import repeat
from pathlib import Path

import pytest
from tests.bench.callers import request, waits
from tests.bench.children import BARE, environment, ran, serving, spent
from tests.bench.server import cpu_of

from mzi_adapters.bench import Unexpected

BURNED = 0.15
"""Seconds of the processor that TREE uses at least: a third itself, the rest in a child that ends before."""

_BURN = "import time\nwhile time.process_time() < {}: pass\n"
TREE = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {_BURN.format(BURNED * 2 / 3)!r}], check=True)
{_BURN.format(BURNED / 3)}
print("burned", flush=True)
sys.stdin.read()
"""
TICKS = 0.03
"""In hundredths of a second Linux counts what ended children have used."""


def test_what_a_command_and_its_children_used_is_counted() -> None:
    burned, bare = spent((sys.executable, "-c", TREE)), spent(BARE)
    assert burned.client >= BURNED
    assert 0 < bare.client < burned.client
    assert burned.server == 0


def test_a_command_is_counted_each_time_it_is_run(tmp_path: Path) -> None:
    file = tmp_path / "said"
    cost = spent((sys.executable, "-c", f"open({str(file)!r}, 'a').write('x')"), records=7, times=3)
    assert (cost.records, file.read_text()) == (21, "xxx")


def test_a_command_that_fails_is_not_measured() -> None:
    with pytest.raises(Unexpected, match=r"ended with 1: Nothing to do"):
        spent((sys.executable, "-c", "import sys; sys.exit('Nothing to do')"))


def test_what_a_running_process_and_its_children_used_is_counted_also_of_those_that_ended() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TREE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"burned\n"
        assert cpu_of(process.pid) >= BURNED - TICKS


def test_what_all_processes_of_a_server_used_is_added_up(tmp_path: Path) -> None:
    second = os.sysconf("SC_CLK_TCK")
    for pid, parent, used in ((10, 1, 5), (11, 10, 7), (12, 11, 8), (13, 1, 100)):
        process = tmp_path / str(pid)
        process.mkdir()
        others = "0 " * 11
        ended = f"{second} {second // 2}"  # by their own code, and by the kernel
        (process / "stat").write_text(f"{pid} (post gres) writer) S {parent} {others}{ended} 20 0")
        (process / "schedstat").write_text(f"{used * 10**9} 1 1\n")
    of_ended = 3 * 1.5
    assert cpu_of(10, tmp_path) == pytest.approx(5 + 7 + 8 + of_ended)
    (tmp_path / "12" / "schedstat").unlink()  # it ended meanwhile
    assert cpu_of(10, tmp_path) == pytest.approx(5 + 7 + of_ended)


def test_children_have_no_settings_of_ours_and_keep_what_they_compile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MZI_STORE", "sqlite:///other.db")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert {"MZI_STORE", "PYTHONDONTWRITEBYTECODE"} & set(environment()) == set()
    assert ran((sys.executable, "-c", "import tests.bench.data, os; print(os.getcwd())")) == "/\n"


async def test_every_connection_asks_a_service_until_the_time_is_over(tmp_path: Path) -> None:
    with serving((sys.executable, "-m", "tests.servers.bare"), tmp_path / "bare.log") as bare:
        asked = repeat(request("/api/v1/sync/students", b"{}", **{"X-API-Key": "k"}))
        once = await waits(bare.port, asked, connections=3, seconds=0, expected=b"success")
        often = await waits(bare.port, asked, connections=1, seconds=0.2, expected=b"success")
        assert bare.cpu() > 0
        with pytest.raises(Unexpected, match="The service answered b"):
            await waits(bare.port, asked, connections=1, seconds=0, expected=b"NEW")
    assert len(once) == 3
    assert all(seconds > 0 for seconds in (*once, *often))


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ([b"HTTP/1.1 500 Oh\r\nContent-", b"Length: 2\r\n\r\n", b"no"], "answered b'HTTP/1.1 500 Oh"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nn"], "closed the connection"),
    ],
)
async def test_an_answer_that_is_none_is_an_error(pieces: Sequence[bytes], said: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as service:
        port = service.sockets[0].getsockname()[1]
        with pytest.raises(Unexpected, match=said):
            await waits(port, repeat(request("/", b"")), connections=1, seconds=0, expected=b"")


def test_a_process_that_does_not_serve_is_told(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "import sys; sys.exit('There is no store')")
    with pytest.raises(Unexpected, match="There is no store"), serving(command, tmp_path / "log"):
        pass
