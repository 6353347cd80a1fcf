"""The files of the exchange format, version 1, in the order in which they are read (docs/integration.md).

Above each stand the rules that look at more than one cell; meters and readings have a module of their own.
"""

from jobs.exchange import cells
from jobs.exchange.bank import BANK_ENTRIES
from jobs.exchange.batch import ID, Batch, Column, Table, day, must, ref
from jobs.exchange.einvoices import EINVOICES, take_over
from jobs.exchange.meters import METERS, READINGS
from jobs.exchange.notices import NOTICES
from jobs.exchange.source import read_document, read_pdf
from jobs.exchange.work import Work, db
from models.customers import Customer
from models.documents import Document, EstimateLine
from models.invoices import Invoice, InvoiceLine, Payment
from models.people import User
from models.premises import Entrance, House, Premises
from models.rules.search import kept, of_customer
from models.tenures import Tenure
from models.types import DocumentKind, Role, Settlement, TenureRole

money = cells.money
price = cells.number(4, -100_000, 100_000, "1,2345")
quantity = cells.number(3, -1_000_000_000, 1_000_000_000, "12,345")
position = cells.number(0, 1, 100_000, "1")


def _seal(batch: Batch, work: Work) -> None:
    """Personal codes and registration numbers are stored as keyed hash and encrypted value (decisions.md 31).

    What staff search by is folded.
    """
    searched = zip(*(batch.final(name) for name in ("code", "name", "email", "phone")), strict=True)
    batch.fields["folded"] = [of_customer(*one) for one in searched]
    if codes := batch.values.get("identifier"):
        batch.fields["identifier_hash"] = [code and work.identifiers.hash(code) for code in codes]
        batch.fields["identifier_encrypted"] = [code and work.identifiers.encrypt(code) for code in codes]


CUSTOMERS = Table(
    "customers", Customer, (
        ID, must("code"), must("name"), Column("kind", cells.company, default=False, field="is_company"),
        # The encrypted value is another each time: whether the code has changed is told by its hash.
        Column("identifier", cells.identifier, field="identifier_hash", secret=True),
        Column("email", cells.email), Column("phone"), Column("language", cells.language),
        Column("settlement", cells.one_of(Settlement), default=Settlement.METERED),
    ), derived=("folded",), unique=(("code",),), check=_seal,
)  # fmt: skip

HOUSES = Table("houses", House, (ID, must("address"), must("town"), Column("postcode", default="")))

ENTRANCES = Table("entrances", Entrance, (ID, ref("house", "houses", True), must("name")))


def _check_premises(batch: Batch, work: Work) -> None:
    """The entrance is one of the house; an address that the file does not give is built from house and flat."""
    house, entrance = db("house").c, db("entrance").c
    houses = work.find(house.id, batch.fields["house_id"], house.address, house.town)
    entrances = work.find(entrance.id, batch.fields.get("entrance_id", ()), entrance.house_id)
    batch.fields["address"] = built = batch.said("address")
    for index, house_id, entrance_id, flat in batch.each("house_id", "entrance_id", "flat"):
        if entrance_id in entrances and entrances[entrance_id].house_id != house_id:
            batch.refuse(index, "entrance", "an entrance of the same house")
        at = houses[house_id]
        built[index] = built[index] or f"{at.address}{'–' if flat else ''}{flat or ''}, {at.town}"
        if len(built[index]) > 240:
            batch.refuse(index, "address", "at most 240 characters, also when it is built from house and flat")
    batch.fields["folded"] = [kept((address,)) for address in built]


PREMISES = Table(
    "premises", Premises, (
        ID, ref("house", "houses", True), ref("entrance", "entrances"), Column("flat", default=""),
        Column("address", cells.text(240)), Column("area", cells.number(3, 0, 1_000_000, "45,6")),
    ), derived=("folded",), check=_check_premises,
)  # fmt: skip

TENURES = Table(
    "tenures", Tenure, (
        ID, ref("customer", "customers", True), ref("premises", "premises", True),
        Column("role", cells.one_of(TenureRole), default=TenureRole.OWNER),
        day("from", "starts_on", True), day("until", "ends_on"),
    ), check=lambda batch, _work: batch.need_order("starts_on", "ends_on", "until", "a day not before from"),
)  # fmt: skip

_KEEP = object()  # the field stays as it is


def _store_files(batch: Batch, work: Work) -> None:
    """Store the files. One that cannot be read is reported, and a row that has to have it is refused."""
    names = batch.values.get("file", ())
    hashes, sizes = [None] * len(names), [None] * len(names)  # type: list[object], list[int | None]
    read = read_document if batch.table.name == "documents" else read_pdf
    report = batch.refuse if batch.table.columns["file"].required else batch.remark
    for index in batch.good() if any(names) else ():
        if names[index]:
            try:
                data = read(work.source, names[index])
                hashes[index], sizes[index] = work.storage.put(data), len(data)
            except cells.Refused as refused:
                report(index, "file", refused.expected)
                hashes[index] = _KEEP
    if names:
        batch.fields["file_hash"] = hashes
    if "size" in batch.table.derived:
        batch.fields |= {"size": sizes, "file_name": [*names]}


def _before_invoices(batch: Batch, work: Work) -> None:
    _store_files(batch, work)
    take_over(batch, work)


def _check_invoices(batch: Batch, work: Work) -> None:
    """What is to be paid is the total and what was brought forward; the payee is the site's unless named."""
    batch.need_order("period_start", "period_end", "period_to", "a day not before period_from")
    payees = batch.fields["payee_name"] = batch.final("payee_name")
    files = batch.final("file_hash")
    for index, total, brought_forward, payable in batch.each("total", "brought_forward", "payable"):
        payees[index] = payees[index] or work.site.payee.name
        if files[index] is _KEEP:
            files[index] = getattr(batch.existing[index], "file_hash", None)
        if payable != total + (brought_forward or 0):
            wanted = f"total + brought_forward, which is {(total + (brought_forward or 0)) / 100:.2f}"
            batch.refuse(index, "payable", wanted)


INVOICES = Table(
    "invoices", Invoice, (
        ID, ref("customer", "customers", True), ref("premises", "premises", True), must("number"),
        day("period_from", "period_start", True), day("period_to", "period_end", True),
        day("issued", "issued_on", True), day("due", "due_on", True), must("net", money), must("vat", money),
        must("total", money), Column("brought_forward", money, default=0), must("payable", money),
        Column("payee", field="payee_name"), must("iban", cells.iban, "payee_iban"), must("reference"),
        Column("file", cells.file_name, field="file_hash"),
    ), before=_before_invoices, check=_check_invoices,
)  # fmt: skip

INVOICE_LINES = Table(
    "invoice_lines", InvoiceLine, (
        ref("invoice", "invoices", True), must("position", position), must("service"), Column("quantity", quantity),
        Column("unit", default=""), Column("price", price), must("amount", money),
        Column("vat_rate", cells.number(2, 0, 100, "21")),
    ), key=("invoice_id", "position"),
)  # fmt: skip

PAYMENTS = Table(
    "payments", Payment, (
        ID, ref("customer", "customers", True), ref("invoice", "invoices"), day("date", "paid_on", True),
        must("amount", money),
    ),
)  # fmt: skip

ESTIMATES = Table(
    "estimates", EstimateLine, (
        ID, ref("house", "houses", True), must("year", cells.number(0, 1900, 2200, "2026")),
        must("position", position), must("item"), must("price", price),
    ), unique=(("house_id", "year", "position"),),
)  # fmt: skip


def _check_documents(batch: Batch, work: Work) -> None:
    """A document is of a house, of premises or of a customer; what is in the house file is of a house."""
    for index, kind, *whose in batch.each("kind", "house_id", "premises_id", "customer_id"):
        if [one is None for one in whose].count(False) != 1:
            batch.refuse(index, "premises", "one of premises, house and customer")
        elif kind and kind.in_house_file and whose[0] is None:
            batch.refuse(index, "house", "the house, for what belongs into its house file")


DOCUMENTS = Table(
    "documents", Document, (
        ID, ref("house", "houses"), ref("premises", "premises"),
        Column("kind", cells.one_of(DocumentKind), default=DocumentKind.OTHER), must("title"),
        day("date", "issued_on", True), must("file", cells.file_name, "file_hash"),
        ref("customer", "customers"),
    ), derived=("file_name", "size"), before=_store_files, check=_check_documents,
)  # fmt: skip


def _check_users(batch: Batch, work: Work) -> None:
    """Customers are known; a user name with @ is the own e-mail address, so that no two people share a login."""
    wanted = batch.said("customers")
    _keep_own(batch, work)
    known = work.named("customer", wanted)
    names = batch.fields["name"] = batch.final("name")
    for index, username, email in batch.each("username", "email"):
        names[index] = names[index] or username
        if "@" in username and username != email:
            batch.refuse(index, "username", "a name without @, or the address in email")
        if unknown := [one for one in wanted[index] or () if one not in known]:
            batch.refuse(index, "customers", f"external_ids of customers.csv ({unknown[0]} is not one)")


def _keep_own(batch: Batch, work: Work) -> None:
    """User name and e-mail address of who has been here are hers to change (A16); a closed account stays closed."""
    user, names = db("user_account").c, batch.values["external_id"]
    own = work.find(user.external_id, names, user.username, user.email, user.terms_version, user.closed_at)
    for index in batch.good():
        row = own.get(names[index])
        if row and row.closed_at:
            batch.ok[index] = False  # left out without a word: the file cannot know it
        elif row and row.terms_version:
            for name in {"username", "email"} & batch.fields.keys():
                batch.fields[name][index] = getattr(row, name)


def _link_customers(batch: Batch, work: Work) -> set[int]:
    """Make the links of each user those that the file names, where it has the column."""
    if "customers" not in batch.values:
        return set()
    named, at = batch.values["customers"], batch.stored(work)
    known = work.named("customer", named)
    wanted = [{"user_id": at[index], "customer_id": known[name]} for index in at for name in named[index] or ()]
    changed = work.replace(db("customer_user"), "user_id", {*at.values()}, wanted)
    return {index for index, number in at.items() if number in changed}


USERS = Table(
    "users", User, (
        ID, must("username", cells.login(str, 100)), Column("email", cells.login(cells.email, 254)),
        Column("name"), Column("language", cells.language), Column("customers", cells.names(1000, 64), field=""),
        Column("role", cells.one_of(Role), default=Role.RESIDENT),
    ), unique=(("username",), ("email",)), check=_check_users, after=_link_customers,
)  # fmt: skip

TABLES = {
    one.name: one
    for one in (
        CUSTOMERS, HOUSES, ENTRANCES, PREMISES, TENURES, METERS, READINGS, INVOICES, INVOICE_LINES, EINVOICES,
        PAYMENTS, BANK_ENTRIES, ESTIMATES, DOCUMENTS, NOTICES, USERS,
    )
}  # fmt: skip
