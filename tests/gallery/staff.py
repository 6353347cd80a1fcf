"""The staff's own pages: their door, an invitation, and what waits for them."""

from datetime import timedelta
from io import BytesIO

import sqlalchemy as sa

from models import staff, tokens
from models.audit import Actor
from models.factors import Factor
from models.people import User
from models.registrations import Waiting
from models.threads import Message, MessageFile, Thread
from models.throttle import Throttle
from models.types import Role, utc_now
from tests.cast import PASSWORD, TODAY
from tests.gallery import Gallery
from tests.gallery.composing import write_together
from tests.gallery.furniture import Extra, slow_down_everybody
from tests.registering import GOOD
from tests.standing import change, fetch
from tests.views.factor_help import code_of, later, secret_of
from views.limits import limiter

DOOR, QUEUE, NEW = "/staff/login", "/staff/registrations", "rasa@example.lv"


def desks(gallery: Gallery, extra: Extra) -> None:
    """In by the door and by an invitation; an agent looks, a supervisor decides."""
    limiter.reset()
    _door(gallery)
    _invitation(gallery)
    change(gallery.app, sa.delete(Waiting))
    agent = gallery.visitor("ilze", again=True)
    for path in ("/staff", QUEUE):
        agent.get(path)
    liga = fetch(gallery.app, sa.select(User.id).where(User.username == "liga"))[0].id
    same = {"code": "20417", "asked_at": utc_now(), "language": "ru"}
    for key, more in {"a": {"user_id": liga}, "b": {"email": NEW}, "c": {"email": "x@example.lv", "code": "77777", "language": "lv"}, "d": {"email": "y@example.lv", "language": "en"}}.items():
        change(gallery.app, sa.insert(Waiting).values(same | {"key": key} | more))
    numbers = [row.id for row in fetch(gallery.app, sa.select(Waiting.id).order_by(Waiting.id))]
    agent.get(f"{QUEUE}/{numbers[0]}")
    agent.post(QUEUE, {"csrf_token": agent.get("/staff").form("/logout").fields["csrf_token"]})
    change(gallery.app, sa.update(User).where(User.username == "ilze").values(role=Role.SUPERVISOR))
    _decisions(gallery, numbers)
    _inbox(gallery)
    change(gallery.app, sa.update(User).where(User.username == "ilze").values(role=Role.AGENT))
    limiter.reset()


def _door(gallery: Gallery) -> None:
    change(gallery.app, sa.delete(Factor).where(Factor.user_id.in_(sa.select(User.id).where(User.username == "ilze"))))
    nobody = gallery.visitor("", again=True)
    for path in ("/staff", f"{DOOR}?expired=1"):
        nobody.get(path)
    for typed in ({}, {"username": "ilze"}, *([{"username": "ilze", "password": "x"}] * 6)):
        nobody.submit(nobody.get(DOOR), DOOR, **typed)
    change(gallery.app, sa.delete(Throttle))
    nobody.submit(nobody.get(DOOR), DOOR, username="ilze", password="x")
    slow_down_everybody(gallery.app, utc_now() + timedelta(hours=1))
    nobody.submit(nobody.get(DOOR), DOOR, username="anna", password="x")
    change(gallery.app, sa.delete(Throttle))
    nobody.submit(nobody.get(DOOR), DOOR, username="ilze", password=PASSWORD)


def _invitation(gallery: Gallery) -> None:
    database, now = gallery.app.extensions["ekabinets"].database, utc_now()
    with database.write() as session:
        staff.invite(session, Actor(None, "command"), NEW, "Rasa Kalniņa", Role.AGENT, gallery.language, now)
        rasa = session.scalars(sa.select(User.id).where(User.email == NEW)).one()
        link = "/staff/welcome/" + tokens.issue(session, staff.INVITATION, rasa, timedelta(days=3), now, address=NEW)
    nobody = gallery.visitor("", again=True)
    page = nobody.get(link)
    for typed in ({}, {"password": "abc"}, {"sealed": "x"}):
        page = nobody.submit(page, link, **typed)
    for _ in range(2):
        nobody.post(link, {**page.form(link).fields, "password": GOOD, "code": code_of(secret_of(page), later())})


def _decisions(gallery: Gallery, numbers: list[int]) -> None:
    ilze = gallery.visitor("ilze", again=True)
    page, *_ = [ilze.get(f"{QUEUE}/{number}") for number in numbers]
    ilze.get(QUEUE)
    for wrong in ({"act": "accept", "codes": ""}, {"act": "accept", "codes": "77777"}, {"act": "refuse"}):
        ilze.submit(page, QUEUE, **wrong)
    ilze.submit(page, QUEUE, act="accept")
    ilze.get("/staff")
    for _ in range(2):
        ilze.submit(page, QUEUE, number=str(numbers[1]), act="refuse", reason="Līgums ir uz cita vārda.")
    ilze.submit(page, QUEUE, number="x")


def _conversations(gallery: Gallery) -> None:
    """One of Anna's about an invoice, late and with a file; one of an account that is closed, about a meter; many more."""
    hour, same = timedelta(hours=1), {"topic": "other", "language": "lv", "began_on": TODAY, "changed_at": utc_now(), "state": "open"}
    anna, late = {"user_id": 1, "customer_id": 1, "premises_id": 1}, utc_now() - timedelta(days=400)
    about = {501: anna | {"about": "iid:x", "due_at": late, "subject": "Rēķins"}, 502: {"about": "mid:x", "due_at": utc_now() + 24 * hour}}
    for number in range(501, 560):
        more = {"public_id": f"many{number}", "id": number, "latest_id": 9501, "about_name": "77"} | about.get(number, {"due_at": late})
        change(gallery.app, sa.insert(Thread).values(same | more))
    message = {"id": 9501, "public_id": "many", "thread_id": 501, "body": "Labdien!\n\nVai tas\nir pareizi?", "sent_at": utc_now(), "actor_user_id": 1}
    change(gallery.app, sa.insert(Message).values(message))
    change(gallery.app, sa.insert(MessageFile).values(public_id="many", message_id=9501, name="foto.jpg", file_hash="0" * 64, size=2000))


def _inbox(gallery: Gallery) -> None:
    """What waits, in time and late; answered, noted, closed, with what is wrong; what came meanwhile."""
    ilze, inbox, one = gallery.visitor("ilze", again=True), "/staff/inbox", "/staff/inbox/501"
    _conversations(gallery)
    opened = ilze.get(one)
    for path in (inbox, f"{inbox}?view=all", f"{inbox}/502"):
        ilze.get(path)
    change(gallery.app, sa.delete(Thread).where(Thread.id.between(503, 560)))
    ilze.get(inbox)
    for typed in ({"body": ""}, {"body": "Rīt.", "files": (BytesIO(b"MZ"), "a.exe")}, {"body": "Rīt.", "seen": "1"}, {"body": "Rīt."}, {"body": "Parīt."}):
        ilze.post(f"{one}/replies", opened.form(f"{one}/replies").fields | typed)
    for note in ("", "Zvanīja divreiz."):
        ilze.submit(ilze.get(one), f"{one}/replies", kind="note", body=note)
    page = ilze.get(one)
    for _ in range(2):
        ilze.post(f"{one}/close", page.form(f"{one}/close").fields)
    ilze.get(f"{inbox}?view=snoozed")
    write_together(gallery, one)
