"""`mzi db`, `mzi keys`, `mzi tenants` and `mzi serve`."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.terminal import Mzi

from mzi_adapters.sql.migrations import head


def test_a_store_is_made_and_looked_at(mzi: Mzi, folder: Path) -> None:
    assert mzi("db", "status").code == 3
    made = mzi("db", "upgrade")
    assert (made.code, made.out) == (0, f"The schema is at revision {head()}.\n")
    assert mzi("db", "upgrade").code == 0
    status = mzi("db", "status")
    assert status.code == 0
    assert "The schema is up to date." in status.out
    assert mzi("db", "status", "--json").json["ready"] is True
    assert mzi("db", "check").out == "The schema is what the modules ask for.\n"
    with closing(sqlite3.connect(folder / "mzi.db")) as database, database:
        database.execute("alter table students drop column gender")
    checked = mzi("db", "check")
    assert checked.code == 3
    assert "gender" in checked.out


def test_a_store_in_memory_has_no_schema(mzi: Mzi) -> None:
    assert mzi("--store", "memory:", "db", "status").code == 0
    ran = mzi("db", "upgrade", "--store", "memory:")
    assert (ran.code, "has no schema" in ran.err) == (2, True)


def test_an_address_that_is_none_is_refused(mzi: Mzi) -> None:
    ran = mzi("--store", "mysql://u:hunter2@h/x", "db", "status")
    assert ran.code == 2
    assert ran.err.startswith("--store must begin with")
    assert "hunter2" not in ran.err
    missing = mzi("--store", "postgresql://u:hunter2@h/x", "db", "status")
    assert missing.code == 3
    assert "hunter2" not in missing.err


def test_a_key_is_shown_once_and_revoked_for_good(mzi: Mzi) -> None:
    mzi("tenants", "add", "irbid")
    made = mzi("keys", "new", "the office")
    secret = made.out.strip()
    assert re.fullmatch(r"mzi_[0-9a-f]{8}_[\w-]{43}", secret)
    assert "every tenant, shown this once" in made.err
    other = mzi("keys", "new", "irbid only", "--tenant", "irbid", "--json").json
    assert (other["tenant"], other["key"][:4]) == ("irbid", "mzi_")
    listed = mzi("keys", "list")
    assert secret not in listed.out
    assert "the office" in listed.out
    revoked = mzi("keys", "revoke", other["id"])
    assert revoked.out.startswith(f"Key {other['id']} (irbid only) opens nothing since")
    told = {key["id"]: key for key in mzi("keys", "list", "--json").json}
    assert told[other["id"]]["revoked_at"] is not None
    assert told[secret[4:12]]["revoked_at"] is None
    assert all("key" not in key and "digest" not in key for key in told.values())


def test_misused_keys_and_tenants_are_told(mzi: Mzi) -> None:
    assert mzi("keys", "list").code == 3
    mzi("db", "upgrade")
    assert mzi("keys", "list").out == "There is no key; `mzi keys new LABEL` makes one.\n"
    assert "There is no API key `x`." in mzi("keys", "revoke", "x").err
    assert "`mzi tenants add zarqa` makes it." in mzi("keys", "new", "a", "--tenant", "zarqa").err
    assert mzi("tenants", "add", "Not One").code == 2


def test_tenants_are_added_and_listed(mzi: Mzi) -> None:
    assert mzi("tenants", "add", "irbid").out == "Tenant irbid is made.\n"
    assert mzi("tenants", "add", "irbid").out == "Tenant irbid is there already.\n"
    assert mzi("tenants", "list").out.split() == ["default", "irbid"]
    assert mzi("tenants", "list", "--json").json == ["default", "irbid"]


class TestServe:
    """The service, as far as it is started from here."""

    @pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "mzi.example"])  # noqa: S104
    def test_open_to_everybody_is_for_this_machine_only(self, mzi: Mzi, folder: Path, host: str) -> None:
        ran = mzi("serve", "--dev", "--host", host)
        assert ran.code == 2
        assert f"it listens on this machine only, and not on {host}." in ran.err
        assert list(folder.iterdir()) == []

    def test_without_a_ready_store_it_does_not_start(self, mzi: Mzi, folder: Path) -> None:
        assert mzi("serve").code == 3
        sqlite3.connect(folder / "mzi.db").execute("create table x (y integer)").connection.close()
        ran = mzi("serve")
        assert ran.code == 3
        assert "`mzi db upgrade`" in ran.err

    def test_a_port_in_use_is_told(self, mzi: Mzi) -> None:
        mzi("db", "upgrade")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            ran = mzi("serve", "--port", port)
        assert ran.code == 2
        assert f"Nobody can listen on 127.0.0.1 port {port}: Address already in use." in ran.err
        assert "There is no key yet" in ran.err
        assert mzi("serve", "--port", 70_000).code == 2

    def test_for_development_it_makes_its_store_and_says_who_can_use_it(self, folder: Path) -> None:
        with subprocess.Popen(
            [sys.executable, "-m", "mzi_http", "serve", "--dev", "--port", "0"],
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**os.environ, "MZI_LOG_FORMAT": "json"},
            text=True,
        ) as process:
            assert process.stderr is not None
            first = process.stderr.readline()
            where = re.search(r"serves (http://127\.0\.0\.1:[0-9]+);", first)
            assert where is not None, first
            assert process.stderr.readline().startswith("OPEN TO EVERYBODY on this machine")
            with urllib.request.urlopen(f"{where[1]}/health?q=hunter2") as answer:  # noqa: S310
                assert answer.status == 200
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
            assert process.wait(30) == 130
        assert '\\"GET /health HTTP/1.1\\" 200' in rest
        assert "hunter2" not in rest
        assert (folder / "mzi.db").exists()
