"""What the billing system sends is found by staff at once, and by its new words when they change."""

from datetime import date

from models import customer_search
from tests.jobs.exchanges import Exchange

DAY = date(2026, 11, 30)


def found(exchange: Exchange, text: str) -> list[str]:
    """The names of whom a text may mean."""
    with exchange.database.read() as connection:
        return [row.name for row, _ in customer_search.find(connection, text, DAY)]


def test_customers_and_premises_are_found_after_an_import_by_their_words(exchange: Exchange):
    exchange.taken()
    for text in ("ozolina", "20000000", "brivibas 12-34", "222", "2026-1"):
        assert found(exchange, text) == ["Anna Ozoliņa"], text
    assert found(exchange, "anna@example.lv") == ["Anna Ozoliņa", "SIA “Ūdens”"], "she is both"
    assert found(exchange, "udens 20418") == found(exchange, "brivibas 12 35") == ["SIA “Ūdens”"]


def test_who_is_called_otherwise_is_found_by_the_new_name_alone(exchange: Exchange):
    exchange.taken()
    exchange.put("customers", "external_id;code;name\nC1;20417;Anna Kalniņa")
    exchange.put("premises", "external_id;house;flat;address\nF34;H1;34;Rīgas iela 5–1")
    exchange.run()
    assert found(exchange, "ozolina") == [] and found(exchange, "kalnina") == ["Anna Kalniņa"]
    assert found(exchange, "20000000") == found(exchange, "rigas 5-1") == ["Anna Kalniņa"], "what the file does not say stays"
