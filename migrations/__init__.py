"""The schema's history, run by Alembic as the schema's owner."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def config(owner_url: str) -> Config:
    """Alembic's view of this package, for one database."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.attributes["owner_url"] = owner_url
    return made


def upgrade(owner_url: str, revision: str = "head") -> None:
    """Bring a database up to a revision."""
    command.upgrade(config(owner_url), revision)


def downgrade(owner_url: str, revision: str) -> None:
    """Bring a database back to a revision, ``base`` being the empty schema."""
    command.downgrade(config(owner_url), revision)
