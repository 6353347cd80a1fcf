"""The states of the searches of staff: in conversations, for a customer, and those that are kept."""

import sqlalchemy as sa

from models import search
from models.customers import Customer
from models.rules.search import of_customer
from models.search import SavedSearch
from models.tenures import Tenure
from models.threads import Message, Thread, ThreadNote
from models.types import utc_now
from tests.cast import TODAY
from tests.gallery import Gallery
from tests.gallery.furniture import Extra
from tests.standing import change
from views.limits import limiter

SEARCH, CUSTOMERS, FIRST = "/staff/search", "/staff/customers", 97_000


def searches(gallery: Gallery, extra: Extra) -> None:
    """Ilze looks for what is there, what is there too often, and what is not."""
    limiter.reset()
    _conversations(gallery)
    ilze, queries = gallery.visitor("ilze", again=True), ("", "?q=udens", f"?q=udens&before={FIRST + 10}", "?q=udens&before=0", "?q=ozolina+brivibas+20417", "?q=77", "?q=xyzzy", "?q=...", f"?q=no+{FIRST}")
    for query in queries:
        ilze.get(SEARCH + query)
    page = ilze.get(f"{SEARCH}?q=ozolina")
    for name in ("", "Ozoliņas ūdens"):
        ilze.submit(page, f"{SEARCH}/saved", name=name)
    change(gallery.app, sa.insert(SavedSearch).values([{"user_id": 5, "name": f"Mans {number}", "text": "ūdens"} for number in range(20)]))
    ilze.submit(page, f"{SEARCH}/saved", name="Vēl viens")
    ilze.submit(ilze.get(SEARCH), f"{SEARCH}/saved/drop")
    change(gallery.app, sa.delete(SavedSearch))
    for number in range(101):
        name = f"Zvirbulis {number}"
        change(gallery.app, sa.insert(Customer).values(external_id=f"Z{number}", code=f"Z{number}", name=name, is_company=False, settlement="metered", folded=of_customer(name, None, None, None)))
    for query in ("", "?q=ozolina", "?q=anna@example.com", "?q=12345678", "?q=brivibas", "?q=zvirbulis", "?q=xyzzy", "?q=20417"):
        ilze.get(CUSTOMERS + query)
    change(gallery.app, sa.delete(Customer).where(Customer.code.like("Z%"), ~sa.exists().where(Tenure.customer_id == Customer.id)))
    change(gallery.app, sa.delete(ThreadNote).where(ThreadNote.thread_id >= FIRST))
    change(gallery.app, sa.delete(Message).where(Message.thread_id >= FIRST))
    change(gallery.app, sa.delete(Thread).where(Thread.id >= FIRST))
    limiter.reset()


def _conversations(gallery: Gallery) -> None:
    """Anna's, about a meter, and one of a closed account with a subject; so many that there is a second page."""
    same = {"topic": "other", "language": "lv", "began_on": TODAY, "changed_at": utc_now(), "state": "open"}
    about = {FIRST: {"user_id": 1, "customer_id": 1, "premises_id": 1, "about": "mid:x", "about_name": "77"}, FIRST + 1: {"subject": "Ūdens pagrabā"}}
    with gallery.app.extensions["ekabinets"].database.write() as session:
        for number in range(FIRST, FIRST + 53):
            session.execute(sa.insert(Thread).values(same | {"public_id": f"s{number}", "id": number, "latest_id": number} | about.get(number, {})))
            body = "Labdien! Jau trešo dienu virtuvē no griestiem pil ūdens, kaimiņi augšā neatver, un siena ir slapja. Lūdzu, atbrauciet!"
            session.execute(sa.insert(Message).values(id=number, public_id=f"s{number}", thread_id=number, body=body, sent_at=utc_now()))
        session.execute(sa.insert(ThreadNote).values(thread_id=FIRST + 52, author="Ilze", body="Ūdens aizgriezts.", noted_at=utc_now()))
        session.execute(sa.update(Message).where(Message.id == FIRST + 52).values(body="Pil."))
        for number in range(FIRST, FIRST + 53):
            search.keep(session, number)
