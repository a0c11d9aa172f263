"""What tests stand on: the harness for college rules, a Zoho and a Moodle in memory, faults, contract suites.

Nothing else imports it but `mzi demo` and the benchmarks, which show an invented college. The contract suites
are pytest classes: the extra `testing` brings what they need.
"""

import sys

if (_pytest := sys.modules.get("pytest")) is not None:
    # Before any of them is imported: or a promise that is broken would not show what was found instead.
    _pytest.register_assert_rewrite("mzi_adapters.testing.contracts")
