"""A customer as staff see her: everything on one page, each look with its purpose; help with accounts (H07, H08)."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from flask import Response, abort, current_app, g, request

from auth.access import Right, staff_right
from auth.state import reading, somebody, state, writing
from models import accounts, activity, dossier, inbox, invoices, mandates
from models.audit import record
from models.dossier import MOST
from models.types import AnyRow, utc_now
from views.account import typed_email
from views.limits import come_back
from views.pages import page, redirect_to
from views.routes import Routes

customers = Routes("customers", __name__)
CUSTOMER = "/staff/customers/<custid>"
PURPOSES = ("call", "visit", "letter", "check")  # of a look; else a conversation by its number: "thread:12"
_LONGEST = 500  # characters of a reason
_OPENS = {"inbox": Right.ACT, "customers": Right.ACT, "readings": Right.ACT, "audit": Right.VIEW}


def words() -> dict[str, Any]:
    """What the page of activities says for codes, in the reader's language."""
    template = current_app.extensions["languages"][g.language].get_template("activity/_words.txt")
    return {**vars(template.module)}


def user_of(customer: AnyRow) -> AnyRow:
    """Who of those that sign in as her the address names; 404 for anybody else."""
    named = request.args.get("user", "")
    return next((user for user in dossier.users(reading(), customer.id) if str(user.id) == named), None) or abort(404)


def thread_of(customer: AnyRow, typed: str) -> int | None:
    """The number of a conversation of this customer, as it was typed; None for any other."""
    row = inbox.one(reading(), int(typed)) if typed.isdecimal() and len(typed) < 10 else None
    return row.id if row and row.customer_id == customer.id else None


class NoPurpose(Exception):
    """Nobody has said what this customer (the argument) is looked at for."""


def purpose(customer: AnyRow) -> tuple[str, dict[str, Any]]:
    """What the address says that she is looked at for, and the object of that, if any. Raises `NoPurpose`."""
    why, _, typed = request.args.get("from", "").partition(":")
    if why == "thread" and (number := thread_of(customer, typed)):
        return "message", {"object_type": "thread", "object_id": number}
    if why not in PURPOSES or typed:
        raise NoPurpose(customer)
    return why, {}


def looked(customer: AnyRow, category: str, action: str = "customer.viewed", **about: Any) -> dict[str, Any]:
    """Note that staff look at her data, and what for. Returns what each of her pages is given. Raises `NoPurpose`.

    `category` is a section of auth/access.toml, or "customer" for all of them.
    """
    (why, more), said = purpose(customer), request.args.get("from", "")
    actor = replace(somebody().actor(), principal_customer_id=customer.id)
    with writing() as session:
        record(session, actor, action, detail={"purpose": why, "category": category}, **more | about)
    return {"customer": customer, "why": said, "back": f"/staff/customers/{customer.id}?from={said}"}


@customers.app_errorhandler(NoPurpose)
def ask_why(asked: NoPurpose) -> Response:
    """What is she looked at for? Asked once: each link of her pages goes on with it."""
    kept = [(name, value) for name, value in request.args.items() if name != "from"]
    purposes = {one: words()["purposes"][one] for one in PURPOSES}
    return page("staff/why.html", customer=asked.args[0], kept=kept, purposes=purposes)


@customers.get(CUSTOMER, "staff customers view")
def show(custid: AnyRow) -> Response:
    """All there is, the newest of each; conversations and the trail only to those whose role opens them."""
    seen = looked(custid, "customer")
    connection, number, held, said, today = reading(), custid.id, state(), words(), state().clock.today()
    opens = {section: staff_right(section, somebody().role) >= least for section, least in _OPENS.items()}
    users, places = dossier.users(connection, number), dossier.places(connection, number, today)
    they = [user.id for user in users]
    return page(
        "staff/customer.html", opens=opens, said=said, desk=held.site.desk, rules=held.site.meters,
        bills=invoices.of_customer(connection, number, today, MOST), places=places, users=users,
        readings=dossier.last_readings(connection, number, today),
        mandates=mandates.of_customer(connection, number, today, MOST),
        threads=inbox.of_customer(connection, number, MOST) if opens["inbox"] else [],
        acts=activity.of_customer(connection, number, they, said["acts"], MOST) if opens["audit"] else [],
        done=request.args.get("done", ""), **seen,
    )  # fmt: skip


@customers.get(CUSTOMER + "/access", "staff customers act")
def access(custid: AnyRow, status: int = 200, **more: Any) -> Response:
    """What will be done, for whom; or why it cannot be."""
    user, act = _asked(custid)
    seen = looked(custid, "settings", object_type="user", object_id=user.id)
    context: dict[str, Any] = {"reason": "", "typed": "", "bad": "", "bad_reason": False, "wait": None} | more
    refused = accounts.refusal(user, act)
    return page("staff/access.html", status=status, user=user, act=act, refused=refused, **context, **seen)


def _asked(customer: AnyRow) -> tuple[AnyRow, str]:
    """The user of this customer, and the act; 404 for any other."""
    act = request.args.get("act", "")
    return user_of(customer) if act in accounts.ACTS else abort(404), act


@customers.post(CUSTOMER + "/access", "staff customers act")
def help_out(custid: AnyRow) -> Response:
    """Do it, and tell whom it concerns."""
    user, act = _asked(custid)
    if accounts.refusal(user, act):
        return access(custid, 409)
    reason = request.form.get("reason", "").strip()
    bad_reason = not 0 < len(reason) <= _LONGEST or "\0" in reason
    address, bad = typed_email() if act == "email" else ("", "")
    bad = "same" if address and address == user.email else bad
    typed = {"reason": reason[:_LONGEST].replace("\0", ""), "typed": request.form.get("email", "")[:254]}
    if bad or bad_reason:
        return access(custid, 422, bad=bad, bad_reason=bad_reason, **typed)
    with writing() as session:
        wait = accounts.help_out(session, somebody().actor(), user.id, act, reason, utc_now(), address or "")
    if wait:
        return come_back(access(custid, 429, wait=wait, **typed), wait)
    return redirect_to(f"/staff/customers/{custid.id}?from={quote(request.args.get('from', ''))}&done={act}")
