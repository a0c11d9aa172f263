"""Values in the forms in which an organisation holds them."""

from datetime import date
from decimal import Decimal
from typing import Any

import attrs
import pytest

from mzi_adapters.testing.contracts.samples import sample
from mzi_adapters.zoho import ZohoCodec
from mzi_adapters.zoho.storing import in_words
from mzi_core.mapping import NO_OVERLAY, ExtraField, Overlay
from mzi_core.module import AnyModule, Kind
from mzi_core.modules import GRADES, REGISTRATIONS, STUDENTS, ZOHO_CATALOGUE
from mzi_core.ports import Columns, FieldForms
from mzi_core.values import MoodleId

CODEC = ZohoCodec()
AS_DECLARED = FieldForms(texts=frozenset(), moments=frozenset(), choices={}, columns={})


def written(entity: Any, module: AnyModule, overlay: Overlay = NO_OVERLAY, **forms: Any) -> dict[str, Any]:
    """An entity as it is written where the organisation holds it in these forms."""
    write = CODEC.writer(module, overlay, attrs.evolve(AS_DECLARED, **forms))
    return dict(write(entity))


@pytest.mark.parametrize(
    ("choices", "written"),
    [(("Pass", "Merit"), "Merit"), (("Merit", "M"), "M"), (("First", "Second"), "M"), ((), "M")],
    ids=repr,
)
def test_a_grade_is_written_in_the_words_the_organisation_offers(
    choices: tuple[str, ...], written: str
) -> None:
    assert in_words(GRADES.field["grade_value"], "M", choices) == written
    assert in_words(GRADES.field["feedback"], "Merit", choices) == "Merit"


def test_a_day_is_written_as_the_noon_of_that_day_where_it_is_held_as_a_moment() -> None:
    """Zoho shows a moment in the time of whoever looks: noon is on the same day nearly everywhere."""
    student = attrs.evolve(sample(STUDENTS, 1), birth_date=date(2001, 2, 3))
    assert written(student, STUDENTS)["birth_date"] == "2001-02-03"
    held = written(student, STUDENTS, moments=frozenset({"birth_date"}))
    assert held["birth_date"] == "2001-02-03T12:00:00+00:00"
    nobody = attrs.evolve(student, birth_date=None)
    assert written(nobody, STUDENTS, moments=frozenset({"birth_date"}))["birth_date"] is None


def test_a_number_is_written_as_text_where_it_is_held_as_text() -> None:
    student = attrs.evolve(sample(STUDENTS, 1), moodle_userid=MoodleId(70))
    assert written(student, STUDENTS)["moodle_userid"] == 70
    assert written(student, STUDENTS, texts=frozenset({"moodle_userid"}))["moodle_userid"] == "70"


def test_a_field_that_a_tenant_maps_is_written_by_its_name_inside() -> None:
    overlay = Overlay(names={"city": "Town"}, extras=(ExtraField("intake", "Intake", Kind.TEXT),))
    student = attrs.evolve(sample(STUDENTS, 1), city="Irbid", extra={"intake": "Autumn"})
    found = written(student, STUDENTS, overlay)
    assert (found["city"], found["extra.intake"]) == ("Irbid", "Autumn")


def test_rows_are_written_under_the_columns_there_are_without_ids_and_empty_cells() -> None:
    registration: Any = sample(REGISTRATIONS, 1)
    (subform,) = [field for field in REGISTRATIONS.fields if field.kind is Kind.SUBFORM]
    row = getattr(registration, subform.name)[0]
    amount = next(
        name for name, value in attrs.asdict(row, recurse=False).items() if isinstance(value, Decimal)
    )
    columns = Columns(
        names={amount: "Held_Amount", "row_id": "id"}, read=("Held_Amount",), texts=frozenset({"Held_Amount"})
    )
    empty = attrs.evolve(row, **{amount: None})
    held = written(
        attrs.evolve(registration, **{subform.name: (row, empty)}),
        REGISTRATIONS,
        columns={subform.name: columns},
    )
    digits = str(getattr(row, amount).normalize())
    assert held[subform.name] == ({"Held_Amount": digits}, {})


@pytest.mark.parametrize("module", ZOHO_CATALOGUE.modules, ids=lambda module: module.name)
def test_what_is_written_is_understood_as_the_entity_that_was_read(module: AnyModule) -> None:
    """Of every module, under the names by which it is declared."""
    decode = CODEC.decoder(module, NO_OVERLAY)
    whole = CODEC.encode(module, sample(module, 3), NO_OVERLAY)
    entity: Any = decode(whole).entity
    values = written(entity, module)
    named = {module.field[name].names[0]: value for name, value in values.items()}
    assert decode({**whole, **named}).entity == entity
