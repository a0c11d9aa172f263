"""`python -m tests.bench [--json FILE]`: every bar, measured now; exits 1 when one is missed."""

import argparse
import json
import sys
from pathlib import Path

import attrs
from rich.console import Console
from rich.table import Table
from tests.bench import grading


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    asked = parser.parse_args()
    bars = list(grading.bars())
    table = Table("bar", "what", "against", "ratio", "wanted", "verdict")
    for bar in bars:
        sign = "≤" if bar.at_most else "≥"
        verdict = "met" if bar.met else "MISSED"
        table.add_row(bar.number, bar.what, bar.baseline, f"{bar.ratio:.2f}", f"{sign} {bar.bar:g}", verdict)
    Console().print(table)
    if asked.json:
        asked.json.write_text(json.dumps([{**attrs.asdict(bar), "met": bar.met} for bar in bars], indent=1))
    return 0 if all(bar.met for bar in bars) else 1


sys.exit(main())
