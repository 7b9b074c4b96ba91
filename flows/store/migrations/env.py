"""Alembic runs this: the connection comes from `flows.store.migrate`."""

from alembic import context
from sqlmodel import SQLModel

import flows.store.records  # noqa: F401 -- its import fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
