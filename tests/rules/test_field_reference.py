"""What mzi knows about the fields of a college's Zoho, and how it helps someone who misspells one."""

import unicodedata
from importlib.resources import files

import pytest

from mzi_core.errors import UnknownModule
from mzi_core.field_reference import ZohoType, known_fields, nearest
from mzi_core.module import Kind

COUNTS = {
    "students": 195,
    "teachers": 15,
    "programs": 43,
    "units": 46,
    "classes": 38,
    "enrollments": 26,
    "registrations": 44,
    "payments": 30,
    "grades": 30,
    "requests": 15,
}

DOCUMENTED = (
    "students",
    "teachers",
    "programs",
    "units",
    "classes",
    "enrollments",
    "registrations",
    "payments",
    "grades",
)

MOODLE_USED = {
    "students": {
        "Academic_Email",
        "City",
        "First_Name",
        "Last_Name",
        "Last_Sync_Date",
        "Name",
        "Phone_Number",
        "Student_Moodle_ID",
        "Synced_to_Moodle",
    },
    "programs": {"crmnmoodle__Moodle_ID"},
    "units": {"Last_Sync_with_Moodle"},
    "classes": {"Moodle_Class_ID"},
    "enrollments": {"Last_Sync_Date", "Moodle_Course_ID", "Synced_to_Moodle"},
    "grades": {
        "Feedback",
        "Grade",
        "Last_Sync_Date",
        "Moodle_Grade_Composite_Key",
        "Moodle_Grade_ID",
        "Synced_to_Moodle",
    },
}


@pytest.mark.parametrize(("module", "count"), COUNTS.items())
def test_every_module_is_known_with_all_its_fields(module: str, count: int) -> None:
    """Each field stands under its own API name and says which module it is of."""
    fields = known_fields(module)

    assert len(fields) == count
    assert all((field.module, field.api_name) == (module, name) for name, field in fields.items())


def test_all_fields_of_the_reference_are_there() -> None:
    """The nine documented modules have 467 fields; what else there is is known from its use alone."""
    assert sum(len(known_fields(module)) for module in DOCUMENTED) == 467


def test_no_line_is_lost_under_a_name_given_twice() -> None:
    """An API name is unique in its module, so the file has a line per field and one for the header."""
    lines = files("mzi_core").joinpath("field_reference.tsv").read_text(encoding="utf-8").splitlines()

    assert lines[0].split("\t") == ["module", "label", "api_name", "zoho_type", "custom", "moodle_used"]
    assert len(lines) - 1 == sum(COUNTS.values())


def test_no_label_is_damaged() -> None:
    """API names are ASCII; labels are printable and use no letter that damaged text is made of."""
    for module in COUNTS:
        for field in known_fields(module).values():
            assert field.api_name.isascii()
            assert field.api_name.replace("_", "").isalnum()
            assert field.label == field.label.strip() != ""
            assert not [c for c in field.label if c == "\ufffd" or unicodedata.category(c).startswith("C")]
            assert set(filter(lambda c: not c.isascii(), field.label)) <= {"–"}


@pytest.mark.parametrize("module", COUNTS)
def test_the_fields_moodle_uses_are_marked(module: str) -> None:
    """As the reference marks them for students, and lists them for the other modules."""
    marked = {name for name, field in known_fields(module).items() if field.moodle_used}

    assert marked == MOODLE_USED.get(module, set())


@pytest.mark.parametrize(
    ("module", "name", "said"),
    [
        ("students", "Academic_Email", ("Academic Email", ZohoType.UNIQUE_EMAIL, True, Kind.TEXT)),
        ("students", "Birth_Date", ("Birth Date", ZohoType.DATE, True, Kind.DATE)),
        ("students", "Frist_Name_Native", ("Frist Name (Native)", ZohoType.SINGLE_LINE, True, Kind.TEXT)),
        ("students", "Name", ("Student ID", ZohoType.AUTO_NUMBER, False, Kind.TEXT)),
        (
            "students",
            "Scholarship_Percentage",
            ("Scholarship Percentage %", ZohoType.PERCENT, True, Kind.DECIMAL),
        ),
        ("students", "Student_Payments", ("Student Payments", ZohoType.SUBFORM, True, Kind.SUBFORM)),
        ("students", "Total", ("Total", ZohoType.FORMULA, True, Kind.TEXT)),
        ("programs", "crmnmoodle__Moodle_ID", ("Moodle ID", ZohoType.NUMBER, True, Kind.INTEGER)),
        ("programs", "Program_Price", ("Program Price", ZohoType.CURRENCY, True, Kind.MONEY)),
        ("programs", "Tax", ("Tax", ZohoType.MULTISELECT, False, Kind.TEXTS)),
        ("units", "D6_description", ("D6_description", ZohoType.LARGE_TEXT, True, Kind.TEXT)),
        ("units", "Record_Image", ("BTEC Unit Image", ZohoType.RECORD_IMAGE, False, Kind.IMAGE)),
        (
            "classes",
            "Enrolled_Students",
            ("Enrolled Students", ZohoType.MULTI_SELECT_LOOKUP, True, Kind.LOOKUPS),
        ),
        ("classes", "Start_Hour", ("Day (1)", ZohoType.SINGLE_LINE, True, Kind.TEXT)),
        ("enrollments", "Classes", ("Class", ZohoType.LOOKUP, False, Kind.LOOKUP)),
        ("enrollments", "Modified_Time", ("Modified Time", ZohoType.DATETIME, False, Kind.DATETIME)),
        ("registrations", "Remaining_Amount", ("Remaining Amount", ZohoType.SINGLE_LINE, True, Kind.TEXT)),
        ("payments", "SRM_Active", ("Accepted", ZohoType.SINGLE_LINE, True, Kind.TEXT)),
        ("grades", "Synced_to_Moodle", ("Synced to Moodle", ZohoType.BOOLEAN, True, Kind.BOOLEAN)),
        ("requests", "Requested_Classes", ("Requested Classes", ZohoType.SUBFORM, True, Kind.SUBFORM)),
    ],
)
def test_a_field_says_its_label_type_and_kind(
    module: str, name: str, said: tuple[str, ZohoType, bool, Kind]
) -> None:
    """Spot rows of every module and of every way a value is held."""
    field = known_fields(module)[name]

    assert (field.label, field.zoho_type, field.custom, field.kind) == said


def test_tables_and_pictures_cannot_be_mapped() -> None:
    """Everything else that Zoho has fits one column."""
    refused = {zoho_type for zoho_type in ZohoType if not zoho_type.kind.mappable}

    assert refused == {ZohoType.SUBFORM, ZohoType.IMAGE_UPLOAD, ZohoType.RECORD_IMAGE}


def test_every_type_zoho_has_is_used() -> None:
    """No member stands there for nothing."""
    used = {field.zoho_type for module in COUNTS for field in known_fields(module).values()}

    assert used == set(ZohoType)


def test_an_unknown_module_is_refused_with_the_nearest_names() -> None:
    """A sentence a person can act on."""
    with pytest.raises(UnknownModule, match="`student` is not a module mzi knows") as refused:
        known_fields("student")

    assert refused.value.nearest == ("students",)


def test_the_catalogue_cannot_be_written_to() -> None:
    """It is shared by everyone who asks."""
    with pytest.raises(TypeError):
        known_fields("grades")["Score"] = known_fields("grades")["Grade"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("module", "typed", "meant"),
    [
        ("students", "Academic_Email", ("Academic_Email",)),
        ("students", "academic-email", ("Academic_Email",)),
        ("students", "AcademicEmail", ("Academic_Email",)),
        ("students", "Student ID", ("Name",)),
        ("students", "Student Moodle Id", ("Student_Moodle_ID",)),
        ("payments", "Accepted", ("SRM_Active",)),
        ("programs", "moodle id", ("crmnmoodle__Moodle_ID", "MoodleID")),
    ],
)
def test_a_name_or_label_in_another_spelling_is_the_answer_alone(
    module: str, typed: str, meant: tuple[str, ...]
) -> None:
    """Case, spaces, hyphens and underscores are no difference; two fields may share a spelling."""
    assert nearest(module, typed) == meant


@pytest.mark.parametrize(
    ("module", "typed", "meant"),
    [
        ("students", "Acadmic_Email", "Academic_Email"),
        ("students", "First_Nmae", "First_Name"),
        ("students", "Phone", "Phone_Number"),
        ("students", "Birth_Day", "Birth_Date"),
        ("students", "Moodle_ID", "Student_Moodle_ID"),
        ("teachers", "Teacher_Moodel_ID", "Teacher_Moodle_ID"),
        ("programs", "Program_Prise", "Program_Price"),
        ("units", "P10_desciption", "P10_description"),
        ("classes", "Class_Short_Nam", "Class_Short_Name"),
        ("enrollments", "Enroled_Student", "Enrolled_Students"),
        ("registrations", "Regstration_Status", "Registration_Status"),
        ("payments", "Amount", "Payment_Amount"),
        ("payments", "Vouchr Number", "SRM_Voucher_Number"),
        ("grades", "Moodle_Grade_Composit_Key", "Moodle_Grade_Composite_Key"),
        ("requests", "Request_Typ", "Request_Type"),
    ],
)
def test_a_misspelt_name_or_label_finds_the_real_one_first(module: str, typed: str, meant: str) -> None:
    """And at most three are offered, none twice."""
    found = nearest(module, typed)

    assert found[0] == meant
    assert len(found) == len(set(found)) <= 3


@pytest.mark.parametrize("typed", ["qwertyuiop", "zzzz", "blorptastic", "!!!", "", "سلمى", "wibble_wobble"])
@pytest.mark.parametrize("module", COUNTS)
def test_gibberish_finds_nothing(module: str, typed: str) -> None:
    """No hint is better than a wrong one."""
    assert nearest(module, typed) == ()


def test_declared_aliases_are_offered_too() -> None:
    """A name only the declaration knows is found, one that is known already is not offered twice."""
    assert nearest("grades", "grade value", also=["Grade_Value", "Score"]) == ("Grade_Value",)
    assert nearest("grades", "Scor", also=["Grade_Value", "Score"])[0] == "Score"
    assert nearest("grades", "Grade", also=["Grade", "GRADE"]) == ("Grade", "GRADE")
