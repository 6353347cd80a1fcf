"""Home, addresses and the menu (B01, B03, I09; LU-14..LU-19, LG-07, LG-09, OG-24, OG-25)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.invoices import Invoice
from models.meters import Meter
from models.people import User
from models.premises import Premises
from models.tenures import Tenure
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast
from tests.standing import change, fetch, main


def in_order(page: Page, *texts: str) -> bool:
    """Whether a page says these things one after the other."""
    places = [main(page).find(text) for text in texts]
    assert -1 not in places, f"{texts[places.index(-1)]!r} is missing"
    return places == sorted(places)


def logged_in(app: Flask, name: str) -> Browser:
    browser = Browser(app)
    browser.log_in(name)
    return browser


def test_home_says_address_what_is_due_newest_invoice_and_meters_in_this_order(anna: Browser, cast: Cast):
    page = anna.get(f"/properties/{cast.flat}")
    assert in_order(page, "Home", "Brīvības iela 12–34, Ogre", "Customer code 20417", "Submit your readings by", "the meter must be verified by", "Newest invoice", "€87.43", "Meters", "All meters", "History and chart")
    assert page.links[f"/properties/{cast.flat}/readings"] and page.links[f"/invoices/{cast.invoice}.pdf"]
    assert page.links[f"/properties/{cast.flat}/invoices"].startswith("All invoices") or "All invoices" in page.text


def test_the_order_is_the_same_when_nothing_is_due(anna: Browser, app: Flask, cast: Cast):
    change(app, sa.update(Meter).values(valid_until=None, is_remote=True))
    page = anna.get(f"/properties/{cast.flat}")
    assert "Submit your readings" not in page.text and "must be verified" not in page.text
    assert in_order(page, "Brīvības iela 12–34, Ogre", "Newest invoice", "Meters")


def test_a_new_place_says_that_data_will_come(anna: Browser, app: Flask, cast: Cast):
    page = anna.get(f"/properties/{cast.second}")
    assert "There is no invoice yet. The first one will appear here." in page.text
    assert "No meters are registered at this address." in page.text


def test_the_address_is_changed_only_where_there_is_another(anna: Browser, app: Flask, cast: Cast):
    page = anna.get(f"/properties/{cast.flat}")
    assert page.links["/properties"].startswith("Change")
    viktors = logged_in(app, "viktors")
    assert "Change" not in viktors.get(f"/properties/{cast.neighbour}").text


def test_the_list_has_every_address_with_its_role(anna: Browser, cast: Cast):
    page = anna.get("/properties")
    assert in_order(page, "Your addresses", "Brīvības iela 12–34, Ogre", "Customer code 20417", "Owner", "Mālkalnes prospekts 3–2, Ogre")
    assert {f"/properties/{cast.flat}", f"/properties/{cast.second}"} <= page.links.keys()
    assert cast.neighbour not in page.html


def test_who_has_no_address_yet_reads_what_to_expect(app: Flask):
    liga = logged_in(app, "liga")
    page = liga.get("/")
    assert liga.status == 200 and liga.response.request.path == "/properties"
    assert "No address is linked to you yet" in page.text and "call or write to us" in page.text
    assert {"/properties", "/profile", "/help"} <= page.links.keys()
    assert [link for link in page.links if link.startswith("/properties/")] == ["/properties/add", "/properties/request"]


def test_an_ended_tenure_says_when_it_ended_and_lets_nothing_be_sent(app: Flask, cast: Cast):
    peteris = logged_in(app, "peteris")
    ended = fetch(app, sa.select(Tenure.ends_on).where(Tenure.ends_on.is_not(None)))[0][0]
    page = peteris.get(f"/properties/{cast.flat}")
    assert f"The contract for this property ended on {ended.day} {ended:%b %Y}" in page.text
    assert "Submit your readings" not in page.text and "Enter reading" not in page.text
    assert f"ended {ended.day} {ended:%b %Y}" in peteris.get("/properties").text


@pytest.mark.parametrize(("days", "ended"), [(-1, True), (0, False), (1, False)])
def test_the_last_day_of_a_tenure_still_belongs_to_it(app: Flask, cast: Cast, days: int, ended: bool):
    change(app, sa.update(Tenure).where(Tenure.ends_on.is_(None)).values(ends_on=TODAY + timedelta(days=days)))
    page = logged_in(app, "viktors").get(f"/properties/{cast.neighbour}")
    assert ("The contract for this property ended" in page.text) == ended
    assert ("Submit your readings" in page.text) == (not ended)


def test_ended_places_come_last(app: Flask, cast: Cast, anna: Browser):
    flat = fetch(app, sa.select(Premises.id).where(Premises.public_id == cast.flat))[0][0]
    change(app, sa.update(Tenure).where(Tenure.premises_id == flat).values(ends_on=TODAY - timedelta(days=1)))
    page = anna.get("/properties")
    assert in_order(page, "Mālkalnes prospekts 3–2", "Brīvības iela 12–34")
    anna.get("/")
    assert anna.response.request.path == f"/properties/{cast.second}"


def test_after_login_a_person_stands_where_she_acted_last(anna: Browser, app: Flask, cast: Cast):
    anna.get("/")
    assert anna.response.request.path == f"/properties/{cast.flat}"
    (user,), (second,) = (fetch(app, sa.select(table.id).where(which))[0] for table, which in ((User, User.username == "anna"), (Premises, Premises.public_id == cast.second)))
    change(app, sa.insert(AuditRow.__table__).values(action="x", source="web", detail={}, actor_user_id=user, premises_id=second))
    change(app, sa.insert(AuditRow.__table__).values(action="login", source="web", detail={}, actor_user_id=user))
    anna.get("/")
    assert anna.response.request.path == f"/properties/{cast.second}"
    change(app, sa.update(Tenure).where(Tenure.premises_id == second).values(premises_id=fetch(app, sa.select(Premises.id).where(Premises.public_id == cast.neighbour))[0][0]))
    anna.get("/")
    assert anna.status == 200 and anna.response.request.path != f"/properties/{cast.second}", "not hers any more"


def test_where_somebody_else_acted_last_moves_nobody(anna: Browser, app: Flask, cast: Cast):
    (viktors,), (second,) = (fetch(app, sa.select(table.id).where(which))[0] for table, which in ((User, User.username == "viktors"), (Premises, Premises.public_id == cast.second)))
    change(app, sa.insert(AuditRow.__table__).values(action="x", source="web", detail={}, actor_user_id=viktors, premises_id=second))
    anna.get("/")
    assert anna.response.request.path == f"/properties/{cast.flat}"


def test_the_menu_shows_the_sections_and_where_one_is(anna: Browser, cast: Cast):
    base = f"/properties/{cast.flat}"
    page = anna.get(f"{base}/invoices")
    for url, words in ((base, "Home"), (f"{base}/meters", "Meters"), (f"{base}/invoices", "Invoices"), (f"{base}/documents", "Documents"), ("/profile", "Profile"), ("/help", "Help"), ("/more", "More")):
        assert page.links[url].strip().startswith(words), url
    assert page.html.count('aria-current="page"') >= 1
    nav = page.html.split('<nav class="main"')[1].split("</nav>")[0]
    assert nav.count('aria-current="page"') == 1 and f'href="{base}/invoices" aria-current="page"' in nav


def test_the_menu_stays_at_the_address_one_is_at(anna: Browser, cast: Cast):
    assert f"/properties/{cast.second}/meters" in anna.get(f"/properties/{cast.second}").links


def test_no_section_is_shown_whose_feature_is_not_built(anna: Browser, cast: Cast):
    page = anna.get(f"/properties/{cast.flat}")
    for link in (link for link in page.links if link.startswith("/")):
        assert anna.client.get(link).status_code in (200, 303), link


def test_everything_without_room_in_the_bar_is_one_tap_further(anna: Browser, cast: Cast):
    page = anna.get("/more")
    assert {f"/properties/{cast.flat}/documents", "/profile", "/profile/sessions", "/help", "/properties", "/contact"} <= page.links.keys()
    assert [form.action for form in page.forms].count("/logout") == 3  # header, here, the idle dialog


def test_the_demo_says_so_and_which_day_it_is(anna: Browser, make_app, cast: Cast):
    assert "DEMO" in anna.get(f"/properties/{cast.flat}").text and "30 Nov 2026" in anna.get("/help").text
    real = logged_in(make_app(demo=False, today=None), "anna")
    assert "DEMO" not in real.get("/help").text


def test_a_place_with_a_hostile_name_is_only_text(anna: Browser, app: Flask, cast: Cast):
    evil = "<script>alert(1)</script>\"'&{{7*7}}%(x)s"
    change(app, sa.update(Premises).values(address=evil))
    change(app, sa.update(User).values(name=evil))
    change(app, sa.update(Invoice).values(number=evil))
    change(app, sa.update(Meter).values(serial=evil[:30], place=evil[:30]))
    for path in (f"/properties/{cast.flat}", "/properties", "/profile", f"/properties/{cast.flat}/invoices", f"/invoices/{cast.invoice}", f"/properties/{cast.flat}/meters", f"/properties/{cast.flat}/documents"):
        page = anna.get(path)
        assert "<script>alert" not in page.html and anna.status == 200, path
        assert "{{7*7}}%(x)s" in page.text or "{{7" in page.text or "/documents" in path, path
