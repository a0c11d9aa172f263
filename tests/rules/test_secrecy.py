"""Names under which secrets stand."""

import pytest

from mzi_core.modules import CATALOGUE
from mzi_core.secrecy import names_a_secret


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
