"""Names under which secrets stand."""

import pytest

from mzi_core.modules import CATALOGUE
from mzi_core.secrecy import (
    REDACTED,
    names_a_secret,
    without_addresses,
    without_phone_numbers,
    without_secrets,
)


@pytest.mark.parametrize(
    "name",
    [
        "Academic_Password",
        "PASSWORDS",
        "API_Token",
        "wstoken",
        "accessToken",
        "clientSecret",
        "API_Key",
        "apiKey",
        "apikey",
        "private_keys",
        "Pwd",
        "OTP",
        "login credentials",
    ],
)
def test_what_lets_somebody_in_is_told_by_its_name(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize("name", ["Secretary_Name", "Key_Skills", "Tokyo", "Name", "Passed_Units", "", "رنا"])
def test_other_names_are_no_secrets(name: str) -> None:
    assert not names_a_secret(name)


def test_no_declared_field_holds_a_secret() -> None:
    names = [name for m in CATALOGUE.in_order() for f in m.fields for name in (f.name, *f.names)]
    assert list(filter(names_a_secret, names)) == []


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("write to rana@college.example, or رنا@كلية.مثال", "write to [redacted], or [redacted]"),
        ("@college.example", "@college.example"),
        ("rana@localhost", "rana@localhost"),
        ("", ""),
    ],
)
def test_addresses_are_taken_out(text: str, left: str) -> None:
    assert without_addresses(text) == left


@pytest.mark.parametrize(
    "number", ["+962790000001", "0790000001", "00962 79 000 0001", "+962 (79) 000-0001", "079/000/0001"]
)
def test_telephone_numbers_are_taken_out(number: str) -> None:
    assert without_phone_numbers(f"at {number}.") == "at [redacted]."


@pytest.mark.parametrize(
    "text",
    [
        "5398830000090000001",
        "2026-02-10T09:30:00+03:00",
        "01-02-2026 10:00",
        "01/02/2026",
        "0.1234567891",
        "x0790000001",
        "+96",
    ],
)
def test_ids_days_and_amounts_are_no_telephone_numbers(text: str) -> None:
    assert without_phone_numbers(text) == text


@pytest.mark.parametrize("text", ["Bearer abc.def", "mzi_0a1b2c3d_kJ8s-dfH3", "a?token=abc", "x://y:z@h"])
def test_secrets_are_taken_out_wherever_they_stand(text: str) -> None:
    assert REDACTED in without_secrets(text)
    assert without_secrets("Nothing secret.") == "Nothing secret."
