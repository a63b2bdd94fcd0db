"""What alembic runs: the steps that are missing, in the transaction that is open already."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
