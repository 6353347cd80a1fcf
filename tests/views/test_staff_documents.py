"""Documents by staff: put up for premises, a house or a customer, refused with a sentence, withdrawn (C13, E08)."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.customers import Customer
from models.documents import Document
from models.people import User
from models.premises import Premises
from models.types import Role
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast
from tests.standing import change, fetch, main
from tests.writing import PDF, parts

ALL = "/staff/documents"


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """A supervisor at her desk."""
    change(app, sa.update(User).where(User.username == "ilze").values(role=Role.SUPERVISOR))
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


def send(ilze: Browser, to: str, files: dict[str, bytes] | None = None, page: Page | None = None, **typed: str) -> Page:
    """Fill in the form and send it with these files."""
    fields = (page or ilze.get(ALL)).form(ALL).fields
    sent = {"to": to, "kind": "act", "issued": TODAY.isoformat(), "files": parts({"akts.pdf": PDF} if files is None else files)}
    return ilze.post(ALL, {name: value for name, value in fields.items() if name in ("csrf_token", "once")} | sent | typed)


def flat_of(app: Flask, cast: Cast) -> Any:
    return fetch(app, sa.select(Premises.__table__).where(Premises.public_id == cast.flat))[0]


def papers(app: Flask) -> list[Any]:
    """What staff have put up, in order."""
    return [*fetch(app, sa.select(Document.__table__).where(Document.external_id.like("portal-%")).order_by(Document.id))]


def test_several_files_are_put_up_for_a_flat_and_its_owner_reads_them(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    page = send(ilze, flat_of(app, cast).address, {"a.pdf": PDF, "b.pdf": PDF + b"2"}, title="")
    assert "The documents were put up." in main(page) and "a.pdf" in main(page)
    read = anna.get(f"/properties/{cast.flat}/documents")
    assert "a.pdf" in main(read) and "b.pdf" in main(read) and "a.pdf" not in main(anna.get(f"/properties/{cast.second}/documents"))
    assert anna.client.get(f"/documents/{papers(app)[1].public_id}/file").get_data() == PDF + b"2"
    assert [row.action for row in fetch(app, sa.select(AuditRow.action).where(AuditRow.action == "document.added"))] == ["document.added"] * 2


def test_a_house_and_a_customer_are_named_too(ilze: Browser, app: Flask, cast: Cast):
    flat, (code,) = flat_of(app, cast), fetch(app, sa.select(Customer.code).where(Customer.id == 1))
    (house,) = fetch(app, sa.text(f"SELECT address, town FROM house WHERE id = {flat.house_id}"))
    send(ilze, f"{house.address}, {house.town}", title="Tāme", kind="minutes")
    send(ilze, code.code, title="Līgums")
    assert [(row.title, row.house_id, row.customer_id, row.premises_id) for row in papers(app)] == [("Tāme", flat.house_id, None, None), ("Līgums", None, 1, None)]


def test_the_same_form_sent_twice_is_put_up_once(ilze: Browser, app: Flask, cast: Cast):
    page = ilze.get(ALL)
    for _ in range(2):
        assert "put up" in main(send(ilze, flat_of(app, cast).address, page=page))
    assert len(papers(app)) == 1
    send(ilze, "x", page=page, once="x")
    assert ilze.status == 400


@pytest.mark.parametrize(("typed", "sentence"), [
    ({"to": "Nowhere 1"}, "Not found"), ({"to": ""}, "Not found"), ({"issued": "soon"}, "the day of the document"), ({"kind": "x"}, "Choose a category"),
    ({"title": "x" * 201}, "Write a title"), ({"files": {"a.exe": b"MZ"}}, "a.exe"), ({"files": {"a.pdf": PDF, "b.svg": b"<svg/>"}}, "b.svg"),
    ({"files": {}}, "Choose at least one file"), ({"to": "a\0b"}, "Not found"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_put_up(ilze: Browser, app: Flask, cast: Cast, typed: dict[str, Any], sentence: str):
    page = send(ilze, **{"to": flat_of(app, cast).address, "title": "Kept"} | typed)
    assert ilze.status == 422 and sentence in main(page) and papers(app) == []
    assert "title" in typed or page.form(ALL).fields["title"] == "Kept"


def test_a_withdrawn_document_is_nobodys_and_why_is_kept(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    send(ilze, flat_of(app, cast).address, title="Nepareizs")
    (row,) = papers(app)
    token = {"csrf_token": ilze.get(ALL).form("/logout").fields["csrf_token"], "document": str(row.id)}
    assert "Write a reason" in main(ilze.post(f"{ALL}/withdraw", token)) and ilze.status == 422
    for _ in range(2):
        assert "was withdrawn" in main(ilze.post(f"{ALL}/withdraw", token | {"reason": "Of another flat"}))
    assert anna.client.get(f"/documents/{row.public_id}/file").status_code == 404 and "Nepareizs" not in main(anna.get(f"/properties/{cast.flat}/documents"))
    assert [one.detail for one in fetch(app, sa.select(AuditRow.detail).where(AuditRow.action == "document.withdrawn"))] == [{"reason": "Of another flat"}]
    for wrong in ("x", "9" * 30, "-1"):
        ilze.post(f"{ALL}/withdraw", token | {"document": wrong, "reason": "x"})
        assert ilze.status == 200, "there is none"


def test_agents_look_and_a_long_list_is_read_in_parts(ilze: Browser, app: Flask):
    rows = [{"public_id": f"d{n}", "external_id": f"d{n}", "house_id": 1, "title": f"Paper {n}.", "issued_on": TODAY, "file_hash": "0" * 64, "file_name": "a.pdf", "size": 1} for n in range(55)]
    change(app, sa.insert(Document).values(rows))
    change(app, sa.update(User).where(User.username == "ilze").values(role=Role.AGENT))
    agent = Browser(app)
    agent.log_in("ilze")
    page = agent.get(ALL)
    assert "Paper 54." in main(page) and "Paper 0." not in main(page) and not any(form.action.startswith(ALL) for form in page.forms)
    assert "Paper 0." in main(agent.get(next(link for link in page.links if "before=" in link)))
