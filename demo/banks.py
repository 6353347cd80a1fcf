"""The demo's banks, eParaksts and payments: one process beside the portal, which its own settings tell it."""

import json
import logging
import os
import secrets
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlmodel import Session, col
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from demo.bank import Bank, Client
from demo.eparaksts import Stand
from demo.story import IDENTIFIED, PEOPLE
from demo.till import DemoTill
from demo.town import personal_code
from models import identities
from models.audit import Actor
from models.identifiers import Identifiers
from models.identities import Identity
from models.people import User
from models.providers import Eparaksts, Provider
from models.settings import Settings, load_settings
from models.site import Site
from models.types import utc_now

_CLAIMS = 'claims = { name = ["name"], code = ["personal_code"], country = ["country"] }'
_SUBJECTS = {f"PNOLV-{personal_code(one['number'])}": one for one in IDENTIFIED}


def settings_of(site: Site, port: int) -> dict[str, str]:
    """What makes the portal offer the banks and eParaksts of a site, if any: settings as an operator gives them."""
    found = {}
    if "bank" in site.login:
        found["PROVIDERS"] = "".join(_table("[providers]", name, port, _CLAIMS, "logout = true") for name in site.banks)
    if "eparaksts" in site.login:
        found["EPARAKSTS"] = _table("eparaksts", "", port)
    if site.payments == "klix":
        found["PAYMENTS"] = _table("payments", "", port)
    return found


def _table(table: str, name: str, port: int, *more: str) -> str:
    slug = name.split()[0].lower() if name else table
    values = {"client_id": "portal", "secret": secrets.token_urlsafe(32)}
    address = f"http://127.0.0.1:{port}/{slug}"
    values |= {"slug": slug, "name": name, "issuer": address} if name else {"host": address}
    return "\n".join([f"[{table}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()), *more, ""])


def connect_the_first(session: Session, settings: Settings) -> None:
    """The first of those whom the first bank knows has connected it with her account already."""
    if not settings.providers:
        return
    bank, (subject, one) = settings.providers[0], next(iter(_SUBJECTS.items()))
    owner = session.scalars(sa.select(col(User.id)).where(col(User.username) == PEOPLE[0]["username"])).one()
    hashed = Identifiers(settings.identifier_key).hash(personal_code(one["number"]))
    hers = Identity(user_id=0, family="bank", provider=bank.name, issuer=bank.issuer, subject=subject, code_hash=hashed)
    identities.link(session, Actor(owner, "command"), hers, utc_now())


def all_of(settings: Settings) -> DispatcherMiddleware:
    """Every bank and the service, each below the path that the settings give it."""
    places: dict[str, Bank | DemoTill] = {}
    for one in settings.providers:
        places[_path(one.issuer)] = _stand_in(Bank, one.issuer, one.name, one, settings, f"bank/{one.slug}")
    if signs := settings.eparaksts:
        kinds = ("eparaksts/mobile", "eparaksts/eid")
        places[_path(signs.host)] = _stand_in(Stand, signs.host, "eParaksts", signs, settings, *kinds)
    if till := settings.payments:
        places[_path(till.host)] = DemoTill(till.host, till.client_id, till.secret)
    return DispatcherMiddleware(NotFound(), {path: one.app() for path, one in places.items()})


def _stand_in(kind: type[Bank], at: str, name: str, one: Provider | Eparaksts, settings: Settings, *ways: str) -> Bank:
    """One that knows our four people and this portal alone."""
    returns = tuple(f"{settings.base_url}/login/{way}/return" for way in ways)
    people = {subject: {"name": who["name"], "personal_code": subject[-12:], "country": "LV"}
              for subject, who in _SUBJECTS.items()}  # fmt: skip
    return kind(at, name, Client(one.client_id, one.secret, returns), people, _SUBJECTS)


def _path(address: str) -> str:
    return urlsplit(address).path


def main() -> None:
    """Serve until the end of the process, at the port that the settings name."""
    settings = load_settings(os.environ)
    hosts = (one.host for one in (settings.eparaksts, settings.payments) if one)
    first = next(iter([*(one.issuer for one in settings.providers), *hosts]))  # it is started only where there is one
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    make_server("127.0.0.1", urlsplit(first).port or 0, all_of(settings), threaded=True).serve_forever()


if __name__ == "__main__":
    main()
