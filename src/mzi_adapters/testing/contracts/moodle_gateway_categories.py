"""Course categories: made, found and changed."""

import attrs

from mzi_adapters.testing.contracts.moodle_gateway_campus import NOBODY, Campus, applied_ids, rejection
from mzi_core.ports import Applied, CategoryChange, NewCategory, RejectionKind


class CategoryPromises:
    """A category is made once, by its id number."""

    async def test_a_category_is_made_once(self, campus: Campus) -> None:
        """By its id number."""
        category = NewCategory(name="BTEC", id_number=campus.mark, parent=campus.category)
        [id] = applied_ids(await campus.gateway.create_categories([category]))
        [again] = await campus.gateway.create_categories([category])
        assert (rejection(again).kind, rejection(again).existing) == (RejectionKind.CONFLICT, id)
        found = await campus.gateway.find_categories([campus.mark, f"{campus.mark}-none"])
        assert {name: (one.id, one.parent) for name, one in found.items()} == {
            campus.mark: (id, campus.category)
        }
        lost = attrs.evolve(category, id_number=f"{campus.mark}-2", parent=NOBODY)
        [result] = await campus.gateway.create_categories([lost])
        assert rejection(result).kind is RejectionKind.NOT_FOUND

    async def test_categories_are_found_by_their_ids(self, campus: Campus) -> None:
        """Alone, without those below them."""
        below = NewCategory(name="Below", id_number=campus.mark, parent=campus.category)
        [id] = applied_ids(await campus.gateway.create_categories([below]))
        found = await campus.gateway.categories([campus.category, NOBODY, campus.category])
        assert list(found) == [campus.category]
        assert (await campus.gateway.categories([id]))[id].id_number == campus.mark

    async def test_each_change_of_a_category_stands_for_itself(self, campus: Campus) -> None:
        """What is not named stays, and what is named "" is emptied."""
        first, second = applied_ids(
            await campus.gateway.create_categories(
                [NewCategory(name=f"Level {n}", id_number=f"{campus.mark}-{n}") for n in (1, 2)]
            )
        )
        results = await campus.gateway.update_categories(
            [
                CategoryChange(id=first, name="Renamed & more"),
                CategoryChange(id=NOBODY, name="Nothing"),
                CategoryChange(id=second, id_number=f"{campus.mark}-1"),
                CategoryChange(id=second, name="N" * 256),
                CategoryChange(id=second, id_number=""),
            ]
        )
        assert [results[0], results[4]] == [Applied(id=first), Applied(id=second)]
        assert [rejection(one).kind for one in results[1:4]] == [
            RejectionKind.NOT_FOUND,
            RejectionKind.CONFLICT,
            RejectionKind.BAD_INPUT,
        ]
        found = await campus.gateway.categories([first, second])
        assert [(one.name, one.id_number) for one in found.values()] == [
            ("Renamed & more", f"{campus.mark}-1"),
            ("Level 2", ""),
        ]
