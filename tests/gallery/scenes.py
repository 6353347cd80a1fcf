"""The states of each page: who opens it, on which day, and what was sent before (ux.md §4.3)."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa
from flask import Response
from werkzeug.exceptions import TooManyRequests

from auth.guard import public
from auth.methods.renewal import PURPOSE
from models import emails, preferences, tokens
from models.people import User
from models.site import Contact, load_site
from models.throttle import Throttle
from models.types import utc_now
from tests.cast import PASSWORD, TODAY
from tests.gallery import Gallery, Visitor
from tests.gallery.absences import absences
from tests.gallery.asking import asks
from tests.gallery.assigning import assigns
from tests.gallery.copies import copies
from tests.gallery.customers import customers
from tests.gallery.desk_work import works
from tests.gallery.desks import staffed
from tests.gallery.furniture import Extra, bring_files, slow_down_everybody
from tests.gallery.handovers import handovers
from tests.gallery.help import helps
from tests.gallery.lending import lends
from tests.gallery.mailed import mailed
from tests.gallery.messages import messages
from tests.gallery.money import moneys
from tests.gallery.office import office
from tests.gallery.offline import in_the_basement
from tests.gallery.outside import banks
from tests.gallery.paying import pays
from tests.gallery.protection import protection
from tests.gallery.reading_links import by_invoice, by_link, photographed, receipts_are_shown
from tests.gallery.record import record
from tests.gallery.registering import registrations
from tests.gallery.searching import searches
from tests.gallery.staff import desks
from tests.gallery.staff_documents import puts_up
from tests.gallery.staff_notices import composes
from tests.gallery.staff_texts import tells
from tests.neighbours import move_in
from tests.views.reading_form import HTMX, Sender, change, choices, path, second_person, set_meter
from tests.walk import ids_of, routes
from views import errors, invoices
from views.limits import limiter
from views.pdf import PdfBusy, PdfFailed

FIRST_DAY, LAST_DAY, BETWEEN, LATER = date(2026, 11, 29), date(2026, 12, 1), date(2026, 11, 15), date(2026, 12, 20)
# What is typed for the cast's cold water, which stands at 192 beside hot water at 526.
WRONG = ("", "12a", "1,2,3", "1,2345", "123456")
DOUBTFUL = ("999", "150", "3,5", "526,5", "192", "1945", "1945,5", "915,5", "99", "00195500")
SECTIONS = ("addresses", "meters", "invoices", "documents", "house_file", "notices", "users", "settings", "messages", "help")
OURS = {"key": ["terms", "privacy", "cookies", "accessibility"], "sid": ["1"]}


def pages_of(gallery: Gallery, who: str, ids: dict[str, list[str]], *sections: str, htmx: bool = False) -> None:
    """Somebody opens every address, or those of some sections, with these ids, else Anna's; also as `htmx` does."""
    for route in routes(gallery.app, ids_of("anna", gallery.cast) | OURS | ids):
        if route.verb == "GET" and (not sections or {*sections} & {*(route.mark or ())}):
            gallery.visitor(who).look(route.path)
            if htmx:
                gallery.visitor(who).look(route.path, HTMX)


def everybody_opens_everything(gallery: Gallery, extra: Extra) -> None:
    cast = gallery.cast
    annas = ids_of("anna", cast)
    for who in ("", "liga", "ilze"):
        pages_of(gallery, who, {name: ids[:1] for name, ids in annas.items()}, htmx=True)
    pages_of(gallery, "anna", annas | {"mid": [*annas["mid"], cast.hot, cast.remote]}, htmx=True)
    pages_of(gallery, "peteris", annas | {"mid": [cast.cold, cast.old], "iid": [cast.former_invoice]})
    martas = {"pid": [extra.flat, extra.bare], "mid": extra.meters, "iid": extra.invoices, "did": extra.documents, "nid": extra.notices, "fid": extra.notice_files}
    pages_of(gallery, "marta", martas)
    gallery.visitor("anna").get(f"/properties/{cast.flat}/invoices?year=1999")
    for who in ("", "anna"):
        gallery.visitor(who).get("/nowhere")


def the_calendar_moves(gallery: Gallery, extra: Extra) -> None:
    cast = gallery.cast
    annas = {"pid": [cast.flat, cast.second], "mid": [cast.cold, cast.hot], "iid": [cast.invoice]}
    for day in (FIRST_DAY, LAST_DAY, BETWEEN, LATER):
        with gallery.when(day):
            pages_of(gallery, "anna", annas, "addresses", "meters", "invoices", htmx=True)


def sections_are_closed(gallery: Gallery, extra: Extra) -> None:
    site, flat = gallery.app.extensions["ekabinets"].site, gallery.cast.flat
    ids = {name: own[:1] for name, own in ids_of("anna", gallery.cast).items()}
    for section in SECTIONS:
        for word in ("-", "view"):
            with gallery.when(site=site.model_copy(update={"access": {section: {"password": word}}})):
                pages_of(gallery, "anna", ids, section)
                gallery.visitor("anna").get(f"/properties/{flat}")
                gallery.visitor("anna").get("/more")


def other_operators(gallery: Gallery, extra: Extra) -> None:
    own = gallery.app.extensions["ekabinets"].site
    desk = Contact(kind="desk", address="Tirgus laukums 1, Daugavpils")
    sites = [load_site(name) for name in ("ludza", "daugavpils", "ventspils", "gaze")]
    for site in (own.model_copy(update={"contacts": (*own.contacts, desk)}), *sites):
        with gallery.when(site=site, demo=False):
            gallery.visitor("").get("/contact")
            gallery.visitor("marta").get(f"/properties/{extra.flat}")


def first_visits(gallery: Gallery, extra: Extra) -> None:
    for wish in ("lv", "en", "ru"):
        stranger = gallery.visitor("", again=True)
        stranger.client.delete_cookie("lang")
        stranger.get("/login", headers={"Accept-Language": wish})


def logging_in(gallery: Gallery, extra: Extra) -> None:
    stranger = gallery.visitor("", again=True)
    page = stranger.get("/login?expired=1&next=/profile")
    for name, password in (("", ""), ("anna", ""), ("", "x"), *[("nobody", "wrong password")] * 11):
        stranger.submit(page, "/login", username=name, password=password)
    slow_down_everybody(gallery.app, utc_now() + timedelta(minutes=9))
    stranger.submit(page, "/login", username="somebody", password="wrong password")
    slow_down_everybody(gallery.app, utc_now())


def papers(gallery: Gallery, extra: Extra) -> None:
    """The house file with a paper of every kind, and so many documents that they are shown by year."""
    site = gallery.app.extensions["ekabinets"].site
    with gallery.when(site=site.model_copy(update={"access": {"house_file": {"password": "view"}}})):
        pages_of(gallery, "marta", {"pid": [extra.flat, extra.bare], "hid": extra.documents}, "house_file", "documents")
    for year in ("", "1999", "2024"):
        gallery.visitor("marta").get(f"/properties/{extra.flat}/documents?year={year}")


def a_profile_is_set(gallery: Gallery, extra: Extra) -> None:
    person = gallery.visitor("liga", again=True)
    for action, name, values in (("language", "language", ("xx", gallery.language)), ("appearance", "theme", ("pink", "dark", "light", "device"))):
        for value in values:
            person.submit(person.get(f"/profile/{action}"), f"/profile/{action}", **{name: value})
    for action in ("", "/off"):
        person.submit(person.get("/profile/calendar"), f"/profile/calendar{action}")


def devices(gallery: Gallery, extra: Extra) -> None:
    telephone = gallery.visitor("liga", again=True, remember="1")
    telephone.get("/profile")
    for action in ("", "/profile/sessions/end-others"):
        gallery.visitor("liga", again=True)  # another one
        page = telephone.get("/profile/sessions")
        telephone.submit(page, action or next(form.action for form in page.forms if form.action.endswith("/end")))
    telephone.post("/session/extend", token_of(telephone))
    telephone.submit(telephone.get("/more"), "/logout")


def readings_are_asked_about(gallery: Gallery, extra: Extra) -> None:
    cast = gallery.cast
    theirs = [(extra.full, "1"), (extra.whole, "1,5"), (extra.whole, "x"), (extra.whole, "1945"), (extra.last, "900")]
    for by in ("page", "htmx"):
        anna, marta = (Sender(gallery.visitor(who), by) for who in ("anna", "marta"))
        for value in (*WRONG, *DOUBTFUL):
            anna.send(cast.cold, value)
        for mid, value in theirs:
            marta.send(mid, value)
        anna.send(cast.cold, "3,5", anna.send(cast.cold, "3,5"), reply="meant:195500")
        anna.send(cast.cold, "915,5", anna.send(cast.cold, "915,5"), reply="meant:195500")
        page = anna.open(cast.cold)
        with gallery.when(BETWEEN):
            anna.send(cast.cold, "195", page)
        for changed in ({"removed_on": TODAY}, {"is_remote": True}):
            set_meter(gallery.app, cast.cold, **changed)
            anna.send(cast.cold, "195", page)
            set_meter(gallery.app, cast.cold, removed_on=None, is_remote=False)
        limiter.reset()


def readings_are_taken(gallery: Gallery, extra: Extra) -> None:
    cast, late = gallery.cast, second_person(gallery.app, "ruta")
    for by, value, high in (("page", "195", "998"), ("htmx", "195,5", "999")):
        anna, ruta = Sender(gallery.visitor("anna"), by), Sender(late, by)
        seen_before = anna.open(cast.cold)
        (ruta if by == "page" else anna).send(cast.cold, value)
        anna.send(cast.cold, "196", seen_before)
        question = anna.send(cast.hot, high)
        anna.send(cast.hot, high, question, reply=choices(question, cast.hot)[-1])
        anna.send(cast.two_dials, "2260")
    pages_of(gallery, "anna", {"mid": [cast.hot], "pid": [cast.flat]}, "meters")
    anna.browser.submit(anna.browser.get(f"/meters/{cast.hot}"), f"/meters/{cast.hot}/quiet")


def all_readings(gallery: Gallery, extra: Extra) -> None:
    cast, anna = gallery.cast, gallery.visitor("anna")
    address = f"/properties/{cast.flat}/readings"
    cold, hot, first, second = (f"r-{field}" for field in (f"{cast.cold}-1", f"{cast.hot}-1", f"{cast.two_dials}-1", f"{cast.two_dials}-2"))
    for typed in ({}, {cold: "12a", hot: "9999"}, {cold: "999"}, {cold: "528,25", hot: "195,5"}, {first: "2260", cold: "", hot: "x"}, {first: "2261", second: "2260"}):
        anna.fill(anna.get(address), address, typed)
    page = anna.get(address)
    set_meter(gallery.app, cast.hot, removed_on=TODAY)
    anna.fill(page, address, {first: "2262", hot: "1000"})
    set_meter(gallery.app, cast.hot, removed_on=None)


def passwords_are_changed(gallery: Gallery, extra: Extra) -> None:
    """Last of all: after it Marta has another one."""
    stranger = gallery.visitor("", again=True)
    forgotten = stranger.get("/password/forgot")
    for name in ("", "marta"):
        stranger.submit(forgotten, "/password/forgot", username=name)
    address = "/password/reset/" + link_for(gallery.app, "marta")
    page = stranger.get(address)
    for typed in ("", "short", GOOD):
        stranger.post("/password/check", page.form(address).fields | {"password": typed}, headers=HTMX)
    for typed in ("short", GOOD, GOOD):  # the last time the link is used up
        stranger.submit(page, address, password=typed)
    gallery.visitor("", again=True).submit(page, address, password=GOOD)  # another browser's form
    marta = gallery.visitor("marta", again=True, password=GOOD)
    stale = marta.get(address)
    assert stale.headings
    form = marta.get("/profile/password")
    for old, new in (("", ""), ("wrong", GOOD), (GOOD, "short"), (GOOD, GOOD + "!"), *[("wrong", GOOD)] * 10):
        marta.submit(form, "/profile/password", old=old, password=new)


GOOD = "zaļa zāle aug lēnām 7"


def link_for(app: Any, username: str, purpose: str = PURPOSE, **detail: str) -> str:
    """The secret in the letter that this person was sent."""
    with app.extensions["ekabinets"].database.write() as session:
        user = session.scalars(sa.select(User).where(User.username == username)).one()
        user.email_wanted = detail.get("address", user.email_wanted)
        return tokens.issue(session, purpose, user.id, timedelta(hours=1), utc_now(), **detail)


def accounts_begin_and_end(gallery: Gallery, extra: Extra) -> None:
    """Last of all: what becomes of two people who had never been here."""
    for who in ("nora", "olga"):
        second_person(gallery.app, who)
    change(gallery.app, sa.update(User).where(User.username.in_(["nora", "olga"])).values(terms_version=0, password_issued=User.username == "nora"))
    nora, olga = gallery.visitor("nora", again=True), gallery.visitor("olga", again=True)
    for old, new in (("", ""), (PASSWORD, PASSWORD), (PASSWORD, GOOD)):
        nora.submit(nora.get("/password/change?next=/profile"), "/password/change", old=old, password=new)
    form, mine = olga.get("/first-visit?next=/profile"), token_of(olga)
    for headers in ({}, HTMX):
        olga.post("/profile/contact", mine | {"phone": "2000 0000"}, headers=headers)
    for typed in ({}, {"email": "x", "phone": "x"}, {"email": "o@example.lv"}, {"email": "o@example.lv", "terms": "1"}):
        olga.submit(form, "/first-visit", **typed)
    olga.submit(form, "/first-visit", terms="1")
    site = gallery.app.extensions["ekabinets"].site
    with gallery.when(site=site.model_copy(update={"terms_version": 2})):
        olga.submit(olga.get("/profile"), "/profile/terms")


def contacts_change_and_accounts_close(gallery: Gallery, extra: Extra) -> None:
    olga, other = gallery.visitor("olga", again=True), gallery.visitor("", again=True)
    phone = olga.get("/profile/contact")
    for typed in ("x", "2000 0000"):
        olga.submit(phone, "/profile/contact", phone=typed)
    for address in ("p@example.lv", "q@example.lv"):
        link = "/profile/email/confirm/" + link_for(gallery.app, "olga", emails.PURPOSE, address=address)
        who = other if address == "p@example.lv" else olga
        page = who.get(link)
        for _ in range(2):  # the second time the link is used up
            who.submit(page, link)
        olga = gallery.visitor("olga", again=True)
    form = olga.get("/profile/email")
    for email, old in (("", ""), ("q@example.lv", ""), ("x", "wrong"), ("new@example.lv", "wrong"), *[(f"n{n}@example.lv", PASSWORD) for n in range(11)]):
        olga.submit(form, "/profile/email", email=email, old=old)
    olga.get("/profile")
    for act in ("again", "cancel"):
        olga.submit(olga.get("/profile/email"), "/profile/email/wanted", act=act)
    page = olga.get("/profile/close-account")
    for old in ("", "wrong", *["wrong"] * 10):
        olga.submit(page, "/profile/close-account", old=old)
    change(gallery.app, sa.delete(Throttle))
    olga.submit(page, "/profile/close-account", old=PASSWORD)


def letters_have_come(gallery: Gallery, extra: Extra) -> None:
    folder = gallery.app.extensions["ekabinets"].settings.files_dir.parent / "letters"
    gallery.visitor("").get("/demo/mailbox")
    folder.mkdir(exist_ok=True)
    (folder / "1.eml").write_bytes(b"To: anna@example.com\nSubject: Test\n\nHello\n\nhttp://localhost/password/reset/abc\n")
    gallery.visitor("").get("/demo/mailbox")


def everything_fails(gallery: Gallery, extra: Extra) -> None:
    anna, views = gallery.visitor("anna"), gallery.app.view_functions
    for code in (*errors.CODES, 401, 500):
        with patch.dict(views, {"help.contact": public(lambda code=code: errors.problem(code))}):
            for headers in ({}, HTMX):
                anna.get("/contact", headers=headers)
                gallery.visitor("").get("/contact", headers=headers)


def things_that_fail(gallery: Gallery, extra: Extra) -> None:
    cast, anna, views = gallery.cast, gallery.visitor("anna"), gallery.app.view_functions
    address, typed = path(cast.cold), {f"r-{cast.cold}-1": "195"}
    mine, gone = token_of(anna), token_of(signed_out := gallery.visitor("liga", again=True))
    signed_out.client.delete_cookie("session")
    fast, broken = noted(views["meters.send"], TooManyRequests()), public(raising(RuntimeError()))
    bring_files(gallery.app, None)
    for headers in ({}, HTMX):
        anna.post(address, typed | {"csrf_token": "old"}, headers=headers)
        signed_out.post(address, typed | gone, headers=headers)
        with patch.dict(views, {"meters.send": fast, "help.contact": broken}):
            anna.post(address, typed | mine, headers=headers)
            anna.get("/contact", headers=headers)
        for error in (PdfFailed("too_long"), PdfBusy()):
            with patch.object(invoices, "cached_invoice_pdf", raising(error)):
                anna.get(f"/invoices/{cast.invoice}.pdf", headers=headers)


def letters_are_chosen(gallery: Gallery, extra: Extra) -> None:
    marta, address = gallery.visitor("marta"), "/profile/notifications"
    marta.get("/notices?show=unread")
    page = marta.get(address)
    page = marta.submit(page, address, notices=None)
    for offers in ("1", None):
        page = marta.submit(page, "/profile/consents", offers=offers)
    with gallery.app.extensions["ekabinets"].database.write() as session:
        who = session.scalars(sa.select(User).where(User.username == "liga")).one()
        number, email, who.email = who.id, who.email, None
    gallery.visitor("liga", again=True).get(address)
    with gallery.app.extensions["ekabinets"].database.write() as session:
        session.execute(sa.update(User).where(User.id == number).values(email=email))
    key = gallery.app.extensions["ekabinets"].settings.secret_key
    for kind in (*preferences.KINDS, preferences.OFFERS):
        link = "/unsubscribe/" + preferences.token(key, number, kind)
        gallery.visitor("").submit(gallery.visitor("").get(link), link)
    gallery.visitor("").post("/unsubscribe/not-ours", {})


def token_of(visitor: Visitor) -> dict[str, str]:
    """What proves that a form is ours."""
    return {"csrf_token": visitor.get("/profile").forms[0].fields["csrf_token"]}


def noted(view: Any, error: Exception) -> Callable[..., Response]:
    """A view that breaks, with the access mark of the one whose place it takes."""
    broken = raising(error)
    broken.access = view.access  # type: ignore[attr-defined]
    return broken


def raising(error: Exception) -> Callable[..., Response]:
    """A view, or a part of one, that breaks."""

    def broken(*_: object, **__: object) -> Response:
        raise error

    return broken


def neighbours_are_many(gallery: Gallery, extra: Extra) -> None:
    """So many that a median tells nothing of any of them."""
    move_in(gallery.app, [3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000])
    gallery.visitor("anna", again=True).get(f"/meters/{gallery.cast.cold}")


SCENES = (
    everybody_opens_everything, in_the_basement, mailed, the_calendar_moves, sections_are_closed, other_operators, first_visits, logging_in,
    papers, a_profile_is_set, devices, copies, everything_fails, things_that_fail, readings_are_asked_about, readings_are_taken, all_readings,
    messages, absences, handovers, by_link, by_invoice, photographed, receipts_are_shown, letters_are_chosen, moneys, record, letters_have_come, passwords_are_changed, accounts_begin_and_end, contacts_change_and_accounts_close, lends, asks, pays, banks, registrations, protection, desks, works, searches, customers, staffed, composes, puts_up, office, tells, helps, assigns, neighbours_are_many,
)  # fmt: skip
