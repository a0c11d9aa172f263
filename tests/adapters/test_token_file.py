"""Access tokens in a file, for those who work without a store."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest

from mzi_adapters.token_file import NAME, TokenFile
from mzi_core.errors import StoreUnavailable
from mzi_core.ports import AccessToken
from mzi_core.values import DEFAULT_TENANT, TenantId

AT = datetime(2026, 9, 1, 8, tzinfo=UTC)
TOKEN = AccessToken(
    name="zoho", origin="a" * 32, token="sealed", scope="a b", expires_at=AT, renewals=(AT, AT), revoked="no"
)


async def kept(tokens: TokenFile, tenant: TenantId = DEFAULT_TENANT) -> AccessToken | None:
    async with tokens.read(tenant) as session:
        return await session.token("zoho")


async def save(tokens: TokenFile, token: AccessToken = TOKEN) -> None:
    async with tokens.begin(DEFAULT_TENANT) as session:
        await session.lock(())
        await session.save_token(token)


async def test_a_token_is_there_for_the_next_process_and_for_no_other_tenant(tmp_path: Path) -> None:
    assert await kept(TokenFile(tmp_path)) is None
    await save(TokenFile(tmp_path))
    assert await kept(TokenFile(tmp_path)) == TOKEN
    assert await kept(TokenFile(tmp_path), TenantId("another")) is None
    paused = attrs.evolve(TOKEN, token=None, paused_until=AT)
    await save(TokenFile(tmp_path), paused)
    assert await kept(TokenFile(tmp_path)) == paused
    assert f"{(tmp_path / NAME).stat().st_mode & 0o777:o}" == "600"


async def test_what_ends_in_an_error_is_not_kept(tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path)

    async def broken() -> None:
        async with tokens.begin(DEFAULT_TENANT) as session:
            await session.save_token(TOKEN)
            raise KeyError

    with pytest.raises(KeyError):
        await broken()
    assert await kept(tokens) is None


@pytest.mark.parametrize("said", ["", "{}", "[1]", '{"name": "zoho"}'], ids=repr)
async def test_what_is_not_understood_is_as_good_as_none(tmp_path: Path, said: str) -> None:
    await save(TokenFile(tmp_path))
    with closing(sqlite3.connect(tmp_path / NAME)) as database, database:
        database.execute("update token set said = ?", (said,))
    assert await kept(TokenFile(tmp_path)) is None


async def test_where_no_file_can_be_made_a_process_has_its_own(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("no database, and longer than the header of one would be" * 9)
    for tokens in (TokenFile(tmp_path / "nowhere"), TokenFile(tmp_path)):
        await save(tokens)
        assert await kept(tokens) == TOKEN
        assert await kept(TokenFile(tokens.folder)) is None


async def test_another_process_that_writes_for_too_long_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mzi_adapters.token_file._PATIENCE", 0.01)
    tokens = TokenFile(tmp_path)
    await save(tokens)
    with closing(sqlite3.connect(tmp_path / NAME, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(StoreUnavailable, match=NAME):
            await save(tokens)
