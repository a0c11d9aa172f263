"""What of a person is shown to whom."""

from typing import Any

from mzi_adapters.testing.moodle.site import Site
from mzi_adapters.testing.moodle.site_tables import SiteUser


def sees(site: Site, user: SiteUser) -> bool:
    """Whether the caller sees this user at all; who may not view details sees only themselves."""
    return user.id == site.caller.userid or site.may("moodle/user:viewdetails")


def pictures(site: Site) -> dict[str, str]:
    """The picture of somebody without one."""
    root = f"{site.url}/theme/image.php/boost/core/1/u"
    return {"profileimageurlsmall": f"{root}/f2", "profileimageurl": f"{root}/f1"}


def identity(site: Site, user: SiteUser) -> dict[str, Any]:
    """The fields a person is known by, empty ones left out as Moodle leaves them out."""
    own = user.id == site.caller.userid
    whole = own or site.may("moodle/user:viewalldetails")
    listed = site.identity if site.may("moodle/site:viewuseridentity") else ()
    shown: dict[str, Any] = {
        "id": user.id,
        **({"username": user.username} if whole else {}),
        "firstname": user.firstname,
        "lastname": user.lastname,
        "fullname": user.fullname,
    }
    if own or "email" in listed:
        shown["email"] = user.email
    if user.phone1 and "phone1" in listed:
        shown["phone1"] = user.phone1
    if whole or "department" in listed:
        shown["department"] = user.department
    if user.idnumber and (whole or "idnumber" in listed):
        shown["idnumber"] = user.idnumber
    return shown | {"firstaccess": 0, "lastaccess": 0}


def place(user: SiteUser) -> dict[str, str]:
    """City and country; a country stored as "0" counts as none."""
    country = "" if user.country == "0" else user.country
    return {key: value for key, value in (("city", user.city), ("country", country)) if value}


def user_fields(site: Site, user: SiteUser) -> dict[str, Any]:
    """One user as the user functions show it."""
    own = user.id == site.caller.userid
    shown = identity(site, user) | {"suspended": user.suspended, "timezone": "99"}
    if own or site.may("moodle/user:viewalldetails"):
        shown |= {
            "auth": user.auth,
            "confirmed": True,
            "lang": user.lang,
            "theme": "",
            "trackforums": 0,
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
