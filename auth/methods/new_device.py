"""The letter about a login on a browser that a person has not said is hers (LU-48; ASVS 6.3.5)."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from models import outbox, sessions
from models.people import User

AGAIN_AFTER = timedelta(days=1)
_EARLIER = sa.select(sa.literal(1)).where(col(sessions.WebSession.user_id) == sa.bindparam("user_id")).limit(1)


def tell(session: Session, user_id: int, login: sessions.Login, device: str | None, now: datetime) -> None:
    """Queue it in the unit of work of the login, before its session begins; none about her very first.

    `device`: the secret of the browser's device cookie. One a day for each kind of browser: who reads her invoices
    in a library is not flooded.
    """
    if device and sessions.is_known_device(session, user_id, device):
        return
    if session.execute(_EARLIER, {"user_id": user_id}).first() is None:
        return
    told = outbox.lately(session, user_id, "new_device", now - AGAIN_AFTER)
    if login.device not in [letter.detail.get("device") for letter in told]:
        user = session.get_one(User, user_id)
        outbox.write_to(session, user, user.email, "new_device", device=login.device)
