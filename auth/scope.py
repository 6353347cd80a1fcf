"""Objects named in a URL are fetched here, through the visitor: what is not hers does not exist (404).

The guard calls `fetch` for every opaque id in the path before the view runs, so a view cannot forget it.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial

from flask import current_app
from sqlalchemy.engine import Connection

from auth.access import Right, is_strong, lent, may
from auth.state import reading, state
from auth.visitor import Visitor
from models import (
    articles,
    attorneys,
    bank,
    canned,
    cards,
    copies,
    documents,
    inbox,
    invoices,
    mandates,
    noticeboard,
    payments,
    reading_mails,
    reading_photos,
    registrations,
    review,
    sessions,
    threads,
)
from models import imports as uploads
from models import staff as colleagues
from models.dossier import customer
from models.notice_drafts import one as notice_of_staff
from models.places import Place, one_place, places_of
from models.site import WRITTEN
from models.types import AnyRow, utc_now


class Reach:
    """What one visitor can reach on one day; her places are read once per request."""

    def __init__(self, visitor: Visitor, today: date, idle: timedelta) -> None:
        """Reads nothing yet."""
        self.visitor, self.today, self.idle = visitor, today, idle
        self._places: list[Place] | None = None

    @property
    def places(self) -> list[Place]:
        """The visitor's places, current ones first."""
        if self._places is None:
            self._places = places_of(reading(), self.visitor.user_id, self.today)
        return self._places

    def place(self, public_id: str) -> Place | None:
        """One of her places."""
        return one_place(reading(), self.visitor.user_id, self.today, public_id)

    def meter(self, public_id: str) -> cards.MeterCard | None:
        """A meter on one of her places or in its house."""
        return cards.card(reading(), self.visitor.user_id, self.today, public_id, partial(self._sees, "meters"))

    def invoice(self, public_id: str) -> invoices.Bill | None:
        """An invoice to one of her customers."""
        return invoices.one(reading(), self._open("invoices"), public_id)

    def payment(self, public_id: str) -> payments.PaymentView | None:
        """A payment of invoices to one of her customers, whoever of those who see them began it."""
        return payments.one(reading(), self._open("invoices"), public_id)

    def document(self, public_id: str) -> documents.DocumentView | None:
        """A document of one of her places or its house."""
        return documents.one(reading(), self._open("documents"), public_id)

    def house_paper(self, public_id: str) -> documents.DocumentView | None:
        """A document of the house file of one of her places."""
        return documents.one(reading(), self._open("house_file"), public_id, house_file=True)

    def _open(self, section: str) -> list[Place]:
        """Her own places, and of the others those where this was lent to her; first those that this login opens."""
        seen = [place for place in self.places if self._sees(section, place)]
        return sorted(seen, key=lambda place: -may(state().site, self.visitor, section, place))

    @staticmethod
    def _sees(section: str, place: Place) -> bool:
        return lent(place, section) >= Right.VIEW

    def mandate(self, public_id: str) -> mandates.MandateView | None:
        """Something that she has lent, or that was lent to her."""
        return mandates.one(reading(), self.visitor.user_id, self.today, public_id)

    def notice(self, public_id: str) -> AnyRow | None:
        """A notice that was addressed to her."""
        return noticeboard.one(reading(), self.reader(), public_id)

    def notice_file(self, public_id: str) -> AnyRow | None:
        """A file of such a notice."""
        return noticeboard.attachment(reading(), self.reader(), public_id)

    def reader(self) -> noticeboard.Reader:
        """As who she reads notices."""
        held, person = state(), self.visitor
        first, strong = held.site.languages[0], is_strong(held.site, person)
        return noticeboard.Reader(person.user_id, held.clock.now(), first, first, self.today, strong)

    def sight(self, weigh: Callable[[Place], Right] | None = None) -> threads.Sight:
        """What she sees of conversations; `weigh` tells the right at a place, else as this login opens it."""
        weigh = weigh or partial(may, state().site, self.visitor, "messages")
        rights = {place.id: weigh(place) for place in self.places}
        seen, writable = (
            [place for place in self.places if rights[place.id] >= least] for least in (Right.VIEW, Right.ACT)
        )
        return threads.Sight(self.visitor.user_id, self.today, seen, writable)

    def photo(self, public_id: str) -> reading_photos.PhotoView | None:
        """A photo of a meter on one of her places."""
        return reading_photos.one(reading(), public_id, self._open("meters"))

    def thread(self, public_id: str) -> threads.ThreadView | None:
        """A conversation that she sees."""
        return threads.one(reading(), self.sight(partial(lent, section="messages")), public_id)

    def message_file(self, public_id: str) -> AnyRow | None:
        """A file of such a conversation."""
        return threads.file(reading(), self.sight(), public_id)

    def data_copy(self, public_id: str) -> AnyRow | None:
        """A copy of her own data that is ready, for as long as the site keeps it."""
        rows = copies.own(reading(), self.visitor.user_id, state().site.retention["copies"], utc_now())
        return next((row for row in rows if row.public_id == public_id and row.file_hash), None)

    def own_session(self, number: str) -> int | None:
        """One of her own live sessions, by its number."""
        live = sessions.live(reading(), self.visitor.user_id, utc_now(), self.idle)
        return next((row.id for row in live if str(row.id) == number), None)


# The name of a path variable says what it is; a name that is not here stops the start (`auth.guard`).
FETCH: Mapping[str, Callable[[Reach, str], object | None]] = {
    "pid": Reach.place,
    "mid": Reach.meter,
    "iid": Reach.invoice,
    "payid": Reach.payment,
    "did": Reach.document,
    "hid": Reach.house_paper,
    "nid": Reach.notice,
    "fid": Reach.notice_file,
    "sid": Reach.own_session,
    "uid": Reach.mandate,
    "cid": Reach.data_copy,
    "tid": Reach.thread,
    "aid": Reach.message_file,
    "phid": Reach.photo,
}


def _numbered(find: Callable[[Connection, int], object | None]) -> Callable[[Reach, str], object | None]:
    """Whatever has this number: the scope of staff is the whole operator."""
    return lambda _reach, text: find(reading(), int(text)) if text.isdecimal() and len(text) < 10 else None


# The same for the pages of staff; what a role may do there says `access.toml`.
FOR_STAFF: Mapping[str, Callable[[Reach, str], object | None]] = {
    "rid": _numbered(registrations.one),
    "imid": _numbered(uploads.one),
    "suid": _numbered(colleagues.one),
    "thid": _numbered(inbox.one),
    "crid": lambda reach, text: _numbered(partial(canned.one, me=reach.visitor.user_id))(reach, text),
    "meid": lambda reach, public_id: threads.sent(reading(), reach.visitor.user_id, public_id),
    "table": lambda _reach, kind: current_app.extensions["columns"](kind),  # of the exchange
    "custid": _numbered(customer),
    "poid": _numbered(attorneys.one),
    "hoid": _numbered(review.house),
    "snid": _numbered(notice_of_staff),
    "artid": _numbered(articles.held),
    "emid": _numbered(reading_mails.one),
    "moid": lambda _reach, key: bank.one(reading(), key),
    "key": lambda _reach, key: key if key in WRITTEN else None,
    "sphid": lambda _reach, public_id: reading_photos.one(reading(), public_id),
    "afid": lambda _reach, public_id: inbox.file(reading(), public_id),
}
