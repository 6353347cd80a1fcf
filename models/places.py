"""Places: premises as one user sees them, with the days that are hers. The only door to anything personal.

`customer_ids` are the user's own customers there, first the one of the tenure that counts: of several the one that
lasts longest, of these the first to begin. Its `since` and `until` bound the readings she may see, so that a former
owner's are invisible to the next one and the other way round (B04).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import col

from models.customers import Customer
from models.mandates import standing
from models.premises import Premises
from models.rules.mandates import Lent, rights_of
from models.tenures import Tenure
from models.types import AnyRow, AnySelect, TenureRole

FOR_EVER = date(9999, 12, 31)


@dataclass(frozen=True)
class Lending:
    """By what a user reaches premises that are another's."""

    mandate_id: int
    version: int
    rights: frozenset[Lent]
    strong: bool  # only for a strong login


@dataclass(frozen=True)
class Place:
    """Premises within a user's reach on one day."""

    id: int
    public_id: str
    house_id: int
    entrance_id: int | None
    address: str
    area: int | None
    role: TenureRole
    customer_ids: tuple[int, ...]
    customer_code: str
    customer_name: str
    since: date
    until: date  # FOR_EVER while the tenure lasts
    lent: Lending | None = None  # None: her own
    others: bool = False  # whether she has another one; known of a place that was fetched alone

    def has_ended(self, today: date) -> bool:
        """Whether the tenure is over: everything is still to be read, nothing to be sent."""
        return self.until < today

    def order(self, today: date) -> tuple[bool, bool]:
        """A sort key: current ones first, of these her own."""
        return self.has_ended(today), self.lent is not None


STANDING = standing()
# What a statement selects to make places of its rows, and how the user's tenures join premises.
COLUMNS: tuple[Any, ...] = (
    col(Premises.id).label("place_id"), col(Premises.public_id).label("place_public_id"),
    col(Premises.house_id).label("place_house_id"), col(Premises.entrance_id), col(Premises.address),
    col(Premises.area), col(Tenure.role), col(Tenure.starts_on), col(Tenure.ends_on),
    col(Customer.id).label("customer_id"), col(Customer.code), col(Customer.name),
    STANDING.c.mandate_id, STANDING.c.version, STANDING.c.rights, STANDING.c.strong,
)  # fmt: skip


_ENDS = sa.func.coalesce(col(Tenure.ends_on), FOR_EVER)
_TODAY: sa.BindParameter[Any] = sa.bindparam("today")
# What was lent is hers while the tenure of its owner lasts; then it ends the same day (features.md §6, 7).
_HERS = sa.or_(STANDING.c.mandate_id.is_(None), sa.and_(STANDING.c.premises_id == col(Premises.id), _ENDS >= _TODAY))
# Of several ways to the same premises that one counts: her own tenure while it lasts, then what was lent.
_RANK = sa.case(
    (STANDING.c.mandate_id.is_not(None), sa.literal_column("1")), (_ENDS >= _TODAY, sa.literal_column("0")),
    else_=sa.literal_column("2"),
)  # fmt: skip


def through_tenures(statement: AnySelect) -> AnySelect:
    """Join premises to the tenures, begun by `:today`, of those for whom `:user_id` stands; those first that count."""
    return (
        statement.join(Tenure, col(Tenure.premises_id) == col(Premises.id))
        .join(Customer, col(Customer.id) == col(Tenure.customer_id))
        .join(STANDING, sa.and_(STANDING.c.customer_id == col(Tenure.customer_id), _HERS))
        .where(col(Tenure.starts_on) <= _TODAY)
        .order_by(
            col(Premises.id), _RANK, STANDING.c.mandate_id.desc(), _ENDS.desc(), col(Tenure.starts_on), col(Tenure.id)
        )
    )


_PLACES = through_tenures(sa.select(*COLUMNS).select_from(Premises))
_NAMED = col(Premises.public_id) == sa.bindparam("public_id")
_OTHERS = through_tenures(sa.select(sa.literal(1)).select_from(Premises)).where(~_NAMED).order_by(None).correlate(None)
_PLACE = through_tenures(sa.select(*COLUMNS, sa.exists(_OTHERS).label("others")).select_from(Premises)).where(_NAMED)


def places_of(connection: Connection, user_id: int, today: date) -> list[Place]:
    """Every place of this user, current ones first, then by address. One statement."""
    found = connection.execute(_PLACES, {"user_id": user_id, "today": today})
    places = [place_of(list(tenures)) for _, tenures in groupby(found, key=lambda row: row.place_id)]
    if places[1:]:
        places.sort(key=lambda place: (*place.order(today), *natural(place.address)))
    return places


def one_place(connection: Connection, user_id: int, today: date, public_id: str) -> Place | None:
    """One of these places, however many she has, and whether she has others; None for anybody else's."""
    values = {"user_id": user_id, "today": today, "public_id": public_id}
    tenures = connection.execute(_PLACE, values).fetchall()
    return replace(place_of(tenures), others=tenures[0].others) if tenures else None


def place_of(tenures: Sequence[AnyRow]) -> Place:
    """The place that rows with `COLUMNS` of one user on one premises make, in the order of `through_tenures`."""
    first = tenures[0]
    lent = first.mandate_id and Lending(
        first.mandate_id, first.version, frozenset(rights_of(first.rights.split())), bool(first.strong)
    )
    return Place(
        id=first.place_id, public_id=first.place_public_id, house_id=first.place_house_id,
        entrance_id=first.entrance_id, address=first.address, area=first.area, role=first.role,
        customer_ids=tuple(dict.fromkeys(row.customer_id for row in tenures if row.mandate_id == first.mandate_id)),
        customer_code=first.code, customer_name=first.name, since=first.starts_on, until=first.ends_on or FOR_EVER,
        lent=lent or None,
    )  # fmt: skip


_LATVIAN = {letter: index for index, letter in enumerate("AĀBCČDEĒFGĢHIYĪJKĶLĻMNŅOŌPQRŖSŠTUŪVWXZŽ")}


def natural(text: str) -> tuple[tuple[int, ...], ...]:
    """A sort key in Latvian alphabet order with numbers by size: "iela 2" before "iela 10" (ux.md §5.4)."""
    return tuple(_keys(text))


def _keys(text: str) -> Iterator[tuple[int, ...]]:
    for is_number, letters in groupby(text.upper(), key=lambda letter: letter.isascii() and letter.isdigit()):
        word = "".join(letters)
        yield ((0, int(word)) if is_number else (1, *(_LATVIAN.get(letter, 1000 + ord(letter)) for letter in word)))
