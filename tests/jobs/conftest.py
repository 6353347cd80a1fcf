"""An exchange on an empty database."""

from pathlib import Path

import pytest

from models.database import Database
from tests.jobs.exchanges import Exchange


@pytest.fixture
def exchange(database: Database, tmp_path: Path) -> Exchange:
    """An exchange folder without tables, and an empty database."""
    return Exchange(database, tmp_path)
