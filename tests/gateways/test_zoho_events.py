"""What Zoho's messages say: which record is to be looked at, or why that cannot be told."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mzi_adapters.zoho.events import LONGEST_SENT_AS, MOST_IDS, ZohoEvents
from mzi_core.errors import MessageRefused
from mzi_core.ports import Event, Told
from mzi_core.values import RecordId

ID, OTHER, THIRD = "5398830000090000001", "5398830000090000002", "5398830000090000003"
NOW = datetime(2026, 2, 1, tzinfo=UTC)
RULE = {"zoho_id": ID, "module": "BTEC_Students"}


def read(door: str, message: object, address: Mapping[str, str] = {}) -> list[Told]:
    return list(ZohoEvents().read(door, message, address))


def kept(told: Told) -> Event:
    """The event that is kept of what was told."""
    return Event(
        id=RecordId("1"),
        source="s",
        kind=told.kind,
        module=told.module,
        key=told.key,
        body=told.body,
        received_at=NOW,
    )


@pytest.mark.parametrize(
    ("door", "message", "module", "kind"),
    [
        ("student_updated", RULE, "students", "student_updated"),
        ("student_deleted", RULE, "students", "student_deleted"),
        ("student", {"record_id": ID, "operation": "insert"}, "students", "student_created"),
        ("student", {"record_id": ID, "operation": "BTEC_Students.edit"}, "students", "student_updated"),
        ("payment", {"record_id": ID, "event_type": "updated"}, "payments", "payment_updated"),
        ("registration", {"record_id": ID, "operation": "delete"}, "registrations", "registration_deleted"),
        ("unit", {"record_id": ID, "module": "BTEC_Units"}, "units", "unit_updated"),
        ("btec_definition_deleted", {"zoho_id": ID, "module": "BTEC"}, "units", "unit_deleted"),
        ("btec_definition_updated", {"zoho_id": ID}, "units", "unit_updated"),
        ("payment_recorded", {"zoho_id": ID}, "payments", "payment_created"),
        ("grade_submitted", {"zoho_id": ID}, "grades", "grade_updated"),
        ("request_status_changed", {"zoho_id": ID}, "requests", "request_updated"),
        ("class_created", {"zoho_id": ID}, "classes", "class_created"),
        (
            "channel",
            {"module": "BTEC_Classes", "ids": [ID], "operation": "insert"},
            "classes",
            "class_created",
        ),
        ("teacher_updated", {"zoho_id": ID, "operation": "delete"}, "teachers", "teacher_updated"),
    ],
)
def test_the_door_and_the_message_say_which_record_of_which_module(
    door: str, message: object, module: str, kind: str
) -> None:
    (told,) = read(door, message)
    assert (told.module, told.key, told.kind, told.problem) == (module, ID, kind, "")
    assert not told.is_fact
    assert json.loads(told.body) == message


@pytest.mark.parametrize(
    ("message", "address"),
    [
        ({"zoho_id": ID}, {}),
        ({"zoho_id": f"zcrm_{ID}"}, {}),
        ({"zoho_id": int(ID)}, {}),
        ({"record_id": f" {ID} "}, {}),
        ({"id": ID, "Name": "A01"}, {}),
        ({"ids": [ID]}, {}),
        ({"ids": ID}, {}),
        ({"data": [ID]}, {}),
        ({"data": [{"id": ID, "Name": "A01"}]}, {}),
        ({"data": {"ID": ID}}, {}),
        ([{"id": ID}], {}),
        ({"module": "BTEC_Students"}, {"zoho_id": ID}),
        ({}, {"record_id": ID, "unknown": "x"}),
        # a form
        ({"zoho_id": [ID], "module": ["BTEC_Students"]}, {}),
        ({"ids[]": [ID]}, {}),
        ({"ids[0]": [ID]}, {}),
        ({"data[0]": [ID]}, {}),
        ({"data": [f'{{"id": "{ID}", "City": "Irbid"}}']}, {}),
        ({"ids": [f'["{ID}"]']}, {}),
        ({"ids": f"{ID},{ID}"}, {}),
        ({}, {"ids": f"{ID}, {ID}"}),
    ],
    ids=str,
)
def test_a_record_is_named_in_any_of_the_ways_that_rules_have(
    message: object, address: Mapping[str, str]
) -> None:
    (told,) = read("student_updated", message, address)
    assert (told.module, told.key, told.problem) == ("students", ID, "")


def test_several_records_are_told_one_by_one_and_each_once() -> None:
    """With what was said of each where the message says it."""
    told = read("channel", {"module": "BTEC", "ids": [ID, OTHER, ID]})
    assert [each.key for each in told] == [ID, OTHER]
    told = read("student_updated", {"data": [{"id": ID, "City": "Irbid"}, {"id": OTHER}]})
    assert [json.loads(each.body) for each in told] == [
        {"data": [{"id": ID, "City": "Irbid"}]},
        {"data": [{"id": OTHER}]},
    ]
    for ids in (
        {"ids[0]": [ID], "ids[1]": [OTHER]},
        {"ids": f"{ID}, {OTHER}"},
        {"ids": [f'["{ID}", {OTHER}]']},
    ):
        assert [each.key for each in read("unit", ids)] == [ID, OTHER]


@pytest.mark.parametrize(
    ("door", "message", "module", "said"),
    [
        ("student_updated", {"zoho_id": "${!BTEC_Students.Id}"}, "students", "did not replace it"),
        ("student_updated", {"data": [{"id": "${Id}"}]}, "students", "choose it again"),
        ("student_updated", {"module": "BTEC_Students"}, "students", "names no record"),
        ("student_updated", {"zoho_id": "5.39883E+18"}, "students", "`zoho_id`"),
        ("student_updated", {"zoho_id": True}, "students", "must be an id"),
        ("student_updated", {"data": [{"Name": "A01"}]}, "students", "no id of a record"),
        ("student_updated", {"zoho_id": "x" * 10_000}, "students", "longer than"),
        ("student_updated", {"zoho_id": "9" * 26}, "students", "no id of a record"),
        ("student_updated", {"zoho_id": "1') or (id is not null"}, "students", "no id of a record"),
        ("student_updated", {"ids": '["539'}, "students", "no id of a record"),
        (
            "student_updated",
            {"zoho_id": ID, "module": "Leads"},
            None,
            "The `module` of the message cannot be told. `Leads` is not a module mzi knows.",
        ),
        ("student_updated", {"zoho_id": ID, "module": "BTEC_Teachers"}, "students", "correct the address"),
        ("channel", {"ids": [ID]}, None, "names no `module`"),
        ("invoice_updated", {"zoho_id": ID}, None, "Nothing is known of events called `invoice`"),
        ("submit_student_request", {"request_number": "CLD-1"}, None, "replay it"),
    ],
)
def test_what_cannot_be_attributed_is_told_with_what_repairs_it(
    door: str, message: Mapping[str, object], module: str | None, said: str
) -> None:
    (told,) = read(door, message)
    assert told.module == module
    assert said in told.problem
    assert len(told.problem) < 400


@pytest.mark.parametrize(
    ("message", "address", "keys"),
    [
        ({"id": OTHER}, {"zoho_id": ID}, [OTHER, ID]),
        ({"id": "2"}, {"zoho_id": "4"}, ["2", "4"]),
        ({"id": ID}, {"zoho_id": ID, "id": OTHER}, [ID, OTHER]),
        ({}, {"zoho_id": f"{ID},{OTHER}"}, [ID, OTHER]),
        ({"id": ID, "ids": [OTHER, THIRD, ID]}, {}, [ID, OTHER, THIRD]),
        ({"id": "1", "ids": ["2", "3"]}, {}, ["1", "2", "3"]),
        ({"zoho_id": ID, "ids": OTHER, "record_id": THIRD}, {}, [ID, THIRD, OTHER]),
        ({"zoho_id": ID, "id": OTHER}, {}, [ID, OTHER]),
        ({"zoho_id": ID, "data": [{"id": OTHER}, {"id": THIRD}]}, {"id": "4"}, [ID, "4", OTHER, THIRD]),
        ({"record_id": ID, "data": {"id": OTHER, "City": "Irbid"}}, {}, [ID, OTHER]),
        ({"record_id": ID, "data": [OTHER]}, {}, [ID, OTHER]),
        ({"zoho_id": [ID], "ids[]": [OTHER, THIRD]}, {}, [ID, OTHER, THIRD]),
        ([{"id": ID}], {"zoho_id": OTHER}, [OTHER, ID]),
        # a merge field that was not replaced names one too
        ({"zoho_id": ID}, {"id": "${Id}"}, [ID, None]),
        ({"zoho_id": ID, "id": "${Id}"}, {}, [ID, None]),
        ({"zoho_id": "${Id}", "data": [{"id": ID}, {"City": "Irbid"}]}, {}, [None, ID, None]),
        # beside `zoho_id` these are the sender's own
        ({"zoho_id": ID, "id": "4101"}, {}, [ID]),
        ({"record_id": ID, "id": "evt_8f2c", "data": {"City": "Irbid"}}, {}, [ID]),
        ({"zoho_id": ID, "id": True, "data": "created"}, {}, [ID]),
    ],
    ids=str,
)
def test_records_that_are_named_in_several_places_are_all_told(
    message: object, address: Mapping[str, str], keys: list[str | None]
) -> None:
    """Or parked with a reason: nothing that is named is dropped."""
    told = read("student_updated", message, address)
    assert [each.key for each in told] == keys
    assert [not each.problem for each in told] == [key is not None for key in keys]


def test_what_is_kept_tells_all_that_was_sent() -> None:
    """The parameters of the address too; of `data` what is about that record."""
    (told,) = read("student_updated", {"module": "BTEC_Students"}, {"zoho_id": ID, "by": "rule 7"})
    assert json.loads(told.body) == {"module": "BTEC_Students", "?zoho_id": ID, "?by": "rule 7"}
    for door in ("invoice_updated", "submit_student_request"):
        (lost,) = read(door, {"n": 1}, {"by": "rule 7"})
        assert json.loads(lost.body) == {"n": 1, "?by": "rule 7"}
    items = [{"id": ID, "City": "Irbid"}, {"id": OTHER, "City": "Amman"}, {"id": ID, "City": "Zarqa"}]
    several = read("student", {"operation": "edit", "zoho_id": THIRD, "data": items}, {"by": "rule 7"})
    beside = {"operation": "edit", "zoho_id": THIRD, "?by": "rule 7"}
    assert [json.loads(each.body) for each in several] == [
        beside,
        {**beside, "data": [items[0], items[2]]},
        {**beside, "data": [items[1]]},
    ]


def test_a_message_of_which_too_much_would_be_kept_is_refused() -> None:
    """With each record stands all that was said beside it."""
    ids = [str(number) for number in range(MOST_IDS)]
    assert len(read("student", {"ids": ids, "note": "x" * 20_000})) == MOST_IDS
    assert len(read("student", {"id": ID, "note": "x" * 17_000_000})) == 1
    with pytest.raises(MessageRefused, match="send several"):
        read("student", {"ids": ids, "note": "x" * 40_000})
    with pytest.raises(MessageRefused, match="more than"):
        read("student", {"ids": ids, "zoho_id": ID})


def test_one_record_that_cannot_be_read_harms_none_beside_it() -> None:
    told = read("student_updated", {"ids": [ID, "${Id}", "1E+18", OTHER]})
    assert [(each.key, bool(each.problem)) for each in told] == [
        (ID, False),
        (None, True),
        (None, True),
        (OTHER, False),
    ]


@pytest.mark.parametrize("message", ["text", 7, None, True, {"ids": [str(n) for n in range(MOST_IDS + 1)]}])
def test_what_no_rule_sends_is_refused(message: object) -> None:
    with pytest.raises(MessageRefused):
        read("student_updated", message)


def test_the_senders_own_id_is_taken_under_both_its_names() -> None:
    assert read("payment", {"event_id": "zoho_78", "record_id": ID})[0].sent_as == "zoho_78"
    assert read("payment", {"notification_id": 78, "record_id": ID})[0].sent_as == "78"
    assert read("payment", {"event_id": " ", "notification_id": ["n"], "record_id": ID})[0].sent_as == "n"
    assert read("payment", {"record_id": ID})[0].sent_as is None
    with pytest.raises(MessageRefused, match="longer than"):
        read("payment", {"event_id": "x" * (LONGEST_SENT_AS + 1), "record_id": ID})


@pytest.mark.parametrize(
    ("message", "record"),
    [
        (RULE, None),
        ({"id": ID, "module": "BTEC_Students"}, None),
        ({"data": [{"id": ID}]}, None),
        ({"data": [ID]}, None),
        ({"id": ID, "City": "Irbid"}, {"id": ID, "City": "Irbid"}),
        ({"data": [{"id": ID, "City": "Irbid"}]}, {"id": ID, "City": "Irbid"}),
        ({"record_id": ID, "data": {"City": "Irbid"}}, {"id": ID, "City": "Irbid"}),
        ({"record_id": ID, "data": [{"City": "Irbid"}]}, {"id": ID, "City": "Irbid"}),
        ({"record_id": ID, "data": [{"City": "Irbid"}, {"City": "Amman"}]}, None),
        ({"record_id": ID, "data": {"ID": f"zcrm_{ID}", "City": "A"}}, {"ID": f"zcrm_{ID}", "City": "A"}),
    ],
    ids=str,
)
def test_a_message_that_holds_the_record_tells_it(message: object, record: object) -> None:
    (told,) = read("student_updated", message)
    event = kept(told)
    assert ZohoEvents().record(event) == record
    assert ZohoEvents().record(attrs.evolve(event, module=None)) is None
    assert not ZohoEvents().is_deletion(event)
    assert ZohoEvents().is_deletion(attrs.evolve(event, kind="student_deleted"))


@pytest.mark.parametrize(
    ("message", "address", "records"),
    [
        # a form
        ({"id": [ID], "City": ["Irbid"]}, {}, [{"id": ID, "City": "Irbid"}]),
        ({"zoho_id": [ID], "City": ["Irbid"]}, {}, [{"zoho_id": ID, "City": "Irbid", "id": ID}]),
        ({"City": ["Irbid"]}, {"zoho_id": ID}, [{"City": "Irbid", "id": ID}]),
        ({"record_id": [ID], "data": ['{"City": "Irbid"}']}, {}, [{"City": "Irbid", "id": ID}]),
        ({"data": [f'{{"id": "{ID}", "City": "Irbid"}}']}, {}, [{"id": ID, "City": "Irbid"}]),
        # JSON, its id in the address
        ({"City": "Irbid"}, {"zoho_id": ID}, [{"City": "Irbid", "id": ID}]),
        ({"City": "Irbid", "ID": "7"}, {"record_id": ID}, [{"City": "Irbid", "id": ID}]),
        ({"zoho_id": ID, "City": "Irbid"}, {}, [{"zoho_id": ID, "City": "Irbid", "id": ID}]),
        ({"zoho_id": ID, "id": "4101", "City": "Irbid"}, {}, [{"zoho_id": ID, "City": "Irbid", "id": ID}]),
        ({"id": OTHER, "City": "Irbid"}, {"zoho_id": ID}, [{"id": OTHER, "City": "Irbid"}, None]),
        (
            {"record_id": ID, "data": [{"id": OTHER, "City": "Amman"}]},
            {},
            [None, {"id": OTHER, "City": "Amman"}],
        ),
        # of whom it tells something is not known
        ({"ids": [ID, OTHER], "City": "Irbid"}, {}, [None, None]),
        ({"City": "Irbid", "zoho_id": ID}, {"zoho_id": OTHER}, [None, None]),
        # what is newest
        (
            {"data": [{"id": ID, "City": "Irbid"}, {"id": ID, "City": "Amman"}]},
            {},
            [{"id": ID, "City": "Amman"}],
        ),
        # nothing that mzi reads: it would blank the record
        ({"id": ID, "timestamp": "2026-01-25T11:45:00Z"}, {}, [None]),
        ({"zoho_id": ID, "channel_id": "1"}, {"by": "rule 7"}, [None]),
        ({"data": [{"id": ID, "changed": True}]}, {}, [None]),
    ],
    ids=str,
)
def test_a_whole_record_is_told_however_it_is_sent(
    message: object, address: Mapping[str, str], records: list[object]
) -> None:
    told = read("student_updated", message, address)
    assert [ZohoEvents().record(kept(each)) for each in told] == records


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(ID),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["zoho_id", "id", "ids", "ids[]", "data", "module", "operation", "event_id"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(
    st.sampled_from(["student", "student_updated", "channel", "_", "", "a_b_c", "payment_recorded"]), _JSON
)
def test_nothing_that_is_sent_raises_anything_else(door: str, message: object) -> None:
    """And what is told of a record is JSON, with a record or a reason."""
    try:
        told = read(door, message)
    except MessageRefused:
        return
    assert told
    for each in told:
        json.loads(each.body)
        assert each.body.isascii()
        assert (each.key is not None and each.module is not None) or each.problem


def test_when_something_happened_is_not_told() -> None:
    (told,) = read("student_updated", RULE)
    event = Event(id=RecordId("1"), source="s", kind=told.kind, received_at=NOW, body=told.body)
    assert ZohoEvents().told_at(event) == (None, None)
    assert not ZohoEvents().is_fact(event)
