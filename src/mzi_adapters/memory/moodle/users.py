"""Users: created all or none, changed one by one, never quite deleted."""

import hashlib
import re
from typing import Any

from mzi_adapters.memory.moodle.parameters import Many, One, Shape, Value
from mzi_adapters.memory.moodle.people import like
from mzi_adapters.memory.moodle.records import User
from mzi_adapters.memory.moodle.refusals import (
    Refusal,
    coding_error,
    invalid_parameter,
    invalid_user,
    moodle_error,
    write_error,
)
from mzi_adapters.memory.moodle.site import Functions, Site, warning

FUNCTIONS = Functions()

_TEXT = Value("text", optional=True)
_COMMON: dict[str, Shape] = {
    "auth": Value("alphanumext", optional=True),
    "idnumber": Value("raw", optional=True),
    "city": _TEXT,
    "country": Value("raw", optional=True),
    "phone1": _TEXT,
    "department": _TEXT,
    "lang": Value("raw", optional=True),
    "timezone": Value("raw", optional=True),
    "mailformat": Value("int", optional=True),
    "description": Value("raw", optional=True),
    "institution": _TEXT,
    "address": _TEXT,
    "phone2": _TEXT,
    "maildisplay": Value("int", optional=True),
    "customfields": Many(One({"type": Value("raw"), "value": Value("raw")}), optional=True),
    "preferences": Many(One({"type": Value("raw"), "value": Value("raw")}), optional=True),
}
_KEPT = ("auth", "idnumber", "city", "country", "phone1", "department", "lang")
_LONGEST = {"firstname": 100, "lastname": 100, "email": 100, "username": 100, "phone1": 20, "city": 120,
            "idnumber": 255, "department": 255}  # fmt: skip
_AUTHS = {"manual", "email", "nologin", "oauth2", "ldap", "db", "lti", "cas", "shibboleth"}
_LANGS = {"en"}
_ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+\Z")
_OTHERS_PASSWORDS = {"oauth2", "ldap", "db", "lti", "cas", "shibboleth", "nologin"}
_PASSWORD = (
    (re.compile(r".{8}", re.DOTALL), "Passwords must be at least 8 characters long."),
    (re.compile(r"\d"), "Passwords must have at least 1 digit(s)."),
    (re.compile(r"[a-z]"), "Passwords must have at least 1 lower case letter(s)."),
    (re.compile(r"[A-Z]"), "Passwords must have at least 1 upper case letter(s)."),
    (
        re.compile(r"[^a-zA-Z0-9]"),
        "The password must have at least 1 special character(s) such as *, -, or #.",
    ),
)


@FUNCTIONS.offer(
    "core_user_create_users",
    users=Many(
        One(
            {
                "createpassword": Value("bool", optional=True),
                "username": Value("username"),
                "password": Value("raw", optional=True),
                "firstname": Value("text"),
                "lastname": Value("text"),
                "email": Value("raw"),
                **_COMMON,
            }
        )
    ),
)
def create_users(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Create every user, or none."""
    site.require("moodle/user:create")
    created: list[User] = []
    usernames: set[str] = set()
    emails: set[str] = set()
    for wanted in given["users"]:
        user = _new_user(site, wanted, usernames, emails)
        usernames.add(user.username)
        emails.add(user.email.lower())
        created.append(user)
    for user in created:
        site.people.put(user)
    return [{"id": user.id, "username": user.username} for user in created]


def _new_user(site: Site, wanted: dict[str, Any], usernames: set[str], emails: set[str]) -> User:
    username, email, auth = wanted["username"], wanted["email"], wanted.get("auth", "manual")
    if auth not in _AUTHS:
        raise invalid_parameter(f"Invalid authentication type: {auth}")
    if wanted.get("lang", "en") not in _LANGS:
        raise invalid_parameter(f"Invalid language code: {wanted['lang']}")
    if username in usernames or site.people.username_taken(username):
        raise invalid_parameter(f"Username already exists: {username}")
    for name in ("firstname", "lastname"):
        if not wanted[name].strip():
            raise invalid_parameter(f"The field '{name}' cannot be blank")
    if not _ADDRESS.match(email):
        raise invalid_parameter(f"Email address is invalid: {email}")
    if email.lower() in emails or site.people.email_taken(email):
        raise invalid_parameter(f"Email address already exists: {email}")
    if auth not in _OTHERS_PASSWORDS and not wanted.get("createpassword"):
        _check_password(wanted.get("password"))
    fields = {key: wanted[key] for key in _KEPT if key in wanted}
    return User(
        id=site.next_id("user"),
        username=username,
        firstname=wanted["firstname"],
        lastname=wanted["lastname"],
        email=email,
        **_fitting({"firstname": wanted["firstname"], "lastname": wanted["lastname"]}, fields),
    )


def _check_password(password: str | None) -> None:
    if not password:
        raise invalid_parameter("Invalid password: you must provide a password, or set createpassword.")
    lacking = "".join(f"<div>{rule}</div>" for pattern, rule in _PASSWORD if not pattern.search(password))
    if lacking:
        raise moodle_error(lacking, f"error/{lacking}")


def _fitting(names: dict[str, str], fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as the database would hold them. Raises the write error of one that is too long."""
    for key, value in {**names, **fields}.items():
        if key in _LONGEST and len(value) > _LONGEST[key]:
            raise write_error()
    if "country" in fields and not re.fullmatch(r"[A-Z]{2}|", fields["country"]):
        fields["country"] = "0"
    return fields


@FUNCTIONS.offer(
    "core_user_update_users",
    users=Many(
        One(
            {
                "id": Value("int"),
                "username": Value("username", optional=True),
                "password": Value("raw", optional=True),
                "suspended": Value("bool", optional=True),
                "firstname": Value("text", optional=True),
                "lastname": Value("text", optional=True),
                "email": Value("raw", optional=True),
                **_COMMON,
            }
        )
    ),
)
def update_users(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """Change each user by itself; what cannot be changed comes back as a warning."""
    site.require("moodle/user:update")
    warnings = []
    for changes in given["users"]:
        try:
            _update(site, changes)
        except Refusal as refusal:
            warnings.append(warning("user", changes["id"], refusal.errorcode or "", refusal.message))
    return {"warnings": warnings}


def _update(site: Site, changes: dict[str, Any]) -> None:
    user = site.people.rows.get(changes["id"])
    if user is None:
        raise moodle_error("invaliduserid", "Invalid user ID")
    if user.deleted:
        raise moodle_error("usernotupdateddeleted", "error/usernotupdateddeleted")
    if user.id == _ADMIN:
        raise moodle_error("usernotupdatedadmin", "Cannot update admin accounts")
    if user.id == _GUEST:
        raise moodle_error("usernotupdatedguest", "error/usernotupdatedguest")
    email = changes.get("email")
    if email is not None and email != user.email:
        if not _ADDRESS.match(email):
            raise moodle_error("useremailinvalid", "error/useremailinvalid")
        if site.people.email_taken(email, but=user.id):
            raise moodle_error("useremailduplicate", "Duplicate address")
    username = changes.get("username", user.username)
    if username != user.username and site.people.username_taken(username):
        raise write_error()
    kept = {*_KEPT, "username", "firstname", "lastname", "email", "suspended"}
    site.people.change(user, **_fitting({}, {key: changes[key] for key in changes if key in kept}))


_GUEST, _ADMIN = 1, 2


@FUNCTIONS.offer("core_user_delete_users", userids=Many(Value("int")))
def delete_users(site: Site, given: dict[str, Any]) -> None:
    """Delete every user, or none. The rows stay, under names of their own."""
    site.require("moodle/user:delete")
    users = []
    for each in given["userids"]:
        user = site.people.living(each)
        if user is None:
            raise invalid_user()
        if user.id == _ADMIN:
            raise moodle_error("useradminodelete", "Administrator accounts cannot be deleted.")
        if user.id == site.caller.userid:
            raise moodle_error("usernotdeletederror", "error/usernotdeletederror")
        users.append(user)
    for user in users:
        _delete(site, user)


def _delete(site: Site, user: User) -> None:
    for course in site.enrolments.firsts(user.id):
        remove_enrolment(site, course, user.id)
    site.people.change(
        user,
        deleted=True,
        email=hashlib.md5(user.username.encode(), usedforsecurity=False).hexdigest(),
        username=f"{user.username}.{site.now()}",
        idnumber="",
    )


@FUNCTIONS.offer("core_user_get_users_by_field", field=Value("alpha"), values=Many(Value("raw")))
def get_users_by_field(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Users with these values in one field; the deleted are still found by id."""
    field, values = given["field"], given["values"]
    if field not in ("id", "idnumber", "username", "email"):
        raise invalid_parameter()
    pattern = {"id": r"\d+", "username": r"[-.@_a-z0-9]*"}.get(field)
    if pattern and not all(re.fullmatch(pattern, str(value)) for value in values):
        raise invalid_parameter()
    found: dict[int, User] = {}
    for value in values:
        for user in site.people.where(field, str(value)):
            found.setdefault(user.id, user)
    return [
        user_fields(site, found[each])
        for each in sorted(found)
        if sees(site, found[each]) and (field == "id" or not found[each].deleted)
    ]


@FUNCTIONS.offer("core_user_get_users", criteria=Many(One({"key": Value("alpha"), "value": Value("raw")})))
def get_users(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """Users for whom every criterion holds; a key it does not know is passed over, and narrows nothing."""
    warnings, asked, keys = [], [], set()
    for criterion in given["criteria"]:
        key, value = criterion["key"], str(criterion["value"])
        if key in keys:
            raise moodle_error("keyalreadyset", "The key can be set only once")
        keys.add(key)
        if key in ("email", "firstname", "lastname", "username", "idnumber", "id", "auth"):
            asked.append((key, value))
        else:
            message = f"The search key '{key}' is not supported, look at the web service documentation"
            warnings.append({"item": key, "warningcode": "invalidfieldparameter", "message": message})
    users = [
        user_fields(site, user)
        for user in site.people.visible()
        if all(_matches(user, key, value) for key, value in asked) and sees(site, user)
    ]
    return {"users": users, "warnings": warnings}


def _matches(user: User, key: str, value: str) -> bool:
    if key in ("email", "firstname", "lastname"):
        return like(value, getattr(user, key))
    return str(getattr(user, key)) == value


def sees(site: Site, user: User) -> bool:
    """Whether the caller sees this user at all; who may not view details sees only themselves."""
    return user.id == site.caller.userid or site.may("moodle/user:viewdetails")


def pictures(site: Site) -> dict[str, str]:
    """The picture of somebody without one."""
    root = f"{site.url}/theme/image.php/boost/core/1/u"
    return {"profileimageurlsmall": f"{root}/f2", "profileimageurl": f"{root}/f1"}


def identity(site: Site, user: User) -> dict[str, Any]:
    """The fields a person is known by, empty ones left out as Moodle leaves them out."""
    own = user.id == site.caller.userid
    listed = site.identity if site.may("moodle/site:viewuseridentity") else ()
    shown: dict[str, Any] = {
        "id": user.id,
        "username": user.username,
        "firstname": user.firstname,
        "lastname": user.lastname,
        "fullname": user.fullname,
    }
    if own or "email" in listed:
        shown["email"] = user.email
    if user.phone1 and "phone1" in listed:
        shown["phone1"] = user.phone1
    shown["department"] = user.department
    if user.idnumber and ("idnumber" in listed or site.may("moodle/user:viewalldetails")):
        shown["idnumber"] = user.idnumber
    return shown | {"firstaccess": 0, "lastaccess": 0}


def place(user: User) -> dict[str, str]:
    """City and country; a country stored as "0" counts as none."""
    country = "" if user.country == "0" else user.country
    return {key: value for key, value in (("city", user.city), ("country", country)) if value}


def user_fields(site: Site, user: User) -> dict[str, Any]:
    """One user as the user functions show it."""
    own = user.id == site.caller.userid
    shown = identity(site, user) | {"suspended": user.suspended, "trackforums": 0}
    if own or site.may("moodle/user:viewalldetails"):
        shown |= {
            "auth": user.auth,
            "confirmed": True,
            "lang": user.lang,
            "theme": "",
            "timezone": "99",
            "mailformat": 1,
        }
    shown |= place(user) | pictures(site)
    if own:
        shown["preferences"] = [
            {"name": "auth_manual_passwordupdatetime", "value": "1"},
            {"name": "last_time_enrolments_synced", "value": "1"},
            {"name": "_lastloaded", "value": site.now()},
        ]
    return shown


def remove_enrolment(site: Site, course: int, user: int) -> None:
    """Take a user out of a course, out of its groups and roles too; who is not in it does not matter."""
    site.enrolments.drop(course, user)
    site.roles.drop(course, user)
    for group in site.groups_of(course, user):
        group.members.remove(user)


def role_user(site: Site, user: int) -> User:
    """The user a role is to be given to."""
    found = site.people.living(user)
    if found is None:
        raise coding_error("User ID does not exist or is deleted!")
    return found
