"""Registration, and adding premises by a customer code (A07, A10, B02; DD-05..10, DD-19, LG-03, OG-07..18, UD-06)."""

from typing import Any

from flask import Response, g, request

from auth.methods import password as method
from auth.methods import renewal
from auth.state import reading, somebody, state, writing
from models import accounts, pending, registrations
from models.identities import Another, Identity
from models.overrides import terms_version
from models.registrations import Applicant
from models.rules.registration import Registration
from models.throttle import Wait
from models.types import AnyRow, utc_now
from views.account import typed_email
from views.login import enter, onward
from views.outside import open_session
from views.pages import page, redirect_to
from views.passwords import rules_shown
from views.routes import Routes
from views.second import cookie

registration = Routes("registration", __name__)
_EXPIRED = "/login?trouble=expired"
_WAYS = "/register"
_RIGHT = {"code": "", "secret": "", "email": ""}  # field → what is wrong with it


@registration.get(_WAYS, "public")
def ways() -> Response:
    """The ways to an account, a line of explanation each."""
    return page("registration/ways.html", offered=state().outside.offered)


def _rules(way: str = "") -> Registration | None:
    """What the site asks of those who register, where it lets them do it in this way."""
    asked = state().site.registration
    return asked if asked and (not way or way in asked.ways) else None


def _proved() -> AnyRow | None:
    """Whom a provider has identified in this browser, where the site takes that for registering."""
    return pending.look(reading(), "choose", cookie(), utc_now()) if _rules("identity") else None


@registration.get(_WAYS + "/identity", "public")
def identity(status: int = 200, broken: list[str] | None = None, **words: Any) -> Response:
    """What is still missing once a bank or eParaksts has told who somebody is (OG-13, OG-14)."""
    row = _proved()
    if row is None:
        return redirect_to(_EXPIRED)
    form = request.form
    values = {"bad": "", "unread": False, "wait": None, **rules_shown(broken, form.get("password", "")), **words}
    values |= {"name": row.detail["person"], "typed": form.get("email", "")[:254], "ticked": bool(form.get("terms"))}
    return page("registration/identity.html", status=status, **values)


@registration.post(_WAYS + "/identity", "public")
def by_identity() -> Response:
    """A new account with this identity; sent twice, it is one account."""
    held, row, (email, bad) = state(), _proved(), typed_email()
    if row is None:
        return redirect_to(_EXPIRED)
    secret, unread = request.form.get("password", ""), not request.form.get("terms")
    broken = renewal.broken(reading(), held.site, None, secret, row.detail["person"], email or "")
    if bad or broken or unread or not email:
        return identity(422, broken, bad=bad, unread=unread)
    outcome = _begin(row, email, held.passwords.hash(secret))
    if isinstance(outcome, Another):
        return page("outside/another.html", status=403, name=row.detail["person"])
    if isinstance(outcome, Wait):
        return identity(429, wait=outcome)
    return enter(outcome, wanted=_WAYS + "/check-email") if outcome else redirect_to(_EXPIRED)


def _begin(row: AnyRow, email: str, hashed: str) -> method.Welcome | method.Second | Wait | Another | None:
    """The account with its customers and its first session, in one unit of work."""
    held, now, proved = state(), utc_now(), row.detail["identity"]
    who = Identity(user_id=0, **proved)
    with writing() as session:
        try:
            name, language = row.detail["person"], g.language
            terms = terms_version(session.connection(), held.site, held.clock.today())
            user_id = registrations.by_identity(session, terms, who, name, language, hashed, email, now)
        except Another as refused:
            return refused  # and noted in this unit of work
        if user_id is None or isinstance(user_id, Wait):
            return user_id
        pending.take(session, "choose", cookie(), now)
        return open_session(session, user_id, proved["family"], row.detail["acr"], row.detail["told"])


@registration.get(_WAYS + "/check-email", "settings act")
def check_email() -> Response:
    """Where the letter went, and what to do when it does not come (OG-15, OG-18)."""
    address = accounts.contacts(reading(), somebody().user_id).email_wanted
    if not address:
        return onward()
    name, _, domain = address.partition("@")
    masked, sender = f"{name[:2]}…@{domain}", state().settings.mail_from
    return page("registration/check_email.html", address=masked, sender=sender, places=g.reach.places, asked=_rules())


@registration.get(_WAYS + "/code", "public")
def code() -> Response:
    """The form for those who have an invoice at hand (DD-05, DD-08)."""
    return _form("registration/code.html", _rules("code"))


@registration.post(_WAYS + "/code", "public")
def by_code() -> Response:
    """The same answer for everybody (security rule 7); a letter comes where the data match."""
    email, bad = typed_email()
    applicant = Applicant(None, email, g.language, request.remote_addr or "")
    outcome = _ask("registration/code.html", _rules("code"), applicant, bad)
    return outcome if isinstance(outcome, Response) else redirect_to(_WAYS + "/sent")


@registration.get(_WAYS + "/sent", "public")
def sent() -> Response:
    """What happens next."""
    return page("registration/sent.html")


@registration.get("/properties/add", "addresses act")
def another() -> Response:
    """The form for one more property (DD-19)."""
    return _form("registration/add.html", _rules())


@registration.post("/properties/add", "addresses act")
def add() -> Response:
    """Hers at once where the data match; everything else waits for staff."""
    applicant = Applicant(somebody().user_id, None, g.language, request.remote_addr or "")
    outcome = _ask("registration/add.html", _rules(), applicant)
    if isinstance(outcome, Response):
        return outcome
    return redirect_to("/properties?done=" + ("added" if outcome else "asked"))


def _ask(template: str, rules: Registration | None, applicant: Applicant, bad: str = "") -> Response | bool:
    """Note what was asked, and whether the data prove it; a page where something is wrong with it."""
    if rules is None:
        return redirect_to(_WAYS)
    typed, now = {name: request.form.get(name, "").strip() for name in ("code", "secret")}, utc_now()
    wrong = rules.wrong(typed["code"], typed["secret"]) | ({"email": bad} if bad else {})
    if wrong:
        return _form(template, rules, 422, wrong=wrong)
    with writing() as session:
        row = registrations.ask(session, rules, applicant, **typed, today=state().clock.today(), now=now)
        proved = None if isinstance(row, Wait) else row.customer_id
        if proved and applicant.user_id and not isinstance(row, Wait):
            registrations.accept(session, somebody().actor(), row, [proved], now)
    return _form(template, rules, 429, wait=row) if isinstance(row, Wait) else bool(proved)


def _form(
    template: str, rules: Registration | None, status: int = 200, *, wrong: dict[str, str] = _RIGHT,
    wait: Wait | None = None,
) -> Response:  # fmt: skip
    if rules is None:
        return redirect_to(_WAYS)
    typed = {name: request.form.get(name, "")[:254] for name in ("code", "secret", "email")}
    return page(template, status=status, current="home", asked=rules, typed=typed, wait=wait, wrong=_RIGHT | wrong)
