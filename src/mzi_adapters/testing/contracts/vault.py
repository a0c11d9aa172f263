"""The contract of the `Vault` port: subclass `VaultContract` over a fixture `vault`, empty and sound."""

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_core.errors import SecretUnreadable
from mzi_core.ports import Vault

PLACE = "default/zoho"
SECRETS = ("1000.abc.def", "رنا ✓", "x", "a b\nc\t", "x" * 4000)


class VaultContract:
    """Everything the docstrings of the port promise, a test each."""

    def test_what_was_sealed_opens_at_its_place(self, vault: Vault) -> None:
        """Whatever characters it has."""
        for secret in SECRETS:
            assert vault.open(PLACE, vault.seal(PLACE, secret)) == secret

    def test_the_sealed_text_is_one_word_and_gives_nothing_away(self, vault: Vault) -> None:
        """So it stands in any column, header or file."""
        for secret in SECRETS:
            sealed = vault.seal(PLACE, secret)
            assert sealed.isascii()
            assert len(sealed.split()) == 1
            assert len(secret) < 4 or secret not in sealed

    def test_what_was_sealed_for_one_place_opens_at_no_other(self, vault: Vault) -> None:
        """Also where that has a secret of its own."""
        sealed = vault.seal(PLACE, "one")
        other = vault.seal("branch/zoho", "two")
        for place, text in (("branch/zoho", sealed), (PLACE, other), ("nobody/zoho", sealed)):
            with raises(SecretUnreadable):
                vault.open(place, text)
        assert vault.open(PLACE, sealed) == "one"

    def test_what_is_not_sealed_is_never_taken_for_a_secret(self, vault: Vault) -> None:
        """Neither what somebody wrote there nor what was changed on the way."""
        sealed = vault.seal(PLACE, "one")
        swapped = sealed[:-3] + ("A" if sealed[-3] != "A" else "B") + sealed[-2:]
        for text in (
            "",
            "one",
            ".",
            "..",
            "mzi1..",
            "رنا",
            "x" * 100_000,
            sealed[:-1],
            swapped,
            f"x{sealed}",
        ):
            with raises(SecretUnreadable):
                vault.open(PLACE, text)

    def test_the_later_secret_counts(self, vault: Vault) -> None:
        """Of a place that was sealed twice."""
        vault.seal(PLACE, "one")
        assert vault.open(PLACE, vault.seal(PLACE, "two")) == "two"

    def test_no_representation_and_no_error_shows_a_secret(self, vault: Vault) -> None:
        """They end up in logs."""
        sealed = vault.seal(PLACE, "canary-secret")
        assert "canary" not in repr(vault)
        with raises(SecretUnreadable) as caught:
            vault.open("other", sealed)
        assert "canary" not in str(caught.error)
