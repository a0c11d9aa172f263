"""Addresses that no college's Zoho or Moodle has, and behind which a cloud gives out its own credentials."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_FORBIDDEN = tuple(
    map(
        ip_network,
        (
            "169.254.0.0/16",  # link-local; 169.254.169.254 is where most clouds answer
            "fe80::/10",  # link-local
            "fd00:ec2::/32",  # AWS
            "fd20:ce::/32",  # Google
            "100.100.100.200/32",  # Alibaba
            "168.63.129.16/32",  # Azure
            "192.0.0.192/32",  # Oracle
            "0.0.0.0/8",
            "::/128",
        ),
    )
)
_NAMES = frozenset({"metadata", "metadata.google.internal", "instance-data", "instance-data.ec2.internal"})


def is_forbidden(host: str) -> bool:
    """Whether a host, a name or an address in any notation, is link-local or a cloud's metadata service.

    A name is not looked up: what it leads to has to be asked again.
    """
    host = host.strip("[]").rstrip(".").lower()
    if host in _NAMES:
        return True
    address = _address(host)
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address.sixtofour or address
    return address is not None and any(
        address in network for network in _FORBIDDEN if network.version == address.version
    )


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """Also of `2852039166`, `0xa9fea9fe` and `0251.254.169.254`, which every resolver takes."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None
