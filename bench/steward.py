"""Somebody with 500 premises of her own and 200 that were lent to her: her home stands beside that of who has one."""

from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from bench.ask import Person
from models import sessions
from models.customers import CustomerUser
from models.database import Database
from models.mandates import Mandate, MandatePremises
from models.people import User
from models.premises import Premises
from models.rules.mandates import BY_ONESELF
from models.tenures import Tenure
from models.types import AnyRow, utc_now

NAME, OWN, LENT = "steward", 500, 200
_FLATS = (
    sa.select(col(Tenure.customer_id), sa.func.min(col(Tenure.premises_id)).label("premises_id"))
    .where(col(Tenure.ends_on).is_(None)).group_by(col(Tenure.customer_id)).order_by(col(Tenure.customer_id))
    .limit(OWN + LENT)
)  # fmt: skip


def stewards(url: str) -> list[Person]:
    """Log her in, for premises of her own and for some that were lent; she is made first where she is not there yet."""
    database = Database(url)
    with database.write() as session:
        user = session.scalars(sa.select(User).where(col(User.username) == NAME)).first()
        flats = session.execute(_FLATS).fetchall()
        number = user.id or 0 if user else _make(session, flats)
        login = sessions.Login("password", lifetime=timedelta(days=1))
        token = sessions.begin(session, number, login, utc_now())
        shown = [session.get_one(Premises, flats[at].premises_id).public_id for at in (OWN // 2, OWN + LENT // 2)]
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    database.dispose()
    return [Person(number, token, place, "") for place in shown]


def _make(session: Session, flats: Sequence[AnyRow]) -> int:
    user = User(username=NAME, name="Bench Steward", terms_version=1)
    session.add(user)
    session.flush()
    number = user.id or 0
    session.add_all([CustomerUser(user_id=number, customer_id=flat.customer_id) for flat in flats[:OWN]])
    for count, flat in enumerate(flats[OWN:]):
        mandate = Mandate(
            delegate_id=number, address=f"bench{count}@example.com", name="Bench Steward", language="lv",
            rights=" ".join(BY_ONESELF), starts_on=date(2020, 1, 1), accepted_at=utc_now(),
        )  # fmt: skip
        session.add(mandate)
        session.flush()
        session.add(
            MandatePremises(mandate_id=mandate.id or 0, premises_id=flat.premises_id, customer_id=flat.customer_id)
        )
    return number
