"""What each recorded call was after, said to the gateway, and what it makes of the recorded answer."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs
from tests.gateways.moodle.recorded import nested, recorded_calls

from mzi_adapters.moodle import MoodleClient
from mzi_core.ports import (
    Applied,
    CourseChange,
    CourseKey,
    Enrolment,
    GroupMember,
    NewCategory,
    NewCourse,
    NewGroup,
    NewUser,
    RoleInCourse,
    Unenrolment,
    UserChange,
    UserKey,
)
from mzi_core.values import MoodleId

GUEST = '{"users":[{"id":1,"username":"guest","auth":"manual","email":"root@localhost"}],"warnings":[]}'


@attrs.frozen(eq=False)
class Intent:
    """`ask` sends the form of the recorded call `name`; `given` holds of what it returns."""

    name: str
    ask: Callable[[MoodleClient], Awaitable[Any]]
    given: Callable[[Any], bool]
    aside: dict[str, str] = attrs.field(factory=dict)
    """Answers to what the gateway asks besides, by function."""

    def __repr__(self) -> str:
        return self.name


def _confirmed(count: int) -> Callable[[Any], bool]:
    return lambda results: list(results) == [Applied()] * count


def _ids(*ids: int) -> Callable[[Any], bool]:
    return lambda results: list(results) == [Applied(id=MoodleId(id)) for id in ids]


def _rows(name: str, field: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = nested(recorded_calls()[name].asked)[field]
    return rows


def _time(seconds: str | None) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else None


def _bool(value: str | None) -> bool | None:
    return None if value is None else value == "1"


def new_users(name: str) -> Sequence[NewUser]:
    """The users a recorded call creates."""
    return [
        NewUser(
            username=row["username"],
            first_name=row["firstname"],
            last_name=row["lastname"],
            email=row["email"],
            password=row.get("password"),
            auth=row.get("auth"),
            id_number=row.get("idnumber"),
            phone=row.get("phone1"),
            city=row.get("city"),
            country=row.get("country"),
        )
        for row in _rows(name, "users")
    ]


def user_changes(name: str) -> Sequence[UserChange]:
    """The changes a recorded call makes."""
    return [
        UserChange(
            id=MoodleId(int(row["id"])),
            username=row.get("username"),
            email=row.get("email"),
            phone=row.get("phone1"),
            city=row.get("city"),
            suspended=_bool(row.get("suspended")),
        )
        for row in _rows(name, "users")
    ]


def new_courses(name: str) -> Sequence[NewCourse]:
    """The courses a recorded call creates."""
    return [
        NewCourse(
            full_name=row["fullname"],
            short_name=row["shortname"],
            category=MoodleId(int(row["categoryid"])),
            id_number=row.get("idnumber"),
            summary=row.get("summary"),
            format=row.get("format"),
            starts_at=_time(row.get("startdate")),
            ends_at=_time(row.get("enddate")),
            visible=_bool(row.get("visible")),
            sections=int(row["numsections"]) if "numsections" in row else None,
        )
        for row in _rows(name, "courses")
    ]


def course_changes(name: str) -> Sequence[CourseChange]:
    """The changes a recorded call makes."""
    return [
        CourseChange(
            id=MoodleId(int(row["id"])),
            full_name=row.get("fullname"),
            short_name=row.get("shortname"),
            id_number=row.get("idnumber"),
        )
        for row in _rows(name, "courses")
    ]


def enrolments(name: str) -> Sequence[Enrolment]:
    """The enrolments a recorded call makes."""
    return [
        Enrolment(
            user=MoodleId(int(row["userid"])),
            course=MoodleId(int(row["courseid"])),
            role=MoodleId(int(row["roleid"])),
            starts_at=_time(row.get("timestart")),
            ends_at=_time(row.get("timeend")),
            suspended=_bool(row.get("suspend")),
        )
        for row in _rows(name, "enrolments")
    ]


def unenrolments(name: str) -> Sequence[Unenrolment]:
    """The enrolments a recorded call ends."""
    return [
        Unenrolment(user=MoodleId(int(row["userid"])), course=MoodleId(int(row["courseid"])))
        for row in _rows(name, "enrolments")
    ]


def members(name: str) -> Sequence[GroupMember]:
    """Whom a recorded call puts into groups."""
    return [
        GroupMember(group=MoodleId(int(row["groupid"])), user=MoodleId(int(row["userid"])))
        for row in _rows(name, "members")
    ]


_NOBODY = {"core_user_get_users_by_field": "[]", "core_user_get_users": GUEST}
_NO_COURSE = {"core_course_get_courses_by_field": '{"courses":[],"warnings":[]}'}


def _creates_users(case: str, *ids: int) -> Intent:
    name = f"core_user_create_users__{case}"
    return Intent(name, lambda moodle: moodle.create_users(new_users(name)), _ids(*ids), _NOBODY)


def _finds_users(case: str, key: UserKey, values: Sequence[str], *ids: int) -> Intent:
    name = f"core_user_get_users_by_field__{case}"
    return Intent(
        name,
        lambda moodle: moodle.find_users(key, values),
        lambda found: sorted(user.id for users in found.values() for user in users) == sorted(ids),
        {"core_user_get_users": GUEST},
    )


def _changes_users(case: str, *ids: int) -> Intent:
    name = f"core_user_update_users__{case}"
    return Intent(name, lambda moodle: moodle.update_users(user_changes(name)), _ids(*ids))


def _creates_courses(case: str, *ids: int) -> Intent:
    name = f"core_course_create_courses__{case}"
    return Intent(name, lambda moodle: moodle.create_courses(new_courses(name)), _ids(*ids), _NO_COURSE)


def _changes_courses(case: str, *ids: int) -> Intent:
    name = f"core_course_update_courses__{case}"
    return Intent(name, lambda moodle: moodle.update_courses(course_changes(name)), _ids(*ids))


def _enrols(case: str, count: int) -> Intent:
    name = f"enrol_manual_enrol_users__{case}"
    return Intent(name, lambda moodle: moodle.enrol(enrolments(name)), _confirmed(count))


def _unenrols(case: str) -> Intent:
    name = f"enrol_manual_unenrol_users__{case}"
    return Intent(name, lambda moodle: moodle.unenrol(unenrolments(name)), _confirmed(1))


COURSE = MoodleId(2)
_TEACHING = RoleInCourse(user=MoodleId(7), course=COURSE, role=MoodleId(4))

INTENTS: tuple[Intent, ...] = (
    Intent(
        "core_webservice_get_site_info__ok",
        lambda moodle: moodle.site(),
        lambda site: (site.user_id, site.username, site.missing) == (3, "mzi_service", ()),
    ),
    _creates_users("ok_single", 7),
    _creates_users("ok_batch_19", *range(8, 27)),
    _creates_users("ok_teachers", 27, 28, 29),
    _creates_users("ok_arabic_name", 30),
    _creates_users("ok_createpassword", 31),
    _creates_users("ok_auth_oauth2", 34),
    _creates_users("ok_duplicate_idnumber_is_accepted", 69),
    _creates_users("ok_extra3", 70, 71, 72),
    _creates_users("ok_for_delete", 65, 66, 67),
    _creates_users("ok_recreate_deleted_username", 68),
    _finds_users("ok_id", UserKey.ID, ["7"], 7),
    _finds_users("ok_id_one_unknown", UserKey.ID, ["507", "8"], 8),
    _finds_users("ok_unknown_user_empty_list", UserKey.ID, ["99999"]),
    _finds_users("ok_username", UserKey.USERNAME, ["student001@btec.example"], 7),
    _finds_users("ok_idnumber", UserKey.ID_NUMBER, ["5398830000400001"], 7),
    _finds_users("ok_idnumber_two_hits", UserKey.ID_NUMBER, ["5398830000400001"], 7, 69),
    _finds_users(
        "ok_email_one_unknown", UserKey.EMAIL, ["student001@btec.example", "nobody@btec.example"], 7
    ),
    _finds_users("ok_suspended_user", UserKey.ID, ["26"], 26),
    _finds_users("ok_deleted_user_still_returned_by_id", UserKey.ID, ["65", "66"], 65, 66),
    _changes_users("ok", 7),
    _changes_users("ok_suspend", 26),
    _changes_users("ok_unsuspend", 26),
    _creates_courses("ok", 2),
    _creates_courses("ok_minimal", 3),
    _creates_courses("pg_shortname_other_case_accepted", 6),
    _changes_courses("ok", 2),
    _changes_courses("ok_set_idnumber", 2),
    _changes_courses("ok_clear_idnumber", 2),
    Intent(
        "core_course_get_courses__ok",
        lambda moodle: moodle.courses([COURSE]),
        lambda found: found[2].short_name == "BM-2026-A" and found[2].id_number == "5398830000789012",
    ),
    Intent(
        "core_course_get_courses__ok_unknown_empty_list",
        lambda moodle: moodle.courses([MoodleId(99999)]),
        lambda found: found == {},
    ),
    Intent(
        "core_course_get_courses_by_field__ok_by_shortname",
        lambda moodle: moodle.find_courses(CourseKey.SHORT_NAME, ["BM-2026-A"]),
        lambda found: found["BM-2026-A"].id == COURSE,
    ),
    Intent(
        "core_course_get_courses_by_field__ok_by_idnumber",
        lambda moodle: moodle.find_courses(CourseKey.ID_NUMBER, ["5398830000789012"]),
        lambda found: found["5398830000789012"].starts_at == datetime(2026, 1, 1, tzinfo=UTC),
    ),
    Intent(
        "core_course_get_courses_by_field__pg_shortname_case_sensitive",
        lambda moodle: moodle.find_courses(CourseKey.SHORT_NAME, ["bm-2026-a"]),
        lambda found: found == {},
        {"core_course_get_courses": "[]"},
    ),
    Intent(
        "core_course_create_categories__ok",
        lambda moodle: moodle.create_categories(
            [NewCategory(name="BTEC", id_number="CAT-BTEC", description="BTEC programmes")]
        ),
        _ids(2),
        {"core_course_get_categories": "[]"},
    ),
    Intent(
        "core_course_create_categories__ok_child",
        lambda moodle: moodle.create_categories(
            [NewCategory(name="BTEC Level 5", id_number="CAT-BTEC-L5", parent=MoodleId(2))]
        ),
        _ids(3),
        {"core_course_get_categories": "[]"},
    ),
    Intent(
        "core_course_get_categories__ok_by_idnumber",
        lambda moodle: moodle.find_categories(["CAT-BTEC-L5"]),
        lambda found: (found["CAT-BTEC-L5"].id, found["CAT-BTEC-L5"].parent) == (3, 2),
    ),
    Intent(
        "core_course_get_categories__ok_none_found",
        lambda moodle: moodle.find_categories(["NOPE"]),
        lambda found: found == {},
    ),
    _enrols("ok_single_null", 1),
    _enrols("ok_repeat_idempotent_null", 1),
    _enrols("ok_batch_19", 19),
    _enrols("ok_teachers", 3),
    _enrols("ok_with_dates", 1),
    _enrols("ok_suspended", 1),
    _unenrols("ok_null"),
    _unenrols("ok_2"),
    _unenrols("repeat_behaviour"),
    Intent(
        "core_role_assign_roles__ok_null",
        lambda moodle: moodle.assign_roles([_TEACHING]),
        _confirmed(1),
    ),
    Intent(
        "core_role_unassign_roles__ok_null",
        lambda moodle: moodle.unassign_roles([_TEACHING]),
        _confirmed(1),
    ),
    Intent(
        "core_group_create_groups__ok",
        lambda moodle: moodle.create_groups([NewGroup(course=COURSE, name="Section A", id_number="SEC-A")]),
        _ids(1),
        {"core_group_get_course_groups": "[]"},
    ),
    Intent(
        "core_group_get_course_groups__ok",
        lambda moodle: moodle.groups(COURSE),
        lambda groups: (
            [(group.id, group.name, group.id_number) for group in groups] == [(1, "Section A", "SEC-A")]
        ),
    ),
    Intent(
        "core_group_get_group_members__ok",
        lambda moodle: moodle.group_members([MoodleId(1)]),
        lambda found: found == {1: tuple(range(7, 17))},
    ),
    Intent(
        "core_group_add_group_members__ok_null",
        lambda moodle: moodle.add_group_members(members("core_group_add_group_members__ok_null")),
        _confirmed(10),
    ),
)
