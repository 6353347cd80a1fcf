"""An exchange on an empty database."""

from pathlib import Path

import pytest

from models.database import Database
from tests.jobs.exchanges import Exchange


@pytest.fixture
def exchange(database: Database, tmp_path: Path) -> Exchange:
    """An exchange folder without tables, and an empty database."""
    return Exchange(database, tmp_path)


@pytest.fixture
def ready(exchange: Exchange) -> Exchange:
    """Anna (20417, flat F34) and the company SIA “Ūdens” (20418, F35) are known, with two invoices to Anna."""
    exchange.put_all()
    exchange.run()
    for file in exchange.path.glob("*.csv"):
        file.unlink()
    (exchange.path / "einvoices").mkdir()
    return exchange
