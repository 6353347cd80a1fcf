"""How many statements each page and each act sends, as a table that a reviewer reads in a diff.

BEGIN and COMMIT are not counted, nor is the one that notes a person's activity, once a minute at most. A figure
is raised only with a reason (performance.md): home at most 6, a reading at most 8.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlmodel import Session

from auth.methods.second import about
from auth.methods.totp import new_secret
from jobs.exchange import door
from models import calendars, emails, preferences, sessions, staff, tokens
from models.access_requests import AccessRequest
from models.audit import Actor
from models.factors import Factor
from models.identifiers import Identifiers
from models.identities import Identity
from models.imports import ImportJob
from models.lending import INVITATION
from models.mandates import Mandate
from models.notices import Notice
from models.payments import OnlinePayment
from models.people import User
from models.premises import Premises
from models.registrations import Waiting
from models.threads import Message, Thread
from models.types import Role, utc_now
from tests import standing
from tests.auth.cards import token_for
from tests.auth.provider import Hostile, choose, set_up
from tests.browser import Browser
from tests.cast import PASSWORD, Cast
from tests.desks import application, came, desk_acts
from tests.gallery.scenes import GOOD, link_for
from tests.lend import INVITE, fill
from tests.mails import brought as written
from tests.powers import PDF, POWERS, supervisor
from tests.registering import ADD, CODE, IDENTITY, printed, prove
from tests.standing import change, fetch
from tests.tills import Montonio, open_till
from tests.views.by_link import link, usual
from tests.views.factor_help import HOME, SECOND, Authenticator, asked, code_of, later
from tests.views.reading_form import HTMX, second_person
from tests.views.test_api import Program
from tests.walk import ids_of, paths
from views import statements as yearly

house_file = standing.house_file

RASA = "rasa@example.lv"
GOLDEN = Path(__file__).with_name("statements.txt")
SEARCHED = {"/staff/search": "?q=anna+asks", "/staff/customers": "?q=anna"}  # a page of these without it asks for little


def acts(app: Flask, cast: Cast, anna: Browser) -> Iterator[tuple[str, Browser, str, str, dict[str, str]]]:
    """Every form there is: its rule, who sends it, the page where it stands, its address, what is typed."""
    meter, flat, own = f"/meters/{cast.cold}/reading", f"/properties/{cast.flat}/readings", "/profile/sessions"
    cold = f"r-{cast.cold}-1"
    yield "/login", Browser(app), "/login", "/login", {"username": "anna", "password": PASSWORD}
    yield "/meters/<mid>/reading", anna, meter, meter, {cold: "195,5"}
    yield "/meters/<mid>/reading (a correction)", anna, meter, meter, {cold: "196,5"}
    yield "/meters/<mid>/reading (a question)", anna, meter, meter, {cold: "96,5"}
    yield "/meters/<mid>/quiet", anna, meter, f"/meters/{cast.cold}/quiet", {}
    yield "/properties/<pid>/readings", anna, flat, flat, {cold: "197,5"}
    for sum_, what in (("82,28", ""), ("82,29", " (refused)")):
        yield "/r" + what, Browser(app), "/r", "/r", {"code": "20417", "number": printed(app), "amount": sum_}
    by_link = link(app, cast)
    yield "/r/<token>", Browser(app), by_link, by_link, {f"r-{cast.hot}-1": usual(app, cast.hot)}
    yield "/properties/<pid>/not-ours", anna, f"/properties/{cast.flat}/meters", f"/properties/{cast.flat}/not-ours", {}
    away = f"/properties/{cast.flat}/absences"
    yield "/properties/<pid>/absences", anna, away, away, {"starts": "2026-12-10", "ends": "2026-12-24"}
    yield from handed_over(cast, anna)
    yield from factors(app, anna)
    with set_up(app, logout=True, backchannel_logout=True) as bank, both_ways(app):
        yield from bank_acts(app, bank)
        yield from registration_acts(app)
    forgot, reset, own_password = "/password/forgot", f"/password/reset/{link_for(app, 'viktors')}", "/profile/password"
    yield forgot, Browser(app), forgot, forgot, {"username": "anna"}
    yield "/password/check", Browser(app), reset, "/password/check", {"password": GOOD}
    yield "/password/reset/<token>", Browser(app), reset, reset, {"password": GOOD}
    yield from account_acts(app, anna)
    yield from staff_acts(app)
    yield from office_acts(app)
    yield from lending_acts(app, cast, anna)
    yield own_password, anna, own_password, own_password, {"old": PASSWORD, "password": GOOD}
    yield "/profile/language", anna, "/profile/language", "/profile/language", {"language": "en"}
    yield "/profile/appearance", anna, "/profile/appearance", "/profile/appearance", {"theme": "dark"}
    yield "/profile/calendar", anna, "/profile/calendar", "/profile/calendar", {}
    yield "/profile/calendar/off", anna, "/profile/calendar", "/profile/calendar/off", {}
    yield "/profile/data", anna, "/profile/data", "/profile/data", {"old": GOOD}
    by_mail = f"/properties/{cast.flat}/einvoice"
    yield "/properties/<pid>/einvoice", anna, by_mail, by_mail, {"form": "file", "paper": "1"}
    letters, stop = "/profile/notifications", f"/unsubscribe/{unsubscribing(app)}"
    yield letters, anna, letters, letters, {"notices": ""}
    yield "/profile/consents", anna, letters, "/profile/consents", {"offers": "1"}
    yield from messages(app, cast, anna)
    with open_till(app, "montonio") as till:
        yield from payment_acts(app, cast, anna, till)
    yield "/notices/<nid>/confirm", anna, f"/notices/{cast.notice}", f"/notices/{cast.notice}/confirm", {}
    yield "/unsubscribe/<signature>", Browser(app), stop, stop, {}
    yield "/session/extend", anna, "/profile", "/session/extend", {}
    for _ in range(2):
        Browser(app).log_in("anna", GOOD)
    others = [form.action for form in anna.get(own).forms if form.action.endswith("/end")]
    yield "/profile/sessions/<sid>/end", anna, own, others[0], {}
    yield "/profile/sessions/end-others", anna, own, f"{own}/end-others", {}
    yield "/logout", anna, "/profile", "/logout", {}


def payment_acts(app: Flask, cast: Cast, anna: Browser, till: Montonio) -> Iterator[tuple[str, Browser, str, str, Any]]:
    """Anna pays at her flat, and the provider tells of it."""
    pay = f"/properties/{cast.flat}/pay"
    yield "/properties/<pid>/pay", anna, f"{pay}?invoice={cast.invoice}", pay, {}
    newest = sa.select(sa.func.max(OnlinePayment.id)).scalar_subquery()  # among thousands of others, in tests/test_plans.py
    row = fetch(app, sa.select(OnlinePayment.__table__).where(OnlinePayment.id == newest))[0]
    till.set(row.provider_id, state="paid")
    yield "/payments/told/<token>", Browser(app), "/login", f"/payments/told/{row.hook}", till.webhook(row.provider_id)[0]


def messages(app: Flask, cast: Cast, anna: Browser) -> Iterator[tuple[str, Browser, str, str, dict[str, Any]]]:
    """The forms of conversations: a question with a file, a reply, and that it is solved."""
    new, where = "/messages/new", f"/messages/{cast.thread}"
    yield new, anna, f"{new}?topic=other", new, {"property": cast.flat, "body": "Why?", "files": (BytesIO(PDF), "a.pdf")}
    yield f"{new} (wrong)", anna, f"{new}?topic=other", new, {"property": cast.flat}
    yield "/messages/<tid>/replies", anna, where, f"{where}/replies", {"body": "And why not?"}
    change(app, sa.update(Thread).where(Thread.public_id == cast.thread).values(state="answered"))
    yield "/messages/<tid>/close", anna, where, f"{where}/close", {"act": "solved"}


def handed_over(cast: Cast, anna: Browser) -> Iterator[tuple[str, Browser, str, str, dict[str, str]]]:
    """Anna hands over a flat without meters to nobody: SQLite takes readings and letters one by one."""
    final = f"/properties/{cast.second}/handover"
    yield "/properties/<pid>/handover", anna, final, final, {"to": "99999"}
    yield "/handover", anna, "/properties", "/handover", {"act": "withdrawn"}


def staff_acts(app: Flask) -> Iterator[tuple[str, Browser, str, str, dict[str, str]]]:
    """The door, an invitation that is accepted, and an application that is decided."""
    door, queue, rasa, secret = "/staff/login", "/staff/registrations", Browser(app), new_secret()
    yield door, Browser(app), door, door, {"username": "ilze", "password": PASSWORD}
    link = invited(app)
    with app.extensions["ekabinets"].database.write() as session:
        sealed = sealed_for(secret, number(session))
    yield "/staff/welcome/<token>", rasa, link, link, {"sealed": sealed, "code": code_of(secret, later()), "password": GOOD}
    rank(app, queue)
    ilze, one = Browser(app), "/staff/inbox/9002"
    ilze.log_in("ilze")
    yield "/staff/inbox/<thid>/replies", ilze, one, f"{one}/replies", {"body": "We come tomorrow."}
    yield "/staff/inbox/<thid>/replies (a note)", ilze, one, f"{one}/replies", {"kind": "note", "body": "For colleagues."}
    yield "/staff/inbox/<thid>/replies (a prepared reply)", ilze, one, f"{one}/replies", {"insert": "", "canned": "1"}
    yield "/staff/replies", ilze, "/staff/replies", "/staff/replies", {"title": "Thanks", "en": "Thank you."}
    yield "/staff/replies/<crid>", ilze, "/staff/replies/1", "/staff/replies/1", {"title": "Thanks", "en": "Thank you.", "team": "1"}
    yield "/staff/inbox/<thid>/draft", ilze, one, f"{one}/draft", {"kind": "note", "body": "For coll"}
    yield "/staff/inbox/<thid>/undo (too late)", ilze, one, f"{one}/undo", {}
    yield "/staff/poll", ilze, one, f"/staff/poll?thread=9002&since={fetch(app, sa.select(sa.func.max(Message.id)))[0][0]}", {}
    yield from desk_work(app, ilze, one)
    yield "/staff/inbox/<thid>/close", ilze, one, f"{one}/close", {}
    search = "/staff/search"
    yield f"{search}/saved", ilze, f"{search}?q=zvirbulis", f"{search}/saved", {"name": "Anna"}
    yield f"{search}/saved/drop", ilze, search, f"{search}/saved/drop", {}
    yield from customer_acts(ilze)
    yield from notices_of_staff(app, ilze)
    yield queue, ilze, f"{queue}/{fetch(app, sa.select(sa.func.min(Waiting.id)))[0][0]}", queue, {"act": "refuse", "reason": "No."}
    yield from desk_acts(app, ilze)


def notices_of_staff(app: Flask, ilze: Browser) -> Iterator[tuple[str, Browser, str, str, dict[str, Any]]]:
    """A notice to a flat: written, changed, with a file, published, taken back."""
    every, (flat,) = "/staff/notices", fetch(app, sa.select(Premises.address).where(Premises.id == 1))
    said = {"title_lv": "Water", "body_lv": "None.", "to": flat.address, "confirm": "1"}
    yield f"{every}/new", ilze, f"{every}/new", f"{every}/new", said
    one = f"{every}/{fetch(app, sa.select(sa.func.max(Notice.id)))[0][0]}"
    yield "/staff/notices/<snid>/edit", ilze, f"{one}/edit", f"{one}/edit", said
    yield "/staff/notices/<snid>/files", ilze, one, f"{one}/files", {"files": (BytesIO(PDF), "a.pdf")}
    yield "/staff/notices/<snid>/publish", ilze, one, f"{one}/publish", {}
    yield "/staff/notices/<snid>/withdraw", ilze, one, f"{one}/withdraw", {}
    papers, typed = "/staff/documents", {"to": flat.address, "title": "", "files": (BytesIO(PDF), "a.pdf")}
    yield papers, ilze, papers, papers, typed | {"kind": "act", "issued": "2026-11-01"}
    yield f"{papers}/withdraw", ilze, papers, f"{papers}/withdraw", {"reason": "Of another flat."}
    yield from texts_of_staff(ilze)


def texts_of_staff(ilze: Browser) -> Iterator[tuple[str, Browser, str, str, dict[str, Any]]]:
    """A help article that is new, one that is changed and withdrawn, and other terms."""
    new, one, terms = "/staff/help/new", "/staff/help/1", "/staff/texts/terms"
    said = {"topic": "house", "position": "1", "title_lv": "Lifts", "body_lv": "Ir.", "title_en": "", "title_ru": "", "act": "publish"}
    yield new, ilze, new, new, said
    yield "/staff/help/<artid>", ilze, one, one, said
    yield "/staff/help/<artid> (withdrawn)", ilze, one, one, {"act": "withdraw"}
    says = {f"body_{code}": "x" for code in ("lv", "en", "ru")}
    yield "/staff/texts/<key>", ilze, terms, terms, says | {"act": "save", "from": "2026-12-24"}
    yield "/staff/texts/<key> (withdrawn)", ilze, terms, terms, {"act": "withdraw"}


def desk_work(app: Flask, ilze: Browser, one: str) -> Iterator[tuple[str, Browser, str, str, dict[str, Any]]]:
    """The forms for whose a conversation is, until when it waits, and where it goes on."""
    inbox, away = "/staff/inbox", "/staff/away"
    yield "/staff/inbox/<thid>/assign", ilze, one, f"{one}/assign", {"take": "1"}
    waiting = f"{inbox}/9001"
    yield "/staff/inbox/<thid>/snooze", ilze, waiting, f"{waiting}/snooze", {"until": "2026-12-07"}
    first = fetch(app, sa.select(Thread.__table__).where(Thread.id == 9001))[0]._asdict()
    change(app, sa.insert(Thread).values(first | {"id": 9900, "public_id": "merged", "latest_id": 9900}))
    change(app, sa.insert(Message).values(id=9900, public_id="merged", thread_id=9900, body="x", sent_at=utc_now()))
    other = f"{inbox}/9900"
    yield "/staff/inbox/<thid>/merge", ilze, other, f"{other}/merge", {"into": "9001"}
    yield "/staff/inbox", ilze, inbox, inbox, {"thread": ["9001", "9002"], "act": "take"}
    colleague = str(fetch(app, sa.select(User.id).where(User.email == RASA))[0][0])
    yield "/staff/away", ilze, away, away, {"starts": "2026-12-01", "ends": "2026-12-02", "substitute": colleague}


def customer_acts(ilze: Browser) -> Iterator[tuple[str, Browser, str, str, dict[str, str]]]:
    """What a supervisor does for Viktors."""
    rule, own, why = "/staff/customers/<custid>", "/staff/customers/2", "?from=call"
    readings, access = f"{own}/readings{why}", f"{own}/access{why}&user=2&act="
    form = next(form for form in ilze.get(readings).forms if form.action.startswith(own))
    field = next(name for name in form.fields if name.startswith("r-"))
    yield f"{rule}/readings", ilze, readings, form.action, {"heard": "call", field: "100"}
    yield f"{rule}/contacts", ilze, f"{own}/contacts{why}", f"{own}/contacts{why}", {"via": "call", "topic": "other", "body": "Why?", "answer": "So."}
    yield f"{rule}/access", ilze, f"{access}link_sent", f"{access}link_sent", {"reason": "She asked."}
    yield f"{rule}/access (unlocked)", ilze, f"{access}unlocked", f"{access}unlocked", {"reason": "She asked."}
    yield f"{rule}/as (refused)", ilze, f"{own}{why}", f"{own}/as{why}", {}


def invited(app: Flask) -> str:
    """The link of an invitation, for Rasa."""
    with app.extensions["ekabinets"].database.write() as session:
        staff.invite(session, Actor(None, "command"), RASA, "Rasa Kalniņa", Role.AGENT, "lv", utc_now())
        return "/staff/welcome/" + tokens.issue(session, staff.INVITATION, number(session), timedelta(days=3), utc_now(), address=RASA)


def number(session: Session) -> int:
    """Rasa's."""
    return session.scalars(sa.select(User.id).where(User.email == RASA)).one()


def sealed_for(secret: str, user_id: int) -> str:
    """As the form carries it."""
    return Identifiers("i" * 40).seal(secret, about(user_id))


def account_acts(app: Flask, anna: Browser) -> Iterator[tuple[str, Browser, str, str, dict[str, str]]]:
    """The forms for contact details, of somebody's first steps, and for the end of her account."""
    first, issued, close = "/first-visit", "/password/change", "/profile/close-account"
    contact, email = "/profile/contact", "/profile/email"
    yield contact, anna, contact, contact, {"phone": "2000 0000"}
    yield email, anna, email, email, {"email": "new@example.lv", "old": PASSWORD}
    yield f"{email}/wanted", anna, email, f"{email}/wanted", {"act": "again"}
    link = f"{email}/confirm/{link_for(app, 'anna', emails.PURPOSE, address='new@example.lv')}"
    yield f"{email}/confirm/<token>", anna, link, link, {}
    ruta = second_person(app, "ruta")
    change(app, sa.update(User).where(User.username == "ruta").values(password_issued=True, terms_version=0))
    yield issued, ruta, issued, issued, {"old": PASSWORD, "password": GOOD}
    yield first, ruta, first, first, {"email": "ruta@example.lv", "terms": "1"}
    yield "/profile/terms", ruta, close, "/profile/terms", {}
    yield close, ruta, close, close, {"old": GOOD}
def factors(app: Flask, anna: Browser) -> Iterator[tuple[str, Browser, str, str, dict[str, str]]]:
    """The forms about second factors; afterwards Anna has none."""
    device, secret = Authenticator(), new_secret()
    sealed = sealed_for(secret, 1)
    app_, key = f"{HOME}/totp", f"{HOME}/passkey"
    yield app_, anna, app_, app_, {"sealed": sealed, "code": code_of(secret, later()), "old": PASSWORD}
    yield f"{key}/begin", anna, key, f"{key}/begin", {"name": "My phone", "old": PASSWORD}
    yield key, anna, key, key, {"answer": device.make(asked(anna.get(key)))}
    half = Browser(app)
    half.log_in("anna")
    yield SECOND, half, SECOND, SECOND, {"code": code_of(secret, later(1))}
    yield "/login/passkey/begin", (stranger := Browser(app)), "/login", "/login/passkey/begin", {}
    question = asked(stranger.get("/login/passkey"))
    yield "/login/passkey", stranger, "/login/passkey", "/login/passkey", {"answer": device.sign(question)}
    yield f"{HOME}/codes", anna, f"{HOME}/codes", f"{HOME}/codes", {"old": PASSWORD}
    first, last = (row.id for row in fetch(app, sa.select(Factor.id).where(Factor.user_id == 1, Factor.kind != "recovery")))
    yield f"{HOME}/remove", anna, f"{HOME}/remove?factor={first}", f"{HOME}/remove", {"old": PASSWORD}
    yield f"{HOME}/remove (the last one)", anna, f"{HOME}/remove?factor={last}", f"{HOME}/remove", {"old": PASSWORD}
    yield "/verify", anna, "/verify", "/verify", {"begin": "1"}


def bank_acts(app: Flask, bank: Hostile) -> Iterator[tuple[str, Browser, str, str, dict[str, str]]]:
    """The forms about banks: Viktors connects his account with one, and takes it away; the bank ends a session."""
    viktors, at, methods = Browser(app), "/login/bank/demo", "/profile/methods"
    yield "/login/<any(bank, eparaksts):family>/<name>", viktors, "/login", at, {}
    viktors.get(f"{at}/return", query_string=choose(viktors.response.headers["Location"]))
    yield "/login/choose", viktors, "/login/choose", "/login/choose", {"username": "viktors", "password": PASSWORD}
    ((number,),) = fetch(app, sa.select(Identity.id).where(Identity.user_id == 2))
    yield f"{methods}/remove", viktors, methods, f"{methods}/remove", {"identity": str(number), "old": PASSWORD}
    yield "/login/bank/<name>/logout", Browser(app), "/login", f"{at}/logout", {"logout_token": bank.logout_token()}
    card, somebody = "/login/card", Browser(app)
    page = somebody.submit(somebody.get("/login"), "/login/eparaksts/card")
    yield card, somebody, card, card, {"answer": token_for(page.html)}


@contextmanager
def both_ways(app: Flask) -> Iterator[None]:
    """The site lets people register by the customer code as well."""
    held = app.extensions["ekabinets"]
    asked = held.site.registration.model_copy(update={"ways": ("identity", "code")})
    app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"registration": asked}))
    yield
    app.extensions["ekabinets"] = held


def registration_acts(app: Flask) -> Iterator[tuple[str, Browser, str, str, dict[str, str]]]:
    """The forms of registration, with what matches and with what does not."""
    new, liga = Browser(app), Browser(app)
    prove(new)
    yield IDENTITY, new, IDENTITY, IDENTITY, {"email": "new@example.org", "password": GOOD, "terms": "1"}
    for secret, what in ((printed(app), ""), ("x", " (what does not match)")):
        yield CODE + what, Browser(app), CODE, CODE, {"code": "20417", "secret": secret, "email": "b@example.lv"}
    liga.log_in("liga")
    for secret, what in (("x", " (what does not match)"), (printed(app), "")):
        yield ADD + what, liga, ADD, ADD, {"code": "20417", "secret": secret}


def lending_acts(app: Flask, cast: Cast, anna: Browser) -> Iterator[tuple[str, Browser, str, str, dict[str, Any]]]:
    """The forms about mandates: Anna invites Pēteris, who accepts; then all of them once."""
    wish = fill(cast, email="peteris@example.com")
    yield f"{INVITE} (the check)", anna, INVITE, INVITE, wish | {"act": "check"}
    yield INVITE, anna, INVITE, INVITE, wish | {"act": "send", "old": PASSWORD}
    ((number, name),) = fetch(app, sa.select(Mandate.id, Mandate.public_id).where(Mandate.granted_by == 1, Mandate.address == wish["email"]))
    where, peteris = f"/users/{name}", Browser(app)
    yield "/users/<uid>/code", anna, "/users", f"{where}/code", {}
    yield "/users/<uid>/state (again)", anna, "/users", f"{where}/state", {"act": "resend"}
    peteris.log_in("peteris")
    with app.extensions["ekabinets"].database.write() as session:
        link = "/invitations/" + tokens.issue(session, INVITATION, 1, timedelta(hours=1), utc_now(), number, mandate=number)
    yield "/invitations/<token>", peteris, link, link, {"act": "accept"}
    yield "/users/<uid>/state", anna, "/users", f"{where}/state", {"act": "suspend"}
    yield "/users/<uid>", anna, where, where, {**wish, "right": ["meters"]} | {"act": "send", "old": PASSWORD}
    yield "/users/<uid>/revoke", anna, f"{where}/revoke", f"{where}/revoke", {}
    yield POWERS, anna, POWERS, POWERS, {"code": "20418", "about": "A document.", "document": (BytesIO(PDF), "a.pdf")}
    request = "/properties/request"
    yield request, anna, request, request, {"wanted": "Nekur 1–1", "who": "Anna"}
    change(app, sa.insert(AccessRequest).values(user_id=2, owner_id=1, wanted="20417", who="Viktors", asked_at=utc_now(), looked_at=utc_now()))
    number = str(fetch(app, sa.select(AccessRequest.id).where(AccessRequest.owner_id == 1))[0].id)
    yield "/users/requests/refuse", anna, "/users", "/users/requests/refuse", {"request": number}


def pages(app: Flask, cast: Cast) -> Iterator[tuple[str, str]]:
    """Every page's rule with its address in Anna's flat."""
    values = {name: ids[:1] for name, ids in ids_of("anna", cast).items()}
    values |= {"thid": ["9001"], "custid": ["1"], "crid": ["1"], "afid": [cast.thread_file], "sphid": [cast.photo], "meid": [answered(app)], "table": ["meters"]}
    values |= {"snid": ["1"], "artid": ["1"], "poid": [str(application(app, code="99999"))], "hoid": ["2"], "suid": ["5"], "imid": [brought(app)], "moid": [came(app)], "emid": [written(app).rpartition("/")[2]]}
    values |= {"rid": [str(number) for (number,) in fetch(app, sa.select(Waiting.id))]}
    values |= {"name": [*app.extensions["assets"].by_name][:1], "key": ["terms"], "token": [link_for(app, "anna")], "signature": [unsubscribing(app)], "family": ["bank"], "slug": ["how-to-read"]}
    for rule in sorted(rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())):
        secrets = values["token"]
        if "/confirm/" in rule:
            secrets = [link_for(app, "anna", emails.PURPOSE, address="new@example.lv")]
        if rule.startswith("/staff/welcome"):
            secrets = [invited(app).rpartition("/")[2]]
        if rule.startswith("/calendar/"):
            secrets = [link_for(app, "anna", calendars.PURPOSE)]
        if rule.startswith("/r/"):
            secrets = [link(app, cast).rpartition("/")[2]]
        if "/invitations/" in rule:
            ((number,),) = fetch(app, sa.select(Mandate.id).where(Mandate.public_id == cast.mandate))
            secrets = [link_for(app, "anna", INVITATION, mandate=number)]
        asked = f"?invoice={cast.invoice}" if rule.endswith("/pay") else "?from=call&user=1&act=link_sent" if "<custid>" in rule else SEARCHED.get(rule, "")
        yield rule, paths(rule, values | {"token": secrets})[0] + asked


def answered(app: Flask) -> str:
    """Something that Ilze wrote to Anna."""
    change(app, sa.insert(Message).values(public_id="answered", thread_id=9001, body="We come.", from_staff=True, actor_user_id=5, sent_at=utc_now()))
    return "answered"


def brought(app: Flask) -> str:
    """The number of an import that was checked, with an error in it."""
    report = {"tables": {}, "problems": [["a.csv", 2, "name", "", "a value"]], "count": 1, "formats": {}}
    more = {"file_hash": "0" * 64, "created_by_user_id": 5, "state": "ready", "busy": None, "report": report, "created_at": utc_now()}
    change(app, sa.insert(ImportJob).values(kind="customers", file_name="a.csv", attempts=0, rows=0, part=0, error="", **more))
    return str(fetch(app, sa.select(sa.func.max(ImportJob.id)))[0][0])


def rank(app: Flask, path: str) -> None:
    """Ilze is an administrator where others see nothing, and a supervisor at the desks."""
    role = Role.ADMINISTRATOR if path.startswith(("/staff/users", "/staff/imports", "/staff/dashboard", "/staff/checks")) else Role.SUPERVISOR
    change(app, sa.update(User).where(User.username == "ilze").values(role=role))


def office_acts(app: Flask) -> Iterator[tuple[str, Browser, str, str, dict[str, Any]]]:
    """The forms of administrators: an invitation, another role, a file to be checked, and its import."""
    users, uploads, ilze = "/staff/users", "/staff/imports", Browser(app)
    ilze.log_in("ilze")
    rank(app, users)
    yield users, ilze, users, users, {"name": "Zane Liepa", "email": "zane@example.lv", "role": "agent", "language": "lv"}
    yield "/staff/checks", ilze, "/staff/checks", "/staff/checks", {"kind": "answer", "language": "lv"}
    with app.extensions["ekabinets"].database.write() as session:
        one = f"{users}/{session.scalars(sa.select(User.id).where(User.email == 'zane@example.lv')).one()}"
    yield f"{users}/<suid>", ilze, one, one, {"act": "role", "role": "supervisor"}
    yield uploads, ilze, uploads, uploads, {"kind": "customers", "file": (BytesIO(b"code;name"), "a.csv")}
    change(app, sa.update(ImportJob).values(busy=None, state="ready"))
    one = f"{uploads}/{brought(app)}"
    yield f"{uploads}/<imid>", ilze, one, one, {"act": "import"}
    rank(app, "/staff")


def is_for_staff(path: str) -> bool:
    """Whether only the operator's staff open it."""
    return re.match("/staff(?!/login|/welcome)", path) is not None


def unsubscribing(app: Flask) -> str:
    """What the link below a notice to Viktors carries."""
    return preferences.token(app.extensions["ekabinets"].settings.secret_key, 2, "notices")


def counted(app: Flask, cast: Cast, anna: Browser, statements: list[str]) -> Iterator[tuple[str, int]]:
    """Each page as Anna opens it, then each form as she sends it."""
    ilze = supervisor(app)
    change(app, sa.insert(Waiting).values(key="x", user_id=2, language="lv", code="77777", asked_at=utc_now()))
    billing, rows = Program(app), [{"external_id": "H1", "address": "Brīvības iela 12", "town": "Ogre"}]
    assert billing.post("houses", rows)[0] == 200
    for rule, path in pages(app, cast):
        who = ilze if is_for_staff(path) else anna
        rank(app, path)
        with open_till(app, "montonio") if rule.endswith("/pay") else nullcontext():
            statements.clear()
            assert who.client.get(path, headers=billing.headers if path.startswith("/api/") else {}).status_code < 400
        yield f"GET  {rule}", len([sent for sent in statements if "advisory" not in sent])  # SQLite locks a file instead
    for rule, browser, page, action, typed in acts(app, cast, anna):
        htmx = {"headers": HTMX} if action.startswith("/meters") else {}
        form = browser.get(page, **htmx)
        fields = next((one.fields for one in form.forms if one.action == action), form.forms[0].fields)
        statements.clear()
        browser.post(action, typed if isinstance(typed, bytes) else {**fields, **typed}, follow=False, **htmx)
        assert browser.status < 400 or rule.endswith(("question)", "(wrong)", "(too late)", "(refused)"))
        yield f"POST {rule}", len(statements)
    statements.clear()
    assert billing.post("houses", rows)[1]["unchanged"] == 1
    yield "POST /api/v1/<table>", len([sent for sent in statements if not re.search("advisory|PRAGMA", sent)])


def test_each_page_and_act_sends_the_reviewed_number_of_statements(app: Flask, anna: Browser, cast: Cast, statements, house_file, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sessions, "_TOUCH", timedelta(days=1))  # a slow run is noted once a minute,
    monkeypatch.setattr(door, "LAG", -timedelta(seconds=1))  # gives out what was written long ago,
    monkeypatch.setattr(yearly, "PATIENCE", 3600)  # and has its archive all the same
    found = "".join(f"{count:>2}  {what}\n" for what, count in counted(app, cast, anna, statements))
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(found, "utf-8")
    assert found == GOLDEN.read_text("utf-8"), "review this, then write it with UPDATE_GOLDEN=1"


def test_every_page_and_form_is_counted_and_the_main_job_stays_under_its_bar(app: Flask):
    lines = [line.split("  ", 1) for line in GOLDEN.read_text("utf-8").strip().splitlines()]
    counts = {what: int(count) for count, what in lines}
    verbs = [(verb, rule.rule) for rule in app.url_map.iter_rules() for verb in rule.methods or ()]
    assert {f"{verb:<4} {rule}" for verb, rule in verbs if verb in ("GET", "POST")} == {what.partition(" (")[0] for what in counts}
    assert counts["GET  /properties/<pid>"] <= 6
    assert max(count for what, count in counts.items() if what.startswith("POST /meters")) <= 8
