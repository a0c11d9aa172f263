"""Finding users: by one field exactly, or by patterns."""

import re
from typing import Any

from mzi_adapters.testing.moodle.parameters import Many, One, Value
from mzi_adapters.testing.moodle.people import like
from mzi_adapters.testing.moodle.profiles import sees, user_fields
from mzi_adapters.testing.moodle.refusals import (
    invalid_parameter,
    moodle_error,
)
from mzi_adapters.testing.moodle.site import Functions, Site
from mzi_adapters.testing.moodle.site_tables import SiteUser

FUNCTIONS = Functions()

_TAKEN = {"id": re.compile(r"\d{1,19}"), "username": re.compile(r"[-.@_a-z0-9]*")}


@FUNCTIONS.offer("core_user_get_users_by_field", field=Value("alpha"), values=Many(Value("raw")))
def get_users_by_field(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Users with these values in one field; the deleted are still found by id."""
    site.require_ready()
    field, values = given["field"], given["values"]
    if field not in ("id", "idnumber", "username", "email"):
        raise invalid_parameter()
    pattern = _TAKEN.get(field)
    if pattern is not None and not all(pattern.fullmatch(str(value)) for value in values):
        raise invalid_parameter()
    found: dict[int, SiteUser] = {}
    for value in values:
        for user in site.people.where(field, str(value)):
            found.setdefault(user.id, user)
    shown = [
        user_fields(site, found[each])
        for each in sorted(found)
        if sees(site, found[each]) and (field == "id" or not found[each].deleted)
    ]
    return [user for user in shown if field in user]  # nobody is found by what is not shown


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
    users = [user for user in users if all(key in user for key, _ in asked)]
    return {"users": users, "warnings": warnings}


def _matches(user: SiteUser, key: str, value: str) -> bool:
    if key in ("email", "firstname", "lastname"):
        return like(value, getattr(user, key))
    return str(getattr(user, key)) == value
