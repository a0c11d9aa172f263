"""Every check, in the order in which a person would look."""

from mzi_core.use_cases.doctor import Check
from mzi_core.use_cases.doctor_moodle import FORM_FIELDS, SITE, TOKEN
from mzi_core.use_cases.doctor_own import OWN
from mzi_core.use_cases.doctor_rights import RIGHTS
from mzi_core.use_cases.doctor_zoho import ZOHO

CHECKS: tuple[Check, ...] = (*OWN, *ZOHO, TOKEN, *SITE, RIGHTS, FORM_FIELDS)
