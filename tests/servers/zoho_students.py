"""Students in a Zoho on this machine, to pull any number of them: `python -m tests.servers.zoho_students`.

It prints what to set so that `mzi` asks it instead of the real one, and answers until Ctrl-C. `mzi demo
--remotes` has a whole college, and a Moodle beside it.
"""

import argparse
import time
from contextlib import suppress

from tests.servers.background import listening

from mzi_adapters.system import SystemClock
from mzi_adapters.testing.college import iter_students
from mzi_adapters.testing.remotes import known, sound_zoho, zoho_settings
from mzi_adapters.testing.zoho import FakeZoho
from mzi_http.sources import variable_of


def settings_for(zoho: FakeZoho, url: str) -> dict[str, str]:
    """The environment in which `mzi` asks this Zoho; the fake learns where it is."""
    zoho.accounts_url = zoho.api_url = url
    return {variable_of(name): value for name, value in zoho_settings(zoho, url).items()}


def main() -> None:
    """Serve until somebody has seen enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=200)
    asked = parser.parse_args()
    zoho = sound_zoho(SystemClock())
    for record in iter_students(2026, asked.students):
        zoho.add("BTEC_Students", known(zoho, "BTEC_Students", record))
    with listening(zoho) as server:
        for name, value in settings_for(zoho, server.url).items():
            print(f"export {name}={value}", flush=True)
        print("# ready", flush=True)
        with suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)


if __name__ == "__main__":
    main()
