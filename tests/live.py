"""The contract suites over a Zoho sandbox and a Moodle for tests: `python -m tests.live`, or `nox -s live`.

The accounts are in the environment: MZI_TEST_ZOHO_CLIENT_ID and so on, the names of the settings in capitals.
The suites write, change and delete there.
"""

import os
import sys
from collections.abc import Mapping

import pytest

NEEDED = {
    "zoho": ("client_id", "client_secret", "refresh_token", "data_centre", "environment"),
    "moodle": ("url", "token"),
}


def account(service: str, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Every setting of the service's account, by its name in small letters."""
    prefix = f"MZI_TEST_{service.upper()}_"
    given = {name: value for name, value in environment.items() if name.startswith(prefix) and value}
    return {name.removeprefix(prefix).lower(): value for name, value in given.items()}


def missing(service: str, environment: Mapping[str, str] = os.environ) -> list[str]:
    """The variables without which the service cannot be tried."""
    given = account(service, environment)
    return [f"MZI_TEST_{service.upper()}_{name.upper()}" for name in NEEDED[service] if name not in given]


def main(arguments: list[str], environment: Mapping[str, str] = os.environ) -> int:
    """Try the services whose accounts are there whole; fails when none is, or one is there in part."""
    if account("zoho", environment).get("environment") == "production":
        print(
            "These suites change what they find: MZI_TEST_ZOHO_ENVIRONMENT must be a sandbox.",
            file=sys.stderr,
        )
        return 2
    ready = [service for service in NEEDED if not missing(service, environment)]
    for service in NEEDED:
        if lacking := missing(service, environment):
            print(f"{service.capitalize()} is not tried: set {', '.join(lacking)}.", file=sys.stderr)
    begun = [service for service in NEEDED if account(service, environment) and service not in ready]
    if begun or not ready:
        return 2
    suites = [f"tests/contracts/test_{service}_gateway.py" for service in ready]
    return int(pytest.main(["-m", "live", *suites, *arguments]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
