"""The categories that Moodle's courses stand in."""

from collections.abc import Sequence
from typing import Protocol

import attrs

from mzi_core.ports.writes import WriteResult
from mzi_core.values import MoodleId


@attrs.frozen(kw_only=True)
class MoodleCategory:
    """A course category; `parent` is 0 at the top."""

    id: MoodleId
    name: str
    id_number: str = ""
    parent: int = 0


@attrs.frozen(kw_only=True)
class NewCategory:
    """A category to create. `id_number` is what a lost answer is settled by."""

    name: str
    id_number: str
    parent: MoodleId | None = None
    description: str | None = None


@attrs.frozen(kw_only=True)
class CategoryChange:
    """What to change of a category: None leaves a field alone, and the id number "" empties it."""

    id: MoodleId
    name: str | None = None
    id_number: str | None = None


class MoodleCategories(Protocol):
    """Course categories: found, created and changed."""

    async def categories(self, ids: Sequence[MoodleId]) -> dict[MoodleId, MoodleCategory]:
        """These categories; what is not there is left out.

        Raises AccessRefused where the id number of one is kept from the account.
        """
        ...

    async def find_categories(self, id_numbers: Sequence[str]) -> dict[str, MoodleCategory]:
        """The category that has exactly this id number, by id number; a call for each."""
        ...

    async def create_categories(self, categories: Sequence[NewCategory]) -> Sequence[WriteResult[MoodleId]]:
        """Create categories; an id number that is taken is rejected with its `existing` category."""
        ...

    async def update_categories(self, changes: Sequence[CategoryChange]) -> Sequence[WriteResult[MoodleId]]:
        """Change categories, each for itself."""
        ...
