"""Vaults keep their promises, and the contract notices who breaks one."""

import base64
import inspect
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from mzi_adapters.aes_vault import AesGcmVault
from mzi_adapters.testing.contracts.vault import VaultContract
from mzi_adapters.testing.vault import FakeVault
from mzi_adapters.vault import FileVault, KeyedVault, add_key, keys_in, keys_of, new_key, vault_for
from mzi_core.errors import KeyRefused, SecretNotKept, SecretUnreadable
from mzi_core.ports import Vault


@pytest.fixture(params=["a key", "two keys", "files", "a key that is looked for", "fake"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    """A vault of each kind."""
    if request.param == "fake":
        return FakeVault()
    if request.param == "a key that is looked for":
        return KeyedVault([new_key()])
    count = {"a key": 1, "two keys": 2, "files": 0}[request.param]
    return vault_for([new_key() for _ in range(count)], tmp_path)


class TestVault(VaultContract):
    """Every kind."""


@attrs.define
class Faithful:
    """Keeps every promise; those below break one each."""

    real: AesGcmVault = attrs.field(factory=lambda: AesGcmVault([new_key()]), repr=False)
    noticed_by = ""

    def seal(self, place: str, secret: str) -> str:
        return self.real.seal(place, secret)

    def open(self, place: str, sealed: str) -> str:
        return self.real.open(place, sealed)


class ForgetsThePlace(Faithful):
    """Opens everywhere what was sealed anywhere."""

    noticed_by = "test_what_was_sealed_for_one_place_opens_at_no_other"

    def seal(self, place: str, secret: str) -> str:
        return self.real.seal("", secret)

    def open(self, place: str, sealed: str) -> str:
        return self.real.open("", sealed)


class OnlyEncodes(Faithful):
    """Base64 is no seal."""

    noticed_by = "test_what_is_not_sealed_is_never_taken_for_a_secret"

    def seal(self, place: str, secret: str) -> str:
        return base64.urlsafe_b64encode(f"{place}\0{secret}".encode()).decode()

    def open(self, place: str, sealed: str) -> str:
        try:
            said, _, secret = base64.urlsafe_b64decode(sealed).decode().partition("\0")
        except ValueError:
            raise SecretUnreadable from None
        if said != place:
            raise SecretUnreadable
        return secret


class PassesOnWhatItCannotOpen(Faithful):
    """Takes a text that is not sealed for the secret."""

    noticed_by = "test_what_is_not_sealed_is_never_taken_for_a_secret"

    def open(self, place: str, sealed: str) -> str:
        return self.real.open(place, sealed) if sealed.startswith("mzi1.") and len(sealed) > 20 else sealed


class ShowsTheSecret(Faithful):
    """Puts the secret beside what it sealed."""

    noticed_by = "test_the_sealed_text_is_one_word_and_gives_nothing_away"

    def seal(self, place: str, secret: str) -> str:
        return f"{self.real.seal(place, secret)}#{secret}"

    def open(self, place: str, sealed: str) -> str:
        return self.real.open(place, sealed.partition("#")[0])


class KeepsTheFirst(Faithful):
    """Gives the first secret of a place for ever."""

    noticed_by = "test_the_later_secret_counts"

    def __init__(self) -> None:
        super().__init__()
        self.first: dict[str, str] = {}

    def seal(self, place: str, secret: str) -> str:
        return self.real.seal(place, self.first.setdefault(place, secret))


class LosesCharacters(Faithful):
    """Keeps ASCII alone."""

    noticed_by = "test_what_was_sealed_opens_at_its_place"

    def seal(self, place: str, secret: str) -> str:
        return self.real.seal(place, secret.encode("ascii", "replace").decode())


class Remembers(Faithful):
    """Shows in its representation what it sealed last."""

    noticed_by = "test_no_representation_and_no_error_shows_a_secret"
    last = ""

    def seal(self, place: str, secret: str) -> str:
        self.last = secret
        return self.real.seal(place, secret)

    def __repr__(self) -> str:
        return f"Remembers({self.last})"


TESTS: dict[str, Callable[[VaultContract, Vault], None]] = dict(
    inspect.getmembers(VaultContract, inspect.isfunction)
)
BROKEN: list[type[Faithful]] = Faithful.__subclasses__()


def caught(vault: Vault) -> set[str]:
    """The tests of the contract that a vault fails."""
    failed = set()
    for name, test in TESTS.items():
        try:
            test(VaultContract(), vault)
        except (AssertionError, SecretUnreadable, pytest.fail.Exception, UnicodeError):
            failed.add(name)
    return failed


@pytest.mark.parametrize("broken", BROKEN)
def test_who_breaks_a_promise_is_caught(broken: type[Faithful]) -> None:
    assert broken.noticed_by in caught(broken())


def test_a_faithful_one_is_not_caught_and_every_test_catches_somebody() -> None:
    assert caught(Faithful()) == set()
    assert {broken.noticed_by for broken in BROKEN} == set(TESTS)


def test_an_old_key_still_opens_what_it_sealed_and_a_lost_one_opens_nothing() -> None:
    old, new = new_key(), new_key()
    sealed = AesGcmVault([old]).seal("a/b", "secret")
    rotated = AesGcmVault([new, old])
    assert rotated.open("a/b", sealed) == "secret"
    with pytest.raises(SecretUnreadable):
        AesGcmVault([new]).open("a/b", sealed)
    assert AesGcmVault([new]).open("a/b", rotated.seal("a/b", "again")) == "again"


def test_the_same_secret_is_sealed_to_another_text_each_time() -> None:
    vault = AesGcmVault([new_key()])
    assert len({vault.seal("a/b", "secret") for _ in range(100)}) == 100


def test_files_of_secrets_are_their_owners_alone_and_serve_one_folder(tmp_path: Path) -> None:
    vault = FileVault(tmp_path)
    sealed = vault.seal("a/b", "secret")
    (file,) = tmp_path.iterdir()
    assert f"{file.stat().st_mode & 0o777:o}" == "600"
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(SecretUnreadable):
        FileVault(tmp_path / "elsewhere").open("a/b", sealed)


def test_a_folder_that_takes_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SecretNotKept, match="No such file"):
        FileVault(tmp_path / "none").seal("a/b", "secret")


def test_a_new_key_is_put_before_the_others_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    add_key(file)
    (first,) = keys_of(file)
    add_key(file)
    assert len(keys_of(file)) == 2
    assert keys_of(file)[1] == first
    assert f"{file.stat().st_mode & 0o777:o}" == "600"


@pytest.mark.parametrize("said", ["", "hunter2", "mzi-key-short", f"{'x' * 100_000}", "رنا"])
def test_a_file_without_keys_is_refused_and_not_quoted(tmp_path: Path, said: str) -> None:
    file = tmp_path / "keys"
    file.write_text(said)
    file.chmod(0o600)
    with pytest.raises(KeyRefused, match="must hold keys") as caught:
        keys_of(file)
    assert "hunter2" not in str(caught.value)


def test_a_key_file_that_others_can_read_or_that_is_not_there_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    with pytest.raises(KeyRefused, match="No such file"):
        keys_of(file)
    add_key(file)
    file.chmod(0o640)
    with pytest.raises(KeyRefused, match="`chmod 600 "):
        keys_of(file)


def test_more_keys_than_anybody_has_are_refused() -> None:
    with pytest.raises(ValueError, match="several"):
        keys_in(" ".join([new_key()] * 101))


def test_a_vault_looks_for_its_keys_when_it_is_first_used(tmp_path: Path) -> None:
    """And then only once; a file that cannot be used is told then."""
    file = tmp_path / "keys"
    vault = KeyedVault((), file)
    with pytest.raises(KeyRefused, match="cannot be read"):
        vault.seal("a", "b")
    add_key(file)
    sealed = vault.seal("a", "canary-secret")
    file.unlink()
    assert vault.open("a", sealed) == "canary-secret"
    assert "mzi-key" not in repr(KeyedVault([new_key()]))


def test_without_a_key_nothing_is_kept_and_the_remedy_is_told() -> None:
    with pytest.raises(SecretNotKept, match="`mzi secrets new-key`"):
        KeyedVault(()).seal("a", "b")
    with pytest.raises(SecretUnreadable):
        KeyedVault(()).open("a", "b")
