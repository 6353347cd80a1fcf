"""Whose conversations are, until when they wait, many at once, merging, and who is away; beside them their customer."""

from datetime import timedelta

import sqlalchemy as sa

from models.people import User
from models.substitutes import StaffAway
from models.threads import Message, Thread, ThreadNote
from tests.at_desk import AWAY, INBOX, RASA, does, many, rasa
from tests.cast import TODAY
from tests.gallery import Gallery, Visitor
from tests.gallery.furniture import Extra
from tests.standing import change
from views.limits import limiter

LATER = f"{TODAY + timedelta(days=7)}"


def works(gallery: Gallery, extra: Extra) -> None:
    """A clerk among her colleagues."""
    limiter.reset()
    app, ilze = gallery.app, gallery.visitor("ilze", again=True)
    rasa(app)
    many(app, 53, user_id=1, customer_id=1, premises_id=1)
    change(app, sa.update(User).where(User.id == 1).values(phone="+37120000001"))
    change(app, sa.update(Message).where(Message.id.in_((1, 2))).values(actor_user_id=1, session_method="password"))
    change(app, sa.update(Message).where(Message.id == 3).values(actor_user_id=1, session_method="bank"))
    change(app, sa.update(Thread).where(Thread.id == 3).values(mandate_version=1))
    _one(gallery, ilze)
    _away(gallery, ilze)
    _several(gallery, ilze)
    _merged(gallery, ilze)
    change(app, sa.delete(StaffAway))
    change(app, sa.delete(ThreadNote).where(ThreadNote.thread_id < 60))
    change(app, sa.update(Thread).where(Thread.id < 60).values(assignee_id=None))
    limiter.reset()


def _one(gallery: Gallery, ilze: Visitor) -> None:
    """Taken, given, given back; put off and brought back; changed meanwhile by a colleague."""
    one = f"{INBOX}/1"
    opened = ilze.get(one)
    ilze.get(f"{INBOX}/3")
    for typed in ({"take": "1"}, {"to": str(RASA)}, {"to": "1"}, {"to": ""}):
        ilze.submit(ilze.get(one), f"{one}/assign", **typed)
    for typed in ({"until": ""}, {"until": LATER}):
        ilze.submit(ilze.get(one), f"{one}/snooze", **typed)
    ilze.get(f"{INBOX}?view=snoozed")
    ilze.submit(ilze.get(one), f"{one}/snooze", wake="1")
    change(gallery.app, sa.update(Message).where(Message.id == 4).values(from_staff=True, author="Ilze"))
    ilze.submit(ilze.get(f"{INBOX}/4"), f"{INBOX}/4/snooze", wait="1")
    ilze.submit(opened, f"{one}/assign", take="1")
    does(gallery.app, "assign", 1, to=RASA)
    for act in ("close", "merge"):
        ilze.submit(opened, f"{one}/{act}", into="2")


def _away(gallery: Gallery, ilze: Visitor) -> None:
    page = ilze.get(AWAY)
    for typed in ({}, {"starts": f"{TODAY}", "ends": LATER, "substitute": ""}, {"starts": f"{TODAY}", "ends": LATER, "substitute": str(RASA)}):
        page = ilze.submit(page, AWAY, **typed)
    ilze.get(f"{INBOX}/1")
    ilze.post(AWAY, page.form("/logout").fields | {"back": "1"})


def _several(gallery: Gallery, ilze: Visitor) -> None:
    """Every view; the next page; many at once with what is wrong, and with what was closed meanwhile."""
    for view in ("mine", "unassigned", "answered", "closed", "all"):
        ilze.get(f"{INBOX}?view={view}")
    page = ilze.get(INBOX)
    ilze.get(next(link for link in page.links if "after=" in link))
    fields = page.form(INBOX).fields
    for typed in ({}, {"act": "burn"}, {"act": "give", "to": "1"}, {"act": "snooze", "until": "2001-01-01"}, {"act": "take"}):
        ilze.post(INBOX, fields | ({"thread": ["20", "21"]} if typed else {"act": "take"}) | typed)
    does(gallery.app, "close", 20)
    ilze.post(INBOX, fields | {"thread": ["20", "21"], "act": "close"})


def _merged(gallery: Gallery, ilze: Visitor) -> None:
    """Into which it cannot, and into which it can; what its resident sees."""
    change(gallery.app, sa.update(Thread).where(Thread.id == 5).values(user_id=2))
    change(gallery.app, sa.update(Thread).where(Thread.id == 6).values(shared=True))
    two = f"{INBOX}/2"
    for into in ("x", "5", "6", "20", "1"):
        ilze.submit(ilze.get(two), f"{two}/merge", into=into)
    ilze.get(two)
    gallery.visitor("anna").get("/messages/t2")
