"""The desk for money: what came to the bank and matched nothing, and payments that a person has to look at."""

import re
from contextlib import suppress
from typing import Any

from flask import Response, abort, request

from auth.access import Right, staff_right
from auth.state import reading, somebody, state, writing
from models import activity, audit, bank, customer_search
from models.rules.numbers import NumberProblem, parse_reading
from models.types import AnyRow, Changed, is_public_id, new_public_id
from views.limits import search_limit
from views.pages import page, redirect_to
from views.routes import Routes

desk = Routes("staff_payments", __name__)
_HOME = "/staff/payments"


def _q(other: str = "") -> str:
    """What is searched for."""
    return request.values.get("q", other).replace("\0", "")[:200].strip()


@desk.get(_HOME, "staff payments view")
def queue() -> Response:
    """What waits, or what was settled."""
    is_done = request.args.get("show") == "done"
    found, online = (bank.found(reading(), kind, _q(), is_done=is_done) for kind in "bo")
    return page("staff/payments.html", found=found, online=online, is_done=is_done, q=_q(), most=bank.MOST)


@desk.get(_HOME + "/<moid>", "staff payments view", search_limit)
def show(moid: AnyRow, typed: dict[int, str] | None = None, status: int = 200, **words: Any) -> Response:
    """One of them, with invoices that it may be for: of whom is searched, at first of whose name is on it. Whose they
    are is told of the look."""
    connection, given, q = reading(), bank.parts(reading(), moid), _q(moid.payer if moid.kind == "b" else "")
    hits = customer_search.find(connection, q, state().clock.today(), 20) if q else []
    found = bank.may_be(connection, [hit.id for hit, _ in hits], [*(typed or ()), *(part.id for part in given)])
    with writing() as session:
        at = {row.premises_id for row in found}
        activity.looked(session, "payments", "invoices", (), at, state().clock.today(), somebody().actor())
    values = {"closes": bank.closes(moid), "wrong": (), "reason": "", "done": request.args.get("done", "")} | words
    return page(
        "staff/payment.html", status=status, row=moid, parts=given, q=q, typed=typed or {}, once=new_public_id(),
        found=found, decides=staff_right("payments", somebody().role) >= Right.ACT, **values,
    )  # fmt: skip


@desk.post(_HOME + "/<moid>", "staff payments act")
def decide(moid: AnyRow) -> Response:
    """Search once more, share the money among invoices, close it with a reason, or undo that."""
    form, act, closes = request.form, request.form.get("act", ""), bank.closes(moid)
    once, reason = form.get("once", ""), form.get("reason", "").replace("\r\n", "\n").strip()
    typed = {int(key[1:]): text[:20] for key, text in form.items() if re.fullmatch("i[0-9]{1,9}", key) and text.strip()}
    if not is_public_id(once) or act not in ("search", "assign", "undo", *closes):
        abort(400)
    cents, wrong = _sums(moid, typed) if act == "assign" else ({}, set())
    if act in closes and not (0 < len(reason) <= 500 and "\0" not in reason):
        wrong = {"reason"}
    if wrong or act == "search":
        return show(moid, typed, 422 if wrong else 200, wrong=wrong, reason=reason)
    here = f"{moid.kind}{moid.id}"
    try:
        told = audit.content_hash({"act": act, "reason": reason, **{f"{key}": f"{one}" for key, one in cents.items()}})
        before = audit.receipt(reading(), once, somebody().user_id)
        if before and before.content_hash != told:
            raise Changed
        if not before:
            with writing() as session:
                sent = {"once": once, "content_hash": told}
                bank.decide(session, somebody().actor(), moid, act, cents, reason, sent)
    except Changed:
        return show(bank.one(reading(), here) or moid, typed, 409, wrong={"changed"}, reason=reason)
    return redirect_to(f"{_HOME}/{here}?done={act}")


def _sums(row: AnyRow, typed: dict[int, str]) -> tuple[dict[int, int], set[Any]]:
    """The cents for each invoice, and what is wrong: invoices, or how they go together."""
    cents: dict[int, int] = {}
    for number, text in typed.items():
        with suppress(NumberProblem):
            cents[number] = parse_reading(text, 7, 2) // 10
    known = {one.id: one.premises_id for one in bank.may_be(reading(), (), cents)}
    if wrong := {number for number in typed if not cents.get(number) or number not in known}:
        return cents, wrong
    if not cents or (row.kind == "b" and sum(cents.values()) != row.cents):
        return cents, {"sum"}
    return cents, {"place"} if row.kind == "o" and {*known.values()} != {row.premises_id} else set()
