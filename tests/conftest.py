"""What every test shares: one way of drawing examples on machines of any speed, and databases of its own.

A test asks for `sqlite_url`, `postgres_url`, or `database_url`, which is each in turn: a migrated database
that nobody has touched. `empty_url` is one without a schema. The server starts when the first test asks.
"""

import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from tests import postgres
from tests.repetitions import often
from tests.shared import ROOT, ZOHO_OPENAPI, is_there

settings.register_profile(
    "mzi",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=often(100, gate=30),
)
settings.load_profile("mzi")

TEMPLATE = "migrated"
_number = count(1)


def pytest_report_header() -> str | None:
    """Say what is not checked, where it is not."""
    if is_there(*ZOHO_OPENAPI):
        return None
    return f"Zoho's published description is not in {ROOT}: set MZI_SHARED to check against it."


def pytest_configure() -> None:
    """A shell that runs this in the background has Ctrl-C ignored, by whoever is started from here too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _of_mzi(folder: Path) -> set[str]:
    """The stores, secrets, tokens and settings in a folder."""
    return {file.name for form in (".mzi-*", "mzi.db*", "mzi.toml") for file in folder.glob(form)}


@pytest.fixture(scope="session", autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """What mzi writes down beside its settings is in no test's way, nor left in the folder tests run from."""
    here = Path.cwd()
    before = _of_mzi(here)
    yield
    assert _of_mzi(here) <= before, "A test left these in the folder the tests run from; give it its own."


@pytest.fixture(scope="session")
async def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the newest revision, to be copied."""
    from mzi_adapters.sql import upgrade  # not for tests of rules to wait for

    path = tmp_path_factory.mktemp("template") / "mzi.db"
    await upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(migrated: Path, tmp_path: Path) -> str:
    """The URL of a migrated SQLite database of this test's own."""
    path = tmp_path / "mzi.db"
    shutil.copy(migrated, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The folder of a server; each worker of pytest-xdist has one, so that they need agree about nothing."""
    with postgres.running() as where:
        yield where


@pytest.fixture(scope="session")
async def postgres_admin(postgres_server: str) -> AsyncIterator[Any]:
    """A connection that makes databases, among them the template that is migrated once."""
    import asyncpg

    from mzi_adapters.sql import upgrade

    admin = await asyncpg.connect(postgres.url_of(postgres_server, "postgres"))
    await admin.execute(f"CREATE DATABASE {TEMPLATE}")
    await upgrade(postgres.url_of(postgres_server, TEMPLATE))
    yield admin
    await admin.close()


@pytest.fixture(scope="session")
async def previews_url(postgres_server: str, postgres_admin: Any) -> str:
    """The URL of one migrated PostgreSQL database for all who keep nothing in it."""
    await postgres_admin.execute(f"CREATE DATABASE previews TEMPLATE {TEMPLATE} STRATEGY = FILE_COPY")
    return postgres.url_of(postgres_server, "previews")


@pytest.fixture
async def postgres_url(postgres_server: str, postgres_admin: Any) -> AsyncIterator[str]:
    """The URL of a migrated PostgreSQL database of this test's own."""
    name = f"test{next(_number)}"
    await postgres_admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY = FILE_COPY")
    yield postgres.url_of(postgres_server, name)
    await postgres_admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def empty_postgres_url(postgres_server: str, postgres_admin: Any) -> AsyncIterator[str]:
    """The URL of a PostgreSQL database without a schema."""
    name = f"test{next(_number)}"
    await postgres_admin.execute(f"CREATE DATABASE {name}")
    yield postgres.url_of(postgres_server, name)
    await postgres_admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


BACKENDS = ["sqlite", "postgres"]


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=BACKENDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where no schema is yet, of each kind; the SQLite file is not even there."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/mzi.db"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url
