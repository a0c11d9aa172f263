"""Up to when, by the source's own clock, a run has brought what changed there.

Revision 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

from mzi_adapters.sql import types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the watermark of a run; earlier runs have none."""
    op.add_column("extension_sync_runs", sa.Column("watermark", types.UtcDateTime()))


def downgrade() -> None:
    """Take it away; what builds on a run goes by the start of it again."""
    with op.batch_alter_table("extension_sync_runs") as runs:
        runs.drop_column("watermark")
