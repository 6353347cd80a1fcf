"""The states of the pages on which somebody asks for what is another's."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from models import access_requests
from models.attorneys import MOST, Attorney
from models.files import FolderStorage
from models.people import User
from models.throttle import Throttle
from models.types import Role, utc_now
from tests.cast import TODAY
from tests.gallery import Gallery
from tests.gallery.furniture import Extra, slow_down_everybody
from tests.powers import POWERS, REFUSE, REFUSED, REQUEST, accept, act, apply
from tests.standing import change


def asks(gallery: Gallery, _extra: Extra) -> None:
    """Līga shows documents: none that is taken, too many, one that is accepted and one that is refused."""
    liga = gallery.visitor("liga", again=True)
    form = liga.get(POWERS).form(POWERS).fields
    for name, content, _ in REFUSED:
        apply(liga, name, content, form)
    apply(liga, form=form, code="", about="")
    held = gallery.app.extensions["ekabinets"]
    gallery.app.extensions["ekabinets"] = replace(held, storage=FolderStorage(Path(__file__) / "files"))  # no folder
    apply(liga, form=form)
    gallery.app.extensions["ekabinets"] = held
    apply(liga, once="?")
    for _ in range(MOST + 1):
        apply(liga)
    accept(gallery.app, 1)
    act(gallery.app, "refuse", 2, reason="The power of attorney ended in 2025.")
    change(gallery.app, sa.update(User).where(User.username == "ilze").values(role=Role.AGENT))
    liga.get(POWERS)
    change(gallery.app, sa.update(Attorney).values(decided_at=utc_now()))
    change(gallery.app, sa.text("UPDATE mandate SET ended_at = accepted_at WHERE granted_by IS NULL"))
    _for_access(gallery)


def _for_access(gallery: Gallery) -> None:
    """Līga asks for access: wrongly, too often, without an e-mail address; Anna looks at it and refuses."""
    liga, anna = gallery.visitor("liga", again=True), gallery.visitor("anna", again=True)
    page, right = liga.get(REQUEST), {"wanted": "Brīvības iela 12-34", "who": "Anna's daughter"}
    for typed in ({"wanted": ""}, {"who": ""}, {}):
        liga.submit(page, REQUEST, **right | typed)
    slow_down_everybody(gallery.app, utc_now() + timedelta(hours=1))
    liga.submit(page, REQUEST, **right)
    change(gallery.app, sa.delete(Throttle))
    for email in (None, "liga@example.com"):
        change(gallery.app, sa.update(User).where(User.username == "liga").values(email=email))
        liga.submit(page, REQUEST, **right)
    access_requests.pass_on(gallery.app.extensions["ekabinets"].database, TODAY, utc_now())
    page = anna.get("/users")
    anna.get(next(link for link in page.links if "?request=" in link))
    anna.submit(page, REFUSE, request=str(next(link for link in page.links if "?request=" in link).rpartition("=")[2]))
    change(gallery.app, sa.delete(Throttle))
