"""Searches of staff: in conversations, and for a customer (H05; ux.md §2.14). Each is counted."""

from urllib.parse import urlencode

from flask import Response, request

from auth.state import reading, somebody, state, writing
from models import customer_search, inbox, search
from models.rules.search import LETTERS, LONGEST, number, terms
from models.threads import NEWEST
from views.limits import search_limit
from views.pages import page, redirect_to
from views.routes import Routes

staff_search = Routes("staff_search", __name__)
_SEARCH, _CUSTOMERS = "/staff/search", "/staff/customers"


def _clean(text: str) -> str:
    """What is looked for, as far as anybody means it."""
    return text[:LONGEST].replace("\0", " ").strip()


@staff_search.get(_SEARCH, "staff inbox view", search_limit)
def conversations() -> Response:
    """Those that have every word, the latest first; a number alone opens its conversation."""
    typed = _clean(request.args.get("q", ""))
    named = number(typed)
    if named and inbox.one(reading(), named):
        return redirect_to(f"/staff/inbox/{named}")
    return _conversations(typed)


def _conversations(typed: str, status: int = 200, name: str = "", wrong: str = "") -> Response:
    before = min(max(request.args.get("before", NEWEST, int), 0), NEWEST)
    wanted = terms(typed, LETTERS)
    found = search.find(reading(), wanted, before) if wanted else []
    rows = [row for _, row in found[: search.PAGE]]
    older = found[search.PAGE - 1][0] if found[search.PAGE :] else 0
    return page(
        "staff/search.html", status=status, typed=typed, found=rows, why=search.reasons(reading(), rows, wanted),
        older=older, later=before < NEWEST, desk=state().site.desk, kept=search.saved(reading(), somebody().user_id),
        name=name, wrong=wrong, longest=search.SAVED_NAME, most=search.MOST_SAVED,
    )  # fmt: skip


@staff_search.post(_SEARCH + "/saved", "staff inbox view")
def keep() -> Response:
    """Keep a search under a name; the same name again is the same one."""
    typed, name = _clean(request.form.get("q", "")), " ".join(request.form.get("name", "").replace("\0", " ").split())
    wrong = "" if typed and 0 < len(name) <= search.SAVED_NAME else "name"
    if not wrong:
        with writing() as session:
            wrong = "" if search.save(session, somebody().actor(), name, typed) else "many"
    if wrong:
        return _conversations(typed, 422, name[: search.SAVED_NAME + 1], wrong)
    return redirect_to(f"{_SEARCH}?{urlencode({'q': typed})}")


@staff_search.post(_SEARCH + "/saved/drop", "staff inbox view")
def drop() -> Response:
    """Delete one of her own; one that is gone is gone."""
    typed = request.form.get("number", "")
    with writing() as session:
        search.drop(session, somebody().actor(), int(typed) if typed.isdecimal() and len(typed) < 10 else 0)
    return redirect_to(_SEARCH)


@staff_search.get(_CUSTOMERS, "staff customers view", search_limit)
def customers() -> Response:
    """Whom a text may mean; a code alone opens its customer."""
    typed = _clean(request.args.get("q", ""))
    named = customer_search.by_code(reading(), typed) if typed else None
    if named:
        return redirect_to(f"{_CUSTOMERS}/{named}")
    found = customer_search.find(reading(), typed, state().clock.today())
    many = len(found) > customer_search.MANY
    return page("staff/customers.html", typed=typed, found=found[: search.PAGE] if many else found, many=many)
