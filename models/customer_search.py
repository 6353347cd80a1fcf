"""Search for a customer by staff: by code, name, e-mail, telephone, street, meter or invoice (ux.md §2.14, §5.4).

Names and streets are found by the beginnings of their words, through the same kind of index as conversations
(`models.search`); what has a number of its own is found by that.
"""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import col

from models.customers import Customer
from models.premises import Premises
from models.rules.identifiers import fold_login
from models.rules.search import EVERY, asked, covered, terms, words
from models.search import Reasons, part
from models.tenures import Tenure, during
from models.types import AnyRow

MANY = 100  # customers: whoever gets more is asked to narrow the search
_MOST = MANY + 1
_FIELDS = ("code", "name", "email", "phone")
_CODE = sa.select(col(Customer.id)).where(col(Customer.code) == sa.bindparam("code"))
# Each kind of hit has its own bound, so that a street does not hide a meter.
_FOUND = {
    dialect: sa.text(
        f"WITH {part(dialect, 'named', 'customer', _MOST)},"  # noqa: S608  # our own names
        f" {part(dialect, 'near', 'premises', _MOST)}"
        " SELECT id AS customer_id, 'own' AS why, '' AS what FROM named UNION ALL"
        " SELECT customer_id, 'address', address FROM near JOIN premises ON premises.id = near.id"
        " JOIN tenure ON premises_id = near.id UNION ALL"
        " SELECT customer_id, 'account', CASE WHEN email = :login THEN email ELSE phone END FROM user_account"
        " JOIN customer_user ON user_id = user_account.id WHERE email = :login OR phone = :phone UNION ALL"
        " SELECT customer_id, 'meter', serial FROM meter JOIN tenure ON tenure.premises_id = meter.premises_id"
        " WHERE serial = :typed UNION ALL"
        " SELECT customer_id, 'invoice', number FROM invoice WHERE number = :typed"
    )
    for dialect in ("sqlite", "postgresql")
}
_HERS = col(Tenure.customer_id) == col(Customer.id)
_AT = sa.select(sa.func.min(col(Premises.address))).where(_HERS, col(Premises.id) == col(Tenure.premises_id))
# No EXISTS, which PostgreSQL would answer for all tenures at once.
_LASTS = sa.select(sa.func.count()).where(_HERS, during(sa.bindparam("today", type_=sa.Date)))
_ROWS = (
    sa.select(*(col(getattr(Customer, name)) for name in ("id", *_FIELDS)))
    .add_columns(_AT.scalar_subquery().label("address"), _LASTS.scalar_subquery().label("lasts"))
    .where(col(Customer.id).in_(sa.bindparam("numbers", expanding=True)))
)


def by_code(connection: Connection, code: str) -> int | None:
    """The id of the customer who has exactly this code."""
    return connection.execute(_CODE, {"code": code}).scalar()


def find(connection: Connection, text: str, today: date, most: int = _MOST) -> list[tuple[AnyRow, Reasons]]:
    """Whom a text may mean, with the reasons; by name, those without a tenure today last. More than `MANY`: not all.

    Two statements.
    """
    if not (wanted := terms(text)):
        return []
    values = asked(connection.dialect.name, wanted, EVERY)
    values |= {"login": fold_login(text), "phone": f"+371{wanted[0][0]}", "typed": text}
    told: dict[int, Reasons] = {}
    for hit in connection.execute(_FOUND[connection.dialect.name], values):
        told.setdefault(hit.customer_id, {})[hit.what] = hit.why
    rows = connection.execute(_ROWS, {"numbers": [*told][:most], "today": today}).fetchall() if told else ()
    for row in rows:
        own = {getattr(row, name): name for name in _FIELDS if covered(getattr(row, name), wanted)}
        told[row.id] = own | {what: why for what, why in told[row.id].items() if what}
    return [(row, told[row.id]) for row in sorted(rows, key=lambda row: (not row.lasts, words(row.name), row.id))]
