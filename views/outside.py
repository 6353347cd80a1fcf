"""Login, step-up and linking by banks and eParaksts (A08, A09, A14, A15; LG-03, OG-08, OG-09, OG-20..23)."""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from flask import Response, abort, g, request
from sqlmodel import Session, col

from auth.methods import password as method
from auth.methods.base import Begun, Cancelled, Person, Refused
from auth.methods.password import Second, Welcome
from auth.state import reading, state, visitor, writing
from models import factors, identities, pending
from models.audit import Actor, record
from models.customers import Customer, CustomerUser
from models.identifiers import Identifiers
from models.identities import Another, Identity
from models.people import User
from models.remote import ProviderAway
from models.throttle import Wait
from models.types import AnyRow, Role, utc_now
from views.account import unconfirmed
from views.identities import METHODS, claim, methods
from views.login import enter, keep_session, known_device, this_browser, typed_pair
from views.pages import page, redirect_to, safe_next
from views.routes import Routes
from views.second import cookie

outside = Routes("outside", __name__)
HOME = "/properties/last"
Outcome = tuple[Welcome | Second | None, str]  # a session, and where to go; without a path: another person
_AT = "/login/<any(bank, eparaksts):family>/<name>"
_ACTIVE = sa.select(col(User.id)).where(
    col(User.id) == sa.bindparam("id"), col(User.disabled_at).is_(None), col(User.role) == Role.RESIDENT
)
_HERS = (
    sa.select(sa.literal(1))
    .join_from(Customer, CustomerUser, col(CustomerUser.customer_id) == col(Customer.id))
    .where(col(CustomerUser.user_id) == sa.bindparam("user_id"))
    .where(col(Customer.identifier_hash) == sa.bindparam("hashed"))
)


@outside.post(_AT, "public")
def begin(family: str, name: str) -> Response:
    """To the provider's page; what is to happen afterwards is kept here and not in an address."""
    held, person = state(), visitor()
    if name not in held.outside.offered[family]:
        abort(404)
    act = (request.form.get("act") if person else None) or "login"
    if act == "link" and (problem := unconfirmed()):
        return methods(**problem)
    try:
        begun = held.outside.begin(family, name, g.language)
    except ProviderAway as away:
        return trouble(act, "away", str(away))
    kept = {"state": begun.state, "nonce": begun.nonce, "verifier": begun.verifier}
    detail = {"family": family, "name": name, "act": act, "begun": kept, "next": safe_next(request.form.get("next"))}
    with writing() as session:
        token = pending.begin(
            session, "provider", person.user_id if person else None, utc_now(), cookie() if person else "", **detail
        )
    response = redirect_to(begun.url)
    if person is None:
        keep_session(response, token)
    return response


@outside.get(_AT + "/return", "public")
def back(family: str, name: str) -> Response:
    """Who came back from the provider."""
    return returned(family, name, {} if name == "card" else request.args)


def returned(family: str, name: str, answer: Mapping[str, str]) -> Response:
    """What follows from a provider's answer; nothing is written before everything was checked."""
    row = pending.look(reading(), "provider", cookie(), utc_now())
    if row is None or (row.detail["family"], row.detail["name"]) != (family, name):
        return trouble("login", "expired", "")
    act, begun = row.detail["act"], Begun("", **row.detail["begun"])
    try:
        person = state().outside.finish(family, name, answer, begun)
    except Cancelled:
        return trouble(act, "cancelled", "")
    except Refused as refused:
        return trouble(act, "refused", str(refused), once=name == "card")
    except ProviderAway as away:
        return trouble(act, "away", str(away))
    return _proved(row, person)


def trouble(act: str, what: str, why: str, once: bool = False) -> Response:
    """Back to where she began, with what happened in words; why is for the log alone. `once`: it was her only try."""
    if why:
        with writing() as session:
            if once:
                pending.take(session, "provider", cookie(), utc_now())
            record(session, _actor(), "provider.failed", detail={"act": act, "what": what, "why": why})
    place = {"verify": "/verify", "link": METHODS}.get(act, "/login")
    return redirect_to(f"{place}?trouble={what}")


def _actor() -> Actor:
    person = visitor()
    return person.actor() if person else Actor(None, "web")


def _proved(row: AnyRow, person: Person) -> Response:
    """What the person wanted, now that she is known; this browser has finished it then."""
    family, keys, now = row.detail["family"], Identifiers(state().settings.identifier_key), utc_now()
    identity = Identity(
        user_id=0, family=family, provider=state().outside.offered[family][row.detail["name"]], issuer=person.issuer,
        subject=person.subject, code_hash=keys.hash(person.code) if person.code else None,
    )  # fmt: skip
    act = _ACTS[row.detail["act"]]
    with writing() as session:
        if pending.take(session, "provider", cookie(), now) is None:
            return trouble("login", "expired", "")
        try:
            outcome, path = act(session, row, identity, person)
        except Another:
            outcome, path = None, ""  # noted in the same unit of work
    if not path:
        return page("outside/another.html", status=403, name=person.name)
    return enter(outcome, wanted=path) if outcome else redirect_to(path)


def _log_in(session: Session, row: AnyRow, identity: Identity, person: Person) -> Outcome:
    user_id = identities.recognise(session, identity, utc_now())
    if user_id is not None:
        return open_session(session, user_id, identity.family, person.acr, person.told), row.detail["next"] or HOME
    kept = {name: getattr(identity, name) for name in ("family", "provider", "issuer", "subject", "code_hash")}
    about = {"identity": kept, "person": person.name, "acr": person.acr, "next": row.detail["next"]}
    pending.begin(session, "choose", None, utc_now(), cookie(), told={**person.told}, **about)
    return None, "/login/choose"


def open_session(
    session: Session, user_id: int, family: str, acr: str | None, told: Mapping[str, str] = {}
) -> Welcome | Second:
    """A session by what was proved. Raises `Another` for a closed account and for staff, as for any other's."""
    if session.execute(_ACTIVE, {"id": user_id}).first() is None:
        record(session, Actor(user_id, "web", session_method=family), "login.failed")
        raise Another
    claim(session, user_id)
    login = this_browser(acr, family=family, told=told)
    return method.welcome(session, user_id, login, known_device(), utc_now())


def _link(session: Session, row: AnyRow, identity: Identity, _person: Person) -> Outcome:
    _connect(session, _owner(row), identity)
    return None, METHODS + "?changed=linked"


def _connect(session: Session, actor: Actor, identity: Identity) -> None:
    identities.link(session, actor, identity, utc_now())
    claim(session, actor.user_id or 0)
    factors.tell(session, actor.user_id or 0, "identity_linked")


def _verify(session: Session, row: AnyRow, identity: Identity, person: Person) -> Outcome:
    """The same person again, known by her identity, or by the code that her own customer has in the billing data."""
    actor = _owner(row)
    known = identities.recognise(session, identity, utc_now())
    if known is None and identity.code_hash:
        hers = session.execute(_HERS, {"user_id": actor.user_id, "hashed": identity.code_hash}).first()
        if hers:
            _connect(session, actor, identity)
            known = actor.user_id
    if known != actor.user_id:
        record(session, actor, "session.not_stepped_up", detail={"provider": identity.provider})
        raise Another
    return open_session(session, known or 0, identity.family, person.acr, person.told), row.detail["next"] or HOME


def _owner(row: AnyRow) -> Actor:
    """Who began it, who is still here. Raises `Another`."""
    person = visitor()
    if person is None or person.user_id != row.user_id:
        raise Another
    return person.actor()


_ACTS: dict[str, Callable[[Session, AnyRow, Identity, Person], Outcome]] = {
    "login": _log_in, "link": _link, "verify": _verify,
}  # fmt: skip


@outside.get("/login/choose", "public")
def choose(status: int = 200, **words: Any) -> Response:
    """Somebody is known to the provider and not to us (ux.md §2.1)."""
    row = pending.look(reading(), "choose", cookie(), utc_now())
    if row is None:
        return redirect_to("/login?trouble=expired")
    values = {"username": ""} | words
    asked = state().site.registration
    may_register = asked is not None and "identity" in asked.ways
    return page("outside/choose.html", status=status, name=row.detail["person"], may_register=may_register, **values)


@outside.post("/login/choose", "public")
def connect() -> Response:
    """Connect the identity with an account whose password she knows, once."""
    held, now = state(), utc_now()
    row = pending.look(reading(), "choose", cookie(), now)
    if row is None:
        return redirect_to("/login?trouble=expired")
    name, password, missing, impossible = typed_pair()
    if missing or impossible:
        return choose(422, username=name[:254], wrong="missing" if missing else "wrong")

    def finish(session: Session, user_id: int) -> Welcome | Second | None:
        if any(factors.asked(session, user_id)) or pending.take(session, "choose", cookie(), now) is None:
            return None  # a password alone is not enough here: she signs in with both and connects inside
        _connect(session, Actor(user_id, "web", session_method="password"), Identity(user_id=0, **proved))
        return open_session(session, user_id, proved["family"], row.detail["acr"], row.detail["told"])

    proved = row.detail["identity"]
    login = this_browser(row.detail["acr"], family=proved["family"])
    try:
        outcome = method.log_in(held.database, held.passwords, name, password, login, known_device(), now, finish)
    except Another:
        return page("outside/another.html", status=403, name=row.detail["person"])
    return _connected(row, name, outcome)


def _connected(row: AnyRow, name: str, outcome: Welcome | Second | Wait | method.Refused | None) -> Response:
    if isinstance(outcome, Wait):
        return choose(429, username=name, wait=outcome)
    if outcome is None or isinstance(outcome, method.Refused):
        return choose(422, username=name, wrong="wrong" if outcome else "second")
    return enter(outcome, wanted=row.detail["next"] or HOME)
