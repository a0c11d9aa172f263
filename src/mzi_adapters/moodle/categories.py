"""The categories that courses stand in."""

from collections.abc import Sequence

from mzi_adapters.moodle.batching import Repeating, looked_up
from mzi_adapters.moodle.calling import MoodleCaller, together
from mzi_adapters.moodle.creating import Creating, Found, Match
from mzi_adapters.moodle.json_fields import Row, moodle_id, rows, some_integer, text
from mzi_adapters.moodle.refusals import KeptBack
from mzi_core.ports import Applied, CategoryChange, MoodleCategory, NewCategory, WriteResult
from mzi_core.values import MoodleId


class MoodleCategories:
    """The part of the gateway that is about course categories."""

    calls: MoodleCaller

    async def categories(self, ids: Sequence[MoodleId]) -> dict[MoodleId, MoodleCategory]:
        """These categories; what is not there is left out."""

        async def read(some: Sequence[MoodleId]) -> list[Row]:
            wanted = {"key": "ids", "value": ",".join(map(str, some))}
            params = {"criteria": [wanted], "addsubcategories": False}
            return rows(await self.calls.read("core_course_get_categories", params))

        found = map(_category_from, await looked_up(list(dict.fromkeys(ids)), read))
        return {category.id: category for category in found}

    async def find_categories(self, id_numbers: Sequence[str]) -> dict[str, MoodleCategory]:
        """The category that has exactly this id number, by id number."""
        wanted = [value for value in dict.fromkeys(id_numbers) if value]
        found = await together(self._category(value) for value in wanted)
        return {value: category for value, category in zip(wanted, found, strict=True) if category}

    async def _category(self, id_number: str) -> MoodleCategory | None:
        params = {"criteria": [{"key": "idnumber", "value": id_number}]}
        for found in rows(await self.calls.read("core_course_get_categories", params)):
            if text(found, "idnumber") == id_number:
                return _category_from(found)
        return None

    async def create_categories(self, categories: Sequence[NewCategory]) -> Sequence[WriteResult[MoodleId]]:
        """Create categories; an id number that is taken is rejected with its `existing` category."""

        async def has(category: NewCategory) -> Match | None:
            found = await self._category(category.id_number)
            return Match(found.id, whole=True) if found else None

        async def have(some: Sequence[NewCategory]) -> Found:
            matches = await together(has(category) for category in some)
            return {place: match for place, match in enumerate(matches) if match}

        return await Creating[NewCategory](
            calls=self.calls,
            function="core_course_create_categories",
            field="categories",
            encode=_new_category,
            keys=lambda category: (category.id_number,),
            named=lambda _: None,
            find=have,
            explain=has,
            scope=lambda category: category.parent,
        ).all(categories)

    async def update_categories(self, changes: Sequence[CategoryChange]) -> Sequence[WriteResult[MoodleId]]:
        """Change categories, each for itself."""
        return await Repeating[CategoryChange](
            calls=self.calls,
            function="core_course_update_categories",
            field="categories",
            encode=_changed_category,
            answered=lambda _, some: [Applied(id=change.id) for change in some],
            scope=lambda change: change.id,
            key=lambda change: change.id,
        ).all(changes)


def _category_from(found: Row) -> MoodleCategory:
    if "idnumber" not in found:
        raise KeptBack("It keeps the id numbers of categories from the account.", "moodle/category:manage")
    return MoodleCategory(
        id=moodle_id(found),
        name=text(found, "name"),
        id_number=text(found, "idnumber"),
        parent=some_integer(found, "parent"),
    )


def _changed_category(change: CategoryChange) -> dict[str, object]:
    return {"id": change.id, "name": change.name, "idnumber": change.id_number}


def _new_category(category: NewCategory) -> dict[str, object]:
    return {
        "name": category.name,
        "idnumber": category.id_number,
        "parent": category.parent,
        "description": category.description or None,
    }
