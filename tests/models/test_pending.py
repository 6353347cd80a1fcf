"""What a browser has begun: until a very moment, for one purpose, and once (security rules 4 and 5)."""

from datetime import timedelta

from models import pending
from models.database import Database
from models.pending import LIFETIME
from models.types import utc_now


def test_what_was_begun_ends_at_its_very_moment(database: Database):
    now = utc_now()
    with database.write() as session:
        secret = pending.begin(session, "login", None, now)
        at = {moment: pending.look(session.connection(), "login", secret, moment) for moment in (now, now + LIFETIME - timedelta(microseconds=1), now + LIFETIME)}
        assert [row is not None for row in at.values()] == [True, True, False]
        assert pending.take(session, "login", secret, now + LIFETIME) is None
        assert pending.take(session, "verify", secret, now) is None and pending.take(session, "login", secret + "x", now) is None
        assert pending.take(session, "login", secret, now) is not None and pending.take(session, "login", secret, now) is None
