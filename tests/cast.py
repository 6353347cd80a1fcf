"""The named cast: who they are, what they have. Anna owns, Līga helps, Viktors is a stranger, Pēteris was here
before Anna, Ilze answers messages. Everybody logs in by the real door with `PASSWORD`."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from auth.methods.password import Passwords
from models import search
from models.articles import Article, ArticleText, Topic
from models.canned import CannedReply
from models.copies import DataCopy
from models.customers import Customer, CustomerUser
from models.database import Database
from models.documents import Document, EstimateLine
from models.files import Storage
from models.invoices import Invoice, InvoiceLine, Payment
from models.mandates import Mandate, MandatePremises
from models.meters import Meter, Register
from models.notices import Notice, NoticeAudience, NoticeFile, NoticeText
from models.payments import OnlinePayment, PaidInvoice
from models.people import User
from models.premises import House, Premises
from models.reading_photos import ReadingPhoto
from models.readings import Reading
from models.rules.articles import fold
from models.rules.payments import PaymentState
from models.rules.search import kept, of_customer
from models.tenures import Tenure
from models.threads import Message, MessageFile, Thread
from models.types import DocumentKind, MeterKind, Role, Source, TenureRole, ValidKind, utc_now

TODAY = date(2026, 11, 30)  # inside the reading window of the site that the tests use
PASSWORD = "zaļa upe tek lēni"
INVITED = "invited@example.com"  # who has not accepted yet
IBAN = "LV44DEMO0000000000001"
ZONE = ZoneInfo("Europe/Riga")
WATER = {
    "lv": ("Trešdien nebūs ūdens", "Mainīsim cauruli pagrabā.\n\nŪdens nebūs no 9 līdz 15.\nLūdzam uzkrāt."),
    "en": ("No water on Wednesday", "We replace a pipe in the cellar.\n\nNo water from 9 to 15.\nPlease store some."),
    "ru": ("В среду не будет воды", "Меняем трубу в подвале.\n\nВоды не будет с 9 до 15.\nЗапаситесь, пожалуйста."),
}

ARTICLES = {  # slug, topic → language → title, body
    ("how-to-read", Topic.READINGS): {
        "lv": ("Kur ir ūdens skaitītājs", "Parasti virtuvē.\n\n## Ja tā nav\n\n- Meklējiet vannas istabā.\n- [Zvaniet mums](/contact)."),
        "en": ("Where the water meter is", "Usually in the kitchen.\n\n## If it is not there\n\n- Look in the bathroom.\n- [Call us](/contact)."),
        "ru": ("Где счётчик воды", "Обычно на кухне.\n\n## Если его там нет\n\n- Ищите в ванной.\n- [Позвоните нам](/contact)."),
    },
    ("how-to-pay", Topic.INVOICES): {
        "lv": ("Kā samaksāt rēķinu", "1. Atveriet rēķinu.\n2. Samaksājiet to bankā."),
        "en": ("How to pay an invoice", "1. Open the invoice.\n2. Pay it at your bank."),
        "ru": ("Как оплатить счёт", "1. Откройте счёт.\n2. Оплатите его в банке."),
    },
}  # fmt: skip


@dataclass
class Cast:
    """Public ids of what the cast has, by a short name."""

    flat: str = ""  # Anna's main flat
    second: str = ""  # her other one
    neighbour: str = ""  # Viktors's flat in the same house
    cold: str = ""
    hot: str = ""
    remote: str = ""
    two_dials: str = ""
    old: str = ""  # removed
    house_meter: str = ""
    stranger_meter: str = ""
    invoice: str = ""  # Anna's newest, unpaid
    paid: str = ""
    former_invoice: str = ""  # Pēteris's, same flat
    stranger_invoice: str = ""
    payment: str = ""  # Anna has begun to pay her newest invoice, and given up
    stranger_payment: str = ""
    document: str = ""
    stranger_document: str = ""
    house_paper: str = ""  # in the file of the house of Anna's other flat
    other_paper: str = ""  # in that of a house where nobody of them lives
    notice: str = ""  # to Anna's flat, unread, with a file
    notice_file: str = ""
    stranger_notice: str = ""
    stranger_file: str = ""
    mandate: str = ""  # Anna has invited somebody who has not answered
    stranger_mandate: str = ""  # and so has Viktors
    data_copy: str = ""  # Anna's, two days old
    stranger_copy: str = ""
    thread: str = ""  # Anna has written to the operator, with a file
    thread_file: str = ""
    stranger_thread: str = ""
    stranger_thread_file: str = ""
    photo: str = ""  # of Anna's hot water meter
    stranger_photo: str = ""


def month(ago: int) -> date:
    """The first day of the month so many months before TODAY's."""
    index = TODAY.year * 12 + TODAY.month - 1 - ago
    return date(index // 12, index % 12 + 1, 1)


class _Stage:
    def __init__(self, database: Database, passwords: Passwords, storage: Storage) -> None:
        self.database, self.hash, self.storage = database, passwords.hash(PASSWORD), storage
        self.cast, self.count = Cast(), 0

    def add(self, row):
        self.count += 1
        if hasattr(row, "external_id") and row.external_id is None:
            row.external_id = f"X{self.count}"
        self.session.add(row)
        self.session.flush()
        return row

    def user(self, username, name, role=Role.RESIDENT, language=None):
        return self.add(
            User(username=username, email=f"{username}@example.com", name=name, password_hash=self.hash, role=role, language=language, terms_version=1)
        )

    def meter(self, premises, kind, where, serial, registers=1, **more):
        meter = self.add(Meter(premises_id=premises and premises.id, kind=kind, place=where, serial=serial, **more))
        names = [""] if registers == 1 else [f"T{n + 1}" for n in range(registers)]
        return meter, [self.add(Register(meter_id=meter.id, ordinal=n + 1, name=name)) for n, name in enumerate(names)]

    def readings(self, register, start, monthly, months=range(13, 0, -1), source=Source.IMPORT):
        value = start
        for ago in months:
            value += monthly
            at = datetime.combine(month(ago), datetime.min.time(), UTC) + timedelta(days=27)
            self.add(Reading(register_id=register.id, value=value, read_on=month(ago).replace(day=28), period=month(ago), source=source, received_at=at))
        return value

    def photo(self, register):
        number = self.session.scalars(sa.select(sa.func.max(Reading.id)).where(Reading.register_id == register.id)).one()
        return self.add(ReadingPhoto(reading_id=number, name="meter.jpg", file_hash=self.storage.put(b"a photo"), size=7)).public_id

    def invoice(self, customer, premises, ago, total=8228, **more):
        issued = month(ago - 1).replace(day=10) if ago else TODAY.replace(day=10)
        net, forward = round(total / 1.21), more.pop("brought_forward", 0)
        row = self.add(
            Invoice(
                customer_id=customer.id, premises_id=premises.id, number=f"2026-{self.count}",
                period_start=month(ago), period_end=month(ago).replace(day=28), issued_on=issued,
                due_on=issued + timedelta(days=20), net=net, vat=total - net, total=total, brought_forward=forward,
                payable=total + forward, payee_name="SIA “Māja”", payee_iban=IBAN,
                reference=f"2026-{self.count}, kods {customer.code}", ubl_hash=self.storage.put(b"<Invoice/>"), **more,
            )
        )  # fmt: skip
        self.add(InvoiceLine(invoice_id=row.id, position=1, service="Aukstais ūdens", quantity=3100, unit="m3", price=10500, amount=326))
        self.add(InvoiceLine(invoice_id=row.id, position=2, service="Apsaimniekošana", quantity=52400, unit="m2", price=4200, amount=net - 326))
        return row

    def online(self, user, premises, invoice):
        """A payment that came to nothing, at a provider that the operator had before."""
        row = OnlinePayment(started_by=user.id, premises_id=premises.id, provider="before", cents=8743, status=PaymentState.CANCELLED, started_at=datetime(2026, 11, 20, 8, tzinfo=UTC))
        number = self.session.scalars(sa.select(Invoice.id).where(Invoice.public_id == invoice)).one()
        self.add(PaidInvoice(payment_id=self.add(row).id, invoice_id=number, cents=8743))
        return row.public_id

    def invitation(self, user, customer, premises):
        """A mandate that nobody has accepted yet."""
        year = TODAY.replace(year=TODAY.year + 1)
        row = self.add(Mandate(granted_by=user.id, address=INVITED, name="Ilga", language="lv", rights="submit meters notices", starts_on=TODAY, ends_on=year))
        self.add(MandatePremises(mandate_id=row.id, premises_id=premises.id, customer_id=customer.id))
        return row.public_id

    def notice(self, name, published, texts, for_all=False, files=(), **more):
        """`texts`: language → title, body; `more`: an audience such as premises_id, and columns of the notice."""
        to = {key: more.pop(key) for key in [*more] if key.endswith("_id") and key != "external_id"}
        row = self.add(Notice(external_id=name, for_all=for_all, published_at=published, published_on=published.astimezone(ZONE).date(), announced_at=published, **more))
        for language, (title, body) in texts.items():
            self.add(NoticeText(notice_id=row.id, language=language, title=title, body=body))
        if to:
            self.add(NoticeAudience(notice_id=row.id, **to))
        found = [self.add(NoticeFile(notice_id=row.id, name=file, file_hash=self.storage.put(b"%PDF-1.4 plan"), size=13)) for file in files]
        return row.public_id, *(file.public_id for file in found)

    def article(self, slug, topic, texts):
        """A help article; `texts`: language → title, body."""
        row = self.add(Article(slug=slug, topic=topic, position=self.count, language="lv", published_at=utc_now()))
        for language, (title, body) in texts.items():
            self.add(ArticleText(article_id=row.id, language=language, title=title, body=body, folded=f" {fold(f'{title} {body}')}"))

    def data_copy(self, user) -> str:
        """A copy of her data that was made two days ago."""
        made, content = utc_now() - timedelta(days=2), b"PK the copy of " + user.username.encode()
        row = DataCopy(user_id=user.id, language="lv", asked_at=made, made_at=made, file_hash=self.storage.put(content), size=len(content))
        return self.add(row).public_id

    def thread(self, user, customer, premises, number):
        """A conversation of one message with a file. `number`: far from those that tests begin."""
        at = datetime.combine(TODAY - timedelta(days=5), datetime.min.time(), UTC)
        row = self.add(Thread(
            id=number, user_id=user.id, customer_id=customer.id, premises_id=premises.id, topic="other", subject=f"Letter of {user.username}",
            language="lv", latest_id=number, began_on=at.date(), changed_at=at, due_at=at,
        ))  # fmt: skip
        self.add(Message(id=number, thread_id=number, body=f"{user.username} asks.", sent_at=at, actor_user_id=user.id))
        search.keep(self.session, number)
        name = self.storage.put(b"%PDF-1.4 by " + user.username.encode())
        return row.public_id, self.add(MessageFile(message_id=number, name="a.pdf", file_hash=name, size=13)).public_id


def play(database: Database, passwords: Passwords, storage: Storage) -> Cast:
    """Put the cast into an empty database."""
    stage = _Stage(database, passwords, storage)
    with database.write() as stage.session:
        _people_and_places(stage)
        for (slug, topic), texts in ARTICLES.items():
            stage.article(slug, topic, texts)
    return stage.cast


def _people_and_places(stage: _Stage) -> None:
    cast = stage.cast
    anna, viktors, peteris = (stage.user("anna", "Anna Ozoliņa"), stage.user("viktors", "Viktors Petrovs", language="ru"), stage.user("peteris", "Pēteris Kalniņš"))
    stage.user("liga", "Līga Ozoliņa")
    stage.user("ilze", "Ilze Kļaviņa", Role.AGENT)
    house = stage.add(House(external_id="H1", address="Brīvības iela 12", town="Ogre"))
    other = stage.add(House(external_id="H2", address="Mālkalnes prospekts 3", town="Ogre"))
    flat, next_door = (stage.add(Premises(external_id=f"P{n}", house_id=house.id, flat=str(n), address=(at := f"Brīvības iela 12–{n}, Ogre"), folded=kept((at,)))) for n in (34, 35))
    at = "Mālkalnes prospekts 3–2, Ogre"
    second = stage.add(Premises(external_id="P2", house_id=other.id, flat="2", address=at, folded=kept((at,))))
    customers = [stage.add(Customer(external_id=f"C{code}", code=code, name=name, folded=of_customer(code, name, None, None))) for code, name in (("20417", anna.name), ("20418", viktors.name), ("10001", peteris.name))]
    for customer, user in zip(customers, (anna, viktors, peteris), strict=True):
        stage.add(CustomerUser(user_id=user.id, customer_id=customer.id))
    began = month(24)
    for customer, premises, start, end in (
        (customers[0], flat, began, None), (customers[0], second, month(12), None), (customers[1], next_door, month(36), None),
        (customers[2], flat, month(48), began - timedelta(days=1)),
    ):  # fmt: skip
        stage.add(Tenure(external_id=f"T{stage.count}", customer_id=customer.id, premises_id=premises.id, role=TenureRole.OWNER, starts_on=start, ends_on=end))
    cast.flat, cast.second, cast.neighbour = flat.public_id, second.public_id, next_door.public_id
    cast.mandate, cast.stranger_mandate = (
        stage.invitation(user, customer, at) for user, customer, at in ((anna, customers[0], flat), (viktors, customers[1], next_door))
    )
    _meters(stage, flat, next_door, house)
    _money(stage, customers, flat, next_door, second)
    cast.thread, cast.thread_file = stage.thread(anna, customers[0], flat, 9001)
    stage.add(CannedReply(title="Greeting", lv="Sveicināti!", en="Good day!", ru="Здравствуйте!"))
    cast.stranger_thread, cast.stranger_thread_file = stage.thread(viktors, customers[1], next_door, 9002)
    cast.data_copy, cast.stranger_copy = (stage.data_copy(person) for person in (anna, viktors))
    cast.payment, cast.stranger_payment = stage.online(anna, flat, cast.invoice), stage.online(viktors, next_door, cast.stranger_invoice)


def _meters(stage: _Stage, flat, next_door, house) -> None:
    cast = stage.cast
    cold, (dial,) = stage.meter(flat, MeterKind.COLD_WATER, "kitchen", "12345678", valid_until=TODAY + timedelta(days=20), valid_kind=ValidKind.VERIFICATION)
    stage.readings(dial, 84_000, 3_000, range(36, 0, -1))  # Pēteris's months are among them; 192,000 at last
    hot, (dial,) = stage.meter(flat, MeterKind.HOT_WATER, "kitchen", "87654321", valid_until=TODAY - timedelta(days=40), valid_kind=ValidKind.REPLACEMENT)
    stage.readings(dial, 500_000, 2_000)  # 526,000
    cast.photo = stage.photo(dial)
    remote, (dial,) = stage.meter(flat, MeterKind.HEAT, "hall", "555", is_remote=True)
    stage.readings(dial, 1_000, 400, source=Source.REMOTE)
    two, dials = stage.meter(flat, MeterKind.ELECTRICITY, "hall", "777", registers=2)
    for dial in dials:
        stage.readings(dial, 1_000_000, 90_000)  # 2 170,000
    old, (dial,) = stage.meter(flat, MeterKind.COLD_WATER, "kitchen", "11111111", removed_on=month(30))
    stage.readings(dial, 10_000, 3_000, range(36, 30, -1))
    building, (dial,) = stage.meter(None, MeterKind.COLD_WATER, "cellar", "99999", house_id=house.id)
    stage.readings(dial, 5_000_000, 90_000)
    theirs, (dial,) = stage.meter(next_door, MeterKind.COLD_WATER, "kitchen", "2222")
    stage.readings(dial, 40_000, 4_000)
    cast.stranger_photo = stage.photo(dial)
    cast.cold, cast.hot, cast.remote, cast.two_dials = cold.public_id, hot.public_id, remote.public_id, two.public_id
    cast.old, cast.house_meter, cast.stranger_meter = old.public_id, building.public_id, theirs.public_id


def _money(stage: _Stage, customers, flat, next_door, second) -> None:
    cast, (anna, viktors, peteris) = stage.cast, customers
    cast.former_invoice = stage.invoice(peteris, flat, 30).public_id
    for ago in range(14, 1, -1):
        row = stage.invoice(anna, flat, ago)
        stage.add(Payment(external_id=f"PAY{ago}", customer_id=anna.id, invoice_id=row.id, paid_on=row.due_on, amount=row.payable))
    cast.paid = row.public_id
    cast.invoice = stage.invoice(anna, flat, 1, brought_forward=515).public_id
    cast.stranger_invoice = stage.invoice(viktors, next_door, 1).public_id
    content = stage.storage.put(b"%PDF-1.4 contract")
    for name, premises in (("document", flat), ("stranger_document", next_door)):
        row = stage.add(Document(external_id=f"D-{name}", premises_id=premises.id, kind=DocumentKind.CONTRACT, title="Apsaimniekošanas līgums", issued_on=month(3), file_hash=content, file_name="ligums.pdf", size=17))
        setattr(cast, name, row.public_id)
    far = stage.add(House(external_id="H3", address="Rīgas iela 1", town="Ogre"))
    for name, house_id in (("house_paper", second.house_id), ("other_paper", far.id)):
        row = stage.add(Document(external_id=f"D-{name}", house_id=house_id, kind=DocumentKind.MINUTES, title="Kopsapulces protokols", issued_on=month(4), file_hash=content, file_name="protokols.pdf", size=17))
        setattr(cast, name, row.public_id)
    two_days_ago = datetime.combine(TODAY - timedelta(days=2), datetime.min.time(), UTC) + timedelta(hours=7)
    cast.notice, cast.notice_file = stage.notice("N-anna", two_days_ago, WATER, premises_id=flat.id, files=["plāns.pdf"])
    cast.stranger_notice, cast.stranger_file = stage.notice("N-viktors", two_days_ago, {"lv": ("Jūsu iesniegums saņemts", "Atbildēsim līdz ceturtdienai.")}, customer_id=viktors.id, files=["iesniegums.pdf"])
    for year, price in ((2025, 3900), (2026, 4200)):
        for position, item in enumerate(("Apsaimniekošana", "Remontdarbu uzkrājums"), 1):
            stage.add(EstimateLine(external_id=f"E{year}{position}", house_id=flat.house_id, year=year, position=position, item=item, price=price + position))
