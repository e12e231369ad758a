"""Alembic's entry point: runs the revisions on the connection that `storage.migrate` hands over."""

from alembic import context

from manyhands.storage.migrate import VERSION_TABLE
from manyhands.storage.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=False,  # the transaction is the caller's
    render_as_batch=connection.dialect.name == "sqlite",
)
context.run_migrations()
