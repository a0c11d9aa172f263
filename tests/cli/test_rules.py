"""`mzi rules`: show, set, check."""

import asyncio
import io
import json
from pathlib import Path

import attrs
import pytest
from tests.cli.terminal import Mzi

from mzi_core.flows.rules import RULES
from mzi_core.values import DEFAULT_TENANT
from mzi_http.services import open_use_cases
from mzi_http.settings import Settings


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_every_rule_is_shown_with_its_value_and_what_it_means(mzi: Mzi, folder: Path) -> None:
    ran = mzi("rules", "show")
    lines = [cells(line) for line in ran.out.splitlines()]
    assert ran.code == 0
    for rule in RULES.values():
        (line,) = [line for line in lines if line[0] == rule.name]
        assert line[2:] == ["default", rule.meaning]
        for choice in rule.choices:
            assert [f"{choice}: {choice.meaning}"] in lines
    assert ["withdrawal", "suspend"] in [line[:2] for line in lines]
    assert ["flows", "none"] in [line[:2] for line in lines]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("columns", [50, 80])
def test_the_rules_fit_a_narrow_terminal(mzi: Mzi, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert mzi("rules", "set", "flows=account,course,enrolment,grade").code == 0
    ran = mzi("rules", "show")
    assert max(map(len, ran.out.splitlines())) <= columns
    assert "…" not in ran.out
    assert "Whether an active class without a course in Moodle gets one" in " ".join(
        cell for line in ran.out.splitlines() for cell in cells(line)[-1:]
    )


def test_what_is_set_is_shown_before_and_after_and_stays(mzi: Mzi) -> None:
    ran = mzi("rules", "set", "flows=grade, account", "withdrawal=leave", "create_accounts=true")
    assert ran.code == 0
    assert [cells(line) for line in ran.out.splitlines()[3:]] == [
        ["flows", "none", "account, grade"],
        ["create_accounts", "false", "true"],
        ["withdrawal", "suspend", "leave"],
    ]
    ran = mzi("rules", "set", "--reset", "flows", "create_courses=false", "--reset", "create_accounts")
    assert [cells(line) for line in ran.out.splitlines()[3:]] == [
        ["flows", "account, grade", "none"],
        ["create_accounts", "true", "false"],
        ["create_courses", "true", "false"],
    ]
    told = mzi("rules", "show", "--json").json["rules"]
    assert list(told) == list(RULES)
    assert {name: rule["value"] for name, rule in told.items() if rule["chosen"]} == {
        "withdrawal": "leave",
        "create_courses": False,
    }
    assert told["withdrawal"]["default"] == "suspend"


def test_no_flow_at_all_is_said_by_nothing_behind_the_sign(mzi: Mzi) -> None:
    mzi("rules", "set", "flows=grade")
    assert mzi("rules", "set", "flows=").code == 0
    assert mzi("rules", "show", "--json").json["rules"]["flows"]["value"] == []


def test_a_dry_run_shows_the_same_and_saves_nothing(mzi: Mzi, folder: Path) -> None:
    dry = mzi("rules", "set", "create_courses=false", "--dry-run")
    assert (dry.code, dry.err) == (0, "Nothing was saved.\n")
    assert list(folder.iterdir()) == []
    assert mzi("rules", "set", "create_courses=false").out == dry.out


def test_rules_that_say_what_they_said_change_nothing(mzi: Mzi) -> None:
    assert mzi("rules", "set", "create_courses=true").out == "Every rule stays as it is.\n"


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ([], "Say what is to change, such as create_accounts=true or --reset create_accounts;"),
        (["flows"], "flows: write it as NAME=VALUE, such as create_accounts=true."),
        (["flows=", "flows=grade"], "`flows` is said twice; say once what it is to be."),
        (["flows=", "--reset", "flows"], "`flows` is said twice; say once what it is to be."),
        (["flows=acount"], "not 'acount'; did you mean `account`?"),
        (["withdrawl=leave"], "There is no rule 'withdrawl'; did you mean `withdrawal`?"),
        (["--reset", "withdrawl"], "There is no rule 'withdrawl'; did you mean `withdrawal`?"),
        (["create_courses=yes"], "`create_courses` must be true or false, not 'yes'."),
        (["withdrawal=true"], "`withdrawal` must be `suspend` or `leave`, not 'true'."),
    ],
)
def test_what_cannot_be_set_is_refused_with_what_helps(mzi: Mzi, tokens: list[str], said: str) -> None:
    ran = mzi("rules", "set", "create_accounts=true", *tokens) if tokens else mzi("rules", "set")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert not mzi("rules", "show", "--json").json["rules"]["create_accounts"]["value"]


FILES = {
    "rules.json": json.dumps({"flows": ["grade"], "withdrawal": None}),
    "rules.toml": 'flows = ["grade"]\n',
    "marked.json": '\ufeff {"flows": ["grade"]}',
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_checked_and_nothing_is_saved(mzi: Mzi, folder: Path, name: str) -> None:
    Path(name).write_text(FILES[name], "utf-8")
    ran = mzi("rules", "check", name)
    assert ran.code == 0
    assert ran.out.splitlines()[0] == "These rules can be saved."
    assert cells(ran.out.splitlines()[-1]) == ["flows", "none", "grade"]
    assert list(folder.iterdir()) == [folder / name]


def test_rules_are_checked_from_standard_input(mzi: Mzi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"create_courses": true}')))
    ran = mzi("rules", "check", "-")
    assert (ran.code, ran.out) == (0, "These rules can be saved.\nEvery rule stays as it is.\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"flows": ["acount"], "x": 1}', "There is no rule 'x'; there are"),
        (b'{"flows": ["acount"], "x": 1}', "`flows[0]` must be"),
        (b"flows = 1", "`flows` must be a list of"),
        (b'{"a": 1, "a": 2}', "It has the name `a` twice"),
        (b'{"a": ', "is not JSON that can be taken."),
        (b"[]", "is neither a JSON object nor TOML that can be read"),
        (b"\xff", "is not UTF-8; save it as UTF-8."),
        (b" " * (2**20 + 1), "is larger than 1 MB, which no rules are."),
    ],
)
def test_a_file_that_cannot_be_saved_is_refused_with_what_helps(mzi: Mzi, content: bytes, said: str) -> None:
    Path("rules").write_bytes(content)
    ran = mzi("rules", "check", "rules")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_what_another_version_saved_is_told_and_can_be_taken_away(mzi: Mzi) -> None:
    async def keep() -> None:
        async with open_use_cases(Settings()) as use_cases, use_cases.store.begin(DEFAULT_TENANT) as session:
            await session.save_settings(attrs.evolve(await session.settings(), rules={"gone": 1}))

    mzi("db", "upgrade")
    asyncio.run(keep())
    told = "Saved, but passed over: There is no rule 'gone'; there are"
    for ran in (mzi("rules", "show"), mzi("rules", "set", "create_courses=true")):
        assert ran.err.startswith(told)
    assert mzi("rules", "set", "--reset", "gone").err == ""
    assert mzi("rules", "show").err == ""


def test_what_changes_can_be_had_as_json(mzi: Mzi, folder: Path) -> None:
    """With nothing in it where every rule stays."""
    asked = ("flows=grade,account", "course_users=support:teacher")
    change = {
        "flows": {"before": [], "after": ["account", "grade"]},
        "course_users": {"before": [], "after": ["support:teacher"]},
    }
    for words in (("set", *asked, "--dry-run"), ("set", *asked)):
        assert mzi("rules", *words, "--json").json == change
    (folder / "rules.json").write_text(json.dumps({"flows": ["grade", "account"], "withdrawal": "leave"}))
    checked = mzi("rules", "check", "rules.json", "--json").json
    assert checked == {"withdrawal": {"before": "suspend", "after": "leave"}}
    assert mzi("rules", "set", "flows=account,grade", "--json").json == {}
