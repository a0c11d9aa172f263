"""What tests stand on: the harness for college rules, a Zoho and a Moodle in memory, faults, contract suites.

Nothing else imports it but `mzi demo` and the benchmarks, which show an invented college. The contract suites
are pytest classes: the extra `testing` brings what they need.
"""
