"""What the cast does not have and a page can show: Marta, whose flat has a meter, an invoice and a document of every
kind, all with long names."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from flask import Flask

from auth.methods.password import Passwords
from models.customers import Customer, CustomerUser
from models.documents import Document
from models.invoices import Invoice, InvoiceLine, Payment
from models.premises import Entrance, House, Premises
from models.tenures import Tenure
from models.throttle import Throttle
from models.types import DocumentKind, MeterKind, Source, TenureRole, ValidKind
from tests.cast import TODAY, _Stage, month

STREET = "Akadēmiķa Mstislava Keldiša ielas pagarinājums 148"
SERVICE = "Dzīvojamās mājas siltumnīcefekta gāzu-emisiju-kompensācijas maksājums"


@dataclass
class Extra:
    """Public ids of what Marta has."""

    flat: str = ""
    bare: str = ""  # rented: nothing is there yet
    full: str = ""  # one whose dial is about to start from zero again
    whole: str = ""  # one without a comma
    last: str = ""  # one that was read once
    meters: list[str] = field(default_factory=list)
    invoices: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    notice_files: list[str] = field(default_factory=list)


def furnish(app: Flask) -> Extra:
    """Put Marta and what she has into the database."""
    held, extra = app.extensions["ekabinets"], Extra()
    stage = _Stage(held.database, Passwords(8, 1, 2), held.storage)
    stage.count = 1000
    with held.database.write() as stage.session:
        customer, flat = _home(stage, extra)
        _meters(stage, flat, extra)
        _invoices(stage, customer, flat, extra)
        _notices(stage, flat, extra)
        for kind in DocumentKind:
            row = stage.add(Document(external_id=f"M-{kind}", house_id=flat.house_id, kind=kind, title=SERVICE, issued_on=month(2), file_hash="0" * 64, file_name=f"{kind}.pdf", size=2_345_678))
            extra.documents.append(row.public_id)
        for number in range(30):
            stage.add(Document(external_id=f"M{number}", customer_id=customer.id, title=f"{SERVICE} {number}", issued_on=month(number), file_hash="0" * 64, file_name="paper.edoc", size=99_999))
    bring_files(app, held.storage.put(b"%PDF-1.4 the operator's own"))
    return extra


def _home(stage: _Stage, extra: Extra) -> tuple[Customer, Premises]:
    marta = stage.user("marta", "Marta Konstance Vītoliņa-Rozenberga-Bērziņkalne")
    house = stage.add(House(external_id="H9", address=STREET, town="Daugavpils"))
    flat, bare = (stage.add(Premises(external_id=f"P9-{n}", house_id=house.id, flat=str(n), address=f"{STREET}–{n}, Daugavpils")) for n in (1234, 1235))
    customer = stage.add(Customer(external_id="C9", code="20490-0001234", name=marta.name))
    stage.add(CustomerUser(user_id=marta.id, customer_id=customer.id))
    for premises, role in ((flat, TenureRole.CO_OWNER), (bare, TenureRole.TENANT)):
        stage.add(Tenure(external_id=f"T9-{premises.flat}", customer_id=customer.id, premises_id=premises.id, role=role, starts_on=month(30)))
    extra.flat, extra.bare = flat.public_id, bare.public_id
    return customer, flat


def _meters(stage: _Stage, flat: Premises, extra: Extra) -> None:
    def meter(kind: MeterKind, place: str, start: int, monthly: int, months=range(13, 0, -1), source=Source.IMPORT, **more):
        row, (dial,) = stage.meter(flat, kind, place, f"LONG-{len(extra.meters):04}-9876543210ABCDEF", **more)
        stage.readings(dial, start, monthly, months, source)
        extra.meters.append(row.public_id)
        return row, dial

    in_time, late = TODAY + timedelta(days=900), TODAY - timedelta(days=9)
    old, _ = meter(MeterKind.COLD_WATER, "toilet", 1_000, 3_000, range(20, 12, -1), removed_on=month(12))
    meter(MeterKind.COLD_WATER, "toilet", 99_960_000, 3_000, range(12, 0, -1), replaces_id=old.id, valid_until=in_time, valid_kind=ValidKind.REPLACEMENT)
    extra.full = extra.meters[-1]
    meter(MeterKind.GAS, "boiler", 5_000, 1_000, source=Source.ESTIMATE, valid_until=late, valid_kind=ValidKind.VERIFICATION)
    meter(MeterKind.LPG, "cellar", 5_000, 1_000, source=Source.SLIP, valid_until=in_time, valid_kind=ValidKind.VERIFICATION)
    meter(MeterKind.HEAT, "stairwell", 5_000, 1_000, source=Source.STAFF, valid_until=TODAY + timedelta(days=9), valid_kind=ValidKind.REPLACEMENT)
    _, dial = meter(MeterKind.ELECTRICITY, "bathroom", 5_000, 200_000, source=Source.LINK)
    dial.decimals = 0
    extra.whole = extra.meters[-1]
    meter(MeterKind.HOT_WATER, "Garderobes-un-saimniecības-telpa", 0, 0, range(0), Source.IMPORT)
    meter(MeterKind.HOT_WATER, "toilet", 0, 3_000, range(1, 0, -1), Source.DELEGATE)
    extra.last = extra.meters[-1]


def _invoices(stage: _Stage, customer: Customer, flat: Premises, extra: Extra) -> None:
    today = TODAY

    def invoice(ago: int, due: int, paid: int = 0, paid_on: int = 0, **more) -> None:
        row = stage.invoice(customer, flat, ago, **more)
        row.due_on = today + timedelta(days=due)
        if paid:
            stage.add(Payment(external_id=f"M{ago}", customer_id=customer.id, invoice_id=row.id, paid_on=today + timedelta(days=paid_on), amount=paid))
        stage.add(InvoiceLine(invoice_id=row.id, position=3, service=SERVICE, amount=1_234_567))
        extra.invoices.append(row.public_id)

    invoice(12, due=-300, paid=8228, paid_on=-290)  # paid late
    invoice(11, due=-5)  # overdue
    invoice(10, due=-5, paid=100)  # part of it paid, overdue
    invoice(9, due=5, paid=100)  # part of it paid
    invoice(8, due=0)
    invoice(7, due=7)
    invoice(6, due=7, brought_forward=-8228)  # nothing due
    invoice(5, due=7, total=1_234_567, brought_forward=-500)
    invoice(4, due=7, brought_forward=-10_000)  # credit: the newest


def _notices(stage: _Stage, flat: Premises, extra: Extra) -> None:
    now = datetime.combine(TODAY, datetime.min.time(), UTC)
    entrance = stage.add(Entrance(external_id="E9", house_id=flat.house_id, name="2"))
    flat.entrance_id = entrance.id

    def notice(ago: int, title: str, *languages: str, **more) -> None:
        texts = {language: (title, f"{title}.\n\nhttps://example.com/{'x' * 90}\n{STREET}") for language in ("lv", *languages)}
        nid, *fids = stage.notice(f"M-{ago}", now - timedelta(days=ago), texts, **more)
        extra.notices.append(nid)
        extra.notice_files += fids

    notice(1, SERVICE, "en", "ru", house_id=flat.house_id, files=["Garš-pielikuma-nosaukums-" * 3 + ".pdf", "plāns.png"])
    notice(2, "Tikai latviski", entrance_id=entrance.id)
    notice(3, "Atsaukts", for_all=True, withdrawn_at=now)
    notice(4, "Avārija", "en", for_all=True, emergency=True, valid_until=now + timedelta(days=1))
    for ago in (400, 401):
        notice(ago, f"Pērn {ago}", house_id=flat.house_id)


def bring_files(app: Flask, content: str | None) -> None:
    """Every invoice has the operator's own PDF, or none has."""
    _do(app, sa.update(Invoice).values(file_hash=content))


def slow_down_everybody(app: Flask, until: datetime) -> None:
    """As after many wrong passwords from every address."""
    _do(app, sa.update(Throttle).values(blocked_until=until))


def _do(app: Flask, statement: sa.Executable) -> None:
    with app.extensions["ekabinets"].database.write() as session:
        session.execute(statement)
