"""Course categories: made and found."""

import attrs

from mzi_adapters.testing.contracts.moodle_gateway_campus import NOBODY, Campus, applied_ids, rejection
from mzi_core.ports import NewCategory, RejectionKind


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
