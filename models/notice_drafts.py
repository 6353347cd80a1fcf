"""Notices as staff write them: drafts, whom they name, what is like them, and what became of them (E03, E05).

A draft is a notice without `published_at`, which nothing finds that residents see.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, col

from models import announcements
from models.audit import Actor, record
from models.customers import Customer
from models.notices import Notice, NoticeAudience, NoticeFile, NoticeReceipt, NoticeText
from models.outbox import Mail
from models.premises import Entrance, House, Premises
from models.site import Site
from models.types import AnyRow, AnySelect, utc_now

RECALL = timedelta(minutes=2)  # after publishing, in which no letter is sent, so that it can be taken back
NEAR = timedelta(hours=24)  # within which another notice to the same house is perhaps one too many
_TABLE: sa.Table = Notice.__table__  # type: ignore[attr-defined]
_NUMBER: sa.BindParameter[int] = sa.bindparam("number")
_LIST = (
    sa.select(_TABLE, col(NoticeText.title)).join(NoticeText, col(NoticeText.notice_id) == _TABLE.c.id)
    .where(col(NoticeText.language) == sa.bindparam("first"), _TABLE.c.id < sa.bindparam("before"))
    .order_by(_TABLE.c.id.desc())
)  # fmt: skip
_ONE: AnySelect = sa.select(_TABLE).where(_TABLE.c.id == _NUMBER)
_TEXTS = sa.select(NoticeText.__table__).where(col(NoticeText.notice_id) == _NUMBER)  # type: ignore[attr-defined]
_STREET, _FULL, _IN = col(House.address), House.address + ", " + House.town, " / " + col(Entrance.name)
# What can be named: its table, its number, the column that is searched, two ways to write it, the second as forms do.
_NAMED: Mapping[str, tuple[Any, ...]] = {
    "house": (House, col(House.id), _STREET, _STREET, _FULL),
    "entrance": (sa.join(Entrance, House), col(Entrance.id), _STREET, _STREET + _IN, _FULL + _IN),
    "premises": (Premises, col(Premises.id), col(Premises.address), *[col(Premises.address)] * 2),
    "customer": (Customer, col(Customer.id), col(Customer.code), *[col(Customer.code)] * 2),
}
_SAID: sa.BindParameter[Any] = sa.bindparam("said", expanding=True)
_FIND = sa.union_all(*(
    sa.select(sa.literal(kind).label("kind"), number.label("id"), one.label("one"), other.label("other"))
    .select_from(table).where(searched.in_(_SAID))
    for kind, (table, number, searched, one, other) in _NAMED.items()
))  # fmt: skip
_AUDIENCE = sa.union_all(*(
    sa.select(said.label("said")).select_from(table)
    .where(col(NoticeAudience.notice_id) == _NUMBER, number == col(getattr(NoticeAudience, f"{kind}_id")))
    for kind, (table, number, *_, said) in _NAMED.items()
))  # fmt: skip
_LIVE = _LIST.where(
    _TABLE.c.published_at <= sa.bindparam("now"), _TABLE.c.withdrawn_at.is_(None),
    _TABLE.c.valid_until > sa.bindparam("now"), _TABLE.c.emergency | (_TABLE.c.works_at <= sa.bindparam("now")),
)  # fmt: skip
_HOUSE, _OF = col(NoticeAudience.house_id), col(NoticeAudience.notice_id)
_LIKE = _LIST.where(
    _TABLE.c.published_at > sa.bindparam("since"), _TABLE.c.withdrawn_at.is_(None), _TABLE.c.id != _NUMBER,
    sa.and_(_TABLE.c.for_all, sa.bindparam("for_all", type_=sa.Boolean))
    | _TABLE.c.id.in_(sa.select(_OF).where(_HOUSE.in_(sa.select(_HOUSE).where(_OF == _NUMBER)))),
).limit(sa.literal_column("3"))  # fmt: skip
_REPORT = sa.select(*(
    sa.select(sa.func.count(column)).where(col(table.notice_id) == _NUMBER).scalar_subquery().label(name)
    for table, names in ((Mail, {"letters": "id", "sent": "sent_at", "parked": "parked_at"}),
                         (NoticeReceipt, {"opened": "read_at", "confirmed": "confirmed_at"}))
    for name, column in ((name, col(getattr(table, held))) for name, held in names.items())
))  # fmt: skip
Named = tuple[str, int]  # a table and a number


def state_of(notice: AnyRow, now: datetime) -> str:
    """draft, scheduled, published, ended or withdrawn."""
    if notice.withdrawn_at or not notice.published_at:
        return "withdrawn" if notice.withdrawn_at else "draft"
    if notice.published_at > now:
        return "scheduled"
    return "ended" if notice.valid_until and notice.valid_until <= now else "published"


def listed(connection: Connection, first: str, before: int, most: int) -> Sequence[AnyRow]:
    """No more than `most` notices below the number `before`, the newest first, with titles in the language `first`."""
    query = _LIST.limit(sa.literal_column(f"{most}"))
    return connection.execute(query, {"first": first, "before": before}).fetchall()


def live(connection: Connection, first: str, now: datetime) -> Sequence[AnyRow]:
    """What stands on home at this moment, and at the door where it is for everybody: emergencies and works (E06)."""
    return connection.execute(_LIVE, {"first": first, "before": 2**31 - 1, "now": now}).fetchall()


def one(connection: Connection, number: int) -> AnyRow | None:
    """A notice or draft."""
    return connection.execute(_ONE, {"number": number}).first()


def texts(connection: Connection, number: int) -> dict[str, AnyRow]:
    """What it says, by language."""
    return {row.language: row for row in connection.execute(_TEXTS, {"number": number})}


def audience(connection: Connection, number: int) -> Sequence[str]:
    """Whom it names, written as `named` reads it."""
    return connection.execute(_AUDIENCE, {"number": number}).scalars().all()


def named(connection: Connection, said: Collection[str]) -> tuple[dict[str, Named], list[str]]:
    """What these words name; and those that name nothing, or more than one thing.

    A house is named by its address, with the town or without, an entrance by that and " / 2", premises by their
    address in full, its dash perhaps typed as a hyphen, a customer by the code.
    """
    found: dict[str, set[Named]] = {word: set() for word in said}
    streets = {word.rpartition(" / ")[0] or word for word in said}
    searched = {*said, *streets, *(street.rpartition(", ")[0] for street in streets)}
    searched |= {word.replace("-", "–") for word in said}
    for row in connection.execute(_FIND, {"said": [*searched]}):
        for word in {row.one, row.other, row.other.replace("–", "-")} & {*found}:
            found[word].add((row.kind, row.id))
    clear = {word: next(iter(things)) for word, things in found.items() if len(things) == 1}
    return clear, [word for word in said if word not in clear]


def save(
    session: Session, actor: Actor, number: int, values: Mapping[str, Any], said: Mapping[str, tuple[str, str]],
    to: Collection[Named],
) -> int | None:  # fmt: skip
    """Write a draft (`number` 0: a new one): columns, title and body by language, audience. Its number; None: no draft.

    A new one whose `public_id` was saved before raises `IntegrityError`.
    """
    values = {**values, "edited_at": utc_now()}
    if not number:
        new = sa.insert(_TABLE).values(external_id=f"portal-{values['public_id']}", **values).returning(_TABLE.c.id)
        number = session.execute(new).scalar_one()
    elif not _changed(session, number, **values):
        return None
    for part in (NoticeText, NoticeAudience):
        session.execute(sa.delete(part).where(col(part.notice_id) == number))
    for language, (title, body) in said.items():
        session.add(NoticeText(notice_id=number, language=language, title=title, body=body))
    session.add_all(NoticeAudience(notice_id=number, **{f"{table}_id": row}) for table, row in sorted({*to}))
    record(session, actor, "notice.drafted", object_type="notice", object_id=number)
    return number


def _changed(session: Session, number: int, **values: Any) -> bool:
    """Change a draft; False where it is none any more."""
    draft = (_TABLE.c.id == number, _TABLE.c.published_at.is_(None), _TABLE.c.withdrawn_at.is_(None))
    return bool(session.execute(sa.update(_TABLE).where(*draft).values(values)).rowcount)  # type: ignore[attr-defined]


def attach(session: Session, number: int, stored: Sequence[Mapping[str, Any]], remove: int) -> None:
    """Put files into a draft, and take the file with the number `remove` out of it."""
    session.execute(sa.delete(NoticeFile).where(col(NoticeFile.notice_id) == number, col(NoticeFile.id) == remove))
    session.add_all(NoticeFile(notice_id=number, **file) for file in stored)


def near(connection: Connection, notice: AnyRow, now: datetime, first: str) -> Sequence[AnyRow]:
    """Other notices to one of its houses, or like it to everybody, that came within `NEAR` or will come: 3 at most."""
    about = {"number": notice.id, "for_all": notice.for_all, "since": now - NEAR, "first": first, "before": 2**31 - 1}
    return connection.execute(_LIKE, about).fetchall()


def publish(session: Session, actor: Actor, number: int, at: datetime, now: datetime, site: Site) -> bool:
    """Publish a draft `at` that moment; False where it is none any more. `now`: of the business day.

    Letters of one that lies ahead are written when its time has come; else at once, to be sent after `RECALL`.
    """
    if not _changed(session, number, published_at=at, published_on=at.astimezone(site.zone).date()):
        return False
    notice = session.get_one(Notice, number)
    if at <= now:
        announcements.announce(session, notice, site.languages, utc_now(), RECALL)
    why = {"reason": notice.reason} if notice.emergency else {}
    record(session, actor, "notice.published", object_type="notice", object_id=number, detail=why)
    return True


def report(connection: Connection, number: int) -> AnyRow:
    """How many letters there are, were sent, came back (`parked`); how many people opened it, and confirmed it."""
    return connection.execute(_REPORT, {"number": number}).one()
