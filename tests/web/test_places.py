"""Where no Zoho and no Moodle is."""

import pytest

from mzi_adapters.places import is_forbidden


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.0.1",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "fe80::1",
        "[fe80::1]",
        "fe80::1%eth0",
        "febf::1",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "2002:a9fe:a9fe::",
        "100.100.100.200",
        "metadata.google.internal",
        "METADATA.google.internal.",
        "0.0.0.1",
        "::",
    ],
)
def test_link_local_and_metadata_addresses_are_forbidden_in_every_notation(host: str) -> None:
    assert is_forbidden(host)


@pytest.mark.parametrize(
    "host",
    [
        "moodle.college.example",
        "127.0.0.1",
        "::1",
        "10.0.0.5",
        "192.168.1.2",
        "169.253.1.1",
        "fc00::1",
        "",
        "-",
    ],
)
def test_other_addresses_are_not(host: str) -> None:
    assert not is_forbidden(host)
