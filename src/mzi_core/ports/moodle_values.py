"""People, courses and enrolments as Moodle has them, and what became of a write.

Times are aware and in UTC; Moodle's 0 is None. In a change, None leaves a field alone and "" empties it.
"""

from datetime import datetime
from enum import StrEnum

import attrs

from mzi_core.values import MoodleId


class Feature(StrEnum):
    """What a site can do beyond stock Moodle, named by the function of mzi's plugin that brings it."""

    GRADE_FACTS = "local_mzi_get_grade_facts"
    TEMPLATES = "local_mzi_save_btec_definition"


@attrs.frozen(kw_only=True)
class MoodleSite:
    """The site and the account behind the token. Our own writes come back as events of `user_id`."""

    name: str
    url: str
    release: str
    user_id: MoodleId
    username: str
    functions: frozenset[str]
    missing: tuple[str, ...]
    """Functions mzi always needs and this account's service lacks: an administrator adds them."""

    features: frozenset[Feature]


class RefusalKind(StrEnum):
    """Why Moodle refused one item."""

    BAD_INPUT = "bad_input"
    CONFLICT = "conflict"
    NOT_FOUND = "not_found"
    PERMISSION = "permission"
    TEMPORARY = "temporary"
    REMOTE_BUG = "remote_bug"


@attrs.frozen(kw_only=True)
class Confirmed:
    """An item that Moodle has as it was asked to. `id`: of what was created or changed, where it has one."""

    id: MoodleId | None = None


@attrs.frozen(kw_only=True)
class Refused:
    """An item that was not done, in a sentence; `code` is Moodle's, or empty when mzi refused it itself.

    `existing`: what has the unique value already. With the fault TEMPORARY it was not applied and may be
    asked for again.
    """

    fault: RefusalKind
    why: str
    code: str = ""
    existing: MoodleId | None = None


@attrs.frozen(kw_only=True)
class Ambiguous:
    """A write that may or may not have been applied, and that no key could settle."""

    why: str


MoodleResult = Confirmed | Refused | Ambiguous


class UserKey(StrEnum):
    """What users can be found by, as Moodle calls it."""

    ID = "id"
    USERNAME = "username"
    EMAIL = "email"
    ID_NUMBER = "idnumber"


@attrs.frozen(kw_only=True)
class MoodleUser:
    """A user. `deleted`: Moodle still answers for the id, but nobody is behind it any more."""

    id: MoodleId
    username: str
    email: str
    first_name: str = ""
    last_name: str = ""
    id_number: str = ""
    phone: str = ""
    city: str = ""
    country: str = ""
    auth: str = "manual"
    suspended: bool = False
    deleted: bool = False


@attrs.frozen(kw_only=True)
class NewUser:
    """A user to create. Without a `password` Moodle makes one and mails it, if `auth` keeps passwords.

    `username` is in small letters; `country` an ISO 3166 code of two capitals.
    """

    username: str
    first_name: str
    last_name: str
    email: str
    password: str | None = attrs.field(default=None, repr=False)
    auth: str | None = None
    id_number: str | None = None
    phone: str | None = None
    city: str | None = None
    country: str | None = None


@attrs.frozen(kw_only=True)
class UserChange:
    """What to change of a user. A user who leaves is suspended, never deleted."""

    id: MoodleId
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    id_number: str | None = None
    phone: str | None = None
    city: str | None = None
    country: str | None = None
    suspended: bool | None = None


class CourseKey(StrEnum):
    """What courses can be found by, as Moodle calls it."""

    SHORT_NAME = "shortname"
    ID_NUMBER = "idnumber"


@attrs.frozen(kw_only=True)
class MoodleCourse:
    """A course."""

    id: MoodleId
    short_name: str
    full_name: str
    category: int
    id_number: str = ""
    summary: str = ""
    format: str = ""
    visible: bool = True
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@attrs.frozen(kw_only=True)
class NewCourse:
    """A course to create; what is None is as the site has it by default."""

    full_name: str
    short_name: str
    category: MoodleId
    id_number: str | None = None
    summary: str | None = None
    format: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    visible: bool | None = None
    sections: int | None = None


@attrs.frozen(kw_only=True)
class CourseChange:
    """What to change of a course."""

    id: MoodleId
    full_name: str | None = None
    short_name: str | None = None
    category: MoodleId | None = None
    id_number: str | None = None
    summary: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    visible: bool | None = None


@attrs.frozen(kw_only=True)
class MoodleCategory:
    """A course category; `parent` is 0 at the top."""

    id: MoodleId
    name: str
    id_number: str = ""
    parent: int = 0


@attrs.frozen(kw_only=True)
class NewCategory:
    """A category to create. `id_number` is what a lost answer is settled by."""

    name: str
    id_number: str
    parent: MoodleId | None = None
    description: str | None = None


class Membership(StrEnum):
    """Which enrolments of a course are read; SUSPENDED also counts those whose time is over."""

    ALL = "all"
    ACTIVE = "active"
    SUSPENDED = "suspended"


@attrs.frozen(kw_only=True)
class EnrolledUser:
    """A user enrolled in a course, with the ids of the roles held there."""

    id: MoodleId
    username: str
    email: str
    full_name: str = ""
    id_number: str = ""
    roles: tuple[int, ...] = ()


@attrs.frozen(kw_only=True)
class Enrolment:
    """A manual enrolment to make, or to make again with other times or `suspended` or not."""

    user: MoodleId
    course: MoodleId
    role: MoodleId
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    suspended: bool | None = None


@attrs.frozen(kw_only=True)
class Unenrolment:
    """A manual enrolment to end: Moodle forgets the grades with it, so suspending is the milder way."""

    user: MoodleId
    course: MoodleId


@attrs.frozen(kw_only=True)
class RoleInCourse:
    """A role somebody has, or shall have or lose, in a course."""

    user: MoodleId
    course: MoodleId
    role: MoodleId


@attrs.frozen(kw_only=True)
class MoodleGroup:
    """A group of a course."""

    id: MoodleId
    course: MoodleId
    name: str
    id_number: str = ""


@attrs.frozen(kw_only=True)
class NewGroup:
    """A group to create; its name is unique in the course."""

    course: MoodleId
    name: str
    description: str = ""
    id_number: str | None = None


@attrs.frozen(kw_only=True)
class GroupMember:
    """Somebody to be in a group; they must be enrolled in its course."""

    group: MoodleId
    user: MoodleId
