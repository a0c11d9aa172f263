"""What is remembered of a stored record that came again and says the same."""

from collections.abc import Sequence

import sqlalchemy as sa

from mzi_adapters.sql.rows import shape_of
from mzi_adapters.sql.scope import Scope
from mzi_core.decide import Touch
from mzi_core.module import AnyModule


class Touched(Scope):
    """The part of a session that is about records seen again."""

    __slots__ = ()

    async def touch(self, module: AnyModule, touches: Sequence[Touch]) -> None:
        """Remember that these stored records came again and say the same; they count as not written."""
        if not touches:
            return
        table = shape_of(module).table
        statement = (
            sa.update(table)
            .where(self.mine(table), table.c.zoho_id == sa.bindparam("seen"))
            .values(
                fingerprint=sa.bindparam("seen_fingerprint"),
                modified_at=sa.bindparam("seen_modified_at"),
                mark=sa.bindparam("seen_mark"),
            )
        )
        rows = [
            {
                "seen": touch.zoho_id,
                "seen_fingerprint": touch.fingerprint,
                "seen_modified_at": touch.modified_at,
                "seen_mark": touch.mark,
            }
            for touch in touches
        ]
        await self.run(statement, rows)
