"""An invented college with real-looking Zoho records, for demonstrations, tests and benchmarks.

Everything follows from a seed: the same seed gives the same college, byte for byte. All people are invented.
A few records in a hundred are broken the way real data breaks, and each of those is labelled.
"""

from mzi_adapters.testing.college.breakage import Breakage, Broken
from mzi_adapters.testing.college.build import MODULES, College, WeeklyEdit, build
from mzi_adapters.testing.college.markings import markings
from mzi_adapters.testing.college.people import iter_students
from mzi_adapters.testing.college.seeds import Record
from mzi_adapters.testing.college.week import changed

__all__ = [
    "MODULES",
    "Breakage",
    "Broken",
    "College",
    "Record",
    "WeeklyEdit",
    "build",
    "changed",
    "iter_students",
    "markings",
]
