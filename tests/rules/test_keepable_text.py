"""Text that every store keeps."""

import pytest

from mzi_core.keepable_text import is_keepable, keepable


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("رنا 🎓", "رنا 🎓"),
        ("", ""),
        ("a\x00b", "a\N{REPLACEMENT CHARACTER}b"),
        ("\ud83d", "\N{REPLACEMENT CHARACTER}"),
        ("\udfff\x00", "\N{REPLACEMENT CHARACTER}" * 2),
    ],
    ids=ascii,
)
def test_what_no_database_keeps_is_told_by_a_sign(text: str, kept: str) -> None:
    assert keepable(text) == kept
    assert is_keepable(text) is (text == kept)
    assert is_keepable(kept)
