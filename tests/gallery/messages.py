"""The states of the pages of messages: asked, wrong, answered, overdue, solved, closed, shared, lent."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from models.files import FolderStorage
from models.mandates import Mandate, MandatePremises
from models.threads import Message, MessageFile, Thread
from models.types import utc_now
from tests.gallery import Gallery, Visitor
from tests.gallery.furniture import Extra
from tests.lend import lend
from tests.standing import change, fetch
from tests.writing import NEW, PDF, answer_to, page_of, parts, threads, write
from views.limits import limiter

LENT = "liga-anna-------"
WRONG = ({"body": ""}, {"body": "x" * 5001}, {"subject": "x" * 121}, {"subject": "\u202e"}, {"property": None})


def messages(gallery: Gallery, _extra: Extra) -> None:
    """Anna and Līga write; staff answer late, and end it; everything goes away again."""
    limiter.reset()
    app, cast, anna = gallery.app, gallery.cast, gallery.visitor("anna", again=True)
    _asked(gallery, anna)
    where = f"/messages/{threads(app)[-1].public_id}"
    for state in ("open", "answered", "resolved", "closed"):
        change(app, sa.update(Thread).values(state=state, unread=True, due_at=utc_now() - timedelta(days=400)))
        for path in ("/messages", f"/properties/{cast.flat}", where):
            anna.get(path)
    answer_to(anna, where, body="")
    answer_to(anna, where, files=parts({"a.exe": b"x"}))
    again = anna.get(where).form(f"{where}/replies").fields | {"body": "Once more."}
    anna.post(f"{where}/replies", again)
    anna.post(f"{where}/replies", again | {"body": "Other words."})
    for act, state in (("solved", "answered"), ("unsolved", "resolved")):
        change(app, sa.update(Thread).values(state=state))
        anna.submit(anna.get(where), f"{where}/close", act=act)
    _lent(gallery, anna)
    row = threads(app)[0]._asdict()
    for number in range(26):
        change(app, sa.insert(Thread.__table__).values(row | {"id": 100 + number, "public_id": f"t{number}", "user_id": 1, "mandate_version": None}))
    for path in ("/messages", "/messages?before=1"):
        anna.get(path)
    for table in (MessageFile, Message, Thread):
        change(app, sa.delete(table))
    for who in ("anna", "marta"):
        gallery.visitor(who).get("/messages")


def _asked(gallery: Gallery, anna: Visitor) -> None:
    app, cast = gallery.app, gallery.cast
    anna.get(NEW)
    for topic in ("fault", "meters", "submission"):
        anna.get(f"{NEW}?topic={topic}")
    for path in (f"/invoices/{cast.invoice}", f"/meters/{cast.cold}"):
        anna.get(path)
    for number in (f"iid:{cast.invoice}", f"mid:{cast.cold}"):
        page = anna.get(f"{NEW}?about={number}")
        anna.post(NEW, page.form(NEW).fields | {"body": "Why?"})
    for changed in WRONG:
        write(anna, cast, files={"a.pdf": PDF}, **changed)
    page = write(anna, cast, "submission", files={"a.pdf": PDF, "b.exe": PDF})
    [number] = re.findall(r'name="remove" value="(\d+)"', page.html)[:1]
    anna.post(NEW, page.form(NEW).fields | {"remove": number, "body": "x"})
    anna.post(NEW, page.form(NEW).fields | {"once": "?"})
    held = app.extensions["ekabinets"]
    form = page_of(anna) | {"property": cast.flat, "body": "x", "files": parts({"a.pdf": PDF})}
    app.extensions["ekabinets"] = replace(held, storage=FolderStorage(Path("/dev/null")))
    anna.post(NEW, form)
    app.extensions["ekabinets"] = held
    sent = page_of(anna) | {"property": cast.flat, "body": "The tap drips.", "shared": "1"}
    for body in ("The tap drips.", "It does not."):
        anna.post(NEW, sent | {"body": body})
    write(anna, cast, shared="1", files={"plāns.pdf": PDF})
    newest = threads(app)[-1].id
    change(app, sa.insert(Message.__table__).values(public_id="answered", thread_id=newest, from_staff=True, author="Ilze", body="We come.\n\nTomorrow.", sent_at=utc_now()))


def _lent(gallery: Gallery, anna: Visitor) -> None:
    """Somebody else at the same place reads what is shared, a helper writes, and one of them closes her account."""
    app, cast = gallery.app, gallery.cast
    lend(app, cast, "messages threads")
    liga = gallery.visitor("liga", again=True)
    write(liga, cast)
    liga.get(f"{NEW}?topic=other")
    liga.get("/messages")
    where = f"/messages/{threads(app)[-1].public_id}"
    anna.get(where)
    anna.get("/messages")
    change(app, sa.update(Mandate).where(Mandate.public_id == LENT).values(rights="threads"))
    for row in threads(app):
        if row.shared:
            liga.get(f"/messages/{row.public_id}")
    change(app, sa.update(Thread).values(user_id=None))
    change(app, sa.update(Message).values(actor_user_id=None))
    liga.get("/messages")
    anna.get("/messages")
    anna.get(where)
    [(number,)] = fetch(app, sa.select(Mandate.id).where(Mandate.public_id == LENT))
    change(app, sa.delete(MandatePremises).where(MandatePremises.mandate_id == number))
    change(app, sa.delete(Mandate).where(Mandate.id == number))
