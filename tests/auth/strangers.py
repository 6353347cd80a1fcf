"""Who has what in the walk over all routes: residents of one house and of another, a former owner, and nobody."""

from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlmodel import Session

from models.attorneys import Attorney
from models.copies import DataCopy
from models.customers import Customer, CustomerUser
from models.documents import Document
from models.invoices import Invoice
from models.meters import Meter, Register
from models.notices import Notice, NoticeAudience, NoticeFile, NoticeText
from models.payments import OnlinePayment, PaidInvoice
from models.people import User
from models.premises import House, Premises
from models.reading_photos import ReadingPhoto
from models.readings import Reading
from models.registrations import Waiting
from models.rules.payments import PaymentState
from models.tenures import Tenure
from models.threads import Message, MessageFile, Thread
from models.types import DocumentKind, MeterKind, TenureRole, utc_now
from tests.cast import TODAY, ZONE, Cast, month
from tests.walk import ids_of

MOVED = month(24)  # Anna's first day in the flat; Pēteris's last is the one before
Ids = dict[str, list[str]]


def settle(app: Flask, cast: Cast) -> dict[str, Ids]:
    """Give everybody one of everything; whose is what, by user name."""
    with app.extensions["ekabinets"].database.write() as session:
        stage = Stage(session, session.scalars(sa.select(Premises).where(Premises.public_id == cast.flat)).one())
        stage.helper("marta")
        stage.application("marta", "30303")
        stage.add(Attorney(public_id="a", user_id=1, code="20417", about="x", file_hash="0" * 64, file_name="a.pdf"))  # number 1, for staff
        far = stage.far_away("liga") | {"cid": [stage.data_copy("liga")]}
        far |= stage.thread("liga", 9003)
        former = [stage.data_copy("peteris")]
        asked = stage.thread("peteris", 9004)
        paid = stage.payment("peteris", stage.flat.id, cast.former_invoice)
        papers = [stage.paper(day, premises_id=stage.flat.id) for day in (MOVED - timedelta(days=1), MOVED)]
        told = [stage.notice(stage.flat.id, day) for day in (MOVED - timedelta(days=1), MOVED)]
        gone = stage.meter("GONE-BEFORE", premises_id=stage.flat.id, removed_on=MOVED - timedelta(days=1))
        minutes = [stage.paper(day, house_id=stage.flat.house_id, kind=DocumentKind.MINUTES) for day in (MOVED - timedelta(days=1), MOVED)]
        new = stage.meter("HUNG-AFTER", premises_id=stage.flat.id, installed_on=MOVED)
        both = [stage.meter("SHARED-OWN", premises_id=stage.flat.id), cast.house_meter]
    return {
        "anna": ids_of("anna", cast) | {
            "mid": [*both, new], "did": [cast.document, papers[1]], "hid": [cast.house_paper, *minutes], "nid": [cast.notice, told[1][0]],
            "fid": [cast.notice_file, told[1][1]], "phid": [cast.photo, stage.photos["SHARED-OWN", MOVED]],
        },
        "viktors": ids_of("viktors", cast) | {"mid": [cast.stranger_meter, cast.house_meter], "hid": minutes},
        "peteris": {
            "pid": [cast.flat], "mid": [*both, gone], "iid": [cast.former_invoice], "did": [papers[0]], "hid": [minutes[0]],
            "nid": [told[0][0]], "fid": [told[0][1]], "cid": former, "payid": [paid],
            "phid": [stage.photos["SHARED-OWN", MOVED - timedelta(days=1)]],
        } | asked,
        "liga": far,
        "marta": {},
        "ilze": {},
        "": {},  # who is not logged in
        "nobody": ids_of("nobody", cast),
    }  # fmt: skip


class Stage:
    """Puts rows into the database of a test."""

    def __init__(self, session: Session, flat: Premises) -> None:
        self.session, self.flat, self.count = session, flat, 0
        self.photos: dict[tuple[str, date], str] = {}

    def add(self, row: Any) -> Any:
        self.count += 1
        if "external_id" in type(row).model_fields:
            row.external_id = f"STRANGE-{self.count}"
        self.session.add(row)
        self.session.flush()
        return row

    def helper(self, username: str) -> None:
        """Somebody without any premises."""
        known = self.session.scalars(sa.select(User).where(User.username == "liga")).one()
        self.add(User(username=username, email=f"{username}@example.com", name="Marta Liepa", password_hash=known.password_hash, terms_version=1))

    def far_away(self, username: str) -> Ids:
        """A flat in another house, with one of everything."""
        house = self.add(House(address="Kalna iela 9", town="Ogre"))
        flat = self.add(Premises(house_id=house.id, flat="1", address="Kalna iela 9–1, Ogre"))
        customer = self.add(Customer(code="30303", name="Līga Ozoliņa"))
        user = self.session.scalars(sa.select(User).where(User.username == username)).one()
        self.add(CustomerUser(user_id=user.id, customer_id=customer.id))
        self.add(Tenure(customer_id=customer.id, premises_id=flat.id, role=TenureRole.OWNER, starts_on=MOVED))
        invoice = self.add(Invoice(
            customer_id=customer.id, premises_id=flat.id, number="LIGA-9", period_start=month(1), period_end=TODAY,
            issued_on=TODAY, due_on=TODAY, net=100, vat=21, total=121, payable=121, payee_name="SIA",
            payee_iban="LV44DEMO0000000000001", reference="LIGA-9",
        ))  # fmt: skip
        nid, fid = self.notice(flat.id, TODAY)
        return {
            "nid": [nid],
            "fid": [fid],
            "pid": [flat.public_id],
            "mid": [self.meter("FAR-OWN", premises_id=flat.id), self.meter("FAR-HOUSE", house_id=house.id)],
            "iid": [invoice.public_id],
            "payid": [self.payment(username, flat.id, invoice.public_id)],
            "phid": [self.photos["FAR-OWN", MOVED]],
            "did": [self.paper(TODAY, premises_id=flat.id)],
            "hid": [self.paper(TODAY, house_id=house.id, kind=DocumentKind.MINUTES)],
        }

    def data_copy(self, username: str) -> str:
        """A copy of somebody's data."""
        user = self.session.scalars(sa.select(User).where(User.username == username)).one()
        return self.add(DataCopy(user_id=user.id, language="lv", made_at=utc_now(), file_hash="0" * 64, size=14)).public_id

    def payment(self, username: str, premises_id: int, invoice: str) -> str:
        """A payment of an invoice that came to nothing, at a provider that the operator had before."""
        user = self.session.scalars(sa.select(User).where(User.username == username)).one()
        number = self.session.scalars(sa.select(Invoice.id).where(Invoice.public_id == invoice)).one()
        row = self.add(OnlinePayment(
            started_by=user.id, premises_id=premises_id, provider="before", cents=121, status=PaymentState.CANCELLED, started_at=utc_now(),
        ))  # fmt: skip
        self.add(PaidInvoice(payment_id=row.id, invoice_id=number, cents=121))
        return row.public_id

    def thread(self, username: str, number: int) -> Ids:
        """A conversation about no property, with a file."""
        user = self.session.scalars(sa.select(User).where(User.username == username)).one()
        row = self.add(Thread(id=number, user_id=user.id, topic="other", subject=f"Letter of {username}", language="lv", latest_id=number, began_on=TODAY))
        self.add(Message(id=number, thread_id=number, body="x", sent_at=utc_now(), actor_user_id=user.id))
        file = self.add(MessageFile(message_id=number, name="a.pdf", file_hash="0" * 64, size=14))
        return {"tid": [row.public_id], "aid": [file.public_id]}

    def meter(self, serial: str, **where: Any) -> str:
        """A meter with a reading of each of the two times: 70.707 on Pēteris's last day, 80.808 on Anna's first."""
        meter = self.add(Meter(kind=MeterKind.COLD_WATER, serial=serial, **where))
        register = self.add(Register(meter_id=meter.id))
        for day, value in ((MOVED - timedelta(days=1), 70_707), (MOVED, 80_808)):
            reading = self.add(Reading(register_id=register.id, value=value, read_on=day, period=day.replace(day=1), source="import"))
            photo = self.add(ReadingPhoto(reading_id=reading.id, name="a.jpg", file_hash="0" * 64, size=14))
            self.photos[serial, day] = photo.public_id
        return meter.public_id

    def notice(self, premises_id: int, day: Any) -> tuple[str, str]:
        """A notice to a flat, with a file."""
        midnight = datetime.combine(day, time(), ZONE)  # of the site: at no time of day does it lie ahead
        notice = self.add(Notice(published_at=midnight, published_on=day))
        self.add(NoticeText(notice_id=notice.id, language="lv", title=f"Notice of {day}", body="."))
        self.add(NoticeAudience(notice_id=notice.id, premises_id=premises_id))
        return notice.public_id, self.add(NoticeFile(notice_id=notice.id, name="a.pdf", file_hash="0" * 64, size=14)).public_id

    def application(self, username: str, code: str) -> None:
        """Somebody says that a customer's code is hers: number 1, for staff."""
        user = self.session.scalars(sa.select(User).where(User.username == username)).one()
        self.add(Waiting(key="x", user_id=user.id, language="lv", code=code))

    def paper(self, issued_on: Any, **where: Any) -> str:
        """A document of a flat or a house."""
        return self.add(Document(
            **where, title=f"Paper of {issued_on}", issued_on=issued_on, file_hash="0" * 64,
            file_name="paper.pdf", size=14,
        )).public_id  # fmt: skip
