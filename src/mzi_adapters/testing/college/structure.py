"""What the college teaches: programmes, their units with criteria, and the classes of four terms."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from random import Random

import attrs

from mzi_adapters.testing.college.seeds import (
    Record,
    earlier,
    instant,
    lookup,
    often,
    row_id,
    stamps,
    zoho_id,
)


@attrs.frozen
class Programme:
    """One line of the prospectus; `price` is the whole fee, in `currency`."""

    serial: int
    code: str
    name: str
    major: str
    sub_major: str
    price: int
    currency: str

    @property
    def level(self) -> str:
        """The qualification's level, L3 to L7."""
        return self.code[:2]

    @property
    def zoho_id(self) -> str:
        """The id of its Products record."""
        return zoho_id("programs", self.serial)


RUNNING = (
    Programme(1, "L3-IT", "BTEC Level 3 Information Technology", "IT", "General", 6000, "JOD"),
    Programme(2, "L3-BUS", "BTEC Level 3 Business", "Business", "General", 6500, "JOD"),
    Programme(3, "L3-SCI", "BTEC Level 3 Applied Science", "Science", "Biomedical", 7000, "JOD"),
    Programme(4, "L5-COMP", "BTEC Level 5 HND Computing", "IT", "Networking", 15000, "USD"),
    Programme(5, "L5-BUS", "BTEC Level 5 HND Business", "Business", "Management", 12500, "USD"),
    Programme(6, "L5-ART", "BTEC Level 5 HND Art and Design", "Art and Design", "Graphics", 9500, "JOD"),
    Programme(7, "L7-SML", "BTEC Level 7 Strategic Management", "Business", "Leadership", 13750, "USD"),
    Programme(8, "L7-HRM", "BTEC Level 7 Human Resource Management", "Business", "People", 11000, "USD"),
)
PLANNED = (
    Programme(9, "L4-CYB", "BTEC Level 4 HNC Cyber Security", "IT", "Security", 8000, "USD"),
    Programme(10, "L4-ENG", "BTEC Level 4 HNC Engineering", "Engineering", "Mechatronics", 8500, "USD"),
    Programme(11, "L5-HOS", "BTEC Level 5 HND Hospitality", "Hospitality", "Hotels", 9000, "JOD"),
    Programme(12, "L3-MED", "BTEC Level 3 Creative Media", "Media", "Film", 6250, "JOD"),
)
"""Not sold yet, so nobody is registered on them."""

_TITLES = {
    "L3-IT": "Technology Systems; Creating Databases; Website Development; Programming; Data Modelling",
    "L3-BUS": "Exploring Business; Marketing Campaigns; Business Finance; Managing an Event; Recruitment",
    "L3-SCI": "Principles of Science; Laboratory Techniques; Human Physiology; Genetics; Water Quality",
    "L5-COMP": "Networking; Security; Systems Analysis; Cloud Computing; Maths for Computing",
    "L5-BUS": "Business Environment; Management Accounting; Organisations; Business Law; Operations",
    "L5-ART": "Professional Development; Typography; Contextual Studies; Branding; Digital Animation",
    "L7-SML": "Strategic Planning; Strategic Change; Leadership; Research Methods; Quality and Operations",
    "L7-HRM": "Talent Planning; Reward and Performance; Employment Law; Learning at Work; People Analytics",
}
"""The units of the running programmes, five each."""

_CRITERIA = {
    "P": ("Describe", "Explain", "Outline", "Identify", "Summarise", "Present"),
    "M": ("Examine", "Analyse", "Assess", "Discuss"),
    "D": ("Evaluate", "Justify", "Critically review"),
}
_ASPECTS = (
    "the main principles of {}",
    "the methods used in {}",
    "the tools chosen for {}",
    "a plan for {} in a local organisation",
    "the results of a practical task in {}",
    "the legal and ethical side of {}",
    "how quality is kept in {}",
    "the effect of change on {}",
)


@attrs.frozen
class Term:
    """A teaching term; a class of it has `status`, and only a class that has begun is in Moodle."""

    code: str
    start: date
    end: date
    status: str


TERMS = (
    Term("2425T2", date(2025, 2, 16), date(2025, 6, 12), "Finished"),
    Term("2526T1", date(2025, 9, 14), date(2026, 1, 22), "Finished"),
    Term("2526T2", date(2026, 2, 15), date(2026, 6, 10), "Active"),
    Term("2627T1", date(2026, 9, 13), date(2027, 1, 21), "Planned"),
)
_SHARES = (0.30, 0.62, 0.92, 1.0)
"""Up to which part of the classes each term goes."""

FIRST_COURSE = 1000
"""Moodle course ids count up from here."""

_LEVELS = {"L3": "Diploma", "L4": "HNC", "L5": "HND", "L7": "Extended Diploma"}
_UNITS_EACH = 5
_ROOM_FOR_P = 10
_LONG_UNIT, _BLANK_UNIT = 19, 7
"""The unit whose P criteria go on in the subform, and the one with a criterion of nothing but blanks."""


def programs(dice: Random) -> Iterator[Record]:
    """The programmes, running and planned; prices as numbers or text, both of which Zoho answers."""
    for line in (*RUNNING, *PLANNED):
        running = line in RUNNING
        category = 9 + line.serial
        yield {
            "id": line.zoho_id,
            "Product_Name": line.name,
            "Product_Code": line.code,
            "Program_ID": f"PRG-{line.serial:03d}",
            "Program_Price": f"{line.price:,}.00" if line.serial % 3 == 0 else line.price,
            "Currency": line.currency,
            "MoodleID": str(category) if running and line.serial > 1 else "",
            "crmnmoodle__Moodle_ID": category if line.serial == 1 else None,
            "Program_Major": line.major,
            "Program_Sub_Major": line.sub_major,
            "Program_Type": "BTEC",
            "Product_Sub_Category": _LEVELS[line.level],
            "Status": "Active" if running else "Planned",
            "Product_Active": running,
            **stamps(dice, date(2024, 6, 2), earlier(dice, 120)),
        }


def _asked(dice: Random, title: str, level: str, count: int) -> list[str]:
    """`count` criterion texts of one level, the first of them number 1."""
    aspects = dice.sample(_ASPECTS, len(_ASPECTS))
    return [
        f"{dice.choice(_CRITERIA[level])} {aspects[place % len(aspects)].format(title.lower())}."
        for place in range(count)
    ]


def _texts(level: str, asked: Sequence[str], first: int = 1) -> Record:
    return {f"{level}{number}_description": text for number, text in enumerate(asked, start=first)}


def units(dice: Random) -> Iterator[Record]:
    """Five units a programme, each with its criteria, as many as the record or its subform has room for."""
    taught = [(line, title) for line in RUNNING for title in _TITLES[line.code].split("; ")]
    for serial, (line, title) in enumerate(taught, start=1):
        passes = _asked(dice, title, "P", 13 if serial == _LONG_UNIT else dice.randint(4, 8))
        blank = {f"P{len(passes) + 1}_description": "   "} if serial == _BLANK_UNIT else {}
        template = str(700 + serial) if serial % 4 else None
        yield {
            "id": zoho_id("units", serial),
            "Name": f"Unit {serial}: {title}",
            "Unit_Code": f"U{serial:02d}",
            "Unit_Credit": "30" if line.level == "L7" else "15",
            "Unit_Major": line.major,
            "Program": {"id": line.zoho_id, "name": line.name},
            **_texts("P", passes[:_ROOM_FOR_P]),
            **blank,
            **_texts("M", _asked(dice, title, "M", dice.randint(3, 5))),
            **_texts("D", _asked(dice, title, "D", dice.randint(2, 4))),
            "BTEC_Grading_Template_P1": [
                {"id": row_id("units", serial, place), **_texts("P", [text], _ROOM_FOR_P + place)}
                for place, text in enumerate(passes[_ROOM_FOR_P:], start=1)
            ],
            "Moodle_Grading_Template": template,
            "Last_Sync_with_Moodle": instant(dice, earlier(dice, 90)) if template else None,
            **stamps(dice, date(2024, 6, 9), earlier(dice, 80)),
        }


def criteria_of(unit: Record) -> list[tuple[str, str]]:
    """(code, text) of the criteria of a unit record, in P, M, D and numeric order, blank ones left out."""
    texts: dict[str, str] = {}
    for part in (unit, *unit["BTEC_Grading_Template_P1"]):
        texts |= {name: text for name, text in part.items() if name.endswith("_description")}
    codes = {name.removesuffix("_description"): text for name, text in texts.items() if text.strip()}
    return sorted(codes.items(), key=lambda pair: ("PMD".index(pair[0][0]), int(pair[0][1:])))


def section(number: int) -> str:
    """A, B … Z, AA, AB …: the letters of the section with this number, counted from 0."""
    letters = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def classes(
    dice: Random, units_taught: Sequence[Record], teachers: Sequence[Record], count: int
) -> Iterator[Record]:
    """`count` classes, the programmes taking turns, term after term; the last ones are only planned."""
    sections: Counter[tuple[str, str]] = Counter()
    for serial in range(1, count + 1):
        term = next(term for term, share in zip(TERMS, _SHARES, strict=True) if serial <= share * count)
        line = RUNNING[serial % len(RUNNING)]
        unit = units_taught[(line.serial - 1) * _UNITS_EACH + serial // len(RUNNING) % _UNITS_EACH]
        code, title = unit["Unit_Code"], unit["Name"].partition(": ")[2]
        letter = section(sections[term.code, code])
        sections[term.code, code] += 1
        begun = term.status != "Planned"
        yield {
            "id": zoho_id("classes", serial),
            "Name": f"CLS-{serial:05d}",
            "Class_Name": f"{term.code} {line.code} {code} {title} {letter}",
            "Class_Short_Name": f"{term.code}-{code}-{letter}",
            "Class_Status": term.status,
            "Class_Major": line.major,
            "Class_Study_Mode": "Full Time",
            "Classroom": f"Room {dice.randint(100, 429)}",
            "BTEC_Program": {"id": line.zoho_id, "name": line.name},
            "Unit": lookup(unit),
            "Teacher": lookup(dice.choice(teachers)),
            "Term": term.code[4:],
            "Year": f"20{term.code[:2]}/{term.code[2:4]}",
            "Start_Date": term.start.isoformat(),
            "End_Date": term.end.isoformat(),
            "Moodle_Class_ID": str(FIRST_COURSE + serial) if begun else None,
            "MS_Teams_ID": f"team-{serial:05d}" if begun and often(dice, 50) else None,
            **stamps(dice, date(2025, 1, 12), earlier(dice, 45)),
        }
