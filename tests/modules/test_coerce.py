"""What is understood of the values that really arrive, and what is refused rather than guessed."""

from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mzi_adapters.codecs import coerce
from mzi_adapters.codecs.coerce import ValueRefused
from mzi_core.values import Code

table = partial(pytest.mark.parametrize, ids=repr)
NUL = "a\x00b"
HALF = "a\ud800"
TEMPLATE = "${!BTEC_Students.Id}"


def code_of(read: Any, value: object) -> Code:
    with pytest.raises(ValueRefused) as refused:
        read(value)
    assert refused.value.said.endswith(".")
    return refused.value.code


@table(
    ("value", "kept"),
    [
        (None, None),
        ("", ""),
        (" A|b ", " A|b "),
        ("رنا خالد", "رنا خالد"),
        ("Ø±Ù†Ø§", "Ø±Ù†Ø§"),
        (962790000001, "962790000001"),
        (30.0, "30"),
        (1.5, "1.5"),
        (1e300, "1e+300"),
        (Decimal("12.50"), "12.50"),
        (True, "true"),
        (False, "false"),
        ({"id": "5", "name": "Unit 19"}, "Unit 19"),
        ({"id": "5", "name": None}, "5"),
        ({"name": None, "id": None}, None),
        ({"value": "Active"}, "Active"),
        ({"actual_value": "Active", "display_value": "نشط"}, "Active"),
        ("costs ${amount} each", "costs ${amount} each"),
    ],
)
def test_text_is_kept_exactly(value: object, kept: str | None) -> None:
    assert coerce.text(value) == kept


@table(
    ("value", "code"),
    [
        (["a"], Code.WRONG_TYPE),
        ({}, Code.WRONG_TYPE),
        ({"name": {"deep": 1}, "x": 1}, None),
        (float("nan"), Code.WRONG_TYPE),
        (float("inf"), Code.WRONG_TYPE),
        (NUL, Code.TEXT_INVALID),
        (HALF, Code.TEXT_INVALID),
        (TEMPLATE, Code.TEMPLATE_NOT_SUBSTITUTED),
        (" ${BTEC_Students.Id} ", Code.TEMPLATE_NOT_SUBSTITUTED),
    ],
)
def test_text_that_no_store_could_keep_is_refused(value: object, code: Code | None) -> None:
    if code is None:
        assert coerce.text(value) is None
    else:
        assert code_of(coerce.text, value) is code


@table(
    ("value", "kept"),
    [
        ("5398830000090000001", "5398830000090000001"),
        (5398830000090000001, "5398830000090000001"),
        (" reg_123 ", "reg_123"),
        ("zcrm_5398830000090000001", "5398830000090000001"),
        ("zcrm_x", "zcrm_x"),
        ("reg_077", "reg_077"),
        ("a-5", "a-5"),
        (0, "0"),
        (None, None),
        ("", None),
        ("  ", None),
    ],
)
def test_an_id_is_text_whatever_it_came_as(value: object, kept: str | None) -> None:
    assert coerce.record_id(value) == kept
    assert coerce.lookup(value) == kept


@table("value", [5.0, True, ["1"], {"id": "1"}])
def test_what_may_have_lost_digits_is_no_id(value: object) -> None:
    assert code_of(coerce.record_id, value) is Code.WRONG_TYPE


@table(
    ("value", "said"),
    [
        ("5.39883E+18", "is written in scientific notation"),
        ("5,39883E+18", "is written in scientific notation"),
        ("5E18", "is written in scientific notation"),
        ("5.e-3", "is written in scientific notation"),
        ("5398830000091000001.0", "has a decimal point"),
        ("5398830000091000001.", "has a decimal point"),
        ("5,398,830,000,091,000,001", "has its digits in groups"),
        ("5.398.830.000.091", "has its digits in groups"),
        ("5 398 830", "has its digits in groups"),
        ("#REF!", "holds the error of a spreadsheet"),
        ("#N/A", "holds the error of a spreadsheet"),
        ("-5", "has a sign"),
        (-5, "has a sign"),
        ("+5398830000090000001", "has a sign"),
        ("\u22125", "has a sign"),
        ("077", "begins with a zero"),
        ("00", "begins with a zero"),
        ("zcrm_077", "begins with a zero"),
    ],
)
def test_an_id_that_a_spreadsheet_damaged_is_refused_with_the_remedy(value: str | int, said: str) -> None:
    for read in (coerce.record_id, coerce.lookup, lambda value: coerce.lookup({"id": value})):
        with pytest.raises(coerce.ValueRefused) as refused:
            read(value)
        assert refused.value.code is Code.ID_INVALID
        assert refused.value.said.startswith(said)
        assert "export it from Zoho again" in refused.value.said


@table("value", [{"name": "Rana"}, {"id": None, "name": "Rana"}, {"id": " ", "name": "Rana"}])
def test_a_lookup_with_a_name_and_no_id_is_told_as_that(value: object) -> None:
    with pytest.raises(coerce.ValueRefused, match="has a name and no id") as refused:
        coerce.lookup(value)
    assert refused.value.code is Code.WRONG_TYPE


def test_an_id_has_a_reasonable_length_and_no_template() -> None:
    assert coerce.record_id("1" * 100) == "1" * 100
    assert code_of(coerce.record_id, "1" * 101) is Code.OUT_OF_RANGE
    assert code_of(coerce.record_id, TEMPLATE) is Code.TEMPLATE_NOT_SUBSTITUTED


@table(
    ("value", "kept"),
    [
        ({"id": "7", "name": "x"}, "7"),
        ({"id": 7}, "7"),
        ({"id": None, "name": None}, None),
        ({"id": ""}, None),
    ],
)
def test_a_lookup_is_its_id(value: object, kept: str | None) -> None:
    assert coerce.lookup(value) == kept


@table("value", [{"name": "x"}, {}, {"id": {"id": "1"}}, ["1"], 1.5])
def test_a_lookup_without_an_id_is_refused(value: object) -> None:
    assert code_of(coerce.lookup, value) is Code.WRONG_TYPE


@table(
    ("value", "kept"),
    [
        ("A01B0001C@Campus.Example", "a01b0001c@campus.example"),
        (" a@b.example ", "a@b.example"),
        ("o'neil+x@mail.b-c.example", "o'neil+x@mail.b-c.example"),
        ("name@بريد.مثال", "name@بريد.مثال"),
        ("Name@XN--ngbof4h.xn--mgbh0fb", "name@بريد.مثال"),
        ("rana@BÜCHER.example", "rana@bücher.example"),
        ("rana@xn--bcher-kva.example", "rana@bücher.example"),
        ("xn--bcher-kva@b.example", "xn--bcher-kva@b.example"),
        ("Jürgen@b.example", "jürgen@b.example"),
        ("", None),
        (None, None),
    ],
)
def test_an_address_is_kept_in_small_letters(value: object, kept: str | None) -> None:
    assert coerce.email(value) == kept


@table(
    "value",
    [
        "noor@campus",
        "noor",
        "@b.example",
        "a@",
        "a b@c.example",
        "a@b..example",
        "a@.example",
        "a@b.example.",
        "a@b@c.example",
        "a@b.e",
        "a@b.example,c@d.example",
        "Noor <a@b.example>",
        "a" * 250 + "@b.example",
        "rana@\u00b4.example",
        "rana@" + "\ufdfb" * 120 + ".example",
    ],
)
def test_what_is_no_address_is_refused(value: str) -> None:
    assert code_of(coerce.email, value) is Code.EMAIL_INVALID


NO_NAME = "has `xn--` in its domain with no name behind it; write the domain in its own letters."


@table(
    ("value", "said"),
    [
        ("rana@college.example\r\n", "holds U+000D as character 21, which nobody sees; remove it."),
        ("\nrana@college.example", "holds U+000A as character 1, which nobody sees; remove it."),
        ("ra\r\nna@college.example", "holds U+000D as character 3, which nobody sees; remove it."),
        ("rana\x7f@college.example", "holds U+007F as character 5, which nobody sees; remove it."),
        ("rana@coll\u200bege.example", "holds U+200B as character 10, which nobody sees; remove it."),
        ("\u202erana@college.example", "holds U+202E as character 1, which nobody sees; remove it."),
        ("rana@college.example\ufeff", "holds U+FEFF as character 21, which nobody sees; remove it."),
        ("rana\u2028@college.example", "holds U+2028 as character 5, which nobody sees; remove it."),
        ("ｒana@college.example", "holds U+FF52 as character 1; write `r`."),
        ("rana＠college.example", "holds U+FF20 as character 5; write `@`."),
        ("rana@college。example", "must be an e-mail address such as name@college.example."),
        ("rana@college．example", "holds U+FF0E as character 13; write `.`."),
        ("rana@col。lege.example", "holds U+3002 as character 9; write `.`."),
        ("rana@xn--bcher-2pa.example", NO_NAME),
        ("rana@example.XN--9", NO_NAME),
        ("rana@xn--ab-m1t.example", NO_NAME),  # of a joiner that nobody sees
        ("𝐫ana@college.example", "holds U+1D42B as character 1; write `r`."),
    ],
)
def test_an_address_that_only_looks_like_another_is_refused_with_the_place(value: str, said: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        coerce.email(value)
    assert (refused.value.code, refused.value.said) == (Code.EMAIL_INVALID, said)
    assert coerce.is_email(value) is None


@table(
    ("value", "said"),
    [
        ("53\u200b98", "holds U+200B as character 3, which nobody sees; remove it."),
        ("53\n98", "holds U+000A as character 3, which nobody sees; remove it."),
        ("\u20665398\u2069", "holds U+2066 as character 1, which nobody sees; remove it."),
        ("５398", "holds U+FF15 as character 1; write `5`."),
        ("reg①", "holds U+2460 as character 4; write `1`."),
        ("53\u0665", "holds U+0665 as character 3; write `5`."),
        ("\u06f5", "holds U+06F5 as character 1; write `5`."),
        ("\u096b", "holds U+096B as character 1; write `5`."),
        ("reg_\u0665", "holds U+0665 as character 5; write `5`."),
    ],
)
def test_an_id_that_only_looks_like_another_is_refused_with_the_place(value: str, said: str) -> None:
    for read in (coerce.record_id, coerce.lookup):
        with pytest.raises(ValueRefused) as refused:
            read(value)
        assert (refused.value.code, refused.value.said) == (Code.TEXT_INVALID, said)
    assert coerce.record_id("قيد_12") == "قيد_12"


def test_a_letter_is_one_whether_its_accent_is_written_in_it_or_behind_it() -> None:
    assert coerce.email("Jose\u0301@College.example") == coerce.email("jos\u00e9@college.example")
    assert coerce.record_id("re\u0301g_1") == coerce.record_id("r\u00e9g_1") == "r\u00e9g_1"
    assert coerce.lookup({"id": "re\u0301g_1"}) == "r\u00e9g_1"


@given(
    st.from_regex(r"[a-zA-Z0-9'*+/=?^_`{|}~!#$%&.\-]{1,9}@([a-z0-9-]{1,5}\.){1,2}[a-z]{2,4}", fullmatch=True)
)
def test_a_plain_address_needs_no_closer_look(value: str) -> None:
    assume("xn--" not in value)
    assert coerce.is_email(value)
    assert coerce.email(value) == value.lower()


@given(st.text(st.characters(max_codepoint=0x2FF), max_size=6).map(lambda odd: f"a{odd}@b.example"))
def test_what_needs_no_closer_look_is_an_address(value: str) -> None:
    if coerce.is_email(value):
        assert coerce.email(value) == value.lower()


@given(st.text(max_size=8).map(lambda odd: f"a@b{odd}.example"))
def test_an_address_that_was_taken_is_taken_again_as_it_is(value: str) -> None:
    with suppress(ValueRefused):
        kept = coerce.email(value)
        assert coerce.email(kept) == kept


@table(
    ("value", "kept"), [(3, 3), ("3", 3), (" -3 ", -3), (3.0, 3), ("+4", 4), ("", None), (None, None), (0, 0)]
)
def test_a_whole_number_is_read_from_numbers_and_text(value: object, kept: int | None) -> None:
    assert coerce.integer(value) == kept


@table(
    ("value", "code"),
    [
        ("3.5", Code.NUMBER_INVALID),
        (3.5, Code.NUMBER_INVALID),
        ("1,000", Code.NUMBER_INVALID),
        ("٣", Code.NUMBER_INVALID),
        ("x", Code.NUMBER_INVALID),
        (True, Code.NUMBER_INVALID),
        (float("nan"), Code.WRONG_TYPE),
        ([], Code.WRONG_TYPE),
        (2**63, Code.OUT_OF_RANGE),
        (-(2**63), Code.OUT_OF_RANGE),
        ("9" * 5000, Code.OUT_OF_RANGE),
    ],
)
def test_what_is_no_whole_number_is_refused(value: object, code: Code) -> None:
    assert code_of(coerce.integer, value) is code


LONG_NUMBERS: dict[str, object] = {
    "digits": "1" * 1_000_000,
    "decimal places": "0." + "3" * 1_000_000,
    "blanks before a currency": f"5{' ' * 800}JOD",
    "blanks behind a currency": f"JOD{' ' * 100_000}5",
    "thousands": "1,000" * 100_000,
    "an integer": 10**5000,
    "a negative integer": -(10**5000),
    "an exact number": Decimal("9" * 1_000_000),
    "an exponent": Decimal("1E+999999"),
    "an exponent of 18 digits": Decimal(f"1E+{10**17}"),
}


@table("name", LONG_NUMBERS)
@table("how", ["integer", "moodle_id", "decimal", "money"])
def test_a_number_that_is_too_long_is_refused_before_it_is_looked_at(how: str, name: str) -> None:
    assert code_of(getattr(coerce, how), LONG_NUMBERS[name]) in (Code.OUT_OF_RANGE, Code.NUMBER_INVALID)


@table("value", [Decimal("1E-999999"), Decimal(f"1E-{10**17}"), 5e-324, "0." + "0" * 40 + "1"])
@table("how", ["decimal", "money"])
def test_a_number_that_is_too_small_to_be_kept_is_refused(how: str, value: object) -> None:
    assert code_of(getattr(coerce, how), value) in (Code.NUMBER_INVALID, Code.MONEY_INVALID)


@table("how", ["text", "record_id", "lookup"])
def test_a_whole_number_is_no_text_when_nobody_could_read_it(how: str) -> None:
    read = getattr(coerce, how)
    assert read(10**40) == str(10**40)
    assert code_of(read, 10**5000) is Code.OUT_OF_RANGE


@table("piece", ["2026-02-15", "2", "2026-02-15T09:00:00.", "00:"])
def test_a_date_that_is_too_long_is_none(piece: str) -> None:
    value = piece * 1000
    assert code_of(coerce.day, value) is code_of(coerce.moment, value) is Code.DATE_INVALID


@table("limit", [2**63 - 1, -(2**63) + 1])
def test_the_largest_whole_numbers_are_kept(limit: int) -> None:
    assert coerce.integer(limit) == coerce.integer(str(limit)) == limit


@table(("value", "kept"), [("4104", 4104), (4104, 4104), ("0", None), (0, None), ("", None)])
def test_a_moodle_id_of_nought_means_none(value: object, kept: int | None) -> None:
    assert coerce.moodle_id(value) == kept


def test_a_moodle_id_is_never_negative() -> None:
    assert coerce.moodle_id(1) == 1
    assert code_of(coerce.moodle_id, -1) is Code.OUT_OF_RANGE


@table(
    ("value", "kept"),
    [
        ("10", "10"),
        ("10%", "10"),
        ("10 %", "10"),
        (85.5, "85.5"),
        (1e-7, "0.0000001"),
        ("-1.25", "-1.25"),
        (".5", "0.5"),
        ("5.", "5"),
        (Decimal("1E+2"), "100"),
        (95, "95"),
        ("", None),
        (None, None),
    ],
)
def test_a_number_is_exact(value: object, kept: str | None) -> None:
    assert coerce.decimal(value) == (None if kept is None else Decimal(kept))


@table(
    ("value", "code"),
    [
        ("NaN", Code.NUMBER_INVALID),
        ("Infinity", Code.NUMBER_INVALID),
        ("1e5", Code.NUMBER_INVALID),
        ("1,5", Code.NUMBER_INVALID),
        ("%", Code.NUMBER_INVALID),
        (True, Code.NUMBER_INVALID),
        ("0.0000000001", Code.NUMBER_INVALID),
        (10**15, Code.OUT_OF_RANGE),
        (-(10**15), Code.OUT_OF_RANGE),
        (float("inf"), Code.WRONG_TYPE),
        ([1], Code.WRONG_TYPE),
        (Decimal("NaN"), Code.NUMBER_INVALID),
    ],
)
def test_what_is_no_number_is_refused(value: object, code: Code) -> None:
    assert code_of(coerce.decimal, value) is code


@table(
    ("value", "amount", "currency"),
    [
        (15000, "15000", None),
        (5000.0, "5000", None),
        (0.1, "0.1", None),
        ("9,500.00", "9500", None),
        ("5,000", "5000", None),
        ("1,234,567.891", "1234567.891", None),
        ("12,000 USD", "12000", "USD"),
        ("JOD 3545.500", "3545.5", "JOD"),
        ("JOD500", "500", "JOD"),
        ("4,400$", "4400", "USD"),
        ("$4,400", "4400", "USD"),
        ("US$ 4,400", "4400", "USD"),
        ("4,400 د.ا", "4400", "JOD"),
        ("JD 4,400.500", "4400.5", "JOD"),
        ("-20.50", "-20.50", None),
        (" 15000 ", "15000", None),
        (Decimal("999999999999999.99"), "999999999999999.99", None),
        ("0.000000001", "0.000000001", None),
    ],
)
def test_an_amount_is_exact_with_the_currency_beside_it(
    value: object, amount: str, currency: str | None
) -> None:
    assert coerce.money(value) == (Decimal(amount), currency)


@table("value", [None, "", " "])
def test_no_amount_is_none(value: object) -> None:
    assert coerce.money(value) is None


@table(
    "value",
    [
        "1.500,50",
        "9,50",
        "1,50",
        "1.500.000",
        "12,34,567",
        "1'000",
        "1 000",
        "1,5000",
        "1,000,00",
        "5,000 ,0",
    ],
)
def test_an_amount_that_could_be_two_is_refused_as_ambiguous(value: str) -> None:
    assert code_of(coerce.money, value) is Code.MONEY_AMBIGUOUS


@table(
    ("value", "code"),
    [
        ("NaN", Code.MONEY_INVALID),
        (float("nan"), Code.WRONG_TYPE),
        ("Infinity", Code.MONEY_INVALID),
        ("abc", Code.MONEY_INVALID),
        ("1e5", Code.MONEY_INVALID),
        ("$", Code.MONEY_INVALID),
        ("$5 JOD", Code.MONEY_INVALID),
        ("USD 5 JOD", Code.MONEY_INVALID),
        ("USD", Code.MONEY_INVALID),
        ("٥٠٠", Code.MONEY_INVALID),
        (True, Code.MONEY_INVALID),
        ([5], Code.MONEY_INVALID),
        ({"value": 5}, Code.MONEY_INVALID),
        ("0.0000000001", Code.MONEY_INVALID),
        (10**15, Code.OUT_OF_RANGE),
        (1e300, Code.OUT_OF_RANGE),
    ],
)
def test_what_is_no_amount_is_refused(value: object, code: Code) -> None:
    assert code_of(coerce.money, value) is code


@table(
    ("value", "kept"),
    [
        ("2003-04-17", date(2003, 4, 17)),
        (" 2024-02-29 ", date(2024, 2, 29)),
        ("2026-02-16T00:00:00+03:00", date(2026, 2, 16)),
        ("2026-02-16 23:59:59", date(2026, 2, 16)),
        ("1900-01-01", date(1900, 1, 1)),
        ("2200-12-31", date(2200, 12, 31)),
        ("2200-12-31T23:59:59-12:00", date(2200, 12, 31)),
        ("", None),
        (None, None),
    ],
)
def test_a_date_is_the_day_that_is_written(value: object, kept: date | None) -> None:
    assert coerce.day(value) == kept


@table(
    "value",
    [
        "17/04/2003",
        "2026-02-30",
        "2026-13-01",
        "20260216",
        "2026-W07-1",
        "2026-2-6",
        "0000-01-01",
        "٢٠٢٦-٠٢-١٦",
        "2026-02-30T00:00:00",
        "0001-01-01",
        "1899-12-31",
        "2201-01-01",
        "9999-12-31",
        "9999-12-31T23:59:59-14:00",
        20260216,
        1.0,
        True,
        {"value": "2026-01-01"},
        ["2026-01-01"],
    ],
)
def test_what_is_no_date_is_refused(value: object) -> None:
    assert code_of(coerce.day, value) is Code.DATE_INVALID


@table(
    ("value", "kept"),
    [
        ("2026-02-01T09:00:00+03:00", datetime(2026, 2, 1, 6, tzinfo=UTC)),
        ("2026-02-01T09:00:00Z", datetime(2026, 2, 1, 9, tzinfo=UTC)),
        ("2026-02-01 09:00:00.123456-0530", datetime(2026, 2, 1, 14, 30, 0, 123456, tzinfo=UTC)),
        ("2026-02-01T09:00+00:00", datetime(2026, 2, 1, 9, tzinfo=UTC)),
        ("1900-01-01T00:00:00Z", datetime(1900, 1, 1, tzinfo=UTC)),
        ("2201-01-01T02:59:59+03:00", datetime(2200, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("", None),
        (None, None),
    ],
)
def test_a_moment_is_kept_in_utc(value: object, kept: datetime | None) -> None:
    found = coerce.moment(value)
    assert found == kept
    assert found is None or found.tzinfo is UTC


@table(
    "value",
    [
        "2026-02-01T09:00:00",
        "2026-02-01",
        "2026-02-30T09:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:00:00-14:00",
        "0001-01-01T00:00:00Z",
        "1900-01-01T02:59:59+03:00",
        "2201-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "yesterday",
        1769400000,
        {},
    ],
)
def test_a_moment_without_its_offset_or_off_the_calendar_is_refused(value: object) -> None:
    assert code_of(coerce.moment, value) is Code.DATE_INVALID


@table(
    ("how", "value"),
    [
        ("day", "0001-01-01"),
        ("day", "9999-12-31"),
        ("moment", "0001-01-01T00:00:00+14:00"),
        ("moment", "9999-12-31T23:59:59-14:00"),
        ("moment", "1899-12-31T23:59:59Z"),
    ],
)
def test_another_year_than_those_that_are_taken_is_named(how: str, value: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        getattr(coerce, how)(value)
    assert refused.value.said == "must be of the years 1900 to 2200; correct its year."


@table(
    ("value", "kept"),
    [
        (True, True),
        (False, False),
        ("Yes", True),
        ("no", False),
        (1, True),
        ("0", False),
        ("", None),
        (None, None),
    ],
)
def test_a_switch_is_read_from_the_words_for_it(value: object, kept: bool | None) -> None:
    assert coerce.boolean(value) is kept


@table("value", ["maybe", 2, [True]])
def test_what_is_no_switch_is_refused(value: object) -> None:
    assert code_of(coerce.boolean, value) is Code.WRONG_TYPE


def test_several_texts_come_in_a_list_or_alone() -> None:
    assert coerce.texts(["a", None, 5]) == ("a", "5")
    assert coerce.texts("a;b") == ("a;b",)
    assert coerce.texts(None) == coerce.texts("") == ()
    assert code_of(coerce.texts, 5) is Code.WRONG_TYPE


def test_a_text_and_a_list_have_a_length() -> None:
    """So that no record is larger in memory than a person could read."""
    assert coerce.text("a" * 100_000) == "a" * 100_000
    for read, value in (
        (coerce.text, "a" * 100_001),
        (coerce.text, {"name": "ر" * 100_001}),
        (coerce.texts, ["a" * 100_001]),
        (coerce.texts, ["a"] * 1001),
        (coerce.lookups, ["1"] * 1001),
        (coerce.many, [0] * 1_000_000),
        (coerce.record_id, "1" * 1_000_000),
        (coerce.email, "a" * 1_000_000 + "@college.example"),
    ):
        assert code_of(read, value) in (Code.OUT_OF_RANGE, Code.EMAIL_INVALID)
    assert len(coerce.lookups([str(n) for n in range(1000)])) == 1000


def test_several_lookups_come_in_rows_of_any_order() -> None:
    rows = [
        {"Enrolled_Students": {"id": "2", "name": "x"}, "id": "77001"},
        {"id": "1", "name": "y"},
        "2",
        None,
    ]
    assert coerce.lookups(rows) == ("1", "2")
    assert coerce.lookups(None) == ()
    assert code_of(coerce.lookups, "1") is Code.WRONG_TYPE


@table(
    ("value", "is_mojibake"),
    [
        ("Ø±Ù†Ø§", True),
        ("CafÃ©", True),
        ("رنا", False),
        ("Café", False),
        ("plain", False),
        ("ÐœÐ¾Ñ€", True),
    ],
)
def test_utf8_once_read_as_cp1252_is_noticed(value: str, is_mojibake: bool) -> None:
    assert coerce.mojibake(value) is is_mojibake


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "x"]), inner)
        ),
        max_leaves=6,
    )
)
def test_no_value_does_anything_but_be_taken_or_be_refused(value: object) -> None:
    for read in (
        coerce.text,
        coerce.record_id,
        coerce.lookup,
        coerce.email,
        coerce.integer,
        coerce.moodle_id,
        coerce.decimal,
        coerce.money,
        coerce.day,
        coerce.moment,
        coerce.boolean,
        coerce.texts,
        coerce.lookups,
    ):
        said = "."
        try:
            read(value)
        except ValueRefused as refused:
            said = refused.said
        assert said.endswith(".")
