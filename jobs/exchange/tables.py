"""The files of the exchange format, version 1, in the order in which they are read (docs/integration.md)."""

from typing import Any

from jobs.exchange import cells, hooks, readings
from jobs.exchange.batch import Column, Table, table
from models.customers import Customer
from models.documents import Document, EstimateLine
from models.invoices import Invoice, InvoiceLine, Payment
from models.meters import Meter
from models.people import User
from models.premises import Entrance, House, Premises
from models.readings import Reading
from models.tenures import Tenure
from models.types import (
    DocumentKind,
    ExternalStatus,
    MeterKind,
    Role,
    Settlement,
    Source,
    TenureRole,
    ValidKind,
)

EURO = 10_000_000  # no amount is bigger, either way
money = cells.number(2, -EURO, EURO, "123,45")
price = cells.number(4, -100_000, 100_000, "1,2345")
quantity = cells.number(3, -1_000_000_000, 1_000_000_000, "12,345")
position = cells.number(0, 1, 100_000, "1")

ID = Column("external_id", required=True)


def _ref(name: str, refers: str, required: bool = False) -> Column:
    return Column(name, field=f"{name}_id", refers=refers, required=required)


def _day(name: str, field: str, required: bool = False) -> Column:
    return Column(name, cells.day, required, field=field)


def _must(name: str, convert: Any = None, field: str | None = None) -> Column:
    return Column(name, convert, required=True, field=field)


_ALL = (
    table(
        "customers", Customer, ID, _must("code"), _must("name"),
        Column("kind", cells.person_or_company, default=False, field="is_company"),
        Column("identifier", cells.text(32), field="", secret=True),
        Column("email", cells.email), Column("phone"), Column("language", cells.language),
        Column("settlement", cells.one_of(Settlement), default=Settlement.METERED),
        unique=(("code",),), derived=("identifier_hash", "identifier_encrypted"),
        uncompared=("identifier_encrypted",), before=hooks.customers_before,
    ),
    table("houses", House, ID, _must("address"), _must("town"), Column("postcode", default="")),
    table("entrances", Entrance, ID, _ref("house", "houses", True), _must("name")),
    table(
        "premises", Premises, ID, _ref("house", "houses", True), _ref("entrance", "entrances"),
        Column("flat", default=""), Column("address", cells.text(240), field=""),
        Column("area", cells.number(3, 0, 1_000_000, "45,6")),
        derived=("address",), check=hooks.premises_check,
    ),
    table(
        "tenures", Tenure, ID, _ref("customer", "customers", True), _ref("premises", "premises", True),
        Column("role", cells.one_of(TenureRole), default=TenureRole.OWNER),
        _day("from", "starts_on", True), _day("until", "ends_on"),
        check=hooks.in_order("starts_on", "ends_on", "until", "a day not before from"),
    ),
    table(
        "meters", Meter, ID, _ref("premises", "premises"), _ref("house", "houses"),
        _must("kind", cells.one_of(MeterKind)), Column("place", default=""), _must("number", field="serial"),
        Column("remote", cells.yes_no, default=False, field="is_remote"),
        _day("installed", "installed_on"), _day("removed", "removed_on"), _day("valid_until", "valid_until"),
        Column("valid_kind", cells.one_of(ValidKind), default=ValidKind.NONE),
        Column("replaces", cells.text(64), field=""),
        Column("registers", cells.names(hooks.MAX_REGISTERS, 32), field=""),
        Column("digits", cells.number(0, 1, 9, "5"), field=""),
        Column("decimals", cells.number(0, 0, 3, "3"), field=""),
        check=hooks.meters_check, after=hooks.meters_after,
    ),
    table(
        "readings", Reading, ID, Column("meter", cells.text(64), field=""),
        Column("register", cells.number(0, 1, hooks.MAX_REGISTERS, "1"), default=1, field=""),
        Column("value", cells.reading), _day("date", "read_on"), Column("period", cells.month),
        Column("source", cells.one_of(Source), default=Source.IMPORT),
        Column("rolled_over", cells.yes_no, default=False), Column("corrects", cells.text(64), field=""),
        Column("status", cells.one_of(ExternalStatus)), Column("status_reason"),
        derived=("register_id",), new={"status": ExternalStatus.ACCEPTED}, ignored=("received_at", "flag"),
        check=readings.readings_check, after=readings.readings_after,
    ),
    table(
        "invoices", Invoice, ID, _ref("customer", "customers", True), _ref("premises", "premises", True),
        _must("number"), _day("period_from", "period_start", True), _day("period_to", "period_end", True),
        _day("issued", "issued_on", True), _day("due", "due_on", True), _must("net", money), _must("vat", money),
        _must("total", money), Column("brought_forward", money, default=0), _must("payable", money),
        Column("payee", field="payee_name"), _must("iban", cells.iban, "payee_iban"), _must("reference"),
        Column("file", cells.file_name, field=""),
        derived=("file_hash",), before=hooks.invoices_before, check=hooks.invoices_check,
    ),
    table(
        "invoice_lines", InvoiceLine, _ref("invoice", "invoices", True), _must("position", position),
        _must("service"), Column("quantity", quantity), Column("unit", default=""), Column("price", price),
        _must("amount", money), key=("invoice_id", "position"),
    ),
    table(
        "payments", Payment, ID, _ref("customer", "customers", True), _ref("invoice", "invoices"),
        _day("date", "paid_on", True), _must("amount", money),
    ),
    table(
        "estimates", EstimateLine, ID, _ref("house", "houses", True),
        _must("year", cells.number(0, 1900, 2200, "2026")), _must("position", position), _must("item"),
        _must("price", price), unique=(("house_id", "year", "position"),),
    ),
    table(
        "documents", Document, ID, _ref("house", "houses"), _ref("premises", "premises"),
        Column("kind", cells.one_of(DocumentKind), default=DocumentKind.OTHER), _must("title"),
        _day("date", "issued_on", True), _must("file", cells.file_name, ""),
        derived=("file_hash", "file_name", "size"), before=hooks.documents_before, check=hooks.one_place,
    ),
    table(
        "users", User, ID, _must("username", cells.login(str, 100)), Column("email", cells.login(cells.email, 254)),
        Column("name"), Column("language", cells.language), Column("customers", cells.names(1000, 64), field=""),
        Column("role", cells.one_of(Role), default=Role.RESIDENT),
        unique=(("username",), ("email",)), check=hooks.users_check, after=hooks.users_after,
    ),
)  # fmt: skip

TABLES: dict[str, Table] = {one.name: one for one in _ALL}
