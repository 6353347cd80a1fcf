"""What an operator tries and looks at without asking anybody: a letter to oneself, and how the instance stands."""

import shutil
import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, col

from models import outbox
from models.audit import Actor, record
from models.figures import Figures
from models.imports import ImportJob
from models.outbox import ONE_PERSON, Mail
from models.people import User
from models.quarantine import Quarantined
from models.types import ONE, AnyRow

SAMPLES: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "samples.toml").read_text("utf-8"))
KINDS = SAMPLES["kinds"]  # of letters
_SHOWN, _READ = 5, 50  # test letters; letters to one person among which they are looked for
LATELY = timedelta(days=7)
_MINE = sa.select(Mail.__table__).where(col(Mail.user_id) == sa.bindparam("user_id"))  # type: ignore[attr-defined]
_NEWEST = _MINE.order_by(col(Mail.id).desc()).limit(sa.literal_column(f"{_READ}"))
# In the order of its index, and no more than this: all others may wait, too.
_DUE = (
    sa.select(col(Mail.due_at)).order_by(col(Mail.rank), col(Mail.due_at)).limit(sa.literal_column("1000"))
    .where(col(Mail.sent_at).is_(None), col(Mail.parked_at).is_(None), col(Mail.due_at) <= sa.bindparam("now"))
    .where(col(Mail.rank) >= sa.literal_column(f"{ONE_PERSON}")).subquery()
)  # fmt: skip
_LAST = sa.select(col(ImportJob.state), col(ImportJob.created_at)).order_by(col(ImportJob.id).desc()).limit(ONE)
_INSTANCE = sa.select(*(query.scalar_subquery().label(name) for name, query in {
    "counted_at": sa.select(col(Figures.counted_at)),
    "waiting": sa.select(sa.func.count()).select_from(_DUE),
    "oldest": sa.select(sa.func.min(_DUE.c.due_at)),
    "failed": sa.select(sa.func.count()).select_from(Mail).where(col(Mail.parked_at) > sa.bindparam("since")),
    "held": sa.select(sa.func.count()).select_from(Quarantined).where(col(Quarantined.found) == ""),
    "infected": sa.select(sa.func.count()).select_from(Quarantined).where(col(Quarantined.found) != ""),
    "imported": _LAST.with_only_columns(col(ImportJob.state)),
    "imported_at": _LAST.with_only_columns(col(ImportJob.created_at)),
}.items()))  # fmt: skip


def words(kind: str, language: str) -> dict[str, Any]:
    """What a letter of this kind says when it is only tried: nobody's data."""
    return {**KINDS[kind], **SAMPLES[language], "test": True}


def send_test(session: Session, actor: Actor, kind: str, language: str) -> bool:
    """Write such a letter to whoever asks for it; False where she has no address. Its link opens nothing."""
    user = session.get_one(User, actor.user_id)
    if user.email:
        outbox.queue(session, kind, user.id, user.email, language, **words(kind, language))
        record(session, actor, "letter.tested", detail={"kind": kind})
    return bool(user.email)


def tests(connection: Connection, user_id: int) -> Sequence[AnyRow]:
    """The last letters that this user has tried, newest first."""
    return [row for row in connection.execute(_NEWEST, {"user_id": user_id}) if "test" in row.detail][:_SHOWN]


def instance(connection: Connection, now: datetime) -> AnyRow:
    """What waits and what failed, when the worker has counted last (`models.figures`), and the last import."""
    return connection.execute(_INSTANCE, {"now": now, "since": now - LATELY}).one()


def free(folder: Path) -> int | None:
    """Bytes that are free where files are stored; None before the first."""
    return shutil.disk_usage(folder).free if folder.is_dir() else None
