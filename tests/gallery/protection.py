"""The states of the pages about second factors, and of the one that asks for a stronger login."""

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa

from models.factors import Factor
from models.sessions import WebSession
from models.site import Site, load_site
from models.throttle import Throttle
from models.types import utc_now
from tests.cast import PASSWORD
from tests.gallery import Gallery, Visitor
from tests.gallery.furniture import Extra
from tests.standing import change, fetch
from tests.views.factor_help import HOME, SECOND, Authenticator, asked, begin, code_of, later, secret_of
from views.limits import limiter

WRONG = ("", "wrong")  # passwords


def protection(gallery: Gallery, extra: Extra) -> None:
    """Last but one: afterwards Līga and Pēteris are asked for more than a password."""
    liga, peteris, device = gallery.visitor("liga", again=True), gallery.visitor("peteris", again=True), Authenticator()
    liga.get(HOME)
    secret = _an_app(liga)
    _passkeys(liga, peteris, device)
    gallery.visitor("peteris", again=True)  # has no app: only her recovery codes are typed
    with gallery.app.app_context():
        limiter.reset()
    _second_step(gallery, secret, device)
    _stronger(gallery, liga, device)
    _leaving(gallery, liga)


def _an_app(liga: Visitor) -> str:
    page, where = liga.get(f"{HOME}/totp"), f"{HOME}/totp"
    secret = secret_of(page)
    liga.submit(page, where, code="000000", old=PASSWORD)
    for password in (*WRONG, PASSWORD):
        liga.submit(page, where, code=code_of(secret, later()), old=password)
    page = liga.get(where)
    secret = secret_of(page)
    liga.submit(page, where, code=code_of(secret, later()), old=PASSWORD)
    return secret


def _passkeys(liga: Visitor, peteris: Visitor, device: Authenticator) -> None:
    where = f"{HOME}/passkey"
    for person, number in ((liga, b"liga"), (peteris, b"peteris")):
        device.number = number
        page = person.get(where)
        for name, password in (("", PASSWORD), *[("Mans tālrunis", each) for each in (*WRONG, PASSWORD)]):
            asking = person.submit(page, f"{where}/begin", name=name, old=password)
        person.submit(asking, where, answer="{}")
        asking = person.submit(person.get(where), f"{where}/begin", name="Mans tālrunis", old=PASSWORD)
        person.submit(asking, where, answer=device.make(asked(asking)))
        person.get(HOME)


def _second_step(gallery: Gallery, secret: str, device: Authenticator) -> None:
    device.number = b"liga"
    by_code, by_key, keyless = (gallery.visitor("liga", again=True) for _ in range(3))
    page = by_code.get(SECOND)
    for code in ("000000", code_of(secret, later(1))):
        by_code.submit(page, SECOND, code=code)
    by_code.get("/profile/sessions")
    page = by_key.submit(by_key.get(SECOND), SECOND, answer="{}")
    by_key.submit(page, SECOND, answer=device.sign(asked(page)))
    by_key.get("/profile/sessions")
    for _ in range(11):
        keyless.submit(keyless.get(SECOND), SECOND, code="000000")
    stranger = gallery.visitor("", again=True)
    page = stranger.submit(begin(stranger), "/login/passkey", answer="{}")
    stranger.submit(page, "/login/passkey", answer=device.sign(asked(page)))


def _sites() -> Iterator[Site]:
    """Without banks, and with something that a password does not open; by any means of its own, or by one of them."""
    site = load_site("ludza").model_copy(update={"access": {"meters": {"password": "-", "bank": "act"}}})
    yield from (site, site.model_copy(update={"strong": ("totp",)}))


def _stronger(gallery: Gallery, liga: Visitor, device: Authenticator) -> None:
    change(gallery.app, sa.update(WebSession).values(authenticated_at=utc_now() - timedelta(hours=1)))
    by_any, by_one = _sites()
    with gallery.when(site=by_one):
        gallery.visitor("anna").get(f"/meters/{gallery.cast.cold}")
    with gallery.when(site=by_any):
        page = liga.get("/verify?next=/help")
        question = liga.post("/verify", page.forms[-1].fields | {"begin": "1"})
        liga.post("/verify", question.forms[-1].fields | {"answer": device.sign(asked(question))})
        page = liga.get("/verify?next=/help")
        for _ in range(11):
            liga.post("/verify", page.forms[-1].fields | {"old": "wrong"})


def _leaving(gallery: Gallery, liga: Visitor) -> None:
    """Each act as it is refused, first as its password is wrong, and then for a while; and as it is done."""
    number = fetch(gallery.app, sa.select(Factor.id).where(Factor.credential_id.is_not(None)))[0].id
    codes, remove, key = liga.get(f"{HOME}/codes"), liga.get(f"{HOME}/remove?factor={number}"), liga.get(f"{HOME}/passkey")
    liga.submit(codes, f"{HOME}/codes", old=PASSWORD)
    _forget_tries(gallery)
    for password in (*WRONG, PASSWORD):
        for page, where in ((codes, "codes"), (remove, "remove")):
            liga.submit(page, f"{HOME}/{where}", old=password)
    for _ in range(11):
        liga.submit(codes, f"{HOME}/codes", old="wrong")
    liga.submit(liga.get(f"{HOME}/remove?factor={fetch(gallery.app, sa.select(Factor.id).where(Factor.kind == 'totp'))[0].id}"), f"{HOME}/remove", old=PASSWORD)
    liga.submit(key, f"{HOME}/passkey/begin", name="x", old=PASSWORD)
    page = liga.get(f"{HOME}/totp")
    liga.submit(page, f"{HOME}/totp", code=code_of(secret_of(page), later()), old=PASSWORD)
    with gallery.app.app_context():
        limiter.reset()


def _forget_tries(gallery: Gallery) -> None:
    change(gallery.app, sa.delete(Throttle))
