"""What a site says of itself."""

from typing import Any

from mzi_adapters.testing.moodle.parameters import Many, Value
from mzi_adapters.testing.moodle.refusals import moodle_error
from mzi_adapters.testing.moodle.site import Functions, Site

FUNCTIONS = Functions()

VERSION = "2024100706"
_FEATURES = {
    "usecomments": 1,
    "usetags": 1,
    "enablenotes": 1,
    "messaging": 1,
    "enableblogs": 1,
    "enablecompletion": 1,
    "enablebadges": 1,
    "messagingallusers": 0,
    "enablecustomreports": 1,
    "enableglobalsearch": 0,
    "mnet_dispatcher_mode": 0,
    "enablecompetencies": 1,
}


@FUNCTIONS.offer("core_webservice_get_site_info", serviceshortnames=Many(Value("alphanumext"), default=[]))
def site_info(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """Who the caller is, which Moodle this is, and which functions the service holds."""
    if given["serviceshortnames"]:
        raise moodle_error("servicenotavailable", "Web service is not available")
    user = site.user
    return {
        "sitename": site.shown(site.name),
        "username": user.username,
        "firstname": user.firstname,
        "lastname": user.lastname,
        "fullname": user.fullname,
        "lang": "en",
        "userid": user.id,
        "siteurl": site.url,
        "userpictureurl": f"{site.url}/theme/image.php/boost/core/1/u/f1",
        "functions": [{"name": name, "version": VERSION} for name in sorted(site.caller.functions)],
        "downloadfiles": 1,
        "uploadfiles": 1,
        "release": "4.5.6 (Build: 20250811)",
        "version": VERSION,
        "mobilecssurl": "",
        "advancedfeatures": [{"name": name, "value": value} for name, value in _FEATURES.items()],
        "usercanmanageownfiles": True,
        "userquota": 104857600,
        "usermaxuploadfilesize": 134217728,
        "userhomepage": 1,
        "userprivateaccesskey": "",
        "siteid": 1,
        "sitecalendartype": "gregorian",
        "usercalendartype": "gregorian",
        "userissiteadmin": user.id in site.administrators,
        "theme": "boost",
        "limitconcurrentlogins": 0,
        "policyagreed": 0,
    }
