"""The states of a customer's pages of staff: everything and nothing, told by telephone, helped, seen as she sees."""

import sqlalchemy as sa

from models.customers import Customer, CustomerUser
from models.identities import Identity
from models.meters import Meter
from models.outbox import Mail
from models.people import User
from models.readings import Reading
from models.threads import Message, Thread
from models.throttle import Throttle
from models.types import Role, utc_now
from tests.browser import Page
from tests.cast import month
from tests.gallery import Gallery, Visitor
from tests.gallery.furniture import Extra
from tests.standing import change, fetch
from views.limits import limiter

BETWEEN = month(0).replace(day=15)


def customers(gallery: Gallery, _extra: Extra) -> None:
    """Ilze as a supervisor, then as an agent; what was sent goes away again."""
    limiter.reset()
    app, cast = gallery.app, gallery.cast
    last = {table: fetch(app, sa.select(sa.func.coalesce(sa.func.max(table.id), 0)))[0][0] for table in (Thread, Message, Reading)}
    number = fetch(app, sa.select(CustomerUser.customer_id).join(User, User.id == CustomerUser.user_id).where(User.username == "anna"))[0].customer_id
    own, user = f"/staff/customers/{number}", fetch(app, sa.select(User.id).where(User.username == "anna"))[0].id
    change(app, sa.update(User).where(User.username == "ilze").values(role=Role.SUPERVISOR))
    change(app, sa.insert(Customer).values(id=5050, external_id="C5050", code="50505", name="Ruta", is_company=False, settlement="metered", phone="20000000"))
    ilze = gallery.visitor("ilze", again=True)
    for path in (f"{own}?at=x", f"{own}?from=call", f"{own}?from=check", "/staff/customers/5050?from=check", "/staff/customers/5050/readings?from=visit"):
        ilze.get(path)
    _told(gallery, ilze, own)
    _logged(gallery, ilze, own, user)
    _helped(gallery, ilze, own, user)
    for page in ("", f"&page=/properties/{cast.flat}/meters", "&page=/messages", "&page=/nothing"):
        ilze.get(f"{own}/as?from=call&user={user}{page}")
    ilze.post(f"{own}/as?from=call&user={user}", ilze.get("/staff").form("/logout").fields)
    change(app, sa.update(User).where(User.username == "ilze").values(role=Role.AGENT))
    gallery.visitor("ilze", again=True).get(f"{own}?from=letter")
    change(app, sa.delete(Customer).where(Customer.id == 5050))
    for table in (Message, Thread):
        change(app, sa.delete(table).where(table.id > last[table]))
    change(app, sa.update(Reading).values(superseded_by_id=None, superseded_at=None).where(Reading.superseded_by_id > last[Reading]))
    change(app, sa.delete(Reading).where(Reading.id > last[Reading]))
    limiter.reset()


def _told(gallery: Gallery, ilze: Visitor, own: str) -> None:
    """Readings by each way, with what is wrong with them; in a closed window; at a place without meters."""
    cast, anna = gallery.cast, gallery.visitor("anna", again=True)
    field, page = f"r-{cast.cold}-1", ilze.get(f"{own}/readings?from=call")
    action = next(form.action for form in page.forms if form.action.startswith(own))
    for values in ({}, {field: "x"}, {field: "150"}, {field: "995", "heard": ""}, {field: "995", "heard": "message"}):
        ilze.fill(page, action, values)
    page = ilze.fill(page, action, {field: "995"})
    while ilze.status == 409:  # what stands already, and then whether it is right
        page = ilze.fill(page, action, {name: choices[-1] for name, choices in page.form(action).choices.items() if name.startswith("reply-")})
    for way in ("call", "visit", "letter", "message"):
        change(gallery.app, sa.update(Reading).where(Reading.value == 995_000).values(source=way))
        anna.get(f"/meters/{cast.cold}")
    change(gallery.app, sa.update(Meter).where(Meter.public_id == cast.hot).values(removed_on=month(0)))
    ilze.fill(page, action, {f"r-{cast.hot}-1": "528", field: "996"})
    change(gallery.app, sa.update(Meter).where(Meter.public_id == cast.hot).values(removed_on=None))
    ilze.get(f"{own}/readings?from=call&at={cast.second}")
    ilze.get(f"{own}/readings?from=call&at=x")
    with gallery.when(today=BETWEEN):
        ilze.get(f"{own}/readings?from=call")


def _logged(gallery: Gallery, ilze: Visitor, own: str, user: int) -> None:
    """A call for colleagues alone, and a visit that Anna reads; each thing that can be wrong."""
    action = f"{own}/contacts?from=visit"
    page = ilze.get(action)
    for wrong in ({}, {"via": "", "reader": "x", "subject": "x" * 121, "answer": "x" * 5001}, {"once": "x"}):
        ilze.submit(page, action, **wrong)
    for values in ({"via": "call"}, {"via": "call", "body": "Cits."}):
        ilze.submit(page, action, **({"topic": "other", "body": "Pil krāns."} | values))
    ilze.submit(ilze.get(action), action, via="visit", topic="other", body="Pil krāns.", answer="Pirmdien.", reader=f"{user}")
    ilze.get(f"{own}?from=call")
    for row in fetch(gallery.app, sa.select(Thread.id, Thread.public_id, Thread.user_id).where(Thread.via != "")):
        ilze.get(f"/staff/inbox/{row.id}")
        if row.user_id:
            gallery.visitor("anna").get(f"/messages/{row.public_id}")


def _helped(gallery: Gallery, ilze: Visitor, own: str, user: int) -> None:
    """Each act, and each reason why one cannot be done."""
    app, first = gallery.app, fetch(gallery.app, sa.select(User.__table__).where(User.id == user))[0]

    def ask(act: str) -> tuple[Page, str]:
        path = f"{own}/access?from=call&user={user}&act={act}"
        return ilze.get(path), path

    for act in ("unlocked", "link_sent", "email"):
        page, path = ask(act)
        for typed in ({}, {"reason": "Zvanīja klients.", "email": "new@example.lv"}):
            ilze.submit(page, path, **typed)
    for number in range(11):
        ilze.submit(page, path, reason="Zvanīja klients.", email=f"new{number}@example.lv")
    for values in ({"invited_at": utc_now(), "password_hash": None}, {"invited_at": None, "password_hash": None}, {"email": None}, {"disabled_at": utc_now()}):
        change(app, sa.update(User).where(User.id == user).values(values))
        ilze.get(f"{own}?from=call")
        for act in ("invited_again", "link_sent"):
            ask(act)
    ilze.submit(page, path, reason="Zvanīja klients.", email="other@example.lv")
    restored = ("invited_at", "password_hash", "email", "disabled_at", "email_wanted")
    change(app, sa.update(User).where(User.id == user).values({name: getattr(first, name) for name in restored}))
    ask("invited_again")
    change(app, sa.delete(Throttle))
    change(app, sa.delete(Mail).where(Mail.address.like("new%@example.lv")))
    known = {"family": "bank", "provider": "Banka", "issuer": "https://bank.example", "subject": "gallery", "linked_at": utc_now(), "used_at": utc_now()}
    change(app, sa.insert(Identity).values(known | {"user_id": user}))
    ilze.get(f"{own}?from=call")
    change(app, sa.delete(Identity).where(Identity.subject == "gallery"))
