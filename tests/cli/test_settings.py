"""Settings: the file, then the environment, and nothing that nobody knows."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.terminal import Mzi
from typed_settings.types import OptionInfo

from mzi_adapters.zoho.hosts import DATA_CENTRES
from mzi_http.remote_accounts import Moodle, Region, Zoho
from mzi_http.settings import (
    Http,
    Log,
    LogFormat,
    LogLevel,
    Settings,
    SettingsRefused,
    load,
    options,
    variable,
)


def test_without_anything_said_there_are_defaults() -> None:
    assert load() == Settings()
    assert Settings().store == "sqlite:///mzi.db"
    assert Settings().http.host == "127.0.0.1"


def test_the_file_in_the_folder_is_read_and_the_environment_counts_for_more(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "mzi.toml").write_text(
        'store = "memory:"\npage = 10\n'
        '[http]\nport = 9000\nhost = "::1"\n'
        '[log]\nlevel = "DEBUG"\nformat = "json"\n'
    )
    monkeypatch.setenv("MZI_HTTP_PORT", "9001")
    monkeypatch.setenv("MZI_TENANT", "irbid")
    assert load() == Settings(
        store="memory:",
        tenant="irbid",
        page=10,
        http=Http(port=9001, host="::1"),
        log=Log(level=LogLevel.DEBUG, format=LogFormat.JSON),
    )


def test_another_file_can_be_named_in_two_ways(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "mzi.toml").write_text("page = 1")
    (folder / "two.toml").write_text("page = 2")
    (folder / "three.conf").write_text("page = 3")
    monkeypatch.setenv("MZI_SETTINGS", "two.toml")
    assert load().page == 2
    assert load(Path("three.conf")).page == 3


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MZI_HTTP_PRT", "1", "variable `MZI_HTTP_PRT` is not known. Did you mean `MZI_HTTP_PORT`?"),
        ("MZI_STROE", "x", "Did you mean `MZI_STORE`?"),
        ("MZI_QQQQQQQQQ", "x", "Known are `MZI_SETTINGS`, `MZI_STORE`, `MZI_TENANT`,"),
        ("MZI_HTTP_PORT", "http", "`MZI_HTTP_PORT` must be a whole number."),
        ("MZI_HTTP_PORT", "0", "`MZI_HTTP_PORT` must be from 1 to 65535."),
        ("MZI_HTTP_MAX_BODY", "-5", "`MZI_HTTP_MAX_BODY` must be a whole number."),
        ("MZI_PAGE", "", "`MZI_PAGE` must be a whole number."),
        ("MZI_TASKS_RECONCILE", "4", "`MZI_TASKS_RECONCILE` must be from 5 to 10080."),
        ("MZI_LOG_LEVEL", "loud", "`MZI_LOG_LEVEL` must be one of debug, info, warning, error."),
        ("MZI_LOG_FORMAT", "xml", "`MZI_LOG_FORMAT` must be one of text, json."),
        ("MZI_TENANT", "A B", "`MZI_TENANT` is no tenant. A tenant name has small letters"),
        ("MZI_HTTP_HOST", " ", "`MZI_HTTP_HOST` must be a text."),
        ("MZI_STORE", "mysql://u:hunter2@h", "`MZI_STORE` must begin with `sqlite:///`,"),
        (
            "MZI_ZOHO_DATA_CENTRE",
            "com",
            "`MZI_ZOHO_DATA_CENTRE` must be one of us, eu, in, au, jp, cn, ca, sa,",
        ),
        ("MZI_ZOHO_ENVIRONMENT", "test", "must be one of production, sandbox, developer."),
        ("MZI_ZOHO_CONCURRENCY", "26", "`MZI_ZOHO_CONCURRENCY` must be from 1 to 25."),
        ("MZI_ZOHO_REFRESH_TOKEN", "hunter2 x", "`MZI_ZOHO_REFRESH_TOKEN` must be one word of letters,"),
        (
            "MZI_ZOHO_CLIENT_SECRET",
            "hunter2\r\nX: y",
            "`MZI_ZOHO_CLIENT_SECRET` must be one word of letters,",
        ),
        ("MZI_ZOHO_REFRESH_TOKE", "hunter2", "Did you mean `MZI_ZOHO_REFRESH_TOKEN`?"),
        ("MZI_ZOHO_API_URL", "https://evil.example/hunter2", "may only name a server on this machine, such"),
        ("MZI_ZOHO_ACCOUNTS_URL", "http://10.0.0.1", "may only name a server on this machine, such"),
        ("MZI_ZOHO_API_URL", "http://127.0.0.1.evil.example", "may only name a server on this machine"),
        ("MZI_ZOHO_API_URL", "http://127.0.0.1@evil.example", "must be an address alone, without a name,"),
        ("MZI_ZOHO_API_URL", "http://127.0.0.1:99999", "must be an address such as"),
        ("MZI_MOODLE_URL", "http://moodle.college.example", "`MZI_MOODLE_URL` must begin with `https://`"),
        (
            "MZI_MOODLE_URL",
            "https://u:hunter2@m.example",
            "`MZI_MOODLE_URL` must be an address alone, without",
        ),
        ("MZI_MOODLE_URL", "https://m.example/?wstoken=hunter2", "must be an address alone, without"),
        ("MZI_MOODLE_URL", "https://m.exa\r\nmple", "must be an address without line ends and other"),
        ("MZI_MOODLE_URL", "https://m.example\n", "must be an address without line ends and other"),
        ("MZI_MOODLE_URL", "https://169.254.169.254/latest", "must not be link-local or a cloud's metadata"),
        ("MZI_MOODLE_URL", "https://[fd00:ec2::254]", "must not be link-local or a cloud's metadata"),
        ("MZI_WEB_PROXIES", "http://hunter2:3128", "`MZI_WEB_PROXIES` must be one of none, environment."),
        ("MZI_MOODLE_URL", "moodle", "must be an address such as `https://moodle.college.example`."),
        ("MZI_SETTINGS", "none.toml", "There is no file `none.toml`, which MZI_SETTINGS names."),
    ],
)
def test_a_wrong_variable_is_refused_by_name(
    mzi: Mzi, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    ran = mzi("modules")
    assert ran.code == 2
    assert said in ran.err
    assert "hunter2" not in ran.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('stroe = "x"', "In mzi.toml the setting `stroe` is not known. Did you mean `store`?"),
        ("[http]\nprot = 1", "In mzi.toml the setting `http.prot` is not known. Did you mean `http.port`?"),
        ("[htpp]\n", "In mzi.toml the setting `htpp` is not known."),
        ("http = 5", "In mzi.toml the setting `http` is not known."),
        ("page = true", "`page` in mzi.toml must be a whole number."),
        ("[http]\nhost = 5", "`http.host` in mzi.toml must be a text."),
        ("[zoho]\nclient_secret = 5", "`zoho.client_secret` in mzi.toml must be a text."),
        ("[zoho]\napi_url = 5", "`zoho.api_url` in mzi.toml must be an address."),
        ("page = x", "cannot be read: Invalid value (at line 1, column 8)"),
    ],
)
def test_a_wrong_line_of_the_file_is_refused_by_name(mzi: Mzi, folder: Path, text: str, said: str) -> None:
    (folder / "mzi.toml").write_text(text)
    ran = mzi("modules")
    assert ran.code == 2
    assert said in ran.err


def test_every_problem_is_told_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "mzi.toml").write_text('stroe = "x"\npage = 0\n[log]\nlevel = 5\n')
    monkeypatch.setenv("MZI_PORT", "1")
    with pytest.raises(SettingsRefused) as refused:
        load()
    assert [problem.partition(" must")[0].partition(" is")[0] for problem in refused.value.problems] == [
        "The environment variable `MZI_PORT`",
        "In mzi.toml the setting `stroe`",
        "`page` in mzi.toml",
        "`log.level` in mzi.toml",
    ]


@pytest.mark.parametrize("option", options(), ids=lambda option: option.path)
def test_every_option_has_a_default_a_check_and_a_variable(option: OptionInfo) -> None:
    assert not option.has_no_default
    assert option.converter is not None
    assert option.converter(option.default) == option.default
    assert variable(option).startswith("MZI_")


def test_no_secret_is_in_the_representation() -> None:
    shown = repr(
        Settings(
            store="postgresql://u:hunter2@h/mzi",
            zoho=Zoho(client_id="1000.X", client_secret="hunter2", refresh_token="1000.hunter2"),
            moodle=Moodle(url="https://moodle.college.example", token="hunter2"),
        )
    )
    assert "hunter2" not in shown
    assert "1000.X" in shown


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://moodle.college.example/", "https://moodle.college.example"),
        ("https://college.example/moodle/", "https://college.example/moodle"),
        (" https://moodle.college.example:8443 ", "https://moodle.college.example:8443"),
        ("http://localhost:8080/moodle", "http://localhost:8080/moodle"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("", ""),
    ],
    ids=repr,
)
def test_the_address_of_moodle_is_kept_without_its_last_slash(given: str, kept: str) -> None:
    assert Moodle(url=given).url == kept


def test_what_an_account_still_lacks_is_told_by_name() -> None:
    assert Zoho().missing() == ("zoho.client_id", "zoho.client_secret", "zoho.refresh_token")
    assert Zoho(client_id="a", client_secret="b", refresh_token="c").missing() == ()
    assert Moodle(token="t").missing() == ("moodle.url",)


def test_the_data_centres_are_those_whose_hosts_are_known() -> None:
    assert set(Region) == set(DATA_CENTRES)


@given(st.text(max_size=20))
def test_no_text_makes_an_option_raise_anything_but_its_sentence(text: str) -> None:
    said = []
    for option in options():
        assert option.converter is not None
        try:
            option.converter(text)
        except ValueError as refused:
            said.append(str(refused))
    assert all(sentence.endswith(".") for sentence in said)


def test_the_accounts_of_the_live_tests_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MZI_TEST_MOODLE_URL", "https://moodle.college.example")
    assert load() == Settings()
    monkeypatch.setenv("MZI_STORE", "memory:")
    assert load().store == "memory:"


def test_the_statuses_of_active_classes_are_words_in_any_language() -> None:
    assert Moodle().defaults().active == {"active"}
    assert Moodle(active="Active,  نشط , Läuft").defaults().active == {"active", "نشط", "läuft"}
    for wrong in ("", "Active,,Open", "x" * 1_001):
        with pytest.raises(ValueError, match="must be"):
            Moodle(active=wrong)


@pytest.mark.parametrize(
    ("store", "warned"),
    [
        ("postgresql://mzi:hunter2@127.0.0.1:1/mzi", True),
        ("postgresql://mzi@127.0.0.1:1/mzi?password=hunter2", True),
        ("postgresql://mzi@127.0.0.1:1/mzi", False),
        ("sqlite:///mzi.db", False),
        ("postgresql://[", False),
    ],
)
def test_a_password_on_the_command_line_is_warned_of_and_not_repeated(
    mzi: Mzi, store: str, warned: bool
) -> None:
    ran = mzi("--store", store, "tenants", "list")
    assert ("MZI_STORE" in ran.err) is warned
    assert "hunter2" not in ran.out + ran.err


def test_the_address_of_the_store_is_taken_from_the_environment_without_a_warning(
    mzi: Mzi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MZI_STORE", "postgresql://mzi:hunter2@127.0.0.1:1/mzi")
    ran = mzi("tenants", "list")
    assert ran.code == 3
    assert "MZI_STORE" not in ran.err
    assert "hunter2" not in ran.out + ran.err


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_settings_file_in_another_encoding_is_told(mzi: Mzi, folder: Path, encoding: str) -> None:
    (folder / "old.toml").write_bytes('# café\nstore = "memory:"\n'.encode(encoding))
    ran = mzi("--settings", "old.toml", "modules")
    assert ran.code == 2
    assert "`old.toml` is not UTF-8; save it as UTF-8." in ran.err
