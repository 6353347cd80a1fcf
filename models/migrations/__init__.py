"""Schema versions: `upgrade`, `downgrade`, `check`, and writing a new one."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config

from models.database import Database


def _with_config(database: Database, run: Callable[[Config], object], *, writes: bool = True) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    engine = database.engine.execution_options(writes=writes)
    if database.is_sqlite:  # batch mode rebuilds tables: references must not be enforced meanwhile
        with engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=off")  # type: ignore[union-attr]
            config.attributes["connection"] = connection
            run(config)
            connection.commit()
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=on")  # type: ignore[union-attr]
    else:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            run(config)
            connection.commit()


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema to `revision`; doing it again changes nothing."""
    _with_config(database, lambda config: command.upgrade(config, revision))


def downgrade(database: Database, revision: str) -> None:
    """Take the schema back to `revision` ("base": nothing)."""
    _with_config(database, lambda config: command.downgrade(config, revision))


def check(database: Database) -> None:
    """Raise when the tables in code differ from the schema."""
    _with_config(database, command.check)


def new(database: Database, message: str) -> None:
    """Write the migration that the tables in code ask for."""
    _with_config(database, lambda config: command.revision(config, message, autogenerate=True))
