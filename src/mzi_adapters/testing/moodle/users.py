"""Users: created all or none, changed one by one, never quite deleted."""

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from mzi_adapters.testing.moodle.parameters import Many, One, Shape, Value
from mzi_adapters.testing.moodle.refusals import (
    Refusal,
    invalid_parameter,
    invalid_user,
    moodle_error,
    write_error,
)
from mzi_adapters.testing.moodle.roles import remove_enrolment
from mzi_adapters.testing.moodle.site import Functions, Site, warning
from mzi_adapters.testing.moodle.site_tables import SiteUser

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
_COUNTRY = re.compile(r"[A-Z]{2}|")
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
    for wanted in given["users"]:  # as every parameter is looked at before the capability
        if wanted.get("auth", "manual") not in _AUTHS:
            raise invalid_parameter(f"Invalid authentication type: {wanted['auth']}")
        if wanted.get("lang", "en") not in _LANGS:
            raise invalid_parameter(f"Invalid language code: {wanted['lang']}")
    site.require_ready()
    site.require("moodle/user:create")
    created: list[SiteUser] = []
    usernames: set[str] = set()
    emails: set[str] = set()
    for wanted in given["users"]:
        user = _new_user(site, wanted, usernames, emails)
        usernames.add(user.username)
        emails.add(user.email.lower())
        created.append(user)
        if wanted.get("createpassword"):  # at once, whatever becomes of the others
            site.mails.append(user.email)
    for user in created:
        site.people.put(user)
    return [{"id": user.id, "username": user.username} for user in created]


def _new_user(site: Site, wanted: dict[str, Any], usernames: set[str], emails: set[str]) -> SiteUser:
    username, email, auth = wanted["username"], wanted["email"], wanted.get("auth", "manual")
    if username in usernames or site.people.username_taken(username):
        raise invalid_parameter(f"Username already exists: {username}")
    for name in ("firstname", "lastname"):
        if not wanted[name].strip():
            raise invalid_parameter(f"The field '{name}' cannot be blank")
    if not (email.isascii() and _ADDRESS.match(email)):
        raise invalid_parameter(f"Email address is invalid: {email}")
    if email.lower() in emails or site.people.email_taken(email):
        raise invalid_parameter(f"Email address already exists: {email}")
    if auth not in _OTHERS_PASSWORDS and not wanted.get("createpassword"):
        _check_password(wanted.get("password"))
    fields = {key: wanted[key] for key in _KEPT if key in wanted}
    return SiteUser(
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
    if "country" in fields and not _COUNTRY.fullmatch(fields["country"]):
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
    site.require_ready()
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
    administrators = site.administrators
    if user.id in administrators and site.caller.userid not in administrators:
        raise moodle_error("usernotupdatedadmin", "Cannot update admin accounts")
    if user.deleted:
        raise moodle_error("usernotupdateddeleted", "error/usernotupdateddeleted")
    if user.id == _GUEST:
        raise moodle_error("usernotupdatedguest", "error/usernotupdatedguest")
    email = changes.get("email")
    if email is not None and email != user.email:
        if not (email.isascii() and _ADDRESS.match(email)):
            raise moodle_error("useremailinvalid", "error/useremailinvalid")
        if site.people.email_taken(email, but=user.id):
            raise moodle_error("useremailduplicate", "Duplicate address")
    username = changes.get("username", user.username)
    if username != user.username and site.people.username_taken(username):
        raise write_error()
    kept = {*_KEPT, "username", "firstname", "lastname", "email", "suspended"}
    site.people.change(user, **_fitting({}, {key: changes[key] for key in changes if key in kept}))


_GUEST = 1


@FUNCTIONS.offer("core_user_delete_users", userids=Many(Value("int")))
def delete_users(site: Site, given: dict[str, Any]) -> None:
    """Delete every user, or none. The rows stay, under names of their own."""
    site.require("moodle/user:delete")
    remove_users(site, given["userids"])


def remove_users(site: Site, ids: Iterable[int]) -> None:
    """As somebody deletes them who may."""
    users = []
    for each in ids:
        user = site.people.living(each)
        if user is None:
            raise invalid_user()
        if user.id in site.administrators:
            raise moodle_error("useradminodelete", "Administrator accounts cannot be deleted.")
        if user.id == site.caller.userid:
            raise moodle_error("usernotdeletederror", "error/usernotdeletederror")
        users.append(user)
    for user in users:
        _delete(site, user)


def _delete(site: Site, user: SiteUser) -> None:
    for course in site.enrolments.firsts(user.id):
        remove_enrolment(site, course, user.id)
    site.people.change(
        user,
        deleted=True,
        email=hashlib.md5(user.username.encode(), usedforsecurity=False).hexdigest(),
        username=f"{user.username}.{site.now()}",
        idnumber="",
    )
