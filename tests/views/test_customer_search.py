"""Staff look for a customer by whatever they were told (H05; ux.md §2.14, §5.4)."""

from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask import Flask

from models import customer_search, search
from models.customers import Customer
from models.invoices import Invoice
from models.people import User
from models.rules.search import of_customer
from models.tenures import Tenure
from models.types import TenureRole
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast
from tests.standing import change, fetch, main
from views.limits import limiter

CUSTOMERS = "/staff/customers"


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """An agent at her desk."""
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


def look(ilze: Browser, text: str) -> Page:
    """The page of a search."""
    return ilze.get(f"{CUSTOMERS}?q={quote(text)}")


def found(page: Page) -> list[str]:
    """The ids of the customers on a page, in its order."""
    return [link.rpartition("/")[2] for link in page.links if link.startswith(f"{CUSTOMERS}/")]


def number_of(app: Flask, cast: Cast) -> str:
    """An invoice of Anna's."""
    return fetch(app, sa.select(Invoice.number).where(Invoice.public_id == cast.invoice))[0][0]


def contact(app: Flask, code: str, **values: str) -> None:
    """The billing system knows more of somebody."""
    ((name,),) = fetch(app, sa.select(Customer.name).where(Customer.code == code))
    folded = of_customer(code, name, values.get("email"), values.get("phone"))
    change(app, sa.update(Customer).where(Customer.code == code).values(folded=folded, **values))


@pytest.mark.parametrize(("typed", "ids", "why"), [
    ("ozolina", ["1"], "Name: Anna Ozoliņa"), ("OZOLIŅA anna", ["1"], "Name: Anna Ozoliņa"), ("ozo", ["1"], "Name"), ("204", ["1", "2"], "Customer code: 20418"),
    ("brivibas 12-35", ["2"], "Address: Brīvības iela 12–35, Ogre"), ("malkalnes", ["1"], "Address: Mālkalnes prospekts 3–2, Ogre"),
    ("Anna@Example.com", ["1"], "Account: anna@example.com"), ("2222", ["2"], "Meter: 2222"), ("viktors", ["2"], "Name: Viktors Petrovs"),
    ("anna brivibas", [], "Nothing was found for “anna brivibas”"), ("zolina", [], "Nothing was found"),
])  # fmt: skip
def test_a_customer_is_found_by_one_of_her_marks_and_it_is_said_by_which(ilze: Browser, app: Flask, cast: Cast, typed: str, ids: list[str], why: str):
    page = look(ilze, typed)
    assert sorted(found(page)) == ids and why in main(page)


def test_an_invoice_and_telephones_and_the_address_of_the_billing_system_find_her(ilze: Browser, app: Flask, cast: Cast):
    number = number_of(app, cast)
    assert found(look(ilze, number)) == ["1"] and f"Invoice: {number}" in main(look(ilze, number))
    contact(app, "20418", email="kantoris@example.org", phone="+371 2912-3456")
    change(app, sa.update(User).where(User.username == "anna").values(phone="+37126000000"))
    for typed in ("29123456", "+371 29 123 456", "371 29123456", "2912 3456", "kantoris@example.org", "kantoris"):
        assert found(look(ilze, typed)) == ["2"], typed
    assert found(look(ilze, "26000000")) == found(look(ilze, "+371 26000000")) == ["1"]


def test_a_code_goes_straight_to_its_customer(ilze: Browser):
    for typed in ("20417", " 20417 "):
        answer = ilze.client.get(CUSTOMERS, query_string={"q": typed})
        assert answer.status_code == 303 and answer.headers["Location"] == f"{CUSTOMERS}/1"


def test_who_has_left_stands_last_and_is_marked(ilze: Browser, app: Flask):
    page = look(ilze, "brivibas 12-34")
    assert found(page) == ["1", "3"] and main(page).index("Anna") < main(page).index("Pēteris") and main(page).count("Ended") == 1
    change(app, sa.update(Tenure).where(Tenure.customer_id == 1).values(ends_on=TODAY))
    assert found(look(ilze, "brivibas 12-34")) == ["1", "3"] and main(look(ilze, "brivibas 12-34")).count("Ended") == 1, "today she is there"


def crowd(app: Flask, many: int) -> None:
    """So many customers of one name, in Anna's flat."""
    with app.extensions["ekabinets"].database.write() as session:
        for number in range(1001, 1001 + many):
            name = f"Kalniņa {number}"
            session.execute(sa.insert(Customer).values(id=number, external_id=f"K{number}", code=f"K{number}", name=name, is_company=False, settlement="metered", folded=of_customer(f"K{number}", name, None, None)))
            session.execute(sa.insert(Tenure).values(external_id=f"K{number}", customer_id=number, premises_id=1, role=TenureRole.TENANT, starts_on=TODAY))


def test_of_too_many_fifty_are_shown_and_the_search_is_to_be_narrowed(ilze: Browser, app: Flask):
    crowd(app, 101)
    page = look(ilze, "kalniņa")
    assert len(found(page)) == 50 and "Narrow the search" in main(page)
    assert "Narrow the search" in main(look(ilze, "brivibas 12-34"))
    assert found(look(ilze, "kalnina 1077")) == ["1077"]
    change(app, sa.delete(Tenure).where(Tenure.customer_id == 1101))
    change(app, sa.delete(Customer).where(Customer.id == 1101))
    page = look(ilze, "kalniņa")
    assert len(found(page)) == 100 and "Narrow the search" not in main(page)


BAD = ('"', "NEAR", "*", "a*", "\0", "x" * 10_000, "...", "😀", "'", "%", "½", "99999999999", "١٢٣٤٥٦٧٨", "12345678", "+371", "@", "a@", "\\")


def test_whatever_is_typed_is_answered(ilze: Browser, app: Flask):
    for typed in BAD:
        limiter.reset()
        assert ilze.client.get(CUSTOMERS, query_string={"q": typed}).status_code == 200, typed
    assert found(ilze.get(CUSTOMERS)) == [] and "Nothing was found" not in main(ilze.get(CUSTOMERS))


def narrow(monkeypatch: pytest.MonkeyPatch, latest: int) -> None:
    """PostgreSQL looks at so many of the latest rows before it asks its index."""
    for name, text in customer_search._FOUND.items():
        monkeypatch.setitem(customer_search._FOUND, name, sa.text(text.text.replace(f"LIMIT {search._LATEST}", f"LIMIT {latest}")))


def names(app: Flask, text: str) -> list[str]:
    """Whom the search finds."""
    with app.extensions["ekabinets"].database.read() as connection:
        return [row.name for row, _ in customer_search.find(connection, text, TODAY)]


def test_a_rare_name_is_found_behind_many_later_customers(app: Flask, monkeypatch: pytest.MonkeyPatch):
    crowd(app, 5)
    narrow(monkeypatch, 2)
    assert names(app, "petrovs") == ["Viktors Petrovs"] and len(names(app, "kalnina")) == 5


@pytest.mark.parametrize(("typed", "whom"), [
    ("malkalnes prospekts", 1), ("prospekts malka", 1), ("prospekts 3", 1), ("malkalnes iela", 0), ("gatve 3", 0), ("prospekts", 1),
])  # fmt: skip
def test_the_kind_of_a_street_counts_although_the_index_is_not_asked_for_it(app: Flask, monkeypatch: pytest.MonkeyPatch, typed: str, whom: int):
    narrow(monkeypatch, 0)
    assert names(app, typed) == ["Anna Ozoliņa"] * whom


def test_residents_do_not_search_customers_and_searches_are_counted(anna: Browser, ilze: Browser):
    assert anna.client.get(CUSTOMERS).status_code == 404
    assert CUSTOMERS in ilze.get("/staff").links
    answers = [ilze.client.get(f"{CUSTOMERS}?q=x").status_code for _ in range(61)]
    assert answers[:60] == [200] * 60 and answers[60] == 429
