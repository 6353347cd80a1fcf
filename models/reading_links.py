"""Links that take the readings of one flat in one window without a login (D19, I07; decisions.md 20).

A link is signed and kept nowhere. It only writes: whoever has it learns neither a name nor an earlier reading, and what
it wrote is told to who is the customer, who can take it back and with it every link to this flat in this window.
"""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, SQLModel, col

from models import dossier, outbox, registrations, throttle
from models.audit import Actor, record
from models.customers import CustomerUser
from models.meters import Meter, Register
from models.people import User
from models.places import Place
from models.readings import Reading
from models.rules.identifiers import fold_code
from models.rules.registration import billed
from models.rules.signed import sign, signed
from models.rules.windows import Window
from models.types import Source, utc_now

PURPOSE = "reading"
REMINDERS = ("reading_reminder", "verification")  # letters that name premises
SHORT = timedelta(hours=1)  # how long one works that was got by an invoice: it may lie in a library's browser
BY_LINK = (Source.LINK, Source.SLIP)


class ReadingLinkStop(SQLModel, table=True):
    """Links to these premises in the window that opens on this day are dead: its people said that it was not they."""

    __tablename__ = "reading_link_stop"

    premises_id: int = Field(foreign_key="premises.id", primary_key=True)
    opens: date = Field(primary_key=True, index=True)


_STOPPED = sa.select(sa.literal(1)).where(
    col(ReadingLinkStop.premises_id) == sa.bindparam("premises_id"), col(ReadingLinkStop.opens) == sa.bindparam("opens")
)


class Link(NamedTuple):
    """What a link is for: whose time at which premises, the day on which its window opens, when it ends before that."""

    customer_id: int
    public_id: str
    opens: date
    ends: int = 0  # seconds of the epoch


def token(secret_key: str, link: Link) -> str:
    """The end of its address."""
    return sign(secret_key, PURPOSE, f"{link.customer_id}:{link.public_id}:{link.opens}:{link.ends or ''}".rstrip(":"))


def of_reminder(secret_key: str, detail: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Each premises that a reminder names once, by address, as (public id, address, token); without a key no tokens."""
    found = {pid: (address, number) for pid, address, number in detail["at"]}
    opens = date.fromisoformat(detail["opens"]) if secret_key else date.min
    by_address = sorted(found.items(), key=lambda one: one[1])
    return [
        (pid, address, token(secret_key, Link(number, pid, opens)) if secret_key else "")
        for pid, (address, number) in by_address
    ]


def read(secret_key: str, text: str) -> Link | None:
    """What it is for; None when we have not made it, or only for a short time."""
    told = signed(secret_key, PURPOSE, text)
    if told is None:
        return None
    customer_id, public_id, opens, *ends = told.split(":")
    link = Link(int(customer_id), public_id, date.fromisoformat(opens), int(ends[0]) if ends else 0)
    return None if 0 < link.ends < utc_now().timestamp() else link


def by_invoice(
    session: Session, code: str, number: str, amount: str, address: str, today: date, now: datetime
) -> tuple[int, Place] | throttle.Wait | None:
    """The customer and the place that stand on one of the last invoices with this number and sum; None where these
    do not agree, by the same statements whatever it is. Tries are counted for the code, and slow their network."""
    lane = f"{fold_code(code)} reading"
    left = throttle.take_try(session, lane, address, now, registrations.PAUSE)
    if isinstance(left, throttle.Wait):
        return left
    throttle.slow_address(session, address, now)
    customer_id, _, invoices = registrations.printed(session, code)
    premises_id = billed(invoices, number, amount)
    places = dossier.places(session.connection(), customer_id, today)
    here = next((one for one in places if one.id == premises_id and not one.has_ended(today)), None)
    if here is None:
        return None
    throttle.succeeded(session, lane)
    record(session, Actor(None, Source.LINK, customer_id), "reading.link_asked", premises_id=here.id)
    return customer_id, here


def place(connection: Connection, link: Link, today: date) -> Place | None:
    """Where it leads, as long as the customer is there and nobody has stopped it."""
    places = dossier.places(connection, link.customer_id, today)
    here = next((one for one in places if one.public_id == link.public_id), None)
    if here is None or here.has_ended(today):
        return None
    is_stopped = connection.execute(_STOPPED, {"premises_id": here.id, "opens": link.opens}).first()
    return None if is_stopped else here


def tell(session: Session, where: Place, customer_id: int, values: list[dict[str, Any]]) -> None:
    """Write to who is the customer what came in: `values` as the letter's template takes them."""
    if not values:
        return
    theirs = sa.select(col(CustomerUser.user_id)).where(col(CustomerUser.customer_id) == customer_id)
    open_ones = sa.select(User).where(col(User.id).in_(theirs), col(User.disabled_at).is_(None))
    for user in session.scalars(open_ones.order_by(col(User.id))).all():
        detail: dict[str, Any] = {"where": where.address, "pid": where.public_id, "values": values}
        outbox.write_to(session, user, user.email, "reading_by_link", **detail)


def disown(session: Session, actor: Actor, where: Place, window: Window, now: datetime) -> int:
    """Take back what came by links to this place in this window, and stop them; how many readings.

    What was sent before them does not stand again: its sender sees that nothing stands, and sends it once more.
    """
    dials = sa.select(col(Register.id)).join(Meter).where(col(Meter.premises_id) == where.id)
    came: sa.Update = sa.update(Reading).where(
        col(Reading.register_id).in_(dials), col(Reading.period) == window.period, col(Reading.source).in_(BY_LINK),
        col(Reading.superseded_at).is_(None),
    )  # fmt: skip
    count = session.execute(came.values(superseded_at=now, changed_at=now)).rowcount  # type: ignore[attr-defined]  # of an UPDATE
    session.merge(ReadingLinkStop(premises_id=where.id, opens=window.opens))
    about: dict[str, Any] = {"object_type": "reading", "detail": {"count": count, "opens": f"{window.opens}"}}
    record(session, actor, "reading.disowned", premises_id=where.id, **about)
    return int(count)
