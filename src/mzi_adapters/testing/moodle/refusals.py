"""How Moodle says no: HTTP 200 and `{exception, errorcode, message}`, in its own words."""

import attrs

_PARAMETER = "Invalid parameter value detected"


@attrs.define(eq=False)
class Refusal(Exception):
    """One error answer; `errorcode` is None where PHP itself failed, `debuginfo` shows only on debugging."""

    exception: str
    errorcode: str | None
    message: str
    debuginfo: str = ""
    module: str = ""
    """Set where tool_mobile_call_external_functions names a module and says nothing else."""

    def answer(self, *, debug: bool) -> dict[str, str]:
        """The body of the answer."""
        said = {"exception": self.exception}
        if self.errorcode is not None:
            said["errorcode"] = self.errorcode
        said["message"] = self.message
        if debug and self.debuginfo:
            said["debuginfo"] = self.debuginfo
        return said


def invalid_parameter(debuginfo: str = "") -> Refusal:
    """The catch-all of bad input; without debugging all of them read the same."""
    return Refusal("core\\exception\\invalid_parameter_exception", "invalidparameter", _PARAMETER, debuginfo)


def moodle_error(errorcode: str, message: str, debuginfo: str = "") -> Refusal:
    """An error of Moodle's own making."""
    return Refusal("core\\exception\\moodle_exception", errorcode, message, debuginfo)


def missing_record(table: str) -> Refusal:
    """A row that must exist does not."""
    message = f"Can't find data record in database table {table}."
    return Refusal("dml_missing_record_exception", "invalidrecord", message)


def invalid_user() -> Refusal:
    """There is no such user, or it was deleted."""
    return Refusal("dml_missing_record_exception", "invaliduser", "Invalid user")


def invalid_module() -> Refusal:
    """There is no such course module."""
    return Refusal("dml_missing_record_exception", "invalidcoursemodule", "Invalid course module ID")


def write_error() -> Refusal:
    """The database would not take a value."""
    return Refusal("dml_write_exception", "dmlwriteexception", "Error writing to database")


def coding_error(hint: str) -> Refusal:
    """A function was used in a way its author forbids."""
    message = f"Coding error detected, it must be fixed by a programmer: {hint}"
    return Refusal("core\\exception\\coding_exception", "codingerror", message)


def php_error(message: str, kind: str = "Error") -> Refusal:
    """PHP itself failed: there is no errorcode."""
    return Refusal(kind, None, message)


def no_permission(capability: str, code: str = "nopermissions") -> Refusal:
    """The role lacks a capability."""
    wanted = _NAMES.get(capability, capability)
    message = f"Sorry, but you do not currently have permissions to do that ({wanted})."
    return Refusal("core\\exception\\required_capability_exception", code, message, capability)


def no_access(debuginfo: str) -> Refusal:
    """One code for a dozen reasons; only `debuginfo` tells them apart."""
    return Refusal("webservice_access_exception", "accessexception", "Access control exception", debuginfo)


def not_in_service(function: str) -> Refusal:
    """The most frequent of those reasons, which names them all."""
    return no_access(_NOT_IN_SERVICE.format(function))


def no_database() -> Refusal:
    """The database cannot be reached."""
    return Refusal("dml_connection_exception", "dbconnectionfailed", _NO_DATABASE)


def course_closed() -> Refusal:
    """The caller is neither enrolled in the course nor allowed to view it."""
    message = "Course or activity not accessible."
    return Refusal("core\\exception\\require_login_exception", "requireloginerror", message)


def course_context(course: int, why: str = "Course or activity not accessible.") -> Refusal:
    """The same, as the functions say it that check the context by hand."""
    message = (
        f"You cannot execute functions in the course context (course id:{course}). "
        f"The context error message was: {why}"
    )
    return moodle_error("errorcoursecontextnotvalid", message)


_NAMES = {
    "moodle/user:create": "Create users",
    "moodle/user:update": "Update user profiles",
    "moodle/user:delete": "Delete users",
    "moodle/course:create": "Create courses",
    "moodle/course:managegroups": "Manage groups",
    "moodle/course:viewparticipants": "View participants",
    "moodle/category:manage": "Manage categories",
    "moodle/role:assign": "Assign roles to users",
    "moodle/role:review": "Review permissions for others",
    "moodle/grade:edit": "Edit grades",
    "moodle/grade:manage": "Manage grade items",
    "moodle/grade:managegradingforms": "Manage advanced grading methods",
    "moodle/grade:viewall": "View grades of other users",
    "enrol/manual:enrol": "Enrol users",
    "enrol/manual:unenrol": "Unenrol users from the course",
    "gradereport/user:view": "View user report",
    "mod/assign:grade": "Grade assignment",
    "mod/assign:viewgrades": "View grades",
}

_NO_DATABASE = (
    "<p>Error: Database connection failed</p>\r\n"
    "<p>It is possible that the database is overloaded or otherwise not running properly.</p>\r\n"
    "<p>The site administrator should also check that the database details have been correctly specified "
    "in config.php</p>"
)

_NOT_IN_SERVICE = (
    "Access to the function {}() is not allowed.\r\n"
    "                     There could be multiple reasons for this:\r\n"
    "                     1. The service linked to the user token does not contain the function.\r\n"
    "                     2. The service is user-restricted and the user is not listed.\r\n"
    "                     3. The service is IP-restricted and the user IP is not listed.\r\n"
    "                     4. The service is time-restricted and the time has expired.\r\n"
    "                     5. The token is time-restricted and the time has expired.\r\n"
    "                     6. The service requires a specific capability which the user does not have.\r\n"
    "                     7. The function is called with username/password (no user token is sent)\r\n"
    "                     and none of the services has the function to allow the user.\r\n"
    "                     These settings can be found in Administration > Site administration\r\n"
    "                     > Server > Web services > External services and Manage tokens."
)
