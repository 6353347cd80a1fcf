"""Alembic's entry: migrates the database that `flask db upgrade` or a test hands over."""

from alembic import context

from models.database import metadata

# What the databases keep for searching (docs/decisions/0025) has no table in code: its names begin with "words_".
connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata(),
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    include_name=lambda name, _kind, _parents: not (name or "").startswith("words_"),
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
