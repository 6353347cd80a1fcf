"""Places: premises as one user sees them, with the days that are hers. The only door to anything personal.

`customer_ids` are the user's own customers there, first the one of the tenure that counts: of several the one that
lasts longest, of these the first to begin. Its `since` and `until` bound the readings she may see, so that a former
owner's are invisible to the next one and the other way round (B04).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import col

from models.customers import Customer, CustomerUser
from models.premises import Premises
from models.tenures import Tenure
from models.types import AnyRow, AnySelect, TenureRole

FOR_EVER = date(9999, 12, 31)


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

    def has_ended(self, today: date) -> bool:
        """Whether the tenure is over: everything is still to be read, nothing to be sent."""
        return self.until < today


# What a statement selects to make places of its rows, and how the user's tenures join premises.
COLUMNS: tuple[Any, ...] = (
    col(Premises.id).label("place_id"), col(Premises.public_id).label("place_public_id"),
    col(Premises.house_id).label("place_house_id"), col(Premises.entrance_id), col(Premises.address),
    col(Premises.area), col(Tenure.role), col(Tenure.starts_on), col(Tenure.ends_on),
    col(Customer.id).label("customer_id"), col(Customer.code), col(Customer.name),
)  # fmt: skip


_ENDS = sa.func.coalesce(col(Tenure.ends_on), FOR_EVER)


def through_tenures(statement: AnySelect) -> AnySelect:
    """Join premises to the tenures of `:user_id` that have begun by `:today`, those first that last longest."""
    return (
        statement.join(Tenure, col(Tenure.premises_id) == col(Premises.id))
        .join(Customer, col(Customer.id) == col(Tenure.customer_id))
        .join(CustomerUser, col(CustomerUser.customer_id) == col(Tenure.customer_id))
        .where(
            col(CustomerUser.user_id) == sa.bindparam("user_id"),
            col(Tenure.starts_on) <= sa.bindparam("today"),
        )
        .order_by(col(Premises.id), _ENDS.desc(), col(Tenure.starts_on), col(Tenure.id))
    )


_PLACES = through_tenures(sa.select(*COLUMNS).select_from(Premises))


def places_of(connection: Connection, user_id: int, today: date) -> list[Place]:
    """Every place of this user, current ones first, then by address. One statement.

    All of them are read at once, also where one is wanted: a person has few, and every page needs to know
    whether there is another one to switch to.
    """
    found = connection.execute(_PLACES, {"user_id": user_id, "today": today})
    places = [place_of(list(tenures)) for _, tenures in groupby(found, key=lambda row: row.place_id)]
    if places[1:]:
        places.sort(key=lambda place: (place.has_ended(today), *natural(place.address)))
    return places


def place_of(tenures: Sequence[AnyRow]) -> Place:
    """The place that rows with `COLUMNS` of one user on one premises make, in the order of `through_tenures`."""
    first = tenures[0]
    return Place(
        id=first.place_id, public_id=first.place_public_id, house_id=first.place_house_id,
        entrance_id=first.entrance_id, address=first.address, area=first.area, role=first.role,
        customer_ids=tuple(dict.fromkeys(row.customer_id for row in tenures)),
        customer_code=first.code, customer_name=first.name, since=first.starts_on, until=first.ends_on or FOR_EVER,
    )  # fmt: skip


_LATVIAN = {letter: index for index, letter in enumerate("AĀBCČDEĒFGĢHIYĪJKĶLĻMNŅOŌPQRŖSŠTUŪVWXZŽ")}


def natural(text: str) -> tuple[tuple[int, ...], ...]:
    """A sort key in Latvian alphabet order with numbers by size: "iela 2" before "iela 10" (ux.md §5.4)."""
    return tuple(_keys(text))


def _keys(text: str) -> Iterator[tuple[int, ...]]:
    for is_number, letters in groupby(text.upper(), key=lambda letter: letter.isascii() and letter.isdigit()):
        word = "".join(letters)
        yield (
            (0, int(word))
            if is_number
            else (1, *(_LATVIAN.get(letter, 1000 + ord(letter)) for letter in word))
        )
