"""What is remembered of a stored record that came again and says the same."""

from collections.abc import Sequence

from mzi_adapters.sql.scope import Scope
from mzi_adapters.sql.shape import shape_of
from mzi_adapters.sql.translation import translated
from mzi_core.decide import Touch
from mzi_core.module import AnyModule


class Touched(Scope):
    """The part of a session that is about records seen again."""

    __slots__ = ()

    async def touch(self, module: AnyModule, touches: Sequence[Touch]) -> None:
        """Remember that these stored records came again and say the same; they count as not written."""
        if not touches:
            return
        shape = shape_of(module, self.connection.dialect)
        with translated():
            await self.driver.touch(self.connection, shape.table, self.tenant, shape.touched(touches))
