"""Run by Alembic. The connection is handed in, or opened when a developer runs the alembic command itself."""

from alembic import context

from evidence_store.models import Base

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run migrations through evidence_store.Store.open(migrate=True)")
context.configure(
    connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True
)
with context.begin_transaction():
    context.run_migrations()
