"""The operator's staff on pages: who there is, an invitation, another role, no way in (H11; ASVS 6.3.2, 8.3.2)."""

from typing import Any

from flask import Response, abort, request
from sqlalchemy.exc import IntegrityError

from auth.access import ROLES
from auth.state import reading, somebody, state, writing
from models import accounts, staff
from models.rules.mail import header_safe
from models.types import AnyRow, Role, utc_now
from views.account import typed_email
from views.limits import letter_limit
from views.pages import page, redirect_to
from views.routes import Routes

colleagues = Routes("colleagues", __name__)
_USERS = "/staff/users"


@colleagues.get(_USERS, "staff settings view")
def show(status: int = 200, **wrong: str) -> Response:
    """All of them, and a form to invite another."""
    told: dict[str, Any] = {"typed": request.form, "wrong": wrong, "done": request.args.get("done", ""), "ranks": ROLES}
    return page("staff/users.html", status=status, found=staff.everybody(reading()), **told)


@colleagues.post(_USERS, "staff settings act", letter_limit)
def invite() -> Response:
    """Write to somebody new. Who is there already has a page of her own."""
    role, language = request.form.get("role", ""), request.form.get("language", "")
    name, (email, bad_email) = " ".join(request.form.get("name", "").split()), typed_email()
    if role not in ROLES or language not in state().site.languages:
        abort(404)
    bad_name = "" if 0 < len(name) <= 200 and header_safe(name) else "missing"
    if email and accounts.is_known(reading(), email):
        bad_email = "known"
    if bad_name or bad_email or email is None:
        return show(422, name=bad_name, email=bad_email)
    try:
        with writing() as session:
            staff.invite(session, somebody().actor(), email, name, Role(role), language, utc_now())
    except (staff.StaffError, IntegrityError):  # somebody has this address since a moment ago
        return show(422, email="known")
    return redirect_to(_USERS + "?done=invited")


@colleagues.get(_USERS + "/<suid>", "staff settings view")
def one(suid: AnyRow, status: int = 200, trouble: str = "") -> Response:
    """One of them, and what can be done."""
    told: dict[str, Any] = {"is_own": suid.id == somebody().user_id, "done": request.args.get("done", "")}
    return page("staff/user.html", status=status, row=suid, ranks=ROLES, trouble=trouble, **told)


@colleagues.post(_USERS + "/<suid>", "staff settings act")
def change(suid: AnyRow) -> Response:
    """Do it, unless it is about herself or a colleague was faster; done twice is done."""
    act = request.form.get("act", "")
    role = request.form.get("role") if act == "role" else suid.role
    if act not in ("role", "disable", "enable", "invite") or role not in ROLES:
        abort(404)
    try:
        with writing() as session:
            staff.change(session, somebody().actor(), suid.id, act, Role(role), utc_now())
    except staff.Refused as refused:
        return one(staff.one(reading(), suid.id) or suid, 409, str(refused))
    return redirect_to(f"{_USERS}/{suid.id}?done={act}")
