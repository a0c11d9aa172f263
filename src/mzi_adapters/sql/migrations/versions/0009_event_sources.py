"""Who sends events and is believed, with their secrets.

Revision 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

from mzi_adapters.sql import types

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the sources of events: there is none, and nobody is believed."""
    op.create_table(
        "event_sources",
        sa.Column("id", types.Key(), nullable=False),
        sa.Column("tenant_id", types.Key(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("revoked_at", types.UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_sources")),
    )
    op.create_index(
        op.f("ix_event_sources_origin_scheme_tenant_id"),
        "event_sources",
        ["origin", "scheme", "tenant_id"],
    )
    op.create_table(
        "event_source_secrets",
        sa.Column("source_id", types.Key(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("retires_at", types.UtcDateTime()),
        sa.Column("digest", sa.Text()),
        sa.Column("sealed", sa.Text()),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["event_sources.id"],
            name=op.f("fk_event_source_secrets_source_id"),
        ),
        sa.PrimaryKeyConstraint("source_id", "number", name=op.f("pk_event_source_secrets")),
    )
    op.create_index("uq_event_source_secrets_digest", "event_source_secrets", ["digest"], unique=True)


def downgrade() -> None:
    """Take them away; each has to be set up anew."""
    op.drop_table("event_source_secrets")
    op.drop_table("event_sources")
