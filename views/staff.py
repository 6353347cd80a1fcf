"""The staff's own pages: how they come in, what waits for them, and the desk for registrations (A10, H11)."""

from typing import Any

from flask import Response, abort, request
from sqlmodel import Session

from auth.access import Right, access, staff_right
from auth.methods import renewal, totp
from auth.methods import second as codes
from auth.state import reading, somebody, state, writing
from models import activity, attorneys, notice_drafts, registrations, tokens
from models import staff as colleagues
from models.factors import Factor
from models.identifiers import Identifiers, IdentifierUnreadable
from models.registrations import Waiting
from models.types import AnyRow, utc_now
from views.pages import page, redirect_to
from views.passwords import rules_shown
from views.qr import text_qr_svg
from views.routes import Routes

staff = Routes("staff", __name__)
_REGISTRATIONS = "/staff/registrations"
_FINE = {"accept": "", "refuse": ""}  # act → what is wrong with what was typed for it
_LONGEST = 500  # characters of a reason


@staff.get("/staff", "staff customers view")
def desk() -> Response:
    """What waits, and since when."""
    opens = {section: staff_right(section, somebody().role) for section in access().staff}
    live = notice_drafts.live(reading(), state().site.languages[0], state().clock.now())
    return page("staff/desk.html", waiting=colleagues.waiting(reading()), opens=opens, live=live)


@staff.get("/staff/welcome/<token>", "public")
def welcome(token: str, status: int = 200, secret: str = "", **words: Any) -> Response:
    """The form behind the link of an invitation: a password, and an app that has to show a first code."""
    held, found = state(), tokens.look(reading(), colleagues.INVITATION, token, utc_now())
    if found is None:
        return page("staff/void.html", status=410)
    secret = secret or totp.new_secret()
    sealed = Identifiers(held.settings.identifier_key).seal(secret, codes.about(found.user_id))
    address = totp.address(secret, found.detail["address"], f"{held.site.short_name} ({request.host})")
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    shown: dict[str, Any] = {"address": address, "groups": groups, "qr": text_qr_svg(address, groups), "sealed": sealed}
    return page("staff/welcome.html", status=status, token=token, **shown, **rules_shown() | {"bad": False} | words)


@staff.post("/staff/welcome/<token>", "public")
def accept(token: str) -> Response:
    """Both are there: the account is open. Recovery codes are shown, this once; then she signs in."""
    held, now, password = state(), utc_now(), request.form.get("password", "")
    found = tokens.look(reading(), colleagues.INVITATION, token, now)
    if found is None:
        return welcome(token)
    secret, step = _app(found.user_id)
    broken = renewal.broken(reading(), held.site, found.user_id, password)
    if broken or not step:
        return welcome(token, 422, secret, bad=not step, **rules_shown(broken, password))
    app = Factor(user_id=found.user_id, kind="totp", secret=request.form["sealed"], counter=step)
    shown, hashes = codes.new_codes(held.passwords)
    hashed = held.passwords.hash(password)  # takes long: before anything is locked
    with writing() as session:
        entered = colleagues.enter(session, token, hashed, app, hashes, now)
    return page("staff/codes.html", codes=shown) if entered else welcome(token)


def _app(user_id: int) -> tuple[str, int | None]:
    """The secret that the form has carried, and the half minute of the code that was typed, if it is one of its."""
    keys, sealed = Identifiers(state().settings.identifier_key), request.form.get("sealed", "")
    try:
        secret = keys.unseal(sealed, codes.about(user_id))
    except IdentifierUnreadable:
        return "", None
    return secret, totp.step_of(secret, "".join(request.form.get("code", "").split()), utc_now())


@staff.get(_REGISTRATIONS, "staff customers view")
def queue() -> Response:
    """Who says that a customer code is hers, oldest first."""
    found = registrations.waiting(reading())
    return page("staff/registrations.html", waiting=found, said=request.args.get("done", ""))


@staff.get(_REGISTRATIONS + "/<rid>", "staff customers view")
def registration(rid: AnyRow) -> Response:
    """One of them, and where a customer with this code stands today; who is concerned can read that it was seen."""
    return _registration(rid)


def _registration(row: AnyRow, status: int = 200, **words: Any) -> Response:
    today, person = state().clock.today(), somebody()
    places = [*attorneys.stands(reading(), row.code, today).values()]
    with writing() as session:
        users, at = [row.user_id] if row.user_id else [], [place.at for place in places]
        activity.looked(session, "registration", "settings", users, at, today, person.actor())
    values: dict[str, Any] = {"codes": row.code if places else "", "reason": "", "wrong": _FINE} | words
    decides = staff_right("customers", person.role) >= Right.ACT
    return page("staff/registration.html", status=status, row=row, places=places, decides=decides, **values)


@staff.post(_REGISTRATIONS, "staff customers act")
def decide() -> Response:
    """Accept or refuse; what a colleague has decided meanwhile stays as it is, and that is said."""
    number, yes = request.form.get("number", ""), request.form.get("act") == "accept"
    if not (number.isdecimal() and len(number) < 10):
        abort(404)
    row = registrations.one(reading(), int(number))
    if row is None:
        return redirect_to(_REGISTRATIONS + "?done=before")
    reason, typed = request.form.get("reason", "").strip(), request.form.get("codes", "").split()
    with writing() as session:
        wrong = _decided(session, row.id, typed) if yes else _refused(session, row.id, reason)
    if wrong:
        found = {"accept" if yes else "refuse": wrong}
        return _registration(row, 422, codes=" ".join(typed), reason=reason, wrong=_FINE | found)
    return redirect_to(f"{_REGISTRATIONS}?done={'accepted' if yes else 'refused'}")


def _decided(session: Session, number: int, codes: list[str]) -> str:
    """These customers are hers; what is wrong with what was typed, else ""."""
    known = registrations.customers(session, [code for code in codes if code.isprintable()])
    row = session.get(Waiting, number, with_for_update=True)
    if not codes or {*codes} - {*known}:
        return ", ".join(sorted({*codes} - {*known})) or "missing"
    if row:
        registrations.accept(session, somebody().actor(), row, [known[code] for code in codes], utc_now())
    return ""


def _refused(session: Session, number: int, reason: str) -> str:
    row = session.get(Waiting, number, with_for_update=True)
    if not 0 < len(reason) <= _LONGEST or "\0" in reason:  # which PostgreSQL takes nowhere
        return "missing"
    if row:
        registrations.refuse(session, somebody().actor(), row, reason)
    return ""
