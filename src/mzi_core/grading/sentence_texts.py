"""The words of the sentences about grades. In Arabic a grade is تقدير, a mark درجة."""

from collections.abc import Mapping
from enum import StrEnum

from mzi_core.grading.grade import Grade


class Language(StrEnum):
    """The languages a decision explains itself in."""

    EN = "en"
    AR = "ar"


class Text(StrEnum):
    """What can be said. A rule and a warning have their own names here."""

    NOT_RELEASED = "NOT_RELEASED"
    EXPLICIT_LETTER = "EXPLICIT_LETTER"
    REASSESSED_AFTER_PASS = "REASSESSED_AFTER_PASS"  # noqa: S105  a rule's name
    NOT_PERMITTED = "NOT_PERMITTED"
    INVALID_SUBMISSION = "INVALID_SUBMISSION"
    AWAITING_SUBMISSION = "AWAITING_SUBMISSION"
    NO_SUBMISSION = "NO_SUBMISSION"
    UNDATED = "NO_SUBMISSION without a deadline"
    UNKNOWN_SCALE = "UNKNOWN_SCALE"
    UNGRADED = "UNGRADED"
    OFF_SCALE = "OFF_SCALE"
    EXPLICIT_ZERO = "EXPLICIT_ZERO"
    BELOW_PASS = "BELOW_PASS"  # noqa: S105  a rule's name
    UNMARKED = "BELOW_PASS without a mark"
    PASS = "PASS"  # noqa: S105  a rule's name
    REASSESSMENT_CAP = "REASSESSMENT_CAP"
    REPEAT_CAP = "REASSESSMENT_CAP in a repeated unit"
    LATE_CAP = "LATE_CAP"
    MERIT = "MERIT"
    DISTINCTION = "DISTINCTION"
    ITEM = "a rule met by an item of a scale"
    WILL_SETTLE = "settled later"
    SETTLED = "settled at once"

    CRITERIA_MISMATCH = "CRITERIA_MISMATCH"
    CRITERIA_AGREE = "criteria agree"
    UNKNOWN_CRITERION = "UNKNOWN_CRITERION"
    LETTER_AGAINST_CODE = "LETTER_AGAINST_CODE"
    OVER_CAP = "OVER_CAP"
    MARK_WITHOUT_WORK = "MARK_WITHOUT_WORK"
    UNKNOWN_WORKFLOW = "UNKNOWN_WORKFLOW"
    LOWER_THAN_BEFORE = "LOWER_THAN_BEFORE"

    NEXT_WAIT = "wait"
    NEXT_HAND_IN = "hand in"
    NEXT_COLLEGE = "the college has to act"
    NEXT_RESUBMIT = "hand in again"
    NEXT_REPEAT = "repeat the unit"
    NEXT_ASK = "ask for another attempt"
    NEXT_APPEAL = "appeal"

    DECIDED = "decided at"
    DECIDED_SOMETIME = "decided"

    BY_DUE = "due date"
    BY_EXTENSION = "extension"
    BY_CUTOFF = "cut-off"

    MARK_BTEC = "points from 0 to 4"
    MARK_PERCENT = "points from 0"
    MARK_RANGE = "points from another number"
    MARK_ITEM = "an item of a scale"
    MARK_BETWEEN = "between two items"


GRADES: Mapping[Language, Mapping[Grade, str]] = {
    Language.EN: {
        Grade.F: "Fail",
        Grade.R: "Refer",
        Grade.RR: "Double Refer",
        Grade.P: "Pass",
        Grade.M: "Merit",
        Grade.D: "Distinction",
        Grade.PENDING: "Not graded yet",
    },
    Language.AR: {
        Grade.F: "رسوب (Fail)",
        Grade.R: "إعادة تسليم (Refer)",
        Grade.RR: "إعادة تسليم مزدوجة (Double Refer)",
        Grade.P: "نجاح (Pass)",
        Grade.M: "جدارة (Merit)",
        Grade.D: "امتياز (Distinction)",
        Grade.PENDING: "لم يُرصد التقدير بعد",
    },
}

MONTHS: Mapping[Language, tuple[str, ...]] = {
    Language.EN: (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    Language.AR: (
        *("كانون الثاني", "شباط", "آذار", "نيسان", "أيار", "حزيران"),
        *("تموز", "آب", "أيلول", "تشرين الأول", "تشرين الثاني", "كانون الأول"),
    ),
}

COMMA: Mapping[Language, str] = {Language.EN: ", ", Language.AR: "، "}
QUOTED: Mapping[Language, str] = {Language.EN: "“{}”", Language.AR: "«\u2068{}\u2069»"}

TEXTS: Mapping[Language, Mapping[Text, str]] = {
    Language.EN: {
        Text.NOT_RELEASED: "{grade}: the marking of this work has not been released.",
        Text.EXPLICIT_LETTER: (
            "{grade}: this grade was recorded as it was given, and was not worked out from a mark."
        ),
        Text.REASSESSED_AFTER_PASS: (
            "{grade}: an earlier attempt had already passed with this grade. It stands, because work that "
            "has passed is not assessed again."
        ),
        Text.NOT_PERMITTED: (
            "{grade}: attempt {attempt} cannot be assessed, because only one reassessment is permitted. The "
            "grade recorded before it stands."
        ),
        Text.INVALID_SUBMISSION: (
            "{grade}: the work handed in is treated as not handed in, because the feedback has the code "
            "{code}."
        ),
        Text.AWAITING_SUBMISSION: (
            "{grade}: nothing has been handed in yet, and work is accepted until {deadline}, {which}."
        ),
        Text.NO_SUBMISSION: "{grade}: nothing was handed in by {deadline}, {which}.",
        Text.UNDATED: "{grade}: nothing was handed in.",
        Text.UNKNOWN_SCALE: (
            "{grade}: the college has not said what the words of the scale of this work mean ({items})."
        ),
        Text.UNGRADED: "{grade}: the work has no mark yet.",
        Text.OFF_SCALE: (
            "{grade}: the mark {raw} is none that this work can have; its marks go from {lowest} to "
            "{highest}."
        ),
        Text.EXPLICIT_ZERO: "{grade}: the work was given the mark {mark}.",
        Text.BELOW_PASS: (
            "{grade}: attempt {attempt} was given {mark}, which is below {pass_from}, where Pass begins."
        ),
        Text.UNMARKED: (
            "{grade}: attempt {attempt} was given no mark, and needs at least {pass_from} to pass."
        ),
        Text.PASS: (
            "{grade}: the mark {mark} reaches {pass_from}, where Pass begins; Merit needs {merit_from}."
        ),
        Text.REASSESSMENT_CAP: (
            "{grade}: the mark {mark} would have earned {earned}, but attempt {attempt} is a reassessment, "
            "which can earn at most {grade}."
        ),
        Text.REPEAT_CAP: (
            "{grade}: the mark {mark} would have earned {earned}, but the unit is being repeated, "
            "and a repeated unit can earn at most {grade}."
        ),
        Text.LATE_CAP: (
            "{grade}: the mark {mark} would have earned {earned}, but the work was handed in after {wanted}, "
            "and late work can earn at most {grade}."
        ),
        Text.MERIT: (
            "{grade}: the mark {mark} reaches {merit_from}, where Merit begins; "
            "Distinction needs {distinction_from}."
        ),
        Text.DISTINCTION: "{grade}: the mark {mark} reaches {distinction_from}, where Distinction begins.",
        Text.ITEM: "{grade}: attempt {attempt} was given the mark {mark}.",
        Text.WILL_SETTLE: "A Refer on attempt {attempt} becomes a {settled} when grades are settled.",
        Text.SETTLED: "A Refer on attempt {attempt} counts as a {settled}.",
        Text.CRITERIA_MISMATCH: (
            "The assessment criteria add up to {implied} and so disagree with this grade; "
            "the college should look at it."
        ),
        Text.CRITERIA_AGREE: "The assessment criteria agree with this grade.",
        Text.UNKNOWN_CRITERION: (
            "A criterion has a code that cannot be read and counts for nothing: {criteria}."
        ),
        Text.LETTER_AGAINST_CODE: (
            "{letter} was given, but the feedback has the code {code} for work that is not valid."
        ),
        Text.OVER_CAP: "{letter} was given, but this attempt can earn at most {cap}.",
        Text.MARK_WITHOUT_WORK: "A mark was entered, although no work is recorded as handed in.",
        Text.UNKNOWN_WORKFLOW: (
            "“{workflow}” is no state of Moodle's marking workflow, so it held nothing back."
        ),
        Text.LOWER_THAN_BEFORE: "An earlier attempt had earned {before}, which is better.",
        Text.NEXT_WAIT: "There is nothing for you to do yet.",
        Text.NEXT_HAND_IN: "You can still hand in your work.",
        Text.NEXT_COLLEGE: "The college has to put this right; there is nothing for you to do.",
        Text.NEXT_RESUBMIT: "You can hand in again as soon as the college opens another attempt.",
        Text.NEXT_REPEAT: "To try again, ask the college whether you can repeat the unit.",
        Text.NEXT_ASK: "Ask the college whether you can try again.",
        Text.NEXT_APPEAL: "If you think this grade is wrong, you can appeal to the college.",
        Text.DECIDED: "Decided on {decided} under the policy {policy}, version {version}.",
        Text.DECIDED_SOMETIME: "Decided under the policy {policy}, version {version}.",
        Text.BY_DUE: "the due date",
        Text.BY_EXTENSION: "the end of the extension",
        Text.BY_CUTOFF: "the cut-off date",
        Text.MARK_BTEC: "{raw} of {highest} on the BTEC scale",
        Text.MARK_PERCENT: "{raw} of {highest} ({share})",
        Text.MARK_RANGE: "{raw} on the scale from {lowest} to {highest} ({share})",
        Text.MARK_ITEM: "“{item}” of the scale {items}",
        Text.MARK_BETWEEN: "{raw} of {highest} on the scale {items}",
    },
    Language.AR: {
        Text.NOT_RELEASED: "{grade}: لم تُعلَن نتيجة تقييم هذا العمل بعد.",
        Text.EXPLICIT_LETTER: "{grade}: سُجِّل هذا التقدير كما مُنح، ولم يُحسب من درجة.",
        Text.REASSESSED_AFTER_PASS: (
            "{grade}: سبق أن نجحت محاولة سابقة بهذا التقدير. "
            "ويبقى هذا التقدير قائمًا لأن العمل الناجح لا يُعاد تقييمه."
        ),
        Text.NOT_PERMITTED: (
            "{grade}: لا يمكن تقييم المحاولة رقم {attempt} لأن إعادة التقييم مسموحة مرة واحدة. "
            "ويبقى التقدير المسجَّل قبلها."
        ),
        Text.INVALID_SUBMISSION: (
            "{grade}: يُعامَل العمل المسلَّم كأنه لم يُسلَّم، لأن ملاحظات المدرّس تتضمن الرمز {code}."
        ),
        Text.AWAITING_SUBMISSION: "{grade}: لم يُسلَّم أي عمل بعد، ويُقبل التسليم حتى {deadline}، وهو {which}.",
        Text.NO_SUBMISSION: "{grade}: لم يُسلَّم أي عمل حتى {deadline}، وهو {which}.",
        Text.UNDATED: "{grade}: لم يُسلَّم أي عمل.",
        Text.UNKNOWN_SCALE: "{grade}: لم تحدّد الكلية معنى كلمات المقياس المستخدم لهذا العمل ({items}).",
        Text.UNGRADED: "{grade}: لم تُرصد درجة لهذا العمل بعد.",
        Text.OFF_SCALE: (
            "{grade}: الدرجة {raw} ليست من الدرجات الممكنة لهذا العمل، وهي من {lowest} إلى {highest}."
        ),
        Text.EXPLICIT_ZERO: "{grade}: مُنح العمل الدرجة {mark}.",
        Text.BELOW_PASS: (
            "{grade}: مُنحت المحاولة رقم {attempt} الدرجة {mark}، وهي أقل من {pass_from} حيث يبدأ النجاح."
        ),
        Text.UNMARKED: (
            "{grade}: لم تُمنح المحاولة رقم {attempt} درجة، وتحتاج إلى {pass_from} على الأقل للنجاح."
        ),
        Text.PASS: (
            "{grade}: بلغت الدرجة {mark} حد النجاح وهو {pass_from}، ويتطلب تقدير الجدارة {merit_from}."
        ),
        Text.REASSESSMENT_CAP: (
            "{grade}: كانت الدرجة {mark} تستحق تقدير {earned}، لكن المحاولة رقم {attempt} إعادة تقييم، "
            "وأعلى تقدير يُمنح فيها هو {grade}."
        ),
        Text.REPEAT_CAP: (
            "{grade}: كانت الدرجة {mark} تستحق تقدير {earned}، لكن الوحدة معادة، "
            "وأعلى تقدير يُمنح فيها هو {grade}."
        ),
        Text.LATE_CAP: (
            "{grade}: كانت الدرجة {mark} تستحق تقدير {earned}، لكن العمل سُلِّم بعد {wanted}، "
            "وأعلى تقدير يُمنح للعمل المتأخر هو {grade}."
        ),
        Text.MERIT: (
            "{grade}: بلغت الدرجة {mark} حد الجدارة وهو {merit_from}، "
            "ويتطلب تقدير الامتياز {distinction_from}."
        ),
        Text.DISTINCTION: "{grade}: بلغت الدرجة {mark} حد الامتياز وهو {distinction_from}.",
        Text.ITEM: "{grade}: مُنحت المحاولة رقم {attempt} الدرجة {mark}.",
        Text.WILL_SETTLE: "ويصبح التقدير في المحاولة رقم {attempt} {settled} عند تثبيت التقديرات.",
        Text.SETTLED: "ويُعدّ التقدير في المحاولة رقم {attempt} {settled}.",
        Text.CRITERIA_MISMATCH: (
            "تشير معايير التقييم إلى تقدير {implied}، وهو يخالف هذا التقدير، وعلى الكلية مراجعة ذلك."
        ),
        Text.CRITERIA_AGREE: "وتتفق معايير التقييم مع هذا التقدير.",
        Text.UNKNOWN_CRITERION: "يوجد معيار لا يمكن قراءة رمزه ولا يُحتسب: {criteria}.",
        Text.LETTER_AGAINST_CODE: (
            "مُنح تقدير {letter}، لكن الملاحظات تتضمن الرمز {code} الدال على أن العمل غير صالح."
        ),
        Text.OVER_CAP: "مُنح تقدير {letter}، لكن أعلى تقدير لهذه المحاولة هو {cap}.",
        Text.MARK_WITHOUT_WORK: "أُدخلت درجة مع أنه لم يُسجَّل تسليم أي عمل.",
        Text.UNKNOWN_WORKFLOW: "«{workflow}» ليست من حالات سير التقييم في Moodle، فلم تمنع إعلان النتيجة.",
        Text.LOWER_THAN_BEFORE: "وكانت محاولة سابقة قد نالت تقدير {before}، وهو أعلى.",
        Text.NEXT_WAIT: "ليس عليك فعل شيء الآن.",
        Text.NEXT_HAND_IN: "ما زال بإمكانك تسليم عملك.",
        Text.NEXT_COLLEGE: "على الكلية تصحيح ذلك، وليس عليك فعل شيء.",
        Text.NEXT_RESUBMIT: "يمكنك التسليم من جديد عندما تفتح الكلية محاولة أخرى.",
        Text.NEXT_REPEAT: "للمحاولة من جديد اسأل الكلية إن كان بإمكانك إعادة الوحدة.",
        Text.NEXT_ASK: "اسأل الكلية إن كان بإمكانك المحاولة من جديد.",
        Text.NEXT_APPEAL: "إذا رأيت أن هذا التقدير غير صحيح فيمكنك تقديم اعتراض إلى الكلية.",
        Text.DECIDED: "صدر هذا القرار في {decided} وفق السياسة {policy}، الإصدار {version}.",
        Text.DECIDED_SOMETIME: "صدر هذا القرار وفق السياسة {policy}، الإصدار {version}.",
        Text.BY_DUE: "موعد التسليم",
        Text.BY_EXTENSION: "نهاية التمديد",
        Text.BY_CUTOFF: "آخر موعد لقبول التسليم",
        Text.MARK_BTEC: "{raw} من {highest} على مقياس BTEC",
        Text.MARK_PERCENT: "{raw} من {highest} ({share})",
        Text.MARK_RANGE: "{raw} على المقياس من {lowest} إلى {highest} ({share})",
        Text.MARK_ITEM: "«{item}» من المقياس {items}",
        Text.MARK_BETWEEN: "{raw} من {highest} على المقياس {items}",
    },
}
"""Every text in every language; what stands in braces is filled in."""
