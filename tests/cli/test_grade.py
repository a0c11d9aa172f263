"""`mzi grade`: explain, simulate, policies."""

import asyncio
import json
from pathlib import Path

import pytest
from tests.cli.terminal import Mzi

from mzi_adapters.testing.college import markings
from mzi_core.grading import BUILT_IN, RuleId
from mzi_core.values import DEFAULT_TENANT
from mzi_http.services import open_use_cases
from mzi_http.settings import Settings

PEARSON = ("--policy", "pearson-higher-national")


class TestExplain:
    """One grade, and how it came about."""

    def test_the_grade_the_trace_and_both_sentences_are_shown(self, mzi: Mzi, folder: Path) -> None:
        ran = mzi("grade", "explain", "--raw", "1.5", "--attempt", "1")
        assert ran.code == 0
        lines = ran.out.splitlines()
        assert lines[0] == "R → RR  by rule BELOW_PASS of btec-default 2"
        end = 4 + len(RuleId)
        assert [line.split()[0] for line in lines[4:end]] == list(RuleId)
        (held,) = [line for line in lines if " held  " in line]
        assert held.rstrip().split(maxsplit=2) == [
            "BELOW_PASS",
            "held",
            "points 1.5, pass_from 2, attempt 1, before –",
        ]
        assert lines[end + 1].startswith("Refer: attempt 2 was given 1.5 of 4 on the BTEC scale")
        assert any(line.startswith("إعادة تسليم (Refer)") for line in lines[end + 2 :])
        assert list(folder.iterdir()) == []

    @pytest.mark.parametrize(
        ("tokens", "grade", "rule"),
        [
            (["--raw", "4"], "D", "DISTINCTION"),
            (["--raw", "-1"], "PENDING", "UNGRADED"),
            ([], "R", "BELOW_PASS"),
            (["--letter", "Merit"], "M", "EXPLICIT_LETTER"),
            (["--not-submitted"], "F", "NO_SUBMISSION"),
            (["--raw", "65", "--scale", "percent"], "M", "MERIT"),
            (["--raw", "65", "--policy", "percent"], "M", "MERIT"),
            (["--raw", "1", "--attempt", "1", "--before", "Merit", *PEARSON], "M", "REASSESSED_AFTER_PASS"),
            (["--raw", "4", "--attempt", "2", *PEARSON], "PENDING", "NOT_PERMITTED"),
            (["--raw", "4", "--attempt", "2", "--repeats-unit", *PEARSON], "P", "REASSESSMENT_CAP"),
            (
                ["--raw", "4", "--submitted-at", "2026-02-02T00:00:00Z", "--due", "2026-02-01T00:00:00Z"],
                "D",
                "DISTINCTION",
            ),
            (["--raw", "65"], "PENDING", "OFF_SCALE"),
            (["--raw", "5", "--maximum", "7"], "D", "DISTINCTION"),
            (["--raw", "2", "--minimum", "1", "--maximum", "3"], "P", "PASS"),
            (["--raw", "1", "--items", "Merit, Pass,Refer"], "M", "MERIT"),
            (["--raw", "1", "--items", "Fail,Pass"], "PENDING", "UNKNOWN_SCALE"),
            (["--raw", "3", "--feedback", "<p>01122</p>"], "F", "INVALID_SUBMISSION"),
            (
                ["--raw", "4", "--attempt", "1", "--policy", "pearson-higher-national"],
                "P",
                "REASSESSMENT_CAP",
            ),
            (["--raw", "3", "--workflow", "inmarking", "--level", "L5"], "PENDING", "NOT_RELEASED"),
            (["--raw", "3", "--workflow", "Released"], "M", "MERIT"),
            (["--raw", "3", "--takes-no-submissions"], "M", "MERIT"),
            (["--takes-no-submissions", "--raw", "-1"], "PENDING", "UNGRADED"),
            (
                ["--not-submitted", "--due", "2026-02-01T00:00:00Z", "--now", "2026-01-01T00:00:00Z"],
                "PENDING",
                "AWAITING_SUBMISSION",
            ),
            (
                [
                    *("--not-submitted", "--due", "2026-02-01T00:00:00Z", "--now", "2026-02-03T00:00:00Z"),
                    *("--extension", "2026-02-02T00:00:00Z", "--cutoff", "2026-02-04T00:00:00Z"),
                ],
                "PENDING",
                "AWAITING_SUBMISSION",
            ),
        ],
    )
    def test_every_input_counts(self, mzi: Mzi, tokens: list[str], grade: str, rule: str) -> None:
        told = mzi("grade", "explain", *tokens, "--json").json
        assert (told["grade"], told["rule"]) == (grade, rule)
        assert set(told["explanation"]) == {"en", "ar"}

    def test_criteria_that_say_something_else_are_pointed_out(self, mzi: Mzi) -> None:
        ran = mzi("grade", "explain", "--raw", "4", "--criteria", "P1=yes, M1=no")
        assert "CRITERIA_MISMATCH: The assessment criteria add up to Pass" in " ".join(ran.out.split())

    def test_times_are_told_in_the_zone_of_the_tenant(self, mzi: Mzi, folder: Path) -> None:
        store = ("--store", f"sqlite:///{folder}/zone.db")
        chosen = mzi(*store, "tenants", "zone", "Asia/Amman")
        assert chosen.out.strip() == "Times are told in the zone Asia/Amman."
        waiting = ("--not-submitted", "--due", "2026-02-09T12:00:00Z", "--now", "2026-02-09T11:00:00Z")
        ran = mzi(*store, "grade", "explain", *waiting)
        assert "9 February 2026, 15:00 (Asia/Amman)" in " ".join(ran.out.split())

    def test_another_zone_is_refused(self, mzi: Mzi, folder: Path) -> None:
        ran = mzi("--store", f"sqlite:///{folder}/zone.db", "tenants", "zone", "Amman")
        assert ran.code == 2
        assert "There is no time zone `Amman`; write it like Asia/Amman." in " ".join(ran.err.split())

    def test_a_criterion_whose_code_cannot_be_read_is_pointed_out(self, mzi: Mzi) -> None:
        ran = mzi("grade", "explain", "--raw", "2", "--criteria", "P1=yes, M10=no")
        assert "UNKNOWN_CRITERION" in ran.out

    @pytest.mark.parametrize(
        ("tokens", "said"),
        [
            (["--raw", "x"], "raw must be a number, not 'x'."),
            (["--due", "2026-02-01"], "due must be a time with its offset"),
            (["--criteria", "P1=maybe"], "--criteria: the score of P1 must be"),
            (["--criteria", "=yes"], "criteria 1 must have a code, such as P1."),
            (["--policy", "prcent"], "did you mean 'percent'?"),
            (["--attempt", "-1"], "Attempts are counted from 0 here"),
            (["--attempt", "x"], 'Invalid value for --attempt: unable to convert "x" into int.'),
        ],
    )
    def test_what_cannot_be_judged_is_told(self, mzi: Mzi, tokens: list[str], said: str) -> None:
        ran = mzi("grade", "explain", *tokens)
        assert ran.code == 2
        assert said in ran.err


class TestSimulate:
    """Another policy over grades that were given."""

    @pytest.fixture
    def file(self, folder: Path) -> str:
        """A class of 30 as a file."""
        lines = [json.dumps(marking, ensure_ascii=False) for marking in markings(5, 30)]
        (folder / "class.ndjson").write_text("\n".join(lines), "utf-8")
        return "class.ndjson"

    def test_the_changes_are_counted_and_shown(self, mzi: Mzi, file: str, folder: Path) -> None:
        ran = mzi("grade", "simulate", "--policy", "btec-default", "--set", "merit_from=3.5", "--file", file)
        told = mzi(
            *("grade", "simulate", "--policy", "btec-default", "--set", "merit_from=3.5"),
            *("--file", file, "--json"),
        ).json["changes"]
        merits = [
            m
            for m in markings(5, 30)
            if m["raw"] == "3" and "01122" not in m["feedback"] and m["workflow"] in (None, "released")
        ]
        assert [change["key"] for change in told] == [str(m["student"]) for m in merits]
        assert {(c["before"]["grade"], c["after"]["grade"]) for c in told} == {("M", "P")}
        assert f"{len(merits)} of 30 grades would change:" in ran.out
        assert "Pass: the mark 3 of 4 on the BTEC scale reaches 2" in ran.out
        assert not (folder / "mzi.db").exists()

    def test_the_same_policy_changes_nothing(self, mzi: Mzi, file: str) -> None:
        ran = mzi("grade", "simulate", "--policy", "btec-default", "--file", file)
        assert ran.out == "None of 30 grades would change.\n"

    def test_recorded_decisions_are_judged_again(self, mzi: Mzi) -> None:
        mzi("demo", "--students", 30, "--keep", "c.db")
        ran = mzi(
            *("--store", "sqlite:///c.db", "grade", "simulate", "--policy", "btec-default"),
            *("--set", "release_gating=true", "--set", "merit_from=2.5"),
        )
        assert ran.out.startswith("1 grade would change:")
        assert "_1001_55" in ran.out

    def test_what_is_wrong_with_the_policy_is_said(self, mzi: Mzi, file: str) -> None:
        ran = mzi("grade", "simulate", "--policy", "btec-default", "--set", "merit_from=5", "--file", file)
        assert ran.code == 0
        assert "Wrong with this policy:" in ran.err

    @pytest.mark.parametrize(
        ("tokens", "said"),
        [
            (["--policy", "btec-default", "--set", "merit_frm=3"], "did you mean 'merit_from'?"),
            (
                ["--policy", "btec-default", "--set", "merit_from"],
                "write it as merit_from=3.2.",
            ),
            (["--policy", "none"], "The set of built-in policies has no 'none'"),
            ([], 'Command "grade simulate" parameter --policy requires an argument.'),
            (["--policy", "percent", "--file", "none"], "none cannot be read: No such file or directory."),
        ],
    )
    def test_misuse_is_told(self, mzi: Mzi, tokens: list[str], said: str) -> None:
        ran = mzi("grade", "simulate", *tokens)
        assert ran.code == 2
        assert said in ran.err

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("nonsense", "m.ndjson, line 1 is no JSON: Expecting value, column 1."),
            ("5", "m.ndjson, line 1 is no JSON object."),
            ('{"key": "a"}\n{"key": "a"}', "m.ndjson, line 2: a second marking of `a`."),
            ('{"rwa": 3}', "A marking has no 'rwa'; did you mean 'raw'?"),
        ],
    )
    def test_a_broken_file_of_markings_is_told(self, mzi: Mzi, folder: Path, text: str, said: str) -> None:
        (folder / "m.ndjson").write_text(text)
        ran = mzi("grade", "simulate", "--policy", "percent", "--file", "m.ndjson")
        assert ran.code == 2
        assert said in ran.err

    def test_without_a_store_and_a_file_there_is_nothing_to_judge(self, mzi: Mzi) -> None:
        assert mzi("grade", "simulate", "--policy", "percent").code == 3


def test_policies_are_listed(mzi: Mzi) -> None:
    ran = mzi("grade", "policies")
    assert ran.code == 0
    assert all(name in ran.out for name in BUILT_IN)
    told = mzi("grade", "policies", "--json").json
    assert [policy["name"] for policy in told["built_in"]] == list(BUILT_IN)
    assert told["chosen"]["everything else"]["name"] == "btec-default"


def test_a_policy_that_the_tenant_chose_is_listed_and_used(mzi: Mzi, folder: Path) -> None:
    mzi("db", "upgrade")

    async def choose() -> None:
        async with open_use_cases(Settings()) as use_cases:
            await use_cases.choose_policy(DEFAULT_TENANT, "L5", {"base": "pearson-higher-national"})

    asyncio.run(choose())
    assert mzi("grade", "policies", "--json").json["chosen"]["L5"]["reassessment_cap"] == "P"
    capped = mzi("grade", "explain", "--raw", "4", "--attempt", "1", "--level", "HND Level 5", "--json").json
    assert (capped["grade"], capped["capped_from"]) == ("P", "D")


class TestChoose:
    """A tenant's own policy, for a family or for the rest."""

    def test_a_family_is_graded_by_what_was_chosen_for_it(self, mzi: Mzi) -> None:
        ran = mzi("grade", "choose", *PEARSON, "--level", "L5", "--set", "merit_from=3.2")
        assert ran.code == 0
        assert "2 3.2 4" in ran.out
        second = ("grade", "explain", "--raw", "4", "--attempt", "1")
        assert mzi(*second, "--level", "L5").out.startswith("P  by rule REASSESSMENT_CAP")
        assert mzi(*second, "--level", "L3").out.startswith("D  by rule DISTINCTION")

    def test_a_policy_that_cannot_be_right_is_refused_and_not_kept(self, mzi: Mzi) -> None:
        ran = mzi("grade", "choose", *PEARSON, "--set", "pass_from=3.5")
        assert ran.code == 2
        assert "each must begin above the one before" in ran.err
        chosen = json.loads(mzi("grade", "policies", "--json").out)["chosen"]
        assert chosen["everything else"]["name"] == "btec-default"

    def test_a_level_nobody_teaches_and_a_misspelt_field_are_refused(self, mzi: Mzi) -> None:
        assert "no programme level" in mzi("grade", "choose", *PEARSON, "--level", "nursery").err
        assert "did you mean 'merit_from'" in mzi("grade", "choose", *PEARSON, "--set", "meritfrom=3").err

    def test_the_policy_as_kept_is_printed_for_machines(self, mzi: Mzi) -> None:
        kept = json.loads(mzi("grade", "choose", *PEARSON, "--json").out)
        assert (kept["name"], kept["reassessment_cap"]) == ("pearson-higher-national", "P")
