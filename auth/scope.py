"""Objects named in a URL are fetched here, through the visitor: what is not hers does not exist (404).

The guard calls `fetch` for every opaque id in the path before the view runs, so a view cannot forget it.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from auth.state import reading, state
from auth.visitor import Visitor
from models import cards, documents, invoices, noticeboard, sessions
from models.places import Place, places_of
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
        return next((place for place in self.places if place.public_id == public_id), None)

    def meter(self, public_id: str) -> cards.MeterCard | None:
        """A meter on one of her places or in its house."""
        return cards.card(reading(), self.visitor.user_id, self.today, public_id)

    def invoice(self, public_id: str) -> invoices.Bill | None:
        """An invoice to one of her customers."""
        return invoices.one(reading(), self.places, public_id)

    def document(self, public_id: str) -> documents.DocumentView | None:
        """A document of one of her places or its house."""
        return documents.one(reading(), self.places, public_id)

    def house_paper(self, public_id: str) -> documents.DocumentView | None:
        """A document of the house file of one of her places."""
        return documents.one(reading(), self.places, public_id, house_file=True)

    def notice(self, public_id: str) -> AnyRow | None:
        """A notice that was addressed to her."""
        return noticeboard.one(reading(), self._reader(), public_id)

    def notice_file(self, public_id: str) -> AnyRow | None:
        """A file of such a notice."""
        return noticeboard.attachment(reading(), self._reader(), public_id)

    def _reader(self) -> noticeboard.Reader:
        first = state().site.languages[0]
        return noticeboard.Reader(self.visitor.user_id, state().clock.now(), first, first)

    def own_session(self, number: str) -> int | None:
        """One of her own live sessions, by its number."""
        live = sessions.live(reading(), self.visitor.user_id, utc_now(), self.idle)
        return next((row.id for row in live if str(row.id) == number), None)


# The name of a path variable says what it is; a name that is not here stops the start (`auth.guard`).
FETCH: Mapping[str, Callable[[Reach, str], object | None]] = {
    "pid": Reach.place,
    "mid": Reach.meter,
    "iid": Reach.invoice,
    "did": Reach.document,
    "hid": Reach.house_paper,
    "nid": Reach.notice,
    "fid": Reach.notice_file,
    "sid": Reach.own_session,
}
