"""What a decision says of itself: sentences in two languages, warnings, and the trace as data."""

import json
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given, settings
from tests.repetitions import often
from tests.rules.grading.given import DAY, NOW, SECOND, markings, policies, refused

from mzi_core.grading import (
    BTEC_DEFAULT,
    PEARSON_HIGHER_NATIONAL,
    Criterion,
    Decision,
    Grade,
    GradingPolicy,
    Language,
    Marking,
    RuleId,
    Scale,
    SettleMode,
    WarningId,
    decide,
)
from mzi_core.grading.numbers import rounded, written
from mzi_core.grading.sentence_texts import TEXTS, Phrase

AT_ONCE = BTEC_DEFAULT.override(settle=SettleMode.IMMEDIATELY)


def decided(raw: str | None, policy: GradingPolicy = BTEC_DEFAULT, **facts: Any) -> Decision:
    return decide(Marking(raw=None if raw is None else Decimal(raw), **facts), policy)


P1 = Criterion(code="P1", achieved=True)
NO_P1 = Criterion(code="P1", achieved=False)
M1 = Criterion(code="M1", achieved=True)
NO_M1 = Criterion(code="M1", achieved=False)
M10 = Criterion(code="M10", achieved=True)
Q = Criterion(code="Q", achieved=True)


# Isolates around the values in Arabic are left out of these tables.
SENTENCES = [
    (
        decided("4", letter="M"),
        "Merit: this grade was recorded as it was given, and was not worked out from a mark.",
        "جدارة (Merit): سُجِّل هذا التقدير كما مُنح، ولم يُحسب من درجة.",
    ),
    (
        decided("4", workflow="inmarking"),
        "Not graded yet: the marking of this work has not been released.",
        "لم يُرصد التقدير بعد: لم تُعلَن نتيجة تقييم هذا العمل بعد.",
    ),
    (
        decided("4", feedback="01122"),
        "Fail: the work handed in is treated as not handed in, because the feedback has the code 01122.",
        "رسوب (Fail): يُعامَل العمل المسلَّم كأنه لم يُسلَّم، لأن ملاحظات المدرّس تتضمن الرمز 01122.",
    ),
    (
        decided(None, submitted=False, due=NOW - DAY, extension=NOW + DAY, now=NOW),
        "Not graded yet: nothing has been handed in yet, and work is accepted until 10 February "
        "2026, 12:00 (UTC), the end of the extension.",
        "لم يُرصد التقدير بعد: لم يُسلَّم أي عمل بعد، ويُقبل التسليم حتى 10 شباط 2026، 12:00 "
        "(UTC)، وهو نهاية التمديد.",
    ),
    (
        decided(None, submitted=False, due=NOW - DAY, now=NOW),
        "Fail: nothing was handed in by 8 February 2026, 12:00 (UTC), the due date.",
        "رسوب (Fail): لم يُسلَّم أي عمل حتى 8 شباط 2026، 12:00 (UTC)، وهو موعد التسليم.",
    ),
    (
        decided(None, submitted=False),
        "Fail: nothing was handed in.",
        "رسوب (Fail): لم يُسلَّم أي عمل.",
    ),
    (
        decided("-1"),
        "Not graded yet: the work has no mark yet.",
        "لم يُرصد التقدير بعد: لم تُرصد درجة لهذا العمل بعد.",
    ),
    (
        decided("0.00000"),
        "Fail: the work was given the mark 0 of 4 on the BTEC scale.",
        "رسوب (Fail): مُنح العمل الدرجة 0 من 4 على مقياس BTEC.",
    ),
    (
        decided("1.50000"),
        "Refer: attempt 1 was given 1.5 of 4 on the BTEC scale, which is below 2, where Pass begins.",
        "إعادة تسليم (Refer): مُنحت المحاولة رقم 1 الدرجة 1.5 من 4 على مقياس BTEC، وهي أقل من 2 "
        "حيث يبدأ النجاح.",
    ),
    (
        decided(None),
        "Refer: attempt 1 was given no mark, and needs at least 2 to pass.",
        "إعادة تسليم (Refer): لم تُمنح المحاولة رقم 1 درجة، وتحتاج إلى 2 على الأقل للنجاح.",
    ),
    (
        decided("1.8", attempt=1),
        "Refer: attempt 2 was given 1.8 of 4 on the BTEC scale, which is below 2, where Pass "
        "begins. A Refer on attempt 2 becomes a Double Refer when grades are settled.",
        "إعادة تسليم (Refer): مُنحت المحاولة رقم 2 الدرجة 1.8 من 4 على مقياس BTEC، وهي أقل من 2 "
        "حيث يبدأ النجاح. ويصبح التقدير في المحاولة رقم 2 إعادة تسليم مزدوجة (Double Refer) عند "
        "تثبيت التقديرات.",
    ),
    (
        decided("1.8", AT_ONCE, attempt=2),
        "Double Refer: attempt 3 was given 1.8 of 4 on the BTEC scale, which is below 2, where "
        "Pass begins. A Refer on attempt 3 counts as a Double Refer.",
        "إعادة تسليم مزدوجة (Double Refer): مُنحت المحاولة رقم 3 الدرجة 1.8 من 4 على مقياس BTEC، "
        "وهي أقل من 2 حيث يبدأ النجاح. ويُعدّ التقدير في المحاولة رقم 3 إعادة تسليم مزدوجة "
        "(Double Refer).",
    ),
    (
        decided(None, attempt=1),
        "Refer: attempt 2 was given no mark, and needs at least 2 to pass. A Refer on attempt 2 "
        "becomes a Double Refer when grades are settled.",
        "إعادة تسليم (Refer): لم تُمنح المحاولة رقم 2 درجة، وتحتاج إلى 2 على الأقل للنجاح. ويصبح "
        "التقدير في المحاولة رقم 2 إعادة تسليم مزدوجة (Double Refer) عند تثبيت التقديرات.",
    ),
    (
        decided("2.50000"),
        "Pass: the mark 2.5 of 4 on the BTEC scale reaches 2, where Pass begins; Merit needs 3.",
        "نجاح (Pass): بلغت الدرجة 2.5 من 4 على مقياس BTEC حد النجاح وهو 2، ويتطلب تقدير الجدارة 3.",
    ),
    (
        decided("4", PEARSON_HIGHER_NATIONAL, attempt=1),
        "Pass: the mark 4 of 4 on the BTEC scale would have earned Distinction, but attempt 2 is "
        "a reassessment, which can earn at most Pass.",
        "نجاح (Pass): كانت الدرجة 4 من 4 على مقياس BTEC تستحق تقدير امتياز (Distinction)، لكن "
        "المحاولة رقم 2 إعادة تقييم، وأعلى تقدير يُمنح فيها هو نجاح (Pass).",
    ),
    (
        decided("3"),
        "Merit: the mark 3 of 4 on the BTEC scale reaches 3, where Merit begins; Distinction needs 4.",
        "جدارة (Merit): بلغت الدرجة 3 من 4 على مقياس BTEC حد الجدارة وهو 3، ويتطلب تقدير الامتياز 4.",
    ),
    (
        decided("85.5", scale=Scale.PERCENT),
        "Distinction: the mark 85.5 of 100 (85.5 %) reaches 70 %, where Distinction begins.",
        "امتياز (Distinction): بلغت الدرجة 85.5 من 100 (85.5 %) حد الامتياز وهو 70 %.",
    ),
    (
        decided("50", scale=Scale.PERCENT),
        "Pass: the mark 50 of 100 (50 %) reaches 40 %, where Pass begins; Merit needs 60 %.",
        "نجاح (Pass): بلغت الدرجة 50 من 100 (50 %) حد النجاح وهو 40 %، ويتطلب تقدير الجدارة 60 %.",
    ),
    (
        decided("1", PEARSON_HIGHER_NATIONAL, attempt=1, before="M"),
        "Merit: an earlier attempt had already passed with this grade. It stands, because work "
        "that has passed is not assessed again.",
        "جدارة (Merit): سبق أن نجحت محاولة سابقة بهذا التقدير. ويبقى هذا التقدير قائمًا لأن "
        "العمل الناجح لا يُعاد تقييمه.",
    ),
    (
        decided("4", PEARSON_HIGHER_NATIONAL, attempt=2),
        "Not graded yet: attempt 3 cannot be assessed, because only one reassessment is "
        "permitted. The grade recorded before it stands.",
        "لم يُرصد التقدير بعد: لا يمكن تقييم المحاولة رقم 3 لأن إعادة التقييم مسموحة مرة واحدة. "
        "ويبقى التقدير المسجَّل قبلها.",
    ),
    (
        decided("4", BTEC_DEFAULT.override(late_cap=Grade.P), due=NOW - DAY, submitted_at=NOW, now=NOW),
        "Pass: the mark 4 of 4 on the BTEC scale would have earned Distinction, but the work was "
        "handed in after 8 February 2026, 12:00 (UTC), and late work can earn at most Pass.",
        "نجاح (Pass): كانت الدرجة 4 من 4 على مقياس BTEC تستحق تقدير امتياز (Distinction)، لكن "
        "العمل سُلِّم بعد 8 شباط 2026، 12:00 (UTC)، وأعلى تقدير يُمنح للعمل المتأخر هو نجاح "
        "(Pass).",
    ),
    (
        decided("4", PEARSON_HIGHER_NATIONAL, repeats_unit=True),
        "Pass: the mark 4 of 4 on the BTEC scale would have earned Distinction, but the unit is "
        "being repeated, and a repeated unit can earn at most Pass.",
        "نجاح (Pass): كانت الدرجة 4 من 4 على مقياس BTEC تستحق تقدير امتياز (Distinction)، لكن "
        "الوحدة معادة، وأعلى تقدير يُمنح فيها هو نجاح (Pass).",
    ),
    (
        decided("5", maximum=Decimal(7)),
        "Distinction: the mark 5 of 7 (71.43 %) reaches 70 %, where Distinction begins.",
        "امتياز (Distinction): بلغت الدرجة 5 من 7 (71.43 %) حد الامتياز وهو 70 %.",
    ),
    (
        decided("2", minimum=Decimal(1), maximum=Decimal(3)),
        "Pass: the mark 2 on the scale from 1 to 3 (50 %) reaches 40 %, where Pass begins; Merit needs 60 %.",
        "نجاح (Pass): بلغت الدرجة 2 على المقياس من 1 إلى 3 (50 %) حد النجاح وهو 40 %، ويتطلب "
        "تقدير الجدارة 60 %.",
    ),
    (
        decided("39.996", scale=Scale.PERCENT),
        "Refer: attempt 1 was given 39.996 of 100 (39.996 %), which is below 40 %, where Pass begins.",
        "إعادة تسليم (Refer): مُنحت المحاولة رقم 1 الدرجة 39.996 من 100 (39.996 %)، وهي أقل من "
        "40 % حيث يبدأ النجاح.",
    ),
    (
        decided("11.9999", maximum=Decimal(20)),
        "Pass: the mark 11.9999 of 20 (59.9995 %) reaches 40 %, where Pass begins; Merit needs 60 %.",
        "نجاح (Pass): بلغت الدرجة 11.9999 من 20 (59.9995 %) حد النجاح وهو 40 %، ويتطلب تقدير الجدارة 60 %.",
    ),
    (
        decided("1E+1", maximum=Decimal("2E+1")),
        "Pass: the mark 10 of 20 (50 %) reaches 40 %, where Pass begins; Merit needs 60 %.",
        "نجاح (Pass): بلغت الدرجة 10 من 20 (50 %) حد النجاح وهو 40 %، ويتطلب تقدير الجدارة 60 %.",
    ),
    (
        decided("1.99999999999999999999999999"),
        "Refer: attempt 1 was given 1.99999 of 4 on the BTEC scale, which is below 2, where Pass begins.",
        "إعادة تسليم (Refer): مُنحت المحاولة رقم 1 الدرجة 1.99999 من 4 على مقياس BTEC، وهي أقل "
        "من 2 حيث يبدأ النجاح.",
    ),
    (
        decided("-0"),
        "Fail: the work was given the mark 0 of 4 on the BTEC scale.",
        "رسوب (Fail): مُنح العمل الدرجة 0 من 4 على مقياس BTEC.",
    ),
    (
        decided("3", items=("Refer", "Pass", "Merit")),
        "Merit: attempt 1 was given the mark “Merit” of the scale Refer, Pass, Merit.",
        "جدارة (Merit): مُنحت المحاولة رقم 1 الدرجة «Merit» من المقياس Refer، Pass، Merit.",
    ),
    (
        decided("1", items=("إعادة", "نجاح"), attempt=1),
        "Refer: attempt 2 was given the mark “إعادة” of the scale إعادة, نجاح. A Refer on "
        "attempt 2 becomes a Double Refer when grades are settled.",
        "إعادة تسليم (Refer): مُنحت المحاولة رقم 2 الدرجة «إعادة» من المقياس إعادة، نجاح. ويصبح "
        "التقدير في المحاولة رقم 2 إعادة تسليم مزدوجة (Double Refer) عند تثبيت التقديرات.",
    ),
    (
        decided("1.5", items=("Refer", "Pass", "Merit", "Distinction")),
        "Refer: attempt 1 was given 1.5 of 4 on the scale Refer, Pass, Merit, Distinction, which "
        "is below “Pass”, where Pass begins.",
        "إعادة تسليم (Refer): مُنحت المحاولة رقم 1 الدرجة 1.5 من 4 على المقياس Refer، Pass، "
        "Merit، Distinction، وهي أقل من «Pass» حيث يبدأ النجاح.",
    ),
    (
        decided(None, items=("Referred", "Passed")),
        "Refer: attempt 1 was given no mark, and needs at least “Passed” to pass.",
        "إعادة تسليم (Refer): لم تُمنح المحاولة رقم 1 درجة، وتحتاج إلى «Passed» على الأقل للنجاح.",
    ),
    (
        decided(None, items=("Refer", "Merit")),
        "Refer: attempt 1 was given no mark, and needs at least Pass to pass.",
        "إعادة تسليم (Refer): لم تُمنح المحاولة رقم 1 درجة، وتحتاج إلى نجاح (Pass) على الأقل للنجاح.",
    ),
    (
        decided("2", items=("Fail", "Pass")),
        "Not graded yet: the college has not said what the words of the scale of this work mean "
        "(Fail, Pass).",
        "لم يُرصد التقدير بعد: لم تحدّد الكلية معنى كلمات المقياس المستخدم لهذا العمل (Fail، Pass).",
    ),
    (
        decided("5"),
        "Not graded yet: the mark 5 is none that this work can have; its marks go from 0 to 4.",
        "لم يُرصد التقدير بعد: الدرجة 5 ليست من الدرجات الممكنة لهذا العمل، وهي من 0 إلى 4.",
    ),
]


@pytest.mark.parametrize(("decision", "english", "arabic"), SENTENCES, ids=str)
def test_a_decision_says_its_reason_in_english_and_arabic(
    decision: Decision, english: str, arabic: str
) -> None:
    assert decision.reason("en") == english
    assert decision.reason() == english
    assert bare(decision.reason("ar")) == arabic
    assert decision.explain().startswith(f"{english} ")
    assert decision.explain("ar").startswith(f"{decision.reason('ar')} ")


def bare(arabic: str) -> str:
    """Without the isolates around values."""
    return re.sub("[\u2068\u2069]", "", arabic)


WAIT = ("There is nothing for you to do yet.", "ليس عليك فعل شيء الآن.")
APPEAL = (
    "If you think this grade is wrong, you can appeal to the college.",
    "إذا رأيت أن هذا التقدير غير صحيح فيمكنك تقديم اعتراض إلى الكلية.",
)
ASK = ("Ask the college whether you can try again.", "اسأل الكلية إن كان بإمكانك المحاولة من جديد.")
REPEAT = (
    "To try again, ask the college whether you can repeat the unit.",
    "للمحاولة من جديد اسأل الكلية إن كان بإمكانك إعادة الوحدة.",
)
AGAIN = (
    "You can hand in again as soon as the college opens another attempt.",
    "يمكنك التسليم من جديد عندما تفتح الكلية محاولة أخرى.",
)
HAND_IN = ("You can still hand in your work.", "ما زال بإمكانك تسليم عملك.")
COLLEGE = (
    "The college has to put this right; there is nothing for you to do.",
    "على الكلية تصحيح ذلك، وليس عليك فعل شيء.",
)
HN = PEARSON_HIGHER_NATIONAL


@pytest.mark.parametrize(
    ("decision", "told"),
    [
        (decided("3"), [APPEAL]),
        (decided("1"), [AGAIN, APPEAL]),
        (decided("1", HN), [AGAIN, APPEAL]),
        (decided("1", attempt=1), [ASK, APPEAL]),
        (decided("1", AT_ONCE, attempt=1), [ASK, APPEAL]),
        (decided("1", HN, attempt=1), [REPEAT, APPEAL]),
        (decided("1", HN, repeats_unit=True), [REPEAT, APPEAL]),
        (decided("0"), [ASK, APPEAL]),
        (decided("0", HN), [ASK, APPEAL]),
        (decided(None, submitted=False), [ASK, APPEAL]),
        (decided("3", feedback="01122"), [ASK, APPEAL]),
        (decided(None, letter="R"), [AGAIN, APPEAL]),
        (decided(None, letter="PENDING"), [WAIT]),
        (decided("3", workflow=""), [WAIT]),
        (decided("-1"), [WAIT]),
        (decided(None, submitted=False, due=NOW, now=NOW), [HAND_IN]),
        (decided("5"), [COLLEGE]),
        (decided("1", items=("x",)), [COLLEGE]),
        (decided("1", HN, attempt=2), [REPEAT]),
        (decided("1", HN, attempt=1, before="P"), [APPEAL]),
        (
            decided("3", criteria=(P1, M1)),
            [
                (
                    "The assessment criteria agree with this grade.",
                    "وتتفق معايير التقييم مع هذا التقدير.",
                ),
                APPEAL,
            ],
        ),
        (
            decided("3", criteria=(P1, NO_M1)),
            [
                (
                    "The assessment criteria add up to Pass and so disagree with this grade; "
                    "the college should look at it.",
                    "تشير معايير التقييم إلى تقدير نجاح (Pass)، وهو يخالف هذا التقدير، "
                    "وعلى الكلية مراجعة ذلك.",
                ),
                APPEAL,
            ],
        ),
        (decided("3", criteria=(Criterion(code="LO1", achieved=True),)), [APPEAL]),
        (decided("-1", criteria=(P1,)), [WAIT]),
        (decided("3", feedback="01122", criteria=(P1,)), [ASK, APPEAL]),
        (
            decided("2", before="M", submitted=False),
            [
                (
                    "A mark was entered, although no work is recorded as handed in.",
                    "أُدخلت درجة مع أنه لم يُسجَّل تسليم أي عمل.",
                ),
                (
                    "An earlier attempt had earned Merit, which is better.",
                    "وكانت محاولة سابقة قد نالت تقدير جدارة (Merit)، وهو أعلى.",
                ),
                ASK,
                APPEAL,
            ],
        ),
        (decided("2", workflow="x", criteria=(Criterion(code="Q", achieved=True),)), [APPEAL]),
    ],
    ids=str,
)
def test_an_explanation_tells_whether_criteria_agree_and_what_the_student_may_do(
    decision: Decision, told: list[tuple[str, str]]
) -> None:
    at = decision.marking.now
    policy = decision.policy
    when = ("on 9 February 2026, 12:00 (UTC) ", "في 9 شباط 2026، 12:00 (UTC) ") if at else ("", "")
    assert decision.explain("en") == " ".join(
        (
            decision.reason("en"),
            *(english for english, _ in told),
            f"Decided {when[0]}under the policy {policy.name}, version {policy.version}.",
        )
    )
    assert bare(decision.explain("ar")) == " ".join(
        (
            bare(decision.reason("ar")),
            *(arabic for _, arabic in told),
            f"صدر هذا القرار {when[1]}وفق السياسة {policy.name}، الإصدار {policy.version}.",
        )
    )


def test_an_explanation_says_when_it_was_decided_on_the_clock_of_the_college() -> None:
    decision = decided("3", now=NOW)
    later = NOW + DAY * 300
    amman = ZoneInfo("Asia/Amman")
    assert "Decided on 9 February 2026, 15:00 (Asia/Amman) under" in decision.explain("en", amman)
    assert "Decided on 6 December 2026, 12:00 (UTC) under" in decision.explain(decided_at=later)
    assert "Decided on 6 December 2026, 12:00 (UTC) under" in decided("3").explain(decided_at=later)
    assert "في 6 كانون الأول 2026، 15:00 (Asia/Amman)" in bare(decision.explain("ar", amman, later))


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_has_its_name(month: int) -> None:
    at = NOW.replace(month=month)
    decision = decided("3")
    assert f"{at:%d %B}".lstrip("0") in decision.explain("en", decided_at=at)
    arabic = bare(decision.explain("ar", decided_at=at))
    assert f"في 9 {LEVANTINE.split('/')[month - 1]} 2026" in arabic


LEVANTINE = "كانون الثاني/شباط/آذار/نيسان/أيار/حزيران/تموز/آب/أيلول/تشرين الأول/تشرين الثاني/كانون الأول"


@pytest.mark.parametrize(
    ("due", "extension", "cutoff", "which", "which_in_arabic"),
    [
        (NOW, None, None, "9 February 2026, 12:00 (UTC), the due date", "موعد التسليم"),
        (NOW - DAY, NOW, None, "9 February 2026, 12:00 (UTC), the end of the extension", "نهاية التمديد"),
        *(
            (
                *(NOW - DAY, extension, NOW),
                *("9 February 2026, 12:00 (UTC), the cut-off date", "آخر موعد لقبول التسليم"),
            )
            for extension in (None, NOW - SECOND)
        ),
        (NOW, None, NOW, "9 February 2026, 12:00 (UTC), the due date", "موعد التسليم"),
    ],
)
def test_the_deadline_that_counted_is_named(
    due: datetime, extension: datetime | None, cutoff: datetime | None, which: str, which_in_arabic: str
) -> None:
    for now, said in ((NOW, "until"), (NOW + SECOND, "by")):
        decision = decided(None, submitted=False, due=due, extension=extension, cutoff=cutoff, now=now)
        assert decision.reason().endswith(f" {said} {which}.")
        assert decision.reason("ar").endswith(f"، وهو {which_in_arabic}.")


@pytest.mark.parametrize(
    ("decision", "notes", "arabic"),
    [
        (
            decided("3", HN, letter="D", attempt=1, feedback="01122"),
            (
                "Distinction was given, but the feedback has the code 01122 for work that is not valid.",
                "Distinction was given, but this attempt can earn at most Pass.",
            ),
            (
                "مُنح تقدير امتياز (Distinction)، لكن الملاحظات تتضمن الرمز 01122 "
                "الدال على أن العمل غير صالح.",
                "مُنح تقدير امتياز (Distinction)، لكن أعلى تقدير لهذه المحاولة هو نجاح (Pass).",
            ),
        ),
        (
            decided("3", workflow="Bogus", criteria=(M10, Q)),
            (
                "A criterion has a code that cannot be read and counts for nothing: M10, Q.",
                "“Bogus” is no state of Moodle's marking workflow, so it held nothing back.",
            ),
            (
                "يوجد معيار لا يمكن قراءة رمزه ولا يُحتسب: M10، Q.",
                "«Bogus» ليست من حالات سير التقييم في Moodle، فلم تمنع إعلان النتيجة.",
            ),
        ),
        (
            decided("1", items=("Fail", "Pass")),
            (
                "Not graded yet: the college has not said what the words of the scale of this work mean "
                "(Fail, Pass).",
            ),
            ("لم يُرصد التقدير بعد: لم تحدّد الكلية معنى كلمات المقياس المستخدم لهذا العمل (Fail، Pass).",),
        ),
        (
            decided("5"),
            ("Not graded yet: the mark 5 is none that this work can have; its marks go from 0 to 4.",),
            ("لم يُرصد التقدير بعد: الدرجة 5 ليست من الدرجات الممكنة لهذا العمل، وهي من 0 إلى 4.",),
        ),
        (decided("3"), (), ()),
    ],
    ids=str,
)
def test_each_warning_has_its_sentence(
    decision: Decision, notes: tuple[str, ...], arabic: tuple[str, ...]
) -> None:
    assert decision.notes() == notes
    assert tuple(map(bare, decision.notes("ar"))) == arabic
    assert len(decision.warnings) == len(notes)


def test_a_long_scale_and_long_words_are_named_by_their_beginning() -> None:
    items = tuple(f"{n:02}{'x' * 70}" for n in range(1, 14))
    reason = decided("1", items=items).reason()
    shown = ", ".join(item[:60] for item in items[:12])
    assert reason.endswith(f"mean ({shown}, …).")
    assert decided("1", items=items[:12]).reason().endswith(f"mean ({shown}).")
    words = BTEC_DEFAULT.override(scale_words={items[0]: "M"})
    assert (
        decided("1", words, items=items[:1])
        .reason()
        .endswith(f"“{items[0][:60]}” of the scale {items[0][:60]}.")
    )
    codes = tuple(Criterion(code=item, achieved=True) for item in items)
    assert decided("3", criteria=codes).notes()[0].endswith(f"nothing: {shown}.")
    assert f"“{'w' * 60}”" in decided("3", workflow="w" * 99).notes()[0]


def test_braces_in_what_people_wrote_are_no_places_to_fill() -> None:
    policy = BTEC_DEFAULT.override(name="{grade}", invalid_code="{code}")
    explained = decided("1", policy, items=("{mark}",)).explain()
    assert "({mark})" in explained
    assert "policy {grade}," in explained
    assert decided("1", policy, feedback="{code}").reason().endswith("has the code {code}.")


def test_every_rule_and_both_ways_of_settling_stand_in_the_tables_above() -> None:
    assert {decision.rule for decision, _, _ in SENTENCES} == set(RuleId)


def test_every_grade_has_its_word_in_both_languages() -> None:
    words = [
        [decided(None, letter=grade).explain(language).partition(":")[0] for grade in Grade]
        for language in Language
    ]
    assert words == [
        ["Fail", "Refer", "Double Refer", "Pass", "Merit", "Distinction", "Not graded yet"],
        [
            "رسوب (Fail)",
            "إعادة تسليم (Refer)",
            "إعادة تسليم مزدوجة (Double Refer)",
            "نجاح (Pass)",
            "جدارة (Merit)",
            "امتياز (Distinction)",
            "لم يُرصد التقدير بعد",
        ],
    ]


def test_every_text_is_there_in_both_languages_and_fills_in_the_same_values() -> None:
    """And a grade is called a grade, a mark a mark, in one word each."""
    places = {
        language: {text: set(re.findall(r"\{(\w+)\}", said)) for text, said in texts.items()}
        for language, texts in TEXTS.items()
    }
    assert places[Language.EN].keys() == places[Language.AR].keys() == set(Phrase)
    assert places[Language.EN] == places[Language.AR]
    assert not any("علامة" in said for said in TEXTS[Language.AR].values())


def test_values_in_arabic_are_isolated_so_that_a_date_is_not_read_backwards() -> None:
    decision = decided("5", maximum=Decimal(7))
    assert "\u20685\u2069 من \u20687\u2069 (\u206871.43 %\u2069)" in decision.explain("ar")
    assert "\u2068" not in decision.explain("en")
    assert "(\u2068UTC\u2069)" in decided(None, submitted=False, due=NOW, now=NOW).reason("ar")
    assert "«\u2068Merit\u2069»" in decided("1", items=("Merit",)).reason("ar")


def test_times_are_told_in_the_zone_of_the_college() -> None:
    decision = decided(None, submitted=False, due=NOW, now=NOW)
    amman = timezone(timedelta(hours=3))
    assert decision.reason("en", amman).endswith("until 9 February 2026, 15:00 (UTC+03:00), the due date.")
    far = ZoneInfo("Pacific/Kiritimati")
    assert "until 10 February 2026, 02:00 (Pacific/Kiritimati)" in decision.reason("en", far)


@pytest.mark.parametrize(
    ("value", "places", "limits", "shown"),
    [
        ("3.00000", 5, "2 3 4", "3"),
        ("2.345678", 5, "2 3 4", "2.34568"),
        ("1.999999", 5, "2 3 4", "1.999999"),
        ("1.99999999999", 5, "2 3 4", "1.99999"),
        ("71.428571", 2, "40 60 70", "71.43"),
        ("39.996", 2, "40 60 70", "39.996"),
        ("39.99999999", 2, "40 60 70", "39.99"),
        ("1.2345671", 5, "1.234567", "1.23457"),
        ("1.2345671", 5, "1.23456711", "1.234567"),
        ("1.2345611", 5, "1.234561", "1.234561"),
        ("1.0000000000019", 2, "1.000000000001", "1.000000000001"),
        ("0.005", 2, "", "0.01"),
        ("10", 2, "", "10"),
        ("1E+1", 2, "", "10"),
        ("100", 5, "", "100"),
        ("-0", 2, "", "0"),
        ("-0.00", 1, "", "0"),
        ("0.0", 0, "", "0"),
        ("-0.5", 2, "", "-0.5"),
        (f"66.{'6' * 70}", 2, "40 60 70", "66.67"),
    ],
)
def test_numbers_are_written_as_people_write_them_and_never_across_a_limit(
    value: str, places: int, limits: str, shown: str
) -> None:
    near = rounded(Decimal(value), places, map(Decimal, limits.split()))
    assert written(near) == shown
    for limit in map(Decimal, limits.split()):
        assert (near < limit) == (Decimal(value) < limit)


def test_another_language_is_refused() -> None:
    with refused("'fr' is not a valid Language"):
        decided("3").explain("fr")


@settings(max_examples=often(100, gate=30), deadline=None)
@given(marking=markings, policy=policies)
def test_every_decision_has_a_whole_sentence_in_both_languages(
    marking: Marking, policy: GradingPolicy
) -> None:
    decision = decide(marking, policy)
    english, arabic = decision.explain("en"), decision.explain("ar")
    for text in (english, arabic, *decision.notes("en"), *decision.notes("ar")):
        assert text.endswith(".")
        assert not re.search(r"[{}]|None|E\+|\(\)|  |[0-9.]{20}", text)
    assert re.search("[\u0600-\u06ff]", arabic)
    assert not re.search("[\u0600-\u06ff]", english)
    if decision.settled is not decision.grade:
        assert "Double Refer" in english
        assert "Double Refer" in arabic


def test_a_trace_shows_the_values_that_the_reached_rules_looked_at() -> None:
    decision = decided(
        "2.50000",
        PEARSON_HIGHER_NATIONAL,
        feedback="<p>Good</p>",
        workflow="released",
        attempt=1,
        due=NOW,
        now=NOW,
    )
    steps = [(step.rule.value, step.outcome.value, dict(step.saw)) for step in decision.trace]
    raw = Decimal("2.50000")
    assert steps == [
        ("NOT_RELEASED", "not held", {"release_gating": True, "workflow": "released"}),
        ("EXPLICIT_LETTER", "not held", {"letter": None}),
        ("REASSESSED_AFTER_PASS", "not held", {"one_reassessment": True, "before": None}),
        ("NOT_PERMITTED", "not held", {"one_reassessment": True, "attempt": 1, "repeats_unit": False}),
        ("INVALID_SUBMISSION", "not held", {"invalid_code": "01122", "found": None}),
        ("AWAITING_SUBMISSION", "not held", {"submitted": True, "deadline": NOW, "now": NOW}),
        ("NO_SUBMISSION", "not held", {"submitted": True}),
        ("UNKNOWN_SCALE", "not held", {"scale": Scale.BTEC_0_4, "items": None}),
        ("UNGRADED", "not held", {"raw": raw, "scale": Scale.BTEC_0_4, "null_means_refer": True}),
        ("OFF_SCALE", "not held", {"raw": raw, "lowest": Decimal(0), "highest": Decimal(4)}),
        ("EXPLICIT_ZERO", "not held", {"points": raw, "scale": Scale.BTEC_0_4}),
        ("BELOW_PASS", "not held", {"points": raw, "pass_from": Decimal(2), "attempt": 1, "before": None}),
        ("PASS", "held", {"points": raw, "pass_from": Decimal(2), "merit_from": Decimal(3)}),
        ("REASSESSMENT_CAP", "not reached", {}),
        ("LATE_CAP", "not reached", {}),
        ("MERIT", "not reached", {}),
        ("DISTINCTION", "not reached", {}),
    ]


def test_a_trace_quotes_the_feedback_around_the_code_and_no_more_of_it() -> None:
    def found(feedback: str, code: str | None = "01122") -> object:
        policy = BTEC_DEFAULT.override(invalid_code=code)
        return decided("3", policy, feedback=feedback).trace[4].saw["found"]

    assert found("<p>This is the wrong assignment. Code: 01122. Please hand in again.</p>") == (
        "nt. Code: 01122. Please h"
    )
    assert found("A long text without it") is None
    assert found("A long text without one", None) is None


def test_a_trace_shows_the_item_that_was_chosen_and_no_threshold() -> None:
    items = ("Refer", "Pass", "Merit")
    steps = {step.rule: dict(step.saw) for step in decided("3", items=items).trace}
    assert steps[RuleId.UNKNOWN_SCALE] == {"scale": Scale.BTEC_0_4, "items": "Refer, Pass, Merit"}
    assert steps[RuleId.OFF_SCALE] == {"raw": Decimal(3), "lowest": Decimal(1), "highest": Decimal(3)}
    assert steps[RuleId.BELOW_PASS] == {"item": "Merit", "attempt": 0, "before": None}
    assert steps[RuleId.MERIT] == {"item": "Merit"}


def test_a_trace_shows_a_share_with_moodles_decimals_unless_they_would_cross_a_threshold() -> None:
    steps = {step.rule: step.saw for step in decided("5", maximum=Decimal(7)).trace}
    assert steps[RuleId.DISTINCTION]["points"] == Decimal("71.42857")
    close = decided("39.9999999", scale=Scale.PERCENT).trace
    assert close[-7].saw["points"] == Decimal("39.9999999")


def test_a_trace_to_the_end_shows_the_cap_and_the_thresholds_of_the_scale() -> None:
    steps = {step.rule: dict(step.saw) for step in decided("85.5", scale=Scale.PERCENT).trace}
    raw = Decimal("85.5")
    assert steps[RuleId.PASS] == {"points": raw, "pass_from": Decimal(40), "merit_from": Decimal(60)}
    assert steps[RuleId.REASSESSMENT_CAP] == {
        "points": raw,
        "merit_from": Decimal(60),
        "distinction_from": Decimal(70),
        "attempt": 0,
        "repeats_unit": False,
        "reassessment_cap": None,
    }
    assert steps[RuleId.LATE_CAP] == {
        "points": raw,
        "merit_from": Decimal(60),
        "distinction_from": Decimal(70),
        "is_late": False,
        "late_cap": None,
    }
    assert steps[RuleId.MERIT] == {"points": raw, "merit_from": Decimal(60), "distinction_from": Decimal(70)}
    assert steps[RuleId.DISTINCTION] == {"points": raw, "distinction_from": Decimal(70)}


def test_a_decision_is_plain_json_with_numbers_and_times_as_text() -> None:
    decision = decided(
        "3.00000",
        PEARSON_HIGHER_NATIONAL,
        attempt=1,
        due=NOW,
        now=NOW,
        criteria=(Criterion(code="P1", achieved=False),),
    )
    data = decision.as_data()
    assert json.loads(json.dumps(data)) == data
    assert [type(value) for value in (data["grade"], data["rule"], data["capped_from"])] == [str] * 3
    trace = data.pop("trace")
    assert data == {
        "grade": "P",
        "settled": "P",
        "published": "P",
        "rule": "REASSESSMENT_CAP",
        "policy": {"name": "pearson-higher-national", "version": "2"},
        "capped_from": "M",
        "warnings": ["CRITERIA_MISMATCH"],
    }
    assert isinstance(trace, list)
    assert len(trace) == 17
    assert trace[5] == {
        "rule": "AWAITING_SUBMISSION",
        "outcome": "not held",
        "saw": {"submitted": True, "deadline": NOW.isoformat(), "now": NOW.isoformat()},
    }
    assert trace[13] == {
        "rule": "REASSESSMENT_CAP",
        "outcome": "held",
        "saw": {
            "points": "3.00000",
            "merit_from": "3",
            "distinction_from": "4",
            "attempt": 1,
            "repeats_unit": False,
            "reassessment_cap": "P",
        },
    }
    assert [type(value) for value in trace[13]["saw"].values()] == [str, str, str, int, bool, str]
    assert trace[15] == {"rule": "MERIT", "outcome": "not reached", "saw": {}}


def test_an_uncapped_decision_without_warnings_says_so_in_json() -> None:
    data = decided("1", AT_ONCE, attempt=1).as_data()
    assert (data["grade"], data["settled"], data["published"]) == ("R", "RR", "RR")
    assert data["capped_from"] is None
    assert data["warnings"] == []


@settings(max_examples=often(100, gate=30), deadline=None)
@given(marking=markings, policy=policies)
def test_every_decision_is_plain_json(marking: Marking, policy: GradingPolicy) -> None:
    data = decide(marking, policy).as_data()
    assert json.loads(json.dumps(data)) == data


@pytest.mark.parametrize(
    ("decision", "warned"),
    [
        (decided("3", criteria=(P1, M1)), False),
        (decided("3", criteria=(P1, NO_M1)), True),
        (decided("2", criteria=(P1, M1)), True),
        (decided("4", letter="P", criteria=(P1, NO_M1)), False),
        (decided("4", letter="M", criteria=(P1, NO_M1)), True),
        (decided("1", criteria=(NO_P1,)), False),
        (decided("1", letter="RR", criteria=(NO_P1,)), False),
        (decided("0", criteria=(NO_P1,)), False),
        (decided("0", criteria=(P1,)), True),
        (decided("1", criteria=(P1,)), True),
        (decided("-1", criteria=(P1,)), False),
        (decided("3", feedback="01122", criteria=(P1,)), False),
        (decided(None, submitted=False, criteria=(P1,)), False),
        (decided("3"), False),
        (decided("3", criteria=(Criterion(code="LO1", achieved=False),)), False),
        (decided("3", PEARSON_HIGHER_NATIONAL, attempt=1, criteria=(P1, M1)), False),
        (decided("2", PEARSON_HIGHER_NATIONAL, attempt=1, criteria=(P1, M1)), False),
        (decided(None, PEARSON_HIGHER_NATIONAL, letter="P", attempt=1, criteria=(P1, M1)), False),
        (decided(None, PEARSON_HIGHER_NATIONAL, letter="M", attempt=1, criteria=(P1, M1)), True),
        (decided("2", PEARSON_HIGHER_NATIONAL, attempt=1, criteria=(NO_P1,)), True),
        (decided("2", PEARSON_HIGHER_NATIONAL, criteria=(P1, M1)), True),
        (decided("2", criteria=(P1, M1), attempt=1), True),
    ],
    ids=repr,
)
def test_criteria_that_imply_another_grade_are_a_warning_and_change_nothing(
    decision: Decision, warned: bool
) -> None:
    assert (WarningId.CRITERIA_MISMATCH in decision.warnings) is warned


@pytest.mark.parametrize(
    ("codes", "warned"), [("P1 M1 LO1.2", False), ("P1 M10", True), ("P1a", True), ("", False)]
)
def test_a_code_that_cannot_be_read_is_a_warning_and_changes_nothing(codes: str, warned: bool) -> None:
    criteria = tuple(Criterion(code=code, achieved=True) for code in codes.split())
    decision = decided("-1", criteria=criteria)
    assert decision.warnings == ((WarningId.UNKNOWN_CRITERION,) if warned else ())


NOTHING: dict[str, Any] = {"submitted": False, "due": NOW - DAY, "now": NOW}


@pytest.mark.parametrize(
    ("decision", "warned"),
    [
        (decided("4", letter="M", feedback="Code: 01122"), ["LETTER_AGAINST_CODE"]),
        (decided("4", letter="R", feedback="Code: 01122"), ["LETTER_AGAINST_CODE"]),
        (decided("4", letter="F", feedback="Code: 01122"), []),
        (decided("4", letter="PENDING", feedback="Code: 01122"), []),
        (decided("4", letter="M", feedback="Code: 0112233"), []),
        (decided("4", BTEC_DEFAULT.override(invalid_code=None), letter="M", feedback="01122"), []),
        (decided("4", feedback="Code: 01122"), []),
        (decided(None, PEARSON_HIGHER_NATIONAL, letter="M", attempt=1), ["OVER_CAP"]),
        (decided(None, PEARSON_HIGHER_NATIONAL, letter="P", attempt=1), []),
        (decided(None, PEARSON_HIGHER_NATIONAL, letter="M"), []),
        (decided(None, letter="M", attempt=1), []),
        (decided("4", PEARSON_HIGHER_NATIONAL, attempt=1), []),
        (decided("0.01", **NOTHING), ["MARK_WITHOUT_WORK"]),
        (decided("0", **NOTHING), []),
        (decided("-1", **NOTHING), []),
        (decided(None, **NOTHING), []),
        (decided("2", submitted=None), []),
        (decided("3", submitted=False, due=NOW, now=NOW), []),
        (decided("3", submitted=False, feedback="01122"), []),
        (decided("3", letter="F", submitted=False), ["MARK_WITHOUT_WORK"]),
        (decided(None, letter="P", submitted=False), ["MARK_WITHOUT_WORK"]),
        (decided(None, letter="R", submitted=False), []),
        (decided("0", letter="F", submitted=False), []),
        (decided("3", letter="P", submitted=None), []),
        (decided("3", workflow="bogusstate"), ["UNKNOWN_WORKFLOW"]),
        (decided("2", before="M"), ["LOWER_THAN_BEFORE"]),
        (decided("1", before="P", attempt=1), ["LOWER_THAN_BEFORE"]),
        (decided(None, before="D", letter="M"), ["LOWER_THAN_BEFORE"]),
        (
            decided("4", PEARSON_HIGHER_NATIONAL.override(one_reassessment=False), before="M", attempt=1),
            ["LOWER_THAN_BEFORE"],
        ),
        (decided("3", before="M"), []),
        (decided("-1", before="M"), []),
        (decided("1", before="R"), []),
        (decided("1", PEARSON_HIGHER_NATIONAL, before="M", attempt=1), []),
        (decided("1", PEARSON_HIGHER_NATIONAL, before="M", attempt=1, criteria=(NO_P1,)), []),
        (decided("1", PEARSON_HIGHER_NATIONAL, repeats_unit=True, letter="M"), ["OVER_CAP"]),
        (decided("3", workflow="draft", letter="P"), ["UNKNOWN_WORKFLOW"]),
        (decided("3", workflow=""), []),
        (decided("3", workflow="", submitted=False), []),
        (decided(None, workflow="", letter="M", submitted=False), ["MARK_WITHOUT_WORK"]),
        (decided(None, workflow="", letter="M", feedback="01122"), ["LETTER_AGAINST_CODE"]),
        (decided(None, PEARSON_HIGHER_NATIONAL, workflow="", letter="M", attempt=1), ["OVER_CAP"]),
        (decided("3", workflow=" InMarking "), []),
        (decided("3", workflow="released"), []),
        (
            decided(
                "4",
                PEARSON_HIGHER_NATIONAL,
                letter="M",
                attempt=1,
                submitted=False,
                feedback="01122",
                workflow="x",
                criteria=(Criterion(code="P1", achieved=True), Criterion(code="Q", achieved=True)),
            ),
            [
                *("CRITERIA_MISMATCH", "UNKNOWN_CRITERION", "LETTER_AGAINST_CODE", "OVER_CAP"),
                *("MARK_WITHOUT_WORK", "UNKNOWN_WORKFLOW"),
            ],
        ),
    ],
    ids=repr,
)
def test_what_a_person_should_look_at_is_a_warning(decision: Decision, warned: list[str]) -> None:
    assert list(decision.warnings) == warned


def test_what_the_criteria_allow_is_at_most_the_cap_in_force() -> None:
    def implied(policy: GradingPolicy, attempt: int, *criteria: Criterion) -> Grade | None:
        return decided("3", policy, attempt=attempt, criteria=criteria).implied

    assert implied(PEARSON_HIGHER_NATIONAL, 1, P1, M1) is Grade.P
    assert implied(PEARSON_HIGHER_NATIONAL, 0, P1, M1) is Grade.M
    assert implied(PEARSON_HIGHER_NATIONAL, 1, NO_P1) is Grade.R
    assert implied(BTEC_DEFAULT, 1, P1, M1) is Grade.M
    assert implied(PEARSON_HIGHER_NATIONAL, 1) is None


@settings(max_examples=often(300, gate=60), deadline=None)
@given(marking=markings, policy=policies)
def test_a_student_is_told_nothing_of_marking_that_is_not_released(
    marking: Marking, policy: GradingPolicy
) -> None:
    """Neither what was given nor what is odd about it: the college alone is warned of that."""
    gated = policy.override(release_gating=True)
    held_back = decide(attrs.evolve(marking, workflow="inmarking"), gated)
    nothing_known = decide(Marking(workflow="inmarking", now=marking.now), gated)
    for language in Language:
        assert held_back.explain(language) == nothing_known.explain(language)


@settings(max_examples=often(100, gate=30), deadline=None)
@given(marking=markings, policy=policies)
def test_criteria_never_change_a_grade(marking: Marking, policy: GradingPolicy) -> None:
    assert decide(attrs.evolve(marking, criteria=()), policy).verdict is decide(marking, policy).verdict


def test_a_decision_cannot_be_changed() -> None:
    decision = decided("3")
    for name in ("marking", "policy", "verdict", "grade", "trace"):
        with pytest.raises(AttributeError):
            setattr(decision, name, None)


def test_a_decision_keeps_what_it_was_made_of() -> None:
    marking = Marking(raw=Decimal(3))
    decision = decide(marking, PEARSON_HIGHER_NATIONAL)
    assert decision.marking is marking
    assert decision.policy is PEARSON_HIGHER_NATIONAL
    assert decide(marking).policy is BTEC_DEFAULT
