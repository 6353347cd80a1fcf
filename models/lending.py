"""Lending: what happens to a mandate, each time with its audit row and its letters (F01–F05; LG-17, LG-18)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from models import outbox, throttle, tokens
from models.audit import Actor, record
from models.customers import CustomerUser
from models.mandates import GRANTER, Mandate, MandatePremises
from models.people import User
from models.places import Place
from models.rules.mandates import Ending, Lent, reminder_of

INVITATION, QR = "mandate.invitation", "mandate.qr"  # purposes of links: in a letter, and to be read off a screen
_MINE = sa.select(col(CustomerUser.customer_id)).where(col(CustomerUser.user_id) == sa.bindparam("user_id"))
_THEIRS = sa.select(sa.literal(1)).where(
    col(MandatePremises.mandate_id) == sa.bindparam("number"), col(MandatePremises.customer_id).in_(_MINE)
)
_NUMBERS: sa.BindParameter[Any] = sa.bindparam("numbers", expanding=True)
# Who is told of it: by a power of attorney nobody has lent it, so all who are the customer.
_SIDES = sa.union(
    sa.select(col(Mandate.id), col(Mandate.granted_by).label("user_id")).where(col(Mandate.id).in_(_NUMBERS)),
    sa.select(col(Mandate.id), col(Mandate.delegate_id)).where(col(Mandate.id).in_(_NUMBERS)),
    sa.select(col(Mandate.id), col(CustomerUser.user_id))
    .join(MandatePremises, col(MandatePremises.mandate_id) == col(Mandate.id))
    .join(CustomerUser, col(CustomerUser.customer_id) == col(MandatePremises.customer_id))
    .where(col(Mandate.id).in_(_NUMBERS), col(Mandate.granted_by).is_(None)),
).subquery()
_TOLD = (
    sa.select(col(Mandate.id), User, GRANTER).join(_SIDES, _SIDES.c.id == col(Mandate.id))
    .join(User, col(User.id) == _SIDES.c.user_id).order_by(col(Mandate.id), col(User.id))
)  # fmt: skip
_CUSTOMER = sa.select(sa.func.min(col(MandatePremises.customer_id))).where(
    col(MandatePremises.mandate_id) == sa.bindparam("number")
)


@dataclass(frozen=True)
class Wish:
    """What a principal has filled in: to whom, what, where, and until which day."""

    address: str
    name: str
    language: str
    places: Sequence[Place]
    rights: Sequence[Lent]
    ends_on: date | None
    strong: bool  # only for a strong login of the delegate

    @property
    def content(self) -> dict[str, Any]:
        """What makes a version of a mandate, by its columns; the premises apart."""
        return {
            "address": self.address, "rights": " ".join(self.rights), "ends_on": self.ends_on, "strong": self.strong,
        }  # fmt: skip


class NewerVersion(Exception):
    """There is a newer version than the one that was to be changed."""


def invite(
    session: Session, actor: Actor, public_id: str, wish: Wish, today: date, now: datetime
) -> throttle.Wait | None:
    """A new mandate with its invitation. `public_id`: of the form, so that one sent twice is one mandate.

    `Wait` for too many letters. Raises `IntegrityError` where the form was sent before, and where she has lent this
    address something already.
    """
    if wait := _too_many(session, actor, now):
        return wait
    mandate = Mandate(
        public_id=public_id, granted_by=actor.user_id, name=wish.name, language=wish.language, starts_on=today,
        invited_at=now, reminded=reminder_of(wish.ends_on, today), **wish.content,
    )  # fmt: skip
    session.add(mandate)
    session.flush()
    _premises(session, mandate, wish.places)
    _record(session, actor, mandate, "mandate.granted", wish.places)
    _send(session, mandate, now)
    return None


def _too_many(session: Session, actor: Actor, now: datetime) -> throttle.Wait | None:
    """Invitations are counted as wrong passwords are, so that nobody is flooded with them."""
    left = throttle.take_try(session, f"{actor.user_id} invitation", None, now)
    return left if isinstance(left, throttle.Wait) else None


def change(
    session: Session, actor: Actor, mandate: Mandate, wish: Wish, today: date, now: datetime, seen: int
) -> throttle.Wait | None:
    """Another version of it, which holds at once; an invitation goes out anew. No change is no version.

    Raises `NewerVersion` where the one that she has `seen` is not the last.
    """
    if mandate.ended_at:  # in this very moment
        return None
    if mandate.accepted_at:  # somebody's now
        wish = replace(wish, address=mandate.address)
    if not mandate.accepted_at and (wait := _too_many(session, actor, now)):
        return wait
    mandate.name, mandate.language = wish.name, wish.language
    if _says(session, mandate, wish):
        return None
    if mandate.version != seen:
        raise NewerVersion
    session.execute(sa.delete(MandatePremises).where(col(MandatePremises.mandate_id) == mandate.id))
    for name, value in wish.content.items():
        setattr(mandate, name, value)
    mandate.version, mandate.reminded = mandate.version + 1, reminder_of(wish.ends_on, today)
    _premises(session, mandate, wish.places)
    _record(session, actor, mandate, "mandate.changed", wish.places)
    if mandate.accepted_at:
        tell(session, [mandate], "changed", lambda user_id: user_id == mandate.delegate_id)
        return None
    _void(session, mandate, now)  # a link to what it was before is for nobody any more
    _send(session, mandate, now)
    return None


def _says(session: Session, mandate: Mandate, wish: Wish) -> bool:
    """Whether it says this already."""
    at = sa.select(col(MandatePremises.premises_id)).where(col(MandatePremises.mandate_id) == mandate.id)
    same = all(getattr(mandate, name) == value for name, value in wish.content.items())
    return same and {*session.scalars(at)} == {place.id for place in wish.places}


def _premises(session: Session, mandate: Mandate, places: Sequence[Place]) -> None:
    rows = [{"mandate_id": mandate.id, "premises_id": p.id, "customer_id": p.customer_ids[0]} for p in places]
    session.execute(sa.insert(MandatePremises), rows)


def _record(session: Session, actor: Actor, mandate: Mandate, action: str, places: Sequence[Place] = ()) -> None:
    """With all that the version says, where there is a new one: what is gone from the tables is read here."""
    customer = places[0].customer_ids[0] if places else session.scalar(_CUSTOMER, {"number": mandate.id})
    actor = replace(actor, principal_customer_id=customer)
    detail: dict[str, Any] = {"version": mandate.version}
    if places:
        detail |= {"rights": mandate.rights, "ends_on": mandate.ends_on and mandate.ends_on.isoformat()}
        detail |= {"premises": [place.id for place in places], "address": mandate.address, "strong": mandate.strong}
    record(session, actor, action, object_type="mandate", object_id=mandate.id, detail=detail)


def resend(session: Session, actor: Actor, mandate: Mandate, now: datetime) -> throttle.Wait | None:
    """The invitation once more, with a new link that lasts from now; the one before is void. `Wait`: too many.

    Nothing where it was answered in this very moment.
    """
    if mandate.accepted_at or mandate.ended_at:
        return None
    if wait := _too_many(session, actor, now):
        return wait
    _record(session, actor, mandate, "mandate.resent")
    _send(session, mandate, now)
    return None


def _send(session: Session, mandate: Mandate, now: datetime) -> None:
    """The link is made when the letter is sent, in the name of who lends (see `jobs.mail`)."""
    mandate.invited_at = now
    by = session.scalar(sa.select(GRANTER).where(col(Mandate.id) == mandate.id))
    detail = _words(mandate, by) | {"mandate": mandate.id}
    outbox.queue(session, "mandate_invited", mandate.granted_by, mandate.address, mandate.language, **detail)


def _words(mandate: Mandate, by: str | None) -> dict[str, Any]:
    return {"by": by, "name": mandate.name, "until": mandate.ends_on and mandate.ends_on.isoformat()}


def code(session: Session, mandate: Mandate, now: datetime) -> str:
    """A secret for a link that is read off this screen by the delegate's own phone, for a quarter of an hour."""
    quarter, number = timedelta(minutes=15), mandate.granted_by or 0
    return tokens.issue(session, QR, number, quarter, now, about=mandate.id, mandate=mandate.id)


def accept(session: Session, user_id: int, method: str | None, secret: str, now: datetime) -> int | None:
    """Use an invitation's link up: the mandate is this user's from now on; its number.

    None where the link is bad or used, the mandate has ended, or she is one of those who lend it.
    """
    found = tokens.look(session.connection(), (INVITATION, QR), secret, now)
    if found is None:
        return None
    # Locked before its links, as by whoever ends it: else each of the two would wait for the other.
    mandate = session.get_one(Mandate, found.detail["mandate"], with_for_update=True)
    number, ours = mandate.id or 0, {"number": mandate.id, "user_id": user_id}
    if mandate.accepted_at or mandate.ended_at or session.execute(_THEIRS, ours).first():
        return None
    if not tokens.use(session, (INVITATION, QR), secret, now):  # void since then
        return None
    mandate.delegate_id, mandate.accepted_at = user_id, now
    _void(session, mandate, now)
    _record(session, Actor(user_id, "web", None, mandate.version, method), mandate, "mandate.accepted")
    tell(session, [mandate], "accepted", lambda told: told != user_id)
    return number


def suspend(session: Session, actor: Actor, mandate: Mandate, now: datetime | None) -> None:
    """For a while it opens nothing; with None it does again."""
    if mandate.ended_at or not mandate.accepted_at or bool(mandate.suspended_at) == bool(now):
        return
    mandate.suspended_at = now
    what = "suspended" if now else "resumed"
    _record(session, actor, mandate, f"mandate.{what}")
    tell(session, [mandate], what, lambda user_id: user_id == mandate.delegate_id)


def end(session: Session, actor: Actor, mandate: Mandate, ending: Ending, now: datetime) -> None:
    """For good, and at once; the other side is told. Ended twice is ended, and what was accepted is not declined."""
    if mandate.ended_at or (mandate.accepted_at and ending is Ending.DECLINED):
        return
    mandate.ended_at, mandate.ending = now, ending
    _void(session, mandate, now)
    if ending is Ending.DECLINED or actor.user_id == mandate.delegate_id:  # by who was to act for another
        actor = replace(actor, mandate_version=mandate.version)
    _record(session, actor, mandate, f"mandate.{ending}")
    tell(session, [mandate], ending, lambda user_id: user_id != actor.user_id)


def _void(session: Session, mandate: Mandate, now: datetime) -> None:
    tokens.void(session, (INVITATION, QR), mandate.granted_by or 0, now, about=mandate.id)


def end_all(session: Session, actor: Actor, now: datetime) -> None:
    """Whatever this user has lent or was lent, because her account ends."""
    either = sa.or_(col(Mandate.granted_by) == actor.user_id, col(Mandate.delegate_id) == actor.user_id)
    for mandate in session.scalars(sa.select(Mandate).where(either, col(Mandate.ended_at).is_(None))).all():
        end(session, actor, mandate, Ending.CLOSED, now)


def tell(
    session: Session, mandates: Sequence[Mandate], what: str, whom: Callable[[int | None], bool] = lambda _: True
) -> None:
    """Write to those of both sides who are meant. One statement."""
    known = {mandate.id: mandate for mandate in mandates}
    for number, user, by in session.execute(_TOLD, {"numbers": [*known]}).all() if known else ():
        if whom(user.id):
            mandate, ours = known[number], user.id != known[number].delegate_id
            detail = _words(mandate, by) | {"what": what, "ours": ours, "attorney": mandate.granted_by is None}
            outbox.write_to(session, user, user.email, "mandate", **detail)
