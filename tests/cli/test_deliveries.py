"""`mzi deliveries`: how the flows stand, what is due in them, and having it tried again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len
from tests.cli.terminal import Mzi

from mzi_adapters.sql import open_store
from mzi_core.ports import DeliveryKey, Due, Note, Session
from mzi_core.values import DEFAULT_TENANT

HOUR = timedelta(hours=1)
STUDENTS = "take:students"
IDS = [f"539883000009000000{number}" for number in range(7)]
REFUSED = "Zoho refuses this record: `Academic_Email` has another form than Zoho takes."


def stored(folder: Path, work: Callable[[Session], Awaitable[None]]) -> None:
    """Do something in a session over the store of the folder."""

    async def run() -> None:
        async with (
            open_store(f"sqlite:///{folder / 'mzi.db'}") as store,
            store.begin(DEFAULT_TENANT) as session,
        ):
            await work(session)

    asyncio.run(run())


async def fill(session: Session) -> None:
    """Of students one that is dead, put off, settled, at work and due; enrolments that wait and are held."""
    await session.make_due([Due(STUDENTS, id, f"students/{id}") for id in IDS[:5]])
    dead, later, settled, _ = await session.claim(STUDENTS, 4, HOUR)
    await session.end_claims(
        [dead.dead(REFUSED), later.retried(HOUR, "Zoho did not answer."), settled.settled()]
    )
    await session.make_due([Due("enrolment", "1"), Due("enrolment", "2"), Due("account", IDS[6])])
    first, second = await session.claim("enrolment", 2, HOUR)
    waits = first.waiting(DeliveryKey("account", IDS[6]), "The student has no account yet.")
    plan = await session.open_plan("enrolment", "suspend")
    await session.end_claims([waits, second.held(plan, "More than 25 suspensions.")])
    (account,) = await session.claim("account", 1, HOUR)
    intent = {"username": "rana", "email": "rana@college.example", "password": "x"}
    await session.note([Note(claim=account, intent=intent, agreed={"city": "Irbid"})])
    await session.pause("enrolment", "Moodle is moved.")


@pytest.fixture
def filled(mzi: Mzi, tmp_path: Path) -> Mzi:
    """The command line over a store with deliveries."""
    assert mzi("db", "upgrade").code == 0
    stored(tmp_path, fill)
    return mzi


def plan_of(mzi: Mzi) -> str:
    """The id of the one plan."""
    (plan,) = mzi("plan", "list", "--json").json["plans"]
    return str(plan["id"])


def said(text: str) -> str:
    """Without the breaks that a terminal makes."""
    return " ".join(text.split())


def test_how_the_flows_stand_is_told_by_flow_and_state(filled: Mzi) -> None:
    """By the name of the group alone too; what is put off and paused is said below, with what helps."""
    ran = filled("deliveries")
    assert ran.code == 0
    assert filled("deliveries", "status").out.splitlines()[0] == ran.out.splitlines()[0]
    rows = [line.split() for line in ran.out.splitlines()]
    assert rows[0] == ["flow", "due", "waiting", "held", "dead", "settled", "oldest", "due"]
    assert ["enrolment", "1", "1"] in rows
    assert [row[:4] for row in rows if row[0] == STUDENTS] == [[STUDENTS, "3", "1", "1"]]
    assert "enrolment is paused since" in ran.out
    assert ": Moodle is moved. `mzi deliveries resume enrolment` lets it go on." in said(ran.out)
    assert f"{STUDENTS}: 1 is put off until" in ran.out
    account, enrolment, students = filled("deliveries", "--json").json["flows"]
    assert (account["flow"], account["due"], account["paused"]) == ("account", 1, None)
    assert (enrolment["waiting"], enrolment["held"], enrolment["oldest_due"]) == (1, 1, None)
    assert enrolment["paused"]["reason"] == "Moodle is moved."
    assert (students["put_off"]["deliveries"], students["dead"], students["settled"]) == (1, 1, 1)
    assert students["oldest_due"] >= 0


def test_what_is_held_under_a_plan_is_listed_by_the_name_that_plan_list_shows(filled: Mzi) -> None:
    """Or by the whole id; of a plan that there is not it is not said that nothing is held under it."""
    id = plan_of(filled)
    for name in (id, id[-8:], id[-8:].upper()):
        ran = filled("deliveries", "list", "--plan", name, "--json")
        assert [each["key"] for each in ran.json["deliveries"]] == ["2"]
    ran = filled("deliveries", "list", "--plan", "plan-7777")
    assert (ran.code, said(ran.err)) == (2, "There is no plan with the id `plan-7777`.")


def test_what_was_put_off_or_paused_is_told_by_whoever_works_off_what_is_due(filled: Mzi) -> None:
    """And is no agreement: nothing could be done about it now."""
    ran = filled("deliver", "enrolment")
    assert (ran.code, "Nothing is due" in ran.out) == (4, False)
    assert "Moodle is moved. `mzi deliveries resume enrolment` lets it go on." in said(ran.out)
    assert filled("deliver", "enrolment", "--json").json == {
        "flows": {},
        "put_off": {},
        "paused": {"enrolment": filled("deliveries", "--json").json["flows"][1]["paused"]},
    }
    filled("deliveries", "resume", "enrolment")
    assert filled("deliver", "enrolment").out == "Nothing is due.\n"


def test_where_nothing_was_ever_due_it_is_said(mzi: Mzi) -> None:
    mzi("db", "upgrade")
    assert mzi("deliveries").out == "Nothing was ever due.\n"
    assert mzi("deliveries", "list").out == "No delivery is so.\n"


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ((), [IDS[6], "1", "2", *IDS[:5]]),
        (("--flow", STUDENTS), IDS[:5]),
        (("--flow", "enrolment", "--state", "waiting"), ["1"]),
        (("--state", "dead"), [IDS[0]]),
        (("--about", f"BTEC_Students/{IDS[3]}"), [IDS[3]]),
        (("--limit", "2"), [IDS[6], "1"]),
    ],
)
def test_deliveries_are_listed_by_what_is_asked(filled: Mzi, asked: tuple[str, ...], keys: list[str]) -> None:
    ran = filled("deliveries", "list", "--json", *asked)
    assert ran.code == 0
    assert [each["key"] for each in ran.json["deliveries"]] == keys
    assert ran.json["more"] is ("--limit" in asked)
    shown = filled("deliveries", "list", *asked)
    assert all(key in shown.out for key in keys)
    assert ("--limit shows more" in shown.err) is ("--limit" in asked)


def test_a_list_says_why_each_stands_as_it_does(filled: Mzi) -> None:
    shown = said(filled("deliveries", "list").out)
    assert f"for account {IDS[6]}" in shown
    assert "The student has no account yet." in shown
    assert f"under the plan {plan_of(filled)[-8:]}" in shown
    assert REFUSED in shown
    assert shown.count("at work until") == 2
    assert "rana" not in shown + filled("deliveries", "list", "--json").out


@pytest.mark.parametrize("width", [120, 80, 60, 50])
def test_nothing_is_wider_than_the_terminal_and_no_key_is_cut(
    filled: Mzi, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for words in (("status",), ("list",), ("show", STUDENTS, IDS[0]), ("show", "account", IDS[6])):
        lines = filled("deliveries", *words).out.splitlines()
        assert max(map(cell_len, lines)) <= width, words
    lines = filled("deliveries", "list").out.splitlines()
    assert all(any(id in line for line in lines) for id in IDS[:5])


def test_one_is_shown_with_why_it_stands_so_and_what_it_waits_for(filled: Mzi) -> None:
    shown = said(filled("deliveries", "show", "enrolment", "1").out)
    assert f"waits for account {IDS[6]}, which is due" in shown
    assert "flow paused since" in shown
    shown = said(filled("deliveries", "show", STUDENTS, IDS[0]).out)
    assert f"{IDS[0]} of {STUDENTS} state dead why {REFUSED} about students/{IDS[0]}" in shown
    shown = said(filled("deliveries", "show", STUDENTS, IDS[1]).out)
    assert "failed tries 1" in shown
    assert f"plan {plan_of(filled)}" in said(filled("deliveries", "show", "enrolment", "2").out)


def test_an_unknown_parent_and_an_approval_are_shown_too(mzi: Mzi, tmp_path: Path) -> None:
    async def work(session: Session) -> None:
        await session.make_due([Due("enrolment", key) for key in "123"])
        claims = await session.claim("enrolment", 3, HOUR)
        await session.end_claims(
            [claims[0].waiting(DeliveryKey("account", "7")), *(claim.held("plan-7") for claim in claims[1:])]
        )
        await session.approve("plan-7")
        await session.make_due([Due("enrolment", "3")])

    mzi("db", "upgrade")
    stored(tmp_path, work)
    assert "waits for account 7, which was never due" in said(mzi("deliveries", "show", "enrolment", "1").out)
    assert "approved yes" in said(mzi("deliveries", "show", "enrolment", "2").out)
    assert "approved before it changed" in said(mzi("deliveries", "show", "enrolment", "3").out)


def test_what_is_remembered_is_shown_by_its_names_and_its_values_when_they_are_asked_for(filled: Mzi) -> None:
    """They are about people; a secret among them is never shown."""
    words = ("deliveries", "show", "account", IDS[6])
    shown = filled(*words).out
    assert "agreed: city; --values shows the values" in shown
    assert "about to be sent: email, password, username; --values shows the values" in shown
    names = filled(*words, "--json").json
    assert (names["agreed"], names["intent"]) == (["city"], ["email", "password", "username"])
    for told in (shown, filled(*words, "--json").out):
        assert "Irbid" not in told
        assert "rana" not in told
    values = filled(*words, "--values", "--json").json
    intent = {"username": "rana", "email": "rana@college.example", "password": "•••"}
    assert (values["agreed"], values["intent"]) == ({"city": "Irbid"}, intent)
    assert '"email": "rana@college.example"' in filled(*words, "--values").out


def test_a_dead_one_is_tried_again_and_of_others_it_is_told_how_they_stand(filled: Mzi) -> None:
    """1 is the exit code where any was not dead; a dry run says the same before."""
    words = ("deliveries", "redrive", STUDENTS, IDS[0], IDS[2], "9")
    dry, ran = filled(*words, "--dry-run"), filled(*words)
    assert (dry.code, ran.code) == (1, 1)
    left = f"{IDS[2]} is settled, not dead.\nThere is none with the key 9.\n"
    assert dry.out == f"1 delivery of {STUDENTS} would be due again. Nothing has changed.\n{left}"
    assert ran.out == f"1 delivery of {STUDENTS} is due again.\n{left}"
    again = filled("deliveries", "redrive", STUDENTS, IDS[0], "--json")
    assert again.code == 1
    assert again.json == {
        "flow": STUDENTS,
        "dry_run": False,
        "redriven": 0,
        "left": [{"key": IDS[0], "state": "due"}],
    }
    assert filled("deliveries", "redrive", STUDENTS, IDS[0]).out.startswith("No delivery of")


def test_all_dead_ones_of_a_flow_are_tried_again(filled: Mzi, tmp_path: Path) -> None:
    async def work(session: Session) -> None:
        (claim,) = await session.claim(STUDENTS, 1, HOUR)
        await session.end_claims([claim.dead("Gone.")])

    stored(tmp_path, work)
    words = ("deliveries", "redrive", "--flow", STUDENTS, "--all")
    assert filled(*words, "--dry-run").out.startswith("2 deliveries of take:students would be due again.")
    ran = filled(*words)
    assert (ran.code, ran.out) == (0, "2 deliveries of take:students are due again.\n")
    ran = filled(*words)
    assert (ran.code, ran.out) == (0, "No delivery of take:students was dead.\n")
    assert filled(*words, "--json").json["redriven"] == 0


def test_a_flow_is_paused_with_a_reason_and_goes_on_when_it_is_resumed(filled: Mzi) -> None:
    ran = filled("deliveries", "pause", STUDENTS, "--reason", "Zoho is moved")
    assert ran.code == 0
    assert f"{STUDENTS} is paused since" in ran.out
    assert f": Zoho is moved. `mzi deliveries resume {STUDENTS}` lets it go on." in said(ran.out)
    paused = filled("deliveries", "pause", STUDENTS, "--reason", "Zoho is still moved.", "--json").json
    assert paused["paused"]["reason"] == "Zoho is still moved."
    assert filled("deliveries", "resume", STUDENTS).out == f"{STUDENTS} goes on.\n"
    ran = filled("deliveries", "resume", STUDENTS)
    assert (ran.code, ran.out) == (0, f"{STUDENTS} was not paused.\n")
    assert filled("deliveries", "resume", STUDENTS, "--json").json["paused"] is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("list", "--flow", "take:studens"), "There is no flow `take:studens`. Did you mean `take:students`"),
        (("show", "students", "1"), "There is no flow `students`. Did you mean `take:students`?"),
        (("show", "account", "1"), "There is no delivery of account under the key `1`."),
        (("list", "--about", "students"), "--about must be a module and a key"),
        (("list", "--about", "leads/1"), "`leads` is not a module"),
        (("list", "--limit", "0"), "--limit must be from 1 to 10,000."),
        (("list", "--tenant", "nobody"), "Tenant `nobody` is not known here"),
        (("redrive",), "`mzi deliveries redrive FLOW KEY …`, or `--flow FLOW --all`"),
        (("redrive", STUDENTS), "Say what is to be tried again"),
        (("redrive", "--all"), "Say what is to be tried again"),
        (("redrive", "--flow", STUDENTS), "Say what is to be tried again"),
        (("redrive", STUDENTS, "1", "--all"), "one of both"),
        (("redrive", STUDENTS, "1", "--flow", STUDENTS), "one of both"),
        (("pause", STUDENTS), "--reason"),
        (("pause", STUDENTS, "--reason", " "), "A reason has 1 to 500 characters, and not only blanks"),
        (("pause", "grades", "--reason", "x"), "Did you mean `take:grades`"),
        (("resume", "x"), "There is no flow `x`. There are account,"),
    ],
)
def test_what_cannot_be_asked_is_told_with_what_can(filled: Mzi, words: tuple[str, ...], told: str) -> None:
    ran = filled("deliveries", *words)
    assert (ran.code, ran.out) == (2, "")
    assert told in said(ran.err)
