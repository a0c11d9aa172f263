"""`mzi pull`: from a Zoho on this machine into the store, over real HTTP."""

import asyncio
import csv
import errno
import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.terminal import Mzi, student, written
from tests.servers.background import listening
from tests.servers.zoho_students import settings_for

from mzi_adapters.system import SystemClock
from mzi_adapters.testing.zoho import FakeZoho, define_modules
from mzi_adapters.web import Request, Response
from mzi_core.modules import CATALOGUE
from mzi_http.cli.shell import Shell

LONG_AGO = "2026-01-01T00:00:00+00:00"


@pytest.fixture
def zoho(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeZoho]:
    """A Zoho with every module and nothing in it, which the settings name."""
    fake = FakeZoho(clock=SystemClock())
    define_modules(fake)
    with listening(fake) as server:
        for name, value in settings_for(fake, server.url).items():
            monkeypatch.setenv(name, value)
        yield fake


def entered(zoho: FakeZoho, *numbers: int, **fields: object) -> list[str]:
    """Students somebody entered long ago."""
    records = [student(number, Modified_Time=LONG_AGO, **fields) for number in numbers]
    return [zoho.add("BTEC_Students", record) for record in records]


def deleted(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "mzi.db")) as database, database:
        (count,) = database.execute("select count(*) from students where deleted_at is not null").fetchone()
    return int(count)


def test_the_first_pull_makes_the_store_says_what_it_costs_and_what_became_of_everything(
    mzi: Mzi, zoho: FakeZoho
) -> None:
    entered(zoho, 1, 2)
    entered(zoho, 3, Birth_Date="2001-02-30")
    ran = mzi("pull", "students")
    assert ran.code == 1
    heads, _, row = ran.out.splitlines()[2:5]
    assert "What became of 3 students:" in ran.out
    assert heads.split()[:6] == ["module", "records", "NEW", "UPDATED", "UNCHANGED", "INVALID"]
    assert row.split()[:4] == ["students", "3", "2", "1"]
    assert f"students  {student(3)['id']}  `Birth_Date` is no day of the calendar. (date_invalid)" in ran.out
    assert ran.err.splitlines()[:2] == [
        "Made the store mzi.db.",
        "About 3 students to read: everything.",
    ]
    said = [line.split() for line in ran.err.splitlines()]
    assert ["records", "1", "1", "this", "way"] in said
    assert ["bulk", "3", "52"] in said
    assert "Zoho was asked 5 times, for 6 credits." in ran.err


def test_the_second_pull_reads_only_changes_and_says_since_when(mzi: Mzi, zoho: FakeZoho) -> None:
    entered(zoho, 1, 2)
    mzi("pull", "students")
    again = mzi("pull", "BTEC_Students")
    assert again.code == 0
    assert again.out == "There is nothing new in Zoho.\n"
    assert "About 0 students to read: changes since 20" in again.err
    zoho.edit("BTEC_Students", str(student(1)["id"]), {"City": "إربد"})
    zoho.remove("BTEC_Students", str(student(2)["id"]))
    third = mzi("pull", "students")
    assert third.code == 0
    assert third.out.startswith("What became of 1 student:\n")
    assert third.out.splitlines()[4].split()[:3] == ["students", "1", "1"]
    assert "students: 1 deleted in Zoho are marked so here." in third.out


def test_json_is_one_complete_document(mzi: Mzi, zoho: FakeZoho) -> None:
    entered(zoho, 1)
    entered(zoho, 2, Birth_Date="2001-02-30")
    told = mzi("pull", "students", "--json").json
    assert [(r["module"], r["zoho_student_id"], r["status"]) for r in told["results"]] == [
        ("students", student(1)["id"], "NEW"),
        ("students", student(2)["id"], "INVALID"),
    ]
    (module,) = told["modules"]
    assert {name: module[name] for name in ("module", "scope", "since", "resumed_after", "via")} == {
        "module": "students",
        "scope": "everything",
        "since": None,
        "resumed_after": None,
        "via": "records",
    }
    assert module["forecast"]["records"] == 2
    assert module["forecast"]["ways"]["coql"] == {"calls": 1, "credits": 3}
    assert (module["records"], module["deleted"], module["missing"], module["pruned"]) == (2, 0, [], 0)
    assert told["status"] == "partial"
    assert told["asked"] == {"calls": 5, "credits": 6, "tokens": 1, "remaining": None}
    again = mzi("pull", "students", "--json").json
    assert again["modules"][0]["scope"] == "changes"
    assert again["modules"][0]["since"].endswith("Z")
    assert (again["status"], again["results"]) == ("success", [])


def test_all_modules_are_pulled_parents_first_and_one_that_is_not_there_is_left_out(
    mzi: Mzi, zoho: FakeZoho
) -> None:
    (pupil,) = entered(zoho, 1)
    zoho.add("BTEC_Student_Requests", {"Name": "R", "Student": {"id": pupil}})
    del zoho.organization.tables["BTEC_Teachers"]
    ran = mzi("pull", "all")
    assert ran.code == 0
    assert "The teachers are left out. Zoho: There is no module `BTEC_Teachers`." in ran.err
    rows = [line.split()[:3] for line in ran.out.splitlines()]
    assert rows.index(["students", "1", "1"]) < rows.index(["requests", "1", "1"])


def forbidden(zoho: FakeZoho, monkeypatch: pytest.MonkeyPatch, *paths: str) -> None:
    """Zoho lets the account into nothing whose path has one of these in it."""
    answer = zoho.send
    no = b'{"code":"NO_PERMISSION","details":{},"message":"permission denied","status":"error"}'

    async def send(request: Request) -> Response:
        asked = f"{request.url}?{request.query}"
        if any(path in asked for path in paths):
            return Response(status=403, headers={"content-type": "application/json"}, body=no)
        return await answer(request)

    monkeypatch.setattr(zoho, "send", send)


@pytest.mark.parametrize("path", ["'module', 'BTEC_Teachers'", "/BTEC_Teachers"], ids=["fields", "records"])
def test_of_all_modules_one_that_is_closed_to_the_account_is_left_out_and_told(
    mzi: Mzi, zoho: FakeZoho, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    entered(zoho, 1)
    zoho.add("BTEC_Teachers", {"Name": "T", "Academic_Email": "t@college.example"})
    forbidden(zoho, monkeypatch, path)
    ran = mzi("pull", "all", "--json")
    assert ran.code == 0
    assert "The teachers are left out. Zoho: " in ran.err
    assert [each["module"] for each in ran.json["left_out"]] == ["teachers"]
    assert "widen the user's profile" in ran.json["left_out"][0]["why"]
    assert ran.json["summary"]["NEW"] == 1
    assert mzi("pull", "teachers").code == 4


def test_an_account_that_may_see_no_module_at_all_is_an_error(
    mzi: Mzi, zoho: FakeZoho, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbidden(zoho, monkeypatch, "/settings/fields")
    ran = mzi("pull", "all")
    assert (ran.code, ran.out) == (4, "")


def test_of_modules_that_are_closed_nothing_is_said_but_that(
    mzi: Mzi, zoho: FakeZoho, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That nothing is new in them nobody can know."""
    forbidden(zoho, monkeypatch, "/BTEC_Teachers")
    ran = mzi("pull", "all")
    assert ran.code == 0
    assert "The teachers are left out." in ran.err
    assert ran.out == "There is nothing new in the modules that were read.\n"
    forbidden(zoho, monkeypatch, *(f"/{module.remote_name}" for module in CATALOGUE))
    ran = mzi("pull", "all")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.splitlines()[-1].startswith("Zoho: ")


def test_a_dry_run_keeps_nothing_and_makes_no_store(mzi: Mzi, zoho: FakeZoho, folder: Path) -> None:
    entered(zoho, 1)
    ran = mzi("pull", "students", "--dry-run")
    assert ran.code == 0
    assert ran.out.startswith("What would become of 1 student:\n")
    assert "This was a dry run: nothing was kept." in ran.out
    assert not (folder / "mzi.db").exists()
    mzi("pull", "students")
    zoho.edit("BTEC_Students", str(student(1)["id"]), {"City": "Irbid", "Major": "IT"})
    preview = mzi("pull", "students", "--dry-run")
    assert "city, major" in preview.out


def test_what_zoho_does_not_have_is_told_and_marked_only_when_asked(
    mzi: Mzi, zoho: FakeZoho, folder: Path
) -> None:
    entered(zoho, 1)
    mzi("sync", "students", written(folder, "old.json", [student(7), student(8)]))
    told = mzi("pull", "students")
    assert (
        "students: 2 here are not in Zoho. `mzi pull students --full --prune` marks them deleted." in told.out
    )
    assert deleted(folder) == 0
    preview = mzi("pull", "students", "--full", "--prune", "--dry-run")
    assert "Zoho does not have 2 students that we have." in preview.err
    assert deleted(folder) == 0
    pruned = mzi("pull", "students", "--full", "--prune", "--insist")
    assert pruned.code == 0
    assert "Zoho does not have 2 students that we have." in pruned.err
    assert "students: 2 that Zoho does not have are marked deleted." in pruned.out
    assert deleted(folder) == 2


@pytest.mark.parametrize("yes", [(), ("--yes",)], ids=repr)
def test_a_prune_of_more_than_a_tenth_is_held_until_somebody_insists(
    mzi: Mzi, zoho: FakeZoho, folder: Path, yes: tuple[str, ...]
) -> None:
    entered(zoho, 1)
    mzi("sync", "students", written(folder, "old.json", [student(7), student(8)]))
    held = mzi("pull", "students", "--prune", *yes)
    assert held.code == 1
    assert (
        "students: 2 here are not in Zoho, and are held: 2 of 3 students would go, more than one in 10. Look "
        "at them in Zoho; `mzi pull students --full --prune --insist` marks them all the same."
    ) in held.out
    assert deleted(folder) == 0
    told = mzi("pull", "students", "--full", "--prune", "--json", *yes)
    assert (told.code, told.json["status"]) == (1, "partial")
    (module,) = told.json["modules"]
    assert (module["pruned"], module["held"]) == (0, ["2 of 3 students would go, more than one in 10."])
    preview = mzi("pull", "students", "--full", "--prune", "--dry-run")
    assert (preview.code, "2 here are not in Zoho, and would be held" in preview.out) == (0, True)


def test_the_report_has_every_record_that_is_not_unchanged(mzi: Mzi, zoho: FakeZoho, folder: Path) -> None:
    entered(zoho, 1)
    entered(zoho, 2, Birth_Date="2001-02-30")
    mzi("pull", "students", "--report", "r.csv")
    with (folder / "r.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["file"], r["zoho_id"], r["state"], r["codes"]) for r in rows] == [
        ("students", student(1)["id"], "NEW", ""),
        ("students", student(2)["id"], "INVALID", "date_invalid"),
    ]


def test_credentials_that_were_withdrawn_end_the_pull_with_a_code_of_their_own(
    mzi: Mzi, zoho: FakeZoho
) -> None:
    entered(zoho, 1)
    zoho.accounts.revoke()
    ran = mzi("pull", "students")
    assert ran.code == 4
    assert ran.err.splitlines()[-1].startswith("Zoho: ")
    assert ran.err.splitlines()[-1].endswith("in Zoho's API console, and set `zoho.refresh_token`.")
    for secret in (zoho.accounts.client_secret, zoho.accounts.refresh_token):
        assert secret not in ran.err + ran.out
    told = mzi("pull", "students", "--json")
    assert told.code == 4
    assert (told.json["status"], told.json["modules"]) == ("stopped", [])
    assert told.json["error"].startswith("Zoho: ")


@pytest.mark.parametrize(
    ("variable", "remedy"),
    [
        ("MZI_ZOHO_CLIENT_ID", "Check `zoho.client_id` and `zoho.data_centre`"),
        ("MZI_ZOHO_CLIENT_SECRET", "Check `zoho"),
        ("MZI_ZOHO_REFRESH_TOKEN", "set `zoho.refresh_token`."),
    ],
)
def test_credentials_that_are_wrong_are_told_with_the_setting_to_change(
    mzi: Mzi, zoho: FakeZoho, monkeypatch: pytest.MonkeyPatch, variable: str, remedy: str
) -> None:
    monkeypatch.setenv(variable, "1000.another")
    ran = mzi("pull", "students")
    assert ran.code == 4
    assert remedy in ran.err.splitlines()[-1]


def withdrawn_at(zoho: FakeZoho, monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    """Withdraw the credentials when a request comes that has this in its address or behind it."""
    answer = zoho.send

    async def withdrawn(request: Request) -> Response:
        if asked in f"{request.url}?{request.query}":
            zoho.accounts.revoke()
        return await answer(request)

    monkeypatch.setattr(zoho, "send", withdrawn)


@pytest.mark.parametrize(
    ("tokens", "asked"),
    [
        (("students",), "/BTEC_Students"),
        (("students", "--dry-run"), "'page', '2'"),
        (("all",), "/BTEC_Students"),
    ],
    ids=["before the first page", "a dry run", "a module behind others in which there is nothing"],
)
def test_a_pull_that_breaks_off_with_nothing_kept_says_only_why(
    mzi: Mzi, zoho: FakeZoho, monkeypatch: pytest.MonkeyPatch, tokens: tuple[str, ...], asked: str
) -> None:
    entered(zoho, *range(450))
    withdrawn_at(zoho, monkeypatch, asked)
    ran = mzi("pull", *tokens, "--via", "records")
    assert ran.code == 4
    assert "kept" not in ran.out + ran.err
    assert "resume" not in ran.out + ran.err
    assert "There is nothing" not in ran.out


def test_a_pull_that_breaks_off_at_a_module_keeps_those_before_it(
    mzi: Mzi, zoho: FakeZoho, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoho.add("BTEC_Teachers", {"Name": "T", "Academic_Email": "t@college.example"})
    entered(zoho, 1)
    withdrawn_at(zoho, monkeypatch, "/BTEC_Students")
    ran = mzi("pull", "all", "--via", "records")
    assert ran.code == 4
    assert "What came before is kept.\n" in ran.err


def test_a_pull_that_breaks_off_keeps_what_came_and_goes_on(
    mzi: Mzi, zoho: FakeZoho, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered(zoho, *range(450))
    withdrawn_at(zoho, monkeypatch, "'page', '3'")
    ran = mzi("pull", "students", "--via", "records")
    assert ran.code == 4
    assert ran.out.splitlines()[4].split()[:3] == ["students", "400", "400"]
    assert "What came before is kept; with --resume the next pull goes on behind it." in ran.err
    zoho.accounts.revoked = False
    zoho.accounts.refresh_token = "1000.another.one"
    monkeypatch.setenv("MZI_ZOHO_REFRESH_TOKEN", "1000.another.one")
    resumed = mzi("pull", "students", "--resume", "--json")
    assert resumed.code == 0
    (module,) = resumed.json["modules"]
    assert (module["scope"], module["resumed_after"]) == ("everything", student(399)["id"])
    assert module["summary"]["NEW"] == 50
    again = mzi("pull", "students", "--resume")
    assert "students: no pull was stopped on the way, so there is nothing to go on with." in again.err


def test_ctrl_c_keeps_what_came_and_the_next_pull_goes_on(
    mzi: Mzi, zoho: FakeZoho, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered(zoho, *range(450))
    answer, reached = zoho.send, threading.Event()

    async def never(request: Request) -> Response:
        if ("page", "3") in request.query:
            reached.set()
            await asyncio.sleep(60)
        return await answer(request)

    monkeypatch.setattr(zoho, "send", never)
    command = [sys.executable, "-m", "mzi_http", "pull", "students", "--via", "records"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert reached.wait(60)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "What became of 400 students:" in out
    assert "with --resume the next pull goes on behind it." in err
    assert err.rstrip().endswith("Stopped.")
    monkeypatch.setattr(zoho, "send", answer)
    assert mzi("pull", "students", "--resume").out.startswith("What became of 50 students:")


def test_records_that_a_pull_sets_free_are_in_the_report_and_in_json(
    mzi: Mzi, zoho: FakeZoho, folder: Path
) -> None:
    (pupil,) = entered(zoho, 1)
    waiting = zoho.add("BTEC_Student_Requests", {"Name": "R", "Student": {"id": pupil}})
    early = mzi("pull", "requests", "--report", "early.csv")
    assert early.code == 1
    assert "Parked: it is taken by itself when that record arrives." in early.out
    told = mzi("pull", "students", "--json", "--report", "r.csv").json
    assert [(r["module"], r["zoho_request_id"], r["status"]) for r in told["released"]] == [
        ("requests", waiting, "NEW")
    ]
    with (folder / "r.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["zoho_id"] for row in csv.DictReader(file)] == [waiting, pupil]


@pytest.mark.parametrize("tokens", [(), ("--json",)], ids=repr)
def test_nothing_is_pulled_when_a_person_says_no_to_what_it_costs(
    mzi: Mzi, zoho: FakeZoho, monkeypatch: pytest.MonkeyPatch, tokens: tuple[str, ...]
) -> None:
    entered(zoho, 1)
    asked: list[str] = []
    monkeypatch.setattr("mzi_http.cli.pull.ASK_ABOVE", 0)
    monkeypatch.setattr(Shell, "agrees", lambda _, question: asked.append(question))
    ran = mzi("pull", "students", *tokens)
    assert ran.code == 0
    assert asked == ["This takes about 1 of the day's credits. Go on?"]
    if tokens:
        assert (ran.json["status"], ran.json["modules"]) == ("stopped", [])
    else:
        assert ran.out == ""
    assert mzi("pull", "students", "--yes").out.startswith("What became of 1 student:")
    assert len(asked) == 1


def test_a_store_that_is_not_ready_is_told_and_json_stays_whole(
    mzi: Mzi, zoho: FakeZoho, folder: Path
) -> None:
    entered(zoho, 1)
    (folder / "mzi.db").write_text("no database")
    ran = mzi("pull", "students", "--json")
    assert ran.code == 3
    assert ran.json["status"] == "stopped"
    assert zoho.seen == []


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS], ids=["full", "read-only"])
def test_a_folder_for_temporary_files_without_room_is_told_with_what_helps(
    mzi: Mzi, zoho: FakeZoho, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    entered(zoho, 1)

    def full(*_: object, **__: object) -> object:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    ran = mzi("pull", "students", "--via", "bulk")
    assert ran.code == 2
    said = ran.err.splitlines()[-1]
    assert said.startswith(f"Temporary files cannot be written ({os.strerror(error)})")
    assert "TMPDIR" in said
    assert "--via" in said


def test_a_module_that_zoho_lacks_is_told_with_the_code_of_a_remote(mzi: Mzi, zoho: FakeZoho) -> None:
    del zoho.organization.tables["BTEC_Students"]
    ran = mzi("pull", "students")
    assert ran.code == 4
    assert "BTEC_Students" in ran.err


FEW = (range(10, 20), "Mark them deleted? [y/N]")
MANY = (
    range(10, 12),
    "1 of 3 students would go, more than one in 10. Mark them deleted all the same? [y/N]",
)


@pytest.mark.parametrize(
    ("said", "marked", "kept", "question"),
    [("n", 0, *FEW), ("y", 1, *FEW), ("", 0, *MANY), ("y", 1, *MANY)],
    ids=["no to few", "yes to few", "nothing to many", "yes to many"],
)
def test_at_a_terminal_a_person_is_asked_before_records_are_pruned(
    mzi: Mzi, zoho: FakeZoho, folder: Path, *, said: str, marked: int, kept: range, question: str
) -> None:
    mzi("sync", "students", written(folder, "old.json", [student(7)]))
    entered(zoho, *kept)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "mzi_http", "pull", "students", "--prune"]
    with subprocess.Popen(command, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE) as running:
        os.write(ours, f"{said}\n".encode())
        running.communicate(timeout=60)
    os.close(theirs)
    shown = os.read(ours, 2**16).decode()
    os.close(ours)
    assert running.returncode == 0
    assert question in " ".join(shown.split())
    assert deleted(folder) == marked


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (("students", "--since", "yesterday"), "--since is a day such as 2026-09-01"),
        (("students", "--since", "2026-09-01T08:00:00"), "a moment with its offset: 2026-09-01T08:00:00Z"),
        (("students", "--since", "0001-01-01T00:00:00+14:00"), "of the years 1900 to 2200"),
        (("students", "--since", "9999-12-31"), "of the years 1900 to 2200"),
        (("students", "--since", "2026-09-01", "--full"), "take either --full or --since"),
        (("students", "--since", "2026-09-01", "--prune"), "--prune needs a pull of everything: add --full."),
        (("students", "--insist"), "--insist says something of --prune alone"),
        (("studens",), "`studens` is not a module mzi knows. Did you mean `students`?"),
        (("students", "--via", "fax"), "fax"),
    ],
    ids=repr,
)
def test_what_cannot_be_meant_is_refused_before_anything_is_read(
    mzi: Mzi, zoho: FakeZoho, tokens: tuple[str, ...], said: str
) -> None:
    entered(zoho, 1)
    ran = mzi("pull", *tokens)
    assert ran.code == 2
    assert said in ran.err
    assert not any("coql" in request.url and b"City" in (request.body or b"") for request in zoho.seen)


def test_a_field_no_record_can_do_without_stops_all_modules_with_every_problem(
    mzi: Mzi, zoho: FakeZoho
) -> None:
    entered(zoho, 1)
    del zoho.organization.tables["BTEC_Students"].fields["Academic_Email"]
    del zoho.organization.tables["BTEC_Payments"].fields["Payment_Amount"]
    ran = mzi("pull", "all")
    assert ran.code == 4
    assert ran.out == ""
    assert "BTEC_Students has no field `Academic_Email`" in ran.err
    assert "`mzi fields payments --map Payment_Date=amount`" in ran.err


def test_without_an_account_the_settings_that_are_missing_are_named_and_no_store_is_made(
    mzi: Mzi, folder: Path
) -> None:
    ran = mzi("pull", "students")
    assert ran.code == 2
    assert "set `zoho.client_id`, `zoho.client_secret`, `zoho.refresh_token` in mzi.toml" in ran.err
    assert not (folder / "mzi.db").exists()


def kept_token(folder: Path) -> str | None:
    """What the store has of the access token."""
    with closing(sqlite3.connect(folder / "mzi.db")) as database, database:
        (token,) = database.execute("select token from service_grants where name = 'zoho'").fetchone()
    return None if token is None else str(token)


def bytes_of(folder: Path) -> bytes:
    """Everything in the files of the store."""
    return b"".join(file.read_bytes() for file in folder.glob("mzi.db*"))


def test_with_a_key_the_access_token_is_sealed_in_the_store_and_shared(
    mzi: Mzi, zoho: FakeZoho, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = mzi("secrets", "new-key").out.strip()
    monkeypatch.setenv("MZI_SECRETS_KEY", old)
    entered(zoho, 1)
    mzi("pull", "students")
    assert (kept_token(folder) or "").startswith("mzi1.")
    assert b"1000." not in bytes_of(folder)
    monkeypatch.setenv("MZI_SECRETS_KEY", f"{mzi('secrets', 'new-key').out.strip()} {old}")
    mzi("pull", "students")
    assert zoho.accounts.issued == 1
    monkeypatch.setenv("MZI_SECRETS_KEY", mzi("secrets", "new-key").out.strip())
    assert mzi("pull", "students").code == 0
    assert zoho.accounts.issued == 2
    assert sorted(file.name for file in folder.iterdir()) == ["mzi.db"]


def test_without_a_key_the_access_token_is_in_a_file_beside_the_settings_and_not_in_the_store(
    mzi: Mzi, zoho: FakeZoho, folder: Path
) -> None:
    (folder / "etc").mkdir()
    (folder / "etc" / "mzi.toml").write_text("page = 100")
    entered(zoho, 1)
    mzi("--settings", "etc/mzi.toml", "pull", "students")
    assert b"1000." not in bytes_of(folder)
    (file,) = (folder / "etc").glob(".mzi-secret-*")
    assert f"{file.stat().st_mode & 0o777:o}" == "600"
    mzi("--settings", "etc/mzi.toml", "pull", "students")
    assert zoho.accounts.issued == 1
    file.unlink()
    mzi("--settings", "etc/mzi.toml", "pull", "students")
    assert zoho.accounts.issued == 2


def test_without_a_store_dry_runs_and_the_doctor_share_one_token(
    mzi: Mzi, zoho: FakeZoho, folder: Path
) -> None:
    """Zoho gives ten in ten minutes."""
    entered(zoho, 1)
    for _ in range(2):
        assert mzi("pull", "students", "--dry-run").code == 0
        mzi("doctor")
    assert zoho.accounts.issued == 1
    assert sorted(file.name for file in folder.iterdir())[1:] == [".mzi-tokens"]
    assert {f"{file.stat().st_mode & 0o777:o}" for file in folder.iterdir()} == {"600"}
    assert b"1000." not in (folder / ".mzi-tokens").read_bytes()
    mzi("pull", "students")
    mzi("pull", "students", "--dry-run")
    mzi("--store", "memory:", "doctor")
    assert zoho.accounts.issued == 2


def test_without_a_store_the_tokens_of_ten_minutes_are_counted_over_all_runs(
    mzi: Mzi, zoho: FakeZoho, folder: Path
) -> None:
    entered(zoho, 1)
    for asked in range(5):
        for file in folder.glob(".mzi-secret-*"):
            file.unlink()
        ran = mzi("pull", "students", "--dry-run")
        assert (ran.code == 0) is (asked < 3)
    assert zoho.accounts.issued == 3
    assert "access tokens were asked for 3 times in ten minutes" in ran.err


def test_a_key_file_is_made_used_and_refused_when_others_can_read_it(
    mzi: Mzi, zoho: FakeZoho, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MZI_SECRETS_KEY_FILE", "keys")
    entered(zoho, 1)
    missing = mzi("pull", "students")
    assert (missing.code, "The key file keys cannot be read" in missing.err) == (2, True)
    assert mzi("secrets", "new-key", "--file", "keys").code == 0
    assert mzi("pull", "students").code == 0
    assert (kept_token(folder) or "").startswith("mzi1.")
    (folder / "keys").chmod(0o644)
    refused = mzi("pull", "students")
    assert (refused.code, "`chmod 600 keys` helps" in refused.err) == (2, True)


def test_what_is_no_key_is_refused_and_not_repeated(mzi: Mzi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MZI_SECRETS_KEY", "hunter2")
    ran = mzi("tenants", "list")
    assert ran.code == 2
    assert "`MZI_SECRETS_KEY` must be a key that `mzi secrets new-key` makes" in ran.err
    assert "hunter2" not in ran.err


def test_a_mapping_is_compared_with_the_fields_the_organisation_has(mzi: Mzi, zoho: FakeZoho) -> None:
    del zoho.organization.table("BTEC_Students").fields["Study_Mode"]
    refused = mzi("fields", "students", "--map", "Study_Mode")
    assert refused.code == 2
    assert "BTEC_Students of your Zoho has no field `Study_Mode`." in refused.err
    assert mzi("fields", "students", "--json").json["mapped"] == []
    kept = mzi("fields", "students", "--map", "Registration_Date")
    assert kept.code == 0
    assert re.search(r"Compared with the [0-9]+ fields that BTEC_Students has in your Zoho", kept.err)


def test_a_mapping_is_kept_when_the_organisation_cannot_be_asked_and_that_is_told(
    mzi: Mzi, zoho: FakeZoho
) -> None:
    zoho.accounts.revoke()
    ran = mzi("fields", "students", "--map", "Study_Mode")
    assert ran.code == 0
    assert "known to have, for your own could not be asked. Zoho: " in ran.err
