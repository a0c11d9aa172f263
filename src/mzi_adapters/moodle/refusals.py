"""What Moodle's error codes mean. The sentences are ours: Moodle's own may name people."""

import re

from mzi_core.errors import (
    AccessRefused,
    AlreadyTaken,
    AuthRevoked,
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
    InputRefused,
    RemoteBug,
    RemoteNotFound,
)
from mzi_core.ports import Rejected, RejectionKind, RejectionReason, kind_of
from mzi_core.values import MoodleId

SERVICE = "Moodle"

NO_FUNCTION = "accessexception"
NO_CAPABILITY = "nopermissions"
NO_CATEGORY = "errorcatcontextnotvalid"
BAD_VALUE = "invalidparameter"

NEW_PASSWORD, SITE_POLICY, PROFILE = "forcepasswordchangenotice", "sitepolicynotagreed", "usernotfullysetup"
NO_NEW_PASSWORD = "nopasswordchangeforced"  # noqa: S105  # an error code
"""As NEW_PASSWORD, where the login method, such as that for web services, has no password to change."""

UNREADY = frozenset({NEW_PASSWORD, NO_NEW_PASSWORD, SITE_POLICY, PROFILE})
"""The account has to do something in Moodle's pages before any course is opened to it."""

_CLOSED, _NO_CONTEXT = "requireloginerror", "errorcoursecontextnotvalid"
NO_ENTRY = frozenset({_CLOSED, _NO_CONTEXT})
"""The account cannot enter the course."""


class KeptBack(AccessRefused):
    """Something is left out of an answer because the account lacks a capability."""

    def __init__(self, said: str, capability: str, *, also: str = "") -> None:
        self.capability = capability
        super().__init__(SERVICE, said, remedy=f"Give its role {capability}{also}.")


_OR_UNREADY = (
    "If that is well, sign in as this account once: Moodle may want a new password, an agreement to its "
    "policy, or the profile first."
)
"""Other calls are refused for that with a code of its own; some have only words about it."""

_MEANINGS: dict[type[GatewayError], dict[str, str]] = {
    AuthRevoked: {
        "invalidtoken": "The token is unknown or has expired.",
        "wsaccessusersuspended": "The user behind the token is suspended.",
    },
    AccessRefused: {
        NO_FUNCTION: "The token may not call this function.",
        NO_CAPABILITY: "The account lacks a capability. Give its role what the documentation lists.",
        _CLOSED: "The account cannot enter the course. Give its role moodle/course:view.",
        _NO_CONTEXT: "There is no such course, or the account cannot enter it.",
        NO_CATEGORY: "There is no such category, or the account cannot enter it.",
        "wsusercannotassign": "The account may not assign this role. Allow it under Define roles > Allow "
        "role assignments.",
        "nopermission": "The account lacks a capability. Give its role what the documentation lists.",
        NEW_PASSWORD: "Moodle wants the account of the service to change its password first.",
        NO_NEW_PASSWORD: "Moodle wants the account of the service to change its password first, and its "
        "login method has none that could be changed.",
        SITE_POLICY: "The account of the service has not agreed to the site's policy.",
        PROFILE: "The profile of the account of the service lacks something that the site asks for.",
        "nopermissiontoviewgrades": "The account may not see grades. Give its role moodle/grade:viewall.",
        "criteriaerror": "The account may not search by this.",
        "useradminodelete": "An administrator cannot be deleted over web services.",
        "usernotupdatedadmin": "An administrator cannot be changed over web services.",
        "usernotupdatedguest": "The guest cannot be changed.",
    },
    InputRefused: {
        BAD_VALUE: "A value is missing, malformed or taken; Moodle does not say which.",
        "errorinvalidparam": "A value is not among those the site takes.",
        "dmlwriteexception": "The database took no such row: a text may be too long, or a value taken.",
        "categorynamerequired": "A category needs a name.",
        "categorytoolong": "The name of the category is too long.",
        "idnumbertoolong": "The id number is too long.",
        "enddatebeforestartdate": "The end must be after the start.",
        "nostartdatenoenddate": "A course has an end only with a start; send both.",
        "useremailinvalid": "The address is not valid, or not allowed on this site.",
        "invalidscale": "There is no such scale here.",
        "invalid_method_name": "There is no such grading method here.",
        "couldnotsavegrade": "Moodle's grading form does not accept this.",
    },
    AlreadyTaken: {
        "shortnametaken": "Another course has this short name.",
        "courseidnumbertaken": "Another course has this id number.",
        "categoryidnumbertaken": "Another category has this id number.",
        "useremailduplicate": "Another user has this address.",
    },
    RemoteNotFound: {
        "invalidrecord": "There is no such record.",
        "invalidrecordunknown": "There is no such record.",
        "invaliduser": "There is no such user.",
        "invaliduserid": "There is no such user.",
        "usernotupdateddeleted": "The user has been deleted.",
        "userdeleted": "The user has been deleted; restore the account in Moodle, or make a new one.",
        "invalidcourse": "There is no such course.",
        "wsnoinstance": "The course has no manual enrolment, or it is disabled; add it under Participants > "
        "Enrolment methods.",
        "invalidcoursemodule": "There is no such course module.",
        "unknowcategory": "There is no such category.",
        "unknowncategory": "There is no such category.",
        "nofile": "There is no such file.",
    },
    GatewayUnavailable: {
        "dbconnectionfailed": "Its database does not answer.",
        "sitemaintenance": "The site is under maintenance.",
        "gradesneedregrading": "The gradebook of the course is being worked out anew.",
    },
    RemoteBug: {
        "codingerror": "Moodle calls it a coding error; often a user or another record is not there.",
        "invalidresponse": "Moodle could not shape its own answer; often moodle/user:viewdetails is missing.",
    },
}

ANSWERS = frozenset({"403", "gradesneedregrading"})
"""Codes with which the site answers, though it cannot do this now: its web services are off, or a gradebook
is busy."""

_REMEDIES = {
    "invalidtoken": "Make a token for the service under Site administration > Server > Web services > "
    "Manage tokens, and set `moodle.token`.",
    "wsaccessusersuspended": "Activate the account of the service in Moodle.",
    NO_FUNCTION: "Check that the service is enabled and has the function, that the account is "
    "authorised for it and its role has `webservice/rest:use`, that the token has not expired, and that our "
    "IP address is allowed.",
    NEW_PASSWORD: "Sign in as this account once and change the password, or untick Force password change in "
    "its profile.",
    NO_NEW_PASSWORD: "Untick Force password change in the profile of this account.",
    SITE_POLICY: "Sign in as this account once and agree to it.",
    PROFILE: "Sign in as this account once and fill in what is asked for.",
    _NO_CONTEXT: f"Give its role moodle/course:view. {_OR_UNREADY}",
    NO_CATEGORY: f"Set `moodle.category` to one that is there. {_OR_UNREADY}",
}
"""What helps against what concerns the account as a whole."""

_BY_CODE = {code: (kind, said) for kind, codes in _MEANINGS.items() for code, said in codes.items()}

_CODE = re.compile(r"[A-Za-z0-9_/:-]{1,60}")
_TAG = re.compile(r"<[^<>]*>")
_LONGEST = 2000
"""Characters of the rules for passwords that are looked at."""


def error_for(code: str | None) -> GatewayError:
    """The error an errorcode stands for; None is PHP that failed, HTML the rules for passwords."""
    if not code:
        return RemoteBug(SERVICE, "PHP failed behind the web service; its log on the server says where.")
    if code in _BY_CODE:
        kind, said = _BY_CODE[code]
        return kind(SERVICE, said, code=code, remedy=_REMEDIES.get(code, ""))
    if _CODE.fullmatch(code):
        return GatewayRefused(SERVICE, f"It refused the call with `{code}`.", code=code)
    words = " ".join(_TAG.sub(" ", code[:_LONGEST]).split())
    return InputRefused(SERVICE, words[:300])


def rejection(
    kind: RejectionKind, why: str, *, code: str = "", existing: MoodleId | None = None
) -> Rejected[MoodleId]:
    """An item that is rejected for one reason; without a `code` of Moodle's it was we who rejected it."""
    return Rejected(kind=kind, reasons=(RejectionReason(message=why, code=code),), existing=existing)


def rejected(error: GatewayError) -> Rejected[MoodleId]:
    """What an error says about the one item it was about."""
    return rejection(kind_of(error), str(error), code=error.code)


def denies_everything(error: GatewayError) -> bool:
    """Whether it is about the account or the service rather than about what was asked."""
    if isinstance(error, AuthRevoked):
        return True
    about_account = error.code in (NO_FUNCTION, *UNREADY) or error.code.isdigit()
    return isinstance(error, AccessRefused) and about_account
