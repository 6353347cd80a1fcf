"""A person's second factors: an app for codes, passkeys, recovery codes (A19)."""

from typing import Any

from flask import Response, request

from auth.methods import passkey, totp
from auth.methods import second as codes
from auth.state import reading, somebody, state, writing
from models import factors as stored
from models import pending
from models.identifiers import Identifiers, IdentifierUnreadable
from models.types import AnyRow, Role, utc_now
from views.account import unconfirmed
from views.pages import page, redirect_to
from views.qr import text_qr_svg
from views.routes import Routes
from views.second import cookie

factors = Routes("factors", __name__)
HOME = "/profile/second-factor"


def _own(kind: str = "") -> list[AnyRow]:
    rows = stored.own(reading(), somebody().user_id)
    return [row for row in rows if row.kind == kind or not kind]


def _page(template: str, status: int = 200, **words: Any) -> Response:
    is_staff = somebody().role is not Role.RESIDENT
    return page(f"factors/{template}.html", status=status, current="profile", is_staff=is_staff, **words)


def _done() -> Response:
    """Back to the list; who has no recovery codes yet is shown hers first."""
    return redirect_to(HOME) if _own("recovery") else _shown_codes()


def _shown_codes() -> Response:
    shown, hashes = codes.new_codes(state().passwords)
    with writing() as session:
        stored.renew_codes(session, somebody().actor(), hashes)
    return _page("codes", codes=shown)


@factors.get(HOME, "settings view")
def show() -> Response:
    """What is asked besides the password."""
    own = _own()
    mine = [row for row in own if row.kind in stored.KINDS]
    return _page("list", factors=mine, left=len(own) - len(mine), has_app="totp" in {row.kind for row in mine})


@factors.get(HOME + "/totp", "settings act")
def app(secret: str = "", **words: Any) -> Response:
    """A new secret for an app; it is kept nowhere until a first code has come from it."""
    held, person, secret = state(), somebody(), secret or totp.new_secret()
    sealed = Identifiers(held.settings.identifier_key).seal(secret, codes.about(person.user_id))
    address = totp.address(secret, person.username, held.site.short_name)
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return _page("totp", sealed=sealed, address=address, groups=groups, qr=text_qr_svg(address, groups), **words)


@factors.post(HOME + "/totp", "settings act")
def add_app() -> Response:
    """Add the app that made this first code."""
    held, person, now, sealed = state(), somebody(), utc_now(), request.form.get("sealed", "")
    try:
        secret = Identifiers(held.settings.identifier_key).unseal(sealed, codes.about(person.user_id))
    except IdentifierUnreadable:
        return app(status=422, wrong_code=True)
    step = totp.step_of(secret, "".join(request.form.get("code", "").split()), now)
    if not step:
        return app(secret, status=422, wrong_code=True)
    if problem := unconfirmed():
        return app(secret, **problem)
    factor = stored.Factor(user_id=person.user_id, kind="totp", secret=sealed, counter=step)
    with writing() as session:
        stored.add(session, person.actor(), person.session_id, now, factor)
    return _done()


@factors.get(HOME + "/passkey", "settings act")
def new_passkey(status: int = 200, **words: Any) -> Response:
    """Name and password first, then the browser's own window."""
    held, person, name, asked = state(), somebody(), request.form.get("name", ""), ""
    if row := pending.look(reading(), "add", cookie(), utc_now()):
        name = row.detail["name"]
        asked = passkey.creation(held.settings, held.site.short_name, person, row.challenge, _own())
    return _page("passkey", status, name=name[:60], asked=asked, **words)


@factors.post(HOME + "/passkey/begin", "settings act")
def begin_passkey() -> Response:
    """The password is right: ask the browser."""
    name = request.form.get("name", "").strip()
    if not 0 < len(name) <= 60 or not name.isprintable():
        return new_passkey(422, wrong_name=True)
    if problem := unconfirmed():
        return new_passkey(**problem)
    with writing() as session:
        pending.begin(session, "add", somebody().user_id, utc_now(), cookie(), name=name)
    return redirect_to(HOME + "/passkey")


@factors.post(HOME + "/passkey", "settings act")
def add_passkey() -> Response:
    """Add the passkey that the browser made."""
    held, person, now = state(), somebody(), utc_now()
    with writing() as session:
        row, made = pending.take(session, "add", cookie(), now), False
        if row and row.user_id == person.user_id:
            try:
                answer, name = request.form.get("answer", ""), row.detail["name"]
                factor = passkey.created(held.settings, person.user_id, name, row.challenge, answer)
                made = stored.add(session, person.actor(), person.session_id, now, factor)
            except passkey.Wrong:
                made = False
    return _done() if made else new_passkey(422, wrong="answer")


@factors.get(HOME + "/remove", "settings act")
def leaving() -> Response:
    """Ask before one is removed."""
    return _leaving(request.args.get("factor", ""))


def _leaving(number: str, **words: Any) -> Response:
    row = next((row for row in _own() if str(row.id) == number and row.kind in stored.KINDS), None)
    return _page("remove", factor=row, **{"last": False} | words) if row else redirect_to(HOME)


@factors.post(HOME + "/remove", "settings act")
def remove() -> Response:
    """Remove one; removed twice is removed."""
    person, number = somebody(), request.form.get("factor", "")
    if problem := unconfirmed():
        return _leaving(number, **problem)
    known = number.isascii() and number.isdigit() and len(number) < 10
    with writing() as session:
        gone = not known or stored.remove(session, person.actor(), person.session_id, utc_now(), int(number))
    return redirect_to(HOME) if gone else _leaving(number, status=409, last=True)


@factors.get(HOME + "/codes", "settings act")
def old_codes() -> Response:
    """Ask before new recovery codes take the place of the older ones."""
    return _page("codes", codes=[])


@factors.post(HOME + "/codes", "settings act")
def renew() -> Response:
    """Show new recovery codes, this once."""
    return _page("codes", codes=[], **problem) if (problem := unconfirmed()) else _shown_codes()
