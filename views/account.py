"""The first visit, telephone, terms of use and the end of an account (A11, A12, A20; LU-43, LG-05, LG-15, OG-14)."""

from typing import Any

from flask import Response, request

from auth.access import FRESH
from auth.methods import password as method
from auth.state import reading, somebody, state, writing
from auth.visitor import Visitor
from models import accounts
from models.rules.identifiers import fold_login, normal_phone
from models.rules.mail import address_ok
from models.rules.passwords import LONGEST
from models.throttle import Wait
from models.types import utc_now
from views.login import leave, next_page, onward
from views.pages import page, redirect_to
from views.routes import Routes

account = Routes("account", __name__)


def typed_email(text: str | None = None) -> tuple[str | None, str]:
    """The address of a form, folded, or what is wrong with it: "missing" or "shape"."""
    typed = fold_login(request.form.get("email", "") if text is None else text)
    if not typed:
        return None, "missing"
    return (typed, "") if address_ok(typed) else (None, "shape")


def typed_phone() -> tuple[str | None, str]:
    """The telephone of a form, or what is wrong with it: "shape"; None for an empty field."""
    typed = request.form.get("phone", "").strip()
    try:
        return (normal_phone(typed) if typed else None), ""
    except ValueError:
        return None, "shape"


def unconfirmed(person: Visitor | None = None) -> dict[str, Any]:
    """What is wrong with the visitor's own password in a form, for its page; nothing when it is right.

    That is its status with `wrong`, "missing" or "wrong", or with `wait`, a `Wait` after too many wrong ones. Who has
    no password proves herself by signing in: "stale" when that was longer ago than `FRESH`.
    """
    held, person, typed = state(), person or somebody(), request.form.get("old", "")
    if not person.has_password:
        return {} if utc_now() - person.authenticated_at < FRESH else {"status": 422, "wrong": "stale"}
    if not typed or len(typed) > LONGEST:
        return {"status": 422, "wrong": "wrong" if typed else "missing"}
    outcome = method.confirm(held.database, held.passwords, person.user_id, person.username, typed, utc_now())
    if isinstance(outcome, Wait):
        return {"status": 429, "wait": outcome}
    return {} if outcome else {"status": 422, "wrong": "wrong"}


@account.get("/first-visit", "settings act")
def first_visit() -> Response:
    """Are these still your e-mail address and telephone? And the terms of use."""
    if somebody().step != "visit":
        return onward()
    row = accounts.contacts(reading(), somebody().user_id)
    return _visit(200, row.email_wanted or row.email or "", row.phone or "")


@account.post("/first-visit", "settings act")
def visited() -> Response:
    """They are right now. A new address waits for its confirmation, the portal does not."""
    person, (email, bad_email), (phone, bad_phone) = somebody(), typed_email(), typed_phone()
    if person.step != "visit":  # later on, another address asks for the password
        return onward()
    if bad_email == "missing" and not accounts.contacts(reading(), person.user_id).email:
        bad_email = "" if phone or bad_phone else "neither"
    wrong = {"email": bad_email, "phone": bad_phone, "terms": "" if request.form.get("terms") else "missing"}
    if any(wrong.values()):
        return _visit(422, request.form.get("email", ""), request.form.get("phone", ""), wrong=wrong)
    with writing() as session:
        wait = accounts.visit(session, person.terms, person.actor(), email, phone, utc_now())
    return _visit(429, email or "", phone or "", wait=wait) if wait else onward()


def _visit(status: int, email: str, phone: str, **more: Any) -> Response:
    words = {"wrong": {"email": "", "phone": "", "terms": ""}, "next_page": next_page()} | more
    ticked = bool(request.form.get("terms"))
    return page("account/first.html", status=status, email=email[:254], phone=phone[:40], ticked=ticked, **words)


@account.post("/profile/terms", "settings act", limit=None)
def terms() -> Response:
    """She has read the new terms: the notice goes."""
    with writing() as session:
        accounts.accept_terms(session, somebody().terms, somebody().actor())
    return onward()


@account.get("/profile/contact", "settings act")
def phone() -> Response:
    """Another telephone, or none."""
    return _phone(200, accounts.contacts(reading(), somebody().user_id).phone or "")


@account.post("/profile/contact", "settings act")
def change_phone() -> Response:
    """Keep it."""
    number, wrong = typed_phone()
    if wrong:
        return _phone(422, request.form.get("phone", ""))
    with writing() as session:
        accounts.set_phone(session, somebody().actor(), number)
    return redirect_to("/profile?changed=phone")


def _phone(status: int, number: str) -> Response:
    return page("account/phone.html", status=status, current="profile", phone=number[:40])


@account.get("/profile/close-account", "settings act")
def leaving(status: int = 200, **more: Any) -> Response:
    """What is lost and what stays (A20)."""
    return page("account/close.html", status=status, current="profile", **more)


@account.post("/profile/close-account", "settings act")
def close() -> Response:
    """The account ends, and with it every session."""
    if problem := unconfirmed():
        return leaving(**problem)
    with writing() as session:
        accounts.close(session, somebody().actor(), utc_now())
    return leave("/signed-out?closed=1")
