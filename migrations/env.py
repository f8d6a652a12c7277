"""How a migration runs: one at a time, never waiting long for a lock that traffic holds."""

from alembic import context
from sqlalchemy import create_engine, pool, text

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('migrations', 0))"
# A migration that queues behind a long transaction makes all traffic queue behind itself.
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"


def run() -> None:
    url = context.config.attributes["owner_url"].replace("postgres://", "postgresql://", 1)
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=context.config.attributes.get("metadata")
        )
        with context.begin_transaction():
            connection.execute(text(LOCK))
            connection.execute(text(LOCK_TIMEOUT))
            context.run_migrations()


run()
