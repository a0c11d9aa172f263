"""A college's Zoho on this machine, to try the command line on: `python -m tests.servers.zoho_demo`.

It prints what to set so that `mzi` asks it instead of the real one, and answers until Ctrl-C.
"""

import argparse
import time
from contextlib import suppress

from tests.servers.background import listening

from mzi_adapters.system import SystemClock
from mzi_adapters.testing.college import build, iter_students
from mzi_adapters.testing.zoho import FakeZoho, define_modules
from mzi_core.modules import CATALOGUE


def settings_for(zoho: FakeZoho, url: str) -> dict[str, str]:
    """The environment in which `mzi` asks this Zoho; the fake learns where it is."""
    zoho.accounts_url = zoho.api_url = url
    return {
        "MZI_ZOHO_CLIENT_ID": zoho.accounts.client_id,
        "MZI_ZOHO_CLIENT_SECRET": zoho.accounts.client_secret,
        "MZI_ZOHO_REFRESH_TOKEN": zoho.accounts.refresh_token,
        "MZI_ZOHO_ACCOUNTS_URL": url,
        "MZI_ZOHO_API_URL": url,
    }


def furnish(zoho: FakeZoho, students: int, *, alone: bool) -> None:
    """An invented college, or its students alone."""
    if alone:
        for record in iter_students(2026, students):
            zoho.add("BTEC_Students", _known(zoho, "BTEC_Students", record))
        return
    college = build(seed=2026, students=students)
    for module in CATALOGUE.in_order():
        for record in college.records[module.name]:
            with suppress(ValueError):  # what is broken on purpose, Zoho itself would not hold
                zoho.add(module.remote_name, _known(zoho, module.remote_name, record))


def _known(zoho: FakeZoho, module: str, record: dict[str, object]) -> dict[str, object]:
    fields = zoho.organization.tables[module].fields
    return {name: value for name, value in record.items() if name in fields and value is not None}


def main() -> None:
    """Serve until somebody has seen enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--alone", action="store_true", help="students and nothing else")
    asked = parser.parse_args()
    zoho = FakeZoho(clock=SystemClock())
    define_modules(zoho)
    furnish(zoho, asked.students, alone=asked.alone)
    with listening(zoho) as server:
        for name, value in settings_for(zoho, server.url).items():
            print(f"export {name}={value}", flush=True)
        print("# ready", flush=True)
        with suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)


if __name__ == "__main__":
    main()
