"""Every check, ours and the adapters', in the order in which a person would look."""

from mzi_adapters.moodle import doctor as moodle
from mzi_adapters.zoho import doctor as zoho
from mzi_core.use_cases.doctor import Doctor
from mzi_core.use_cases.doctor_declarations import DECLARATIONS
from mzi_core.use_cases.doctor_own import BREAKERS, FILES, NOTIFY, STORE, settings_check

DOCTOR = Doctor(
    checks=(
        STORE,
        settings_check(moodle.login_method),
        FILES,
        BREAKERS,
        NOTIFY,
        *zoho.ACCOUNT,
        *DECLARATIONS,
        *moodle.CHECKS,
    ),
    told={**zoho.TOLD, **moodle.TOLD},
)
