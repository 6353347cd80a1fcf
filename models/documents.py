"""Documents of a property, its house and its customer, the house file, and the yearly estimates (tāme) with lines.

C13, E07–E09; LU-58, OG-21..23.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models.audit import Actor, record
from models.customers import Customer
from models.places import Place
from models.premises import House, Premises
from models.types import Addressed, AnyRow, AnySelect, DocumentKind, Imported, TenureRole, choice


class Document(Imported, Addressed, table=True):
    """A file for a house, one premises or a customer; exactly one of the three is set."""

    __table_args__ = (
        sa.CheckConstraint(
            "(CASE WHEN premises_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN house_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN customer_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_place",
        ),
    )

    house_id: int | None = Field(default=None, foreign_key="house.id", index=True)
    premises_id: int | None = Field(default=None, foreign_key="premises.id", index=True)
    customer_id: int | None = Field(default=None, foreign_key="customer.id", index=True)
    kind: DocumentKind = choice(DocumentKind, default=DocumentKind.OTHER)
    title: str = Field(max_length=200)
    issued_on: date
    file_hash: str = Field(max_length=64)
    file_name: str = Field(max_length=120)
    size: int  # bytes
    withdrawn_at: datetime | None = None  # nobody reads it from then on


class EstimateLine(Imported, table=True):
    """What one item of a house's yearly estimate costs, in ten-thousandths of a euro per m² and month."""

    __tablename__ = "estimate_line"
    __table_args__ = (sa.UniqueConstraint("house_id", "year", "position"),)

    house_id: int = Field(foreign_key="house.id")
    year: int
    position: int
    item: str = Field(max_length=200)
    price: int


@dataclass(frozen=True)
class DocumentView:
    """A document and the place through which the user reaches it."""

    row: AnyRow
    place: Place


_DOCUMENTS = sa.select(Document.__table__).where(  # type: ignore[attr-defined]
    sa.or_(
        col(Document.premises_id).in_(sa.bindparam("premises_ids", expanding=True)),
        col(Document.house_id).in_(sa.bindparam("house_ids", expanding=True)),
        col(Document.customer_id).in_(sa.bindparam("customer_ids", expanding=True)),
    ),
    col(Document.withdrawn_at).is_(None),
).order_by(col(Document.issued_on).desc(), col(Document.id).desc())  # fmt: skip
_ONE = _DOCUMENTS.where(col(Document.public_id) == sa.bindparam("public_id"))
_BUILDING = sa.select(col(House.address), col(House.town), col(House.postcode)).where(
    col(House.id) == sa.bindparam("house_id")
)
_ESTIMATES = (
    sa.select(col(EstimateLine.year), col(EstimateLine.position), col(EstimateLine.item), col(EstimateLine.price))
    .where(col(EstimateLine.house_id) == sa.bindparam("house_id"))
    .order_by(col(EstimateLine.year).desc(), col(EstimateLine.position))
)


def documents(connection: Connection, place: Place, house_file: bool = False) -> list[DocumentView]:
    """The documents of a place, its house and its customers, newest first; or those of the house file."""
    return [view for view in _views(connection, _DOCUMENTS, [place]) if _within(view, house_file)]


def one(
    connection: Connection, places: Sequence[Place], public_id: str, house_file: bool = False
) -> DocumentView | None:
    """One of the `documents` of these places; None for anybody else's, and by the other of the two doors."""
    return next((v for v in _views(connection, _ONE, places, public_id=public_id) if _within(v, house_file)), None)


def building(connection: Connection, place: Place) -> AnyRow:
    """Address, town and postcode of the place's house."""
    return connection.execute(_BUILDING, {"house_id": place.house_id}).one()


def _views(
    connection: Connection, statement: AnySelect, places: Sequence[Place], **values: object
) -> list[DocumentView]:
    by_id = {place.id: place for place in places}
    by_house = {place.house_id: place for place in reversed(places)}
    # A customer's own papers are not for whom she lent some premises.
    by_customer = {one: place for place in reversed(places) if not place.lent for one in place.customer_ids}
    values |= {"premises_ids": [*by_id], "house_ids": [*by_house], "customer_ids": [*by_customer]}
    return [
        DocumentView(row, by_id.get(row.premises_id) or by_house.get(row.house_id) or by_customer[row.customer_id])
        for row in connection.execute(statement, values)
    ]


def _within(view: DocumentView, house_file: bool) -> bool:
    """A flat's own papers belong to the tenure they were issued in; a house's are for everybody who lives there.

    The house file is its owners', not its tenants' (E09); a customer's own papers are his wherever he lives.
    """
    if view.row.kind.in_house_file != house_file or (house_file and view.place.role is TenureRole.TENANT):
        return False
    if view.row.customer_id is not None:
        return True
    if view.row.premises_id is None:
        return bool(view.row.issued_on <= view.place.until)
    return bool(view.place.since <= view.row.issued_on <= view.place.until)


@dataclass(frozen=True)
class EstimateItem:
    """One item of the estimate in two years, ten-thousandths of a euro per m² and month; None: not in that year."""

    item: str
    now: int | None
    before: int | None


@dataclass(frozen=True)
class Estimate:
    """A house's newest estimate beside that of the year before (C13; LU-58)."""

    year: int
    year_before: int | None
    items: tuple[EstimateItem, ...]

    @property
    def total(self) -> int:
        """The sum of the newest year."""
        return sum(item.now or 0 for item in self.items)

    @property
    def total_before(self) -> int:
        """The sum of the year before."""
        return sum(item.before or 0 for item in self.items)


def estimate(connection: Connection, place: Place) -> Estimate | None:
    """The estimate of the place's house, year beside year; None where there is none."""
    years: dict[int, dict[str, int]] = {}
    for row in connection.execute(_ESTIMATES, {"house_id": place.house_id}):
        years.setdefault(row.year, {})[row.item] = row.price
    if not years:
        return None
    year, *earlier = sorted(years, reverse=True)
    before = years[earlier[0]] if earlier else {}
    items = dict.fromkeys([*years[year], *before])
    return Estimate(
        year,
        earlier[0] if earlier else None,
        tuple(EstimateItem(item, years[year].get(item), before.get(item)) for item in items),
    )


_WHOSE = sa.func.coalesce(col(House.address), col(Premises.address), col(Customer.code)).label("whose")
_LATEST: AnySelect = (
    sa.select(Document.__table__, _WHOSE)  # type: ignore[attr-defined]
    .outerjoin(House).outerjoin(Premises, col(Premises.id) == col(Document.premises_id)).outerjoin(Customer)
    .where(col(Document.id) < sa.bindparam("before")).order_by(col(Document.id).desc())
)  # fmt: skip


def latest(connection: Connection, before: int, most: int) -> Sequence[AnyRow]:
    """No more than `most` documents of everybody below the number `before`, the newest first, with whose they are."""
    return connection.execute(_LATEST.limit(sa.literal_column(f"{most}")), {"before": before}).fetchall()


def put_up(session: Session, actor: Actor, once: str, files: Sequence[Mapping[str, Any]], **about: Any) -> None:
    """A document of each of these files (`drafts.store`); `about`: the other columns, a title only where it has one.

    The same `once` again raises `IntegrityError`.
    """
    for number, file in enumerate(files):
        names = {"title": about["title"] or file["name"], "file_name": file["name"], "file_hash": file["file_hash"]}
        row = Document(external_id=f"portal-{once}-{number}", size=file["size"], **about | names)
        session.add(row)
        session.flush()
        record(session, actor, "document.added", object_type="document", object_id=row.id)


def withdraw(session: Session, actor: Actor, number: int, reason: str, now: datetime) -> None:
    """Nobody reads a document from now on; withdrawn again, it stays as it was."""
    its = (col(Document.id) == number, col(Document.withdrawn_at).is_(None))
    if session.execute(sa.update(Document).where(*its).values(withdrawn_at=now)).rowcount:  # type: ignore[attr-defined]
        why = {"reason": reason}
        record(session, actor, "document.withdrawn", object_type="document", object_id=number, detail=why)
