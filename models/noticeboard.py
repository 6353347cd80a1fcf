"""The notice board: the notices of one person, by the places where she lived when they were published (LU-38..42).

They stay hers for ever. A notice published before her tenure began or after it ended never was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from models.audit import Actor, record
from models.customers import Customer
from models.database import Database
from models.mandates import standing
from models.notices import Notice, NoticeAudience, NoticeFile, NoticeReceipt, NoticeText
from models.places import FOR_EVER
from models.premises import Entrance, House, Premises
from models.rules.mandates import Lent
from models.tenures import Tenure, during
from models.types import AnyRow, AnySelect

_WHO = standing()
# By a mandate: what came since it began, for its premises, and where notices are lent.
_MAY = sa.or_(
    _WHO.c.mandate_id.is_(None),
    sa.and_(
        _WHO.c.premises_id == col(Tenure.premises_id), _WHO.c.rights.contains(Lent.NOTICES),
        sa.or_(sa.not_(_WHO.c.strong), sa.bindparam("strong", type_=sa.Boolean)),
        during(sa.bindparam("today")), _WHO.c.since <= col(Notice.published_on),
    ),
)  # fmt: skip
_LIVED_THERE = sa.and_(
    col(Tenure.starts_on) <= col(Notice.published_on),
    sa.func.coalesce(col(Tenure.ends_on), FOR_EVER) >= col(Notice.published_on),
    _MAY,
)
_TENURES = sa.join(_WHO, Tenure, col(Tenure.customer_id) == _WHO.c.customer_id)
_DIRECT = (
    _TENURES.join(Premises, col(Premises.id) == col(Tenure.premises_id))
    .join(
        NoticeAudience,
        sa.or_(
            col(NoticeAudience.house_id) == col(Premises.house_id),
            col(NoticeAudience.entrance_id) == col(Premises.entrance_id),
            col(NoticeAudience.premises_id) == col(Premises.id),
            col(NoticeAudience.customer_id) == _WHO.c.customer_id,
        ),
    )
    .join(Notice, col(Notice.id) == col(NoticeAudience.notice_id))
)
# What is addressed to a customer by name is hers wherever she lives, and nobody else's.
_ADDRESSED = sa.or_(
    sa.and_(col(NoticeAudience.customer_id).is_not(None), _WHO.c.mandate_id.is_(None)),
    sa.and_(col(NoticeAudience.customer_id).is_(None), _LIVED_THERE),
)
_HERS = sa.union_all(
    sa.select(col(Notice.id)).where(
        col(Notice.for_all),
        sa.bindparam("now") >= col(Notice.published_at),  # so that the index of these is searched
        sa.exists(sa.select(1).select_from(_TENURES).where(_LIVED_THERE).correlate(Notice)),
    ),
    sa.select(col(Notice.id)).select_from(_DIRECT).where(_ADDRESSED),
)
_SHOWN = sa.and_(col(Notice.published_at) <= sa.bindparam("now"), col(Notice.withdrawn_at).is_(None))
_LASTS = sa.or_(col(Notice.valid_until).is_(None), col(Notice.valid_until) > sa.bindparam("now"))
_UNREAD = col(NoticeReceipt.read_at).is_(None)
_BANNER = sa.or_(col(Notice.emergency), col(Notice.works_at) <= sa.bindparam("now"))  # with `_LASTS` (E06)
_OWN, _FIRST = sa.orm.aliased(NoticeText, name="own"), sa.orm.aliased(NoticeText, name="first")
_FILES = sa.select(sa.func.count()).select_from(NoticeFile).where(col(NoticeFile.notice_id) == col(Notice.id))
_ORDER = (col(Notice.published_at).desc(), col(Notice.id).desc())


def _texts(statement: AnySelect, *columns: str) -> AnySelect:
    """With these columns of the text in `:language`, else in the site's `:first` language."""
    both = (sa.func.coalesce(getattr(_OWN, name), getattr(_FIRST, name)).label(name) for name in (*columns, "language"))
    return (
        statement.add_columns(*both)
        .join(_FIRST, sa.and_(col(_FIRST.notice_id) == col(Notice.id), col(_FIRST.language) == sa.bindparam("first")))
        .outerjoin(_OWN, sa.and_(col(_OWN.notice_id) == col(Notice.id), col(_OWN.language) == sa.bindparam("language")))
    )


_COLUMNS = (
    col(Notice.id), col(Notice.public_id), col(Notice.emergency), col(Notice.published_at), col(Notice.published_on),
    col(Notice.valid_until), col(Notice.withdrawn_at), col(Notice.for_all), col(NoticeReceipt.read_at),
    col(Notice.works_at), col(Notice.confirm), col(NoticeReceipt.confirmed_at), _BANNER.label("banner"),
)  # fmt: skip
_MINE = (
    sa.select(*_COLUMNS, _FILES.scalar_subquery().label("files"))
    .select_from(Notice)
    .outerjoin(
        NoticeReceipt,
        sa.and_(col(NoticeReceipt.notice_id) == col(Notice.id), col(NoticeReceipt.user_id) == sa.bindparam("user_id")),
    )
    .where(col(Notice.id).in_(_HERS))
)
_ONE = _MINE.where(col(Notice.public_id) == sa.bindparam("public_id"), col(Notice.published_at) <= sa.bindparam("now"))
_ALL = _texts(_MINE, "title").where(_SHOWN).order_by(*_ORDER)
_ON_HOME = (
    _texts(_MINE, "title")
    .where(_SHOWN, _LASTS, sa.or_(_UNREAD, _BANNER))
    .order_by(sa.case((_BANNER, 0), else_=1), *_ORDER)
    .limit(sa.literal_column("50"))  # of somebody who never opens any
)
_EMERGENCIES = (
    _texts(sa.select(col(Notice.works_at), col(Notice.valid_until)).select_from(Notice), "title", "body")
    .where(_BANNER, col(Notice.for_all), _SHOWN, col(Notice.valid_until) > sa.bindparam("now"))
    .order_by(*_ORDER)
)
_TEXT = _texts(sa.select(col(Notice.public_id), col(Notice.emergency)).select_from(Notice), "title", "body").where(
    col(Notice.id) == sa.bindparam("notice_id"), col(Notice.withdrawn_at).is_(None)
)
_FILES_OF = sa.select(NoticeFile.__table__).order_by(col(NoticeFile.id))  # type: ignore[attr-defined]
_ATTACHED = _FILES_OF.where(col(NoticeFile.notice_id) == sa.bindparam("notice_id"))
_FILE = _FILES_OF.join(Notice, col(Notice.id) == col(NoticeFile.notice_id)).where(
    col(NoticeFile.public_id) == sa.bindparam("public_id"), col(Notice.id).in_(_HERS), _SHOWN
)
_TO: AnySelect = (
    sa.select(
        col(NoticeAudience.id), col(NoticeAudience.notice_id), col(NoticeAudience.house_id),
        col(NoticeAudience.premises_id), col(House.address).label("house"), col(Entrance.name).label("entrance"),
        col(Premises.address), col(Customer.code),
    )
    .select_from(
        _DIRECT.join(House, col(House.id) == col(Premises.house_id))
        .join(Customer, col(Customer.id) == _WHO.c.customer_id)
        .outerjoin(Entrance, col(Entrance.id) == col(NoticeAudience.entrance_id))
    )
    .where(_ADDRESSED, col(NoticeAudience.notice_id).in_(sa.bindparam("notices", expanding=True)))
    .order_by(col(NoticeAudience.id), col(Premises.id))
)  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """Who reads, at which moment of the business day, in which language, and the site's first one; on which day,
    and whether by a strong login."""

    user_id: int
    now: datetime
    language: str
    first: str
    today: date
    strong: bool


def of(connection: Connection, reader: Reader) -> Sequence[AnyRow]:
    """All notices that ever were addressed to her, newest first, with their titles; `read_at` None: unread."""
    return connection.execute(_ALL, vars(reader)).fetchall()


def on_home(connection: Connection, reader: Reader) -> Sequence[AnyRow]:
    """Her unread notices that still hold, emergencies and works that last until their end; these first (LU-39, E06)."""
    return connection.execute(_ON_HOME, vars(reader)).fetchall()


def one(connection: Connection, reader: Reader, public_id: str) -> AnyRow | None:
    """One of her notices, also a withdrawn one; None for anybody else's and what is not yet published."""
    return connection.execute(_ONE, vars(reader) | {"public_id": public_id}).first()


def emergencies(connection: Connection, reader: Reader) -> Sequence[AnyRow]:
    """What everybody should know now, with its text: for the login page, so to nobody in particular."""
    return connection.execute(_EMERGENCIES, vars(reader)).fetchall()


def text(connection: Connection, notice_id: int, language: str, first: str) -> AnyRow:
    """Title, body and the language that they are in. Raises `NoResultFound`, also for a withdrawn one."""
    return connection.execute(_TEXT, {"notice_id": notice_id, "language": language, "first": first}).one()


def attached(connection: Connection, notice_id: int) -> Sequence[AnyRow]:
    """The files of a notice."""
    return connection.execute(_ATTACHED, {"notice_id": notice_id}).fetchall()


def attachment(connection: Connection, reader: Reader, public_id: str) -> AnyRow | None:
    """A file of one of her notices that was not withdrawn."""
    return connection.execute(_FILE, vars(reader) | {"public_id": public_id}).first()


def addressed(connection: Connection, reader: Reader, notice_ids: Sequence[int]) -> dict[int, list[AnyRow]]:
    """Why these notices are hers: the addresses among hers that each names, or her customer code."""
    found: dict[int, dict[int, AnyRow]] = {}
    for row in connection.execute(_TO, vars(reader) | {"notices": list(notice_ids)}):
        found.setdefault(row.notice_id, {}).setdefault(row.id, row)
    return {number: [*rows.values()] for number, rows in found.items()}


def mark_read(database: Database, user_id: int, notice_id: int) -> None:
    """She has opened it, in a unit of work of its own; of two at once one notes it."""
    try:
        with database.write() as session:
            session.merge(NoticeReceipt(user_id=user_id, notice_id=notice_id))
    except IntegrityError:
        return  # the other one was first


def confirm(session: Session, actor: Actor, notice_id: int, now: datetime) -> None:
    """She says that she has read what she was asked to read (E05); said again, it stays as it was."""
    asked = sa.select(col(Notice.id)).where(col(Notice.id) == notice_id, col(Notice.confirm))
    hers = (col(NoticeReceipt.user_id) == actor.user_id, col(NoticeReceipt.notice_id).in_(asked))
    first = sa.update(NoticeReceipt).where(*hers, col(NoticeReceipt.confirmed_at).is_(None)).values(confirmed_at=now)
    if session.execute(first).rowcount:  # type: ignore[attr-defined]  # of an UPDATE
        record(session, actor, "notice.confirmed", object_type="notice", object_id=notice_id)
