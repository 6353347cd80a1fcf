"""The desk for money: what came to the bank and matched nothing, and payments that a person has to look at."""

import re
from contextlib import suppress
from typing import Any

from flask import Response, abort, request

from auth.access import Right, staff_right
from auth.state import reading, somebody, state, writing
from models import audit, bank, customer_search
from models.rules.numbers import NumberProblem, parse_reading
from models.types import AnyRow, Changed, is_public_id, new_public_id
from views.pages import page, redirect_to
from views.routes import Routes

desk = Routes("staff_payments", __name__)
_HOME = "/staff/payments"
_LONGEST = 500  # characters of a reason


def _q(other: str = "") -> str:
    """What is searched for."""
    return request.values.get("q", other).replace("\0", "")[:200].strip()


@desk.get(_HOME, "staff payments view")
def queue() -> Response:
    """What waits, or what was settled."""
    is_done = request.args.get("show") == "done"
    found, online = (bank.found(reading(), kind, _q(), is_done=is_done) for kind in "bo")
    return page("staff/payments.html", found=found, online=online, is_done=is_done, q=_q(), most=bank.MOST)


@desk.get(_HOME + "/<moid>", "staff payments view")
def show(moid: AnyRow) -> Response:
    """One of them, with invoices that it may be for: of whom is searched, at first of whose name is on it."""
    return _page(moid, {})


def _page(row: AnyRow, typed: dict[str, str], status: int = 200, **words: Any) -> Response:
    connection, given, q = reading(), bank.parts(reading(), row), _q(row.payer if row.kind == "b" else "")
    hits = customer_search.find(connection, q, state().clock.today())[:20] if q else []
    numbers = [*map(_number, typed), *(part.id for part in given)]
    values = {"closes": bank.closes(row), "wrong": (), "reason": "", "done": request.args.get("done", "")} | words
    return page(
        "staff/payment.html", status=status, row=row, parts=given, q=q, typed=typed, once=new_public_id(),
        found=bank.may_be(connection, [hit.id for hit, _ in hits], numbers),
        decides=staff_right("payments", somebody().role) >= Right.ACT, **values,
    )  # fmt: skip


@desk.post(_HOME + "/<moid>", "staff payments act")
def decide(moid: AnyRow) -> Response:
    """Search once more, share the money among invoices, close it with a reason, or undo that."""
    form, act, closes = request.form, request.form.get("act", ""), bank.closes(moid)
    once, reason = form.get("once", ""), form.get("reason", "").replace("\r\n", "\n").strip()
    typed = {name: form[name].strip()[:20] for name in form if re.fullmatch("i[0-9]{1,9}", name) and form[name].strip()}
    if not is_public_id(once) or act not in ("search", "assign", "undo", *closes):
        abort(400)
    cents, wrong = _sums(moid, typed) if act == "assign" else ({}, set())
    if act in closes and not (0 < len(reason) <= _LONGEST and "\0" not in reason):
        wrong = {"reason"}
    if wrong or act == "search":
        return _page(moid, typed, 422 if wrong else 200, wrong=wrong, reason=reason)
    here = f"{moid.kind}{moid.id}"
    try:
        if not audit.receipt(reading(), once, somebody().user_id):
            with writing() as session:
                bank.decide(session, somebody().actor(), moid, act, cents, reason, once)
    except Changed:
        return _page(bank.one(reading(), here) or moid, typed, 409, wrong={"changed"}, reason=reason)
    return redirect_to(f"{_HOME}/{here}?done={act}")


def _number(name: str) -> int:
    """The invoice of a field."""
    return int(name[1:])


def _sums(row: AnyRow, typed: dict[str, str]) -> tuple[dict[int, int], set[str]]:
    """The cents for each invoice, and what is wrong: fields, or how they go together."""
    cents: dict[int, int] = {}
    for name, text in typed.items():
        with suppress(NumberProblem):
            cents[_number(name)] = parse_reading(text, 7, 2) // 10
    known = {one.id: one.premises_id for one in bank.may_be(reading(), (), cents)}
    wrong = {name for name in typed if not cents.get(_number(name)) or _number(name) not in known}
    if not wrong and (not cents or (row.kind == "b" and sum(cents.values()) != row.cents)):
        wrong = {"sum"}
    elif not wrong and row.kind == "o" and {*known.values()} != {row.premises_id}:
        wrong = {"place"}
    return cents, wrong
