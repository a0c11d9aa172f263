"""Trying the real services never passes without having tried one."""

import pytest
from tests import live

ZOHO = {f"MZI_TEST_ZOHO_{name.upper()}": "x" for name in live.NEEDED["zoho"]}
MOODLE = {"MZI_TEST_MOODLE_URL": "https://moodle.example", "MZI_TEST_MOODLE_TOKEN": "x"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "set MZI_TEST_MOODLE_URL, MZI_TEST_MOODLE_TOKEN."),
        (
            {"MZI_TEST_MOODLE_URL": "https://moodle.example"},
            "Moodle is not tried: set MZI_TEST_MOODLE_TOKEN.",
        ),
        (ZOHO | {"MZI_TEST_MOODLE_TOKEN": "x"}, "Moodle is not tried: set MZI_TEST_MOODLE_URL."),
        (ZOHO | {"MZI_TEST_ZOHO_ENVIRONMENT": "production"}, "must be a sandbox"),
    ],
    ids=["nothing", "half of one", "one and half of the other", "a college's own Zoho"],
)
def test_what_is_missing_is_said_and_fails(
    given: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert live.main([], given) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "suites"),
    [
        (ZOHO, ["tests/contracts/test_zoho_gateway.py"]),
        (MOODLE, ["tests/contracts/test_moodle_gateway.py"]),
        (ZOHO | MOODLE, ["tests/contracts/test_zoho_gateway.py", "tests/contracts/test_moodle_gateway.py"]),
    ],
    ids=["zoho", "moodle", "both"],
)
def test_every_service_with_an_account_is_tried(
    given: dict[str, str], suites: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []

    def run(arguments: list[str]) -> int:
        ran.append(arguments)
        return 0

    monkeypatch.setattr(pytest, "main", run)
    assert live.main(["-x"], given) == 0
    assert ran == [["-m", "live", *suites, "-x"]]
