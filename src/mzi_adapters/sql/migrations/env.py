"""What alembic runs to get at the database: the connection it was given, and our tables."""

from alembic import context

from mzi_adapters.sql.tables import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema(),
    render_as_batch=True,  # SQLite changes a table only by making it anew
    transactional_ddl=True,
    user_module_prefix="types.",
)
with context.begin_transaction():
    context.run_migrations()
