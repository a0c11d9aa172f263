"""What Zoho's refusals of one record mean: of which kind they are, and with which sentence they are told."""

from typing import Any

import pytest

from mzi_adapters.zoho.refusals import KINDS, result
from mzi_core.ports import Rejected, RejectionKind

BAD, TAKEN, GONE = RejectionKind.BAD_INPUT, RejectionKind.CONFLICT, RejectionKind.NOT_FOUND
CLOSED, LATER, BROKEN = RejectionKind.PERMISSION, RejectionKind.TEMPORARY, RejectionKind.REMOTE_BUG


def refused(code: str, **details: object) -> dict[str, Any]:
    """One refused record of an answer."""
    return {"code": code, "details": details, "message": "no", "status": "error"}


def several(*items: object) -> dict[str, Any]:
    """One refused record with several reasons."""
    return refused("MULTIPLE_OR_MULTI_ERRORS", errors=[*items])


INVALID, DUPLICATE, LOCKED = refused("INVALID_DATA"), refused("DUPLICATE_DATA"), refused("RECORD_LOCKED")
FORBIDDEN, UNKNOWN = refused("NO_PERMISSION"), refused("INVALID_MODULE")


def dependent(said: str) -> dict[str, Any]:
    """A record for which a service behind Zoho failed."""
    return refused("DEPENDENT_SERVICE_ERROR", dependency_error=said)


CASES = [
    (INVALID, BAD),
    (refused("MANDATORY_NOT_FOUND"), BAD),
    (refused("A_CODE_OF_TOMORROW"), BAD),
    ({"status": "error"}, BAD),
    (DUPLICATE, TAKEN),
    (refused("DUPLICATE_LINKING_DATA"), TAKEN),
    (LOCKED, LATER),
    (refused("NOT_APPROVED"), LATER),
    (refused("NOT_REVIEWED"), LATER),
    (refused("RECORD_IN_BLUEPRINT"), LATER),
    (FORBIDDEN, CLOSED),
    (refused("AUTHORIZATION_FAILED"), CLOSED),
    (refused("OAUTH_SCOPE_MISMATCH"), CLOSED),
    (refused("AUTHENTICATION_FAILURE"), CLOSED),
    (UNKNOWN, GONE),
    (refused("RESOURCE_NOT_FOUND"), GONE),
    (refused("INTERNAL_ERROR"), BROKEN),
    (dependent("PROCESSING_ERROR"), LATER),
    (dependent("NO_PERMISSION"), CLOSED),
    (dependent("CANNOT_PROCESS"), BAD),
    (refused("INVALID_DATA", api_name="id", json_path="$.data[7].id"), GONE),
    (refused("INVALID_DATA", api_name="id", json_path="$.id"), GONE),
    (refused("INVALID_DATA", api_name="id", json_path="$.data[0].LO_Rows[1].id"), BAD),
    (refused("INVALID_DATA", api_name="Student", json_path="$.data[0].Student.id"), BAD),
    (refused("INVALID_DATA", api_name="id", json_path="$.data[0].id" + "x" * 100_000), BAD),
    (several(INVALID, DUPLICATE), TAKEN),
    (several(INVALID, LOCKED, DUPLICATE), LATER),
    (several(UNKNOWN, FORBIDDEN), CLOSED),
    (several(INVALID, UNKNOWN), GONE),
]


@pytest.mark.parametrize(
    ("item", "kind"), CASES, ids=[f"{n} {item.get('code')}" for n, (item, _) in enumerate(CASES)]
)
def test_a_refusal_is_of_a_kind(item: dict[str, Any], kind: RejectionKind) -> None:
    """And only what passes by itself may be sent again as it is."""
    found = result("BTEC_Grades", item)
    assert isinstance(found, Rejected)
    assert (found.kind, found.retryable) == (kind, kind is LATER)


def test_every_code_has_a_case() -> None:
    """So that none is of another kind unnoticed."""
    assert {*KINDS} <= {item.get("code") for item, _ in CASES}


@pytest.mark.parametrize(
    ("details", "said"),
    [
        (
            {
                "code": "MANDATORY_NOT_FOUND",
                "message": "required field not found",
                "details": {
                    "api_name": "LO_Code",
                    "parent_api_name": "Learning_Outcomes_Assessm",
                    "json_path": "$.data[0].Learning_Outcomes_Assessm[1].LO_Code",
                },
            },
            "row 1 of Learning_Outcomes_Assessm (counted from 0), LO_Code: "
            "required field not found (MANDATORY_NOT_FOUND).",
        ),
        (
            {
                "code": "INVALID_DATA",
                "message": "invalid data",
                "details": {
                    "api_name": "Gender",
                    "json_path": "$.data[0].Gender",
                    "supported_values": ["Male", "Female"],
                    "expected_data_type": "picklist",
                },
            },
            "Gender: invalid data (expected data type picklist; allowed are Male, Female) (INVALID_DATA).",
        ),
        (
            {
                "code": "DUPLICATE_DATA",
                "message": "duplicate data",
                "details": {"api_name": "Academic_Email", "duplicate_record": {"id": "7005"}},
            },
            "Academic_Email: duplicate data (record 7005 has it) (DUPLICATE_DATA).",
        ),
        (
            {
                "code": "DUPLICATE_DATA",
                "message": "duplicate data",
                "details": {
                    "api_name": "Email",
                    "duplicate_record": {"id": "7", "module": {"api_name": "Leads"}},
                },
            },
            "Email: duplicate data (Leads 7 has it) (DUPLICATE_DATA).",
        ),
        (
            {"code": "RECORD_LOCKED", "message": "record is locked", "details": {"id": "7000"}},
            "record is locked (RECORD_LOCKED).",
        ),
    ],
    ids=["row", "values", "duplicate", "duplicate elsewhere", "no field"],
)
def test_a_refusal_names_the_place_what_is_allowed_and_who_is_in_the_way(
    details: dict[str, object], said: str
) -> None:
    refused = result("BTEC_Students", {**details, "status": "error"})
    assert isinstance(refused, Rejected)
    assert refused.why == said


def test_of_very_many_allowed_values_the_first_are_told() -> None:
    item = {
        "code": "INVALID_DATA",
        "message": "invalid data",
        "details": {"api_name": "Major", "supported_values": [f"M{n}" for n in range(300)]},
        "status": "error",
    }
    refused = result("BTEC_Students", item)
    assert isinstance(refused, Rejected)
    assert "M18, M19 and 280 more)" in refused.why
