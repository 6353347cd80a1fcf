"""The second half of a login, a login by passkey, and proving again who one is (A14, A19)."""

from collections.abc import Sequence
from typing import Any

from flask import Response, request

from auth.access import steps_up
from auth.guard import NotLoggedIn
from auth.methods import passkey
from auth.methods import password as method
from auth.methods import second as codes
from auth.state import reading, state, visitor, writing
from auth.visitor import Visitor
from models import factors, pending, sessions
from models.audit import record
from models.identifiers import Identifiers
from models.throttle import Wait
from models.types import AnyRow, utc_now
from views.account import unconfirmed
from views.limits import come_back
from views.login import enter, keep_session, known_device, next_query, this_browser
from views.pages import page, redirect_to, safe_next
from views.routes import Routes

second = Routes("second", __name__)
EXPIRED = "/login?expired=1"


def cookie() -> str:
    """The secret that lies in this browser: of its session, or of what it has begun."""
    return request.cookies.get(state().settings.cookie("session")) or ""


def _begun(purpose: str) -> AnyRow | None:
    return pending.look(reading(), purpose, cookie(), utc_now())


@second.get("/login/second-factor", "public")
def form(status: int = 200, **words: Any) -> Response:
    """What is still asked after a right password; nobody is logged in yet."""
    row = _begun("login")
    if row is None:
        return redirect_to(EXPIRED)
    own, settings = factors.own(reading(), row.user_id), state().settings
    kinds = {factor.kind for factor in own}
    asked = passkey.question(settings, row.challenge, own) if "passkey" in kinds else ""
    return _page("factors/second.html", status, kinds=kinds, asked=asked, **words)


def _page(template: str, status: int, **words: Any) -> Response:
    response = page(template, status=status, **{"next_page": safe_next(request.values.get("next"))} | words)
    return come_back(response, words["wait"]) if "wait" in words else response


@second.post("/login/second-factor", "public")
def finish() -> Response:
    """Take a code or a passkey's answer, and open the session."""
    row = _begun("login")
    if row is None:
        return redirect_to(EXPIRED)
    if answer := request.form.get("answer"):
        return _by_passkey("login", answer, row.user_id) or form(422, wrong="passkey")
    outcome = _code(row.user_id)
    if not isinstance(outcome, str):
        return form(429, wait=outcome) if outcome else form(422, wrong="code")
    return _open("login", row.user_id, outcome) or redirect_to(EXPIRED)


def _code(user_id: int, kinds: tuple[str, ...] = ("totp", "recovery")) -> str | Wait | None:
    held, typed = state(), request.form.get("code", "")
    keys = Identifiers(held.settings.identifier_key)
    return codes.prove(held.database, held.passwords, keys, user_id, typed, utc_now(), kinds)


def _open(purpose: str, user_id: int, acr: str) -> Response | None:
    """A session for what this browser had begun; None when it has finished that already."""
    now = utc_now()
    with writing() as session:
        row = pending.take(session, purpose, cookie(), now)
        if row is None:
            return None
        remember = bool(row.detail.get("remember"))
        outcome = method.welcome(session, user_id, this_browser(acr, remember=remember), known_device(), now)
    return enter(outcome, remember)


def _by_passkey(purpose: str, answer: str, user_id: int | None = None) -> Response | None:
    """A session for the owner of the passkey that answered; None for a wrong answer, which asks a new question."""
    found = answered(purpose, answer, user_id)
    return _open(purpose, found, "passkey") if found else None


def answered(purpose: str, answer: str, user_id: int | None) -> int | None:
    """Whose passkey answered the question of this browser; the question is another one from now on."""
    now = utc_now()
    with writing() as session:
        row = pending.take(session, purpose, cookie(), now)
        if row is None:
            return None
        pending.begin(session, purpose, row.user_id, now, cookie(), **row.detail)
        try:
            return passkey.proved(session, state().settings, row.challenge, answer, now, user_id)
        except passkey.Wrong:
            return None


@second.post("/login/passkey/begin", "public")
def begin() -> Response:
    """Ask this browser for any passkey that it has for us."""
    if visitor():
        return redirect_to("/properties/last")
    remember, next_page = bool(request.form.get("remember")), safe_next(request.form.get("next"))
    with writing() as session:
        token = pending.begin(session, "passkey", None, utc_now(), remember=remember, next=next_page or "")
    response = redirect_to("/login/passkey")
    keep_session(response, token)
    return response


@second.get("/login/passkey", "public")
def ask(status: int = 200, **words: Any) -> Response:
    """The question, which the browser's own window asks."""
    row = _begun("passkey")
    if row is None:
        return redirect_to("/login")
    asked = passkey.question(state().settings, row.challenge)
    return _page("factors/ask.html", status, asked=asked, **{"next_page": row.detail["next"]} | words)


@second.post("/login/passkey", "public")
def by_passkey() -> Response:
    """Log in whoever's passkey it is."""
    return _by_passkey("passkey", request.form.get("answer", "")) or ask(422, wrong="passkey")


@second.get("/verify", "public")
def verify() -> Response:
    """Why a section is closed to this session, and what opens it (ux.md §2.7)."""
    return _verify(_somebody())


@second.post("/verify", "public")
def step_up() -> Response:
    """Prove once more who one is: a new session begins, which is strong where the site says so."""
    person, now = _somebody(), utc_now()
    if "begin" in request.form:
        with writing() as session:
            pending.begin(session, "verify", person.user_id, now, cookie())
        return redirect_to("/verify" + next_query())
    outcome = _proof(person)
    if not isinstance(outcome, str):
        return _verify(person, 429, wait=outcome) if outcome else _verify(person, 422, wrong="proof")
    with writing() as session:
        sessions.end(session, person.user_id, person.session_id, now)
        record(session, person.actor(), "session.stepped_up", detail={"acr": outcome})
        token = sessions.begin(session, person.user_id, this_browser(outcome, remember=person.remembered), now)
    response = redirect_to(safe_next(request.form.get("next")) or "/properties/last")
    keep_session(response, token, person.remembered)
    return response


def _somebody() -> Visitor:
    if person := visitor():
        return person
    raise NotLoggedIn


def _means(person: Visitor, own: Sequence[AnyRow]) -> set[str]:
    """By what a person with these factors can make her session strong at this site."""
    site = state().site
    hers = {*(factor.kind for factor in own)} | ({"fresh_password"} if person.has_password else set())
    return hers.intersection(site.strong) if steps_up(site) else set()


def _proof(person: Visitor) -> str | Wait | None:
    means = _means(person, factors.own(reading(), person.user_id))
    if (answer := request.form.get("answer")) and "passkey" in means:
        return "passkey" if answered("verify", answer, person.user_id) else None
    if "code" in request.form and "totp" in means:
        return _code(person.user_id, ("totp",))
    if "fresh_password" not in means:
        return None
    problem = unconfirmed(person)
    return problem.get("wait") if problem else "fresh_password"


def _verify(person: Visitor, status: int = 200, **words: Any) -> Response:
    row, own = _begun("verify"), factors.own(reading(), person.user_id)
    asked = passkey.question(state().settings, row.challenge, own) if row else ""
    return _page("factors/verify.html", status, means=_means(person, own), asked=asked, **_outside() | words)


def _outside() -> dict[str, Any]:
    """Who else can tell who she is, and what came of asking."""
    return {"offered": state().outside.offered, "trouble": request.args.get("trouble", "")}
