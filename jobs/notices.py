"""Notices without the contact centre: `flask notices publish FILE`, and those whose time has come (E03, E04)."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import click
import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from sqlmodel import Session, SQLModel, col

from auth.state import State
from models import announcements, intake
from models.audit import Actor, record
from models.notices import TO, Notice, NoticeAudience, NoticeFile, NoticeText
from models.rules.mail import header_safe
from models.toml import problems
from models.types import utc_now


class NoticeError(click.ClickException):
    """A notice cannot be published; the message names the key and what is expected."""


def _one_line(text: str) -> str:
    if not header_safe(text):
        raise ValueError("one line without control characters and =?, because it is the subject of letters")
    return text


def _lines(text: str) -> str:
    text = "\n".join(line.strip() for line in text.strip().splitlines())
    if not text.replace("\n", "").isprintable():
        raise ValueError("text without control characters")
    return text


def _day_or_moment(value: Any) -> Any:
    if not isinstance(value, date):  # a moment is one, too
        raise ValueError("a day or a moment without quotation marks, such as 2026-12-01 or 2026-12-01T08:00:00")
    return value


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class _Text(_Part):
    title: Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_one_line)]
    body: Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(_lines)]


_Moment = Annotated[Any, AfterValidator(_day_or_moment)]


class Draft(_Part):
    """A notice as its file says it (docs/operating.md)."""

    id: str = Field(min_length=1, max_length=64)
    everybody: bool = False
    houses: tuple[str, ...] = ()
    entrances: tuple[str, ...] = ()
    premises: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    publish: _Moment = None
    until: _Moment = None
    emergency: bool = False
    files: tuple[str, ...] = ()
    lv: _Text | None = None
    en: _Text | None = None
    ru: _Text | None = None


@dataclass(frozen=True)
class Published:
    """What became of it. `is_new` False: the notice was there already and nothing was done."""

    is_new: bool
    people: int = 0
    letters: int = 0
    due: datetime | None = None  # when it will appear, where that lies ahead


def publish(held: State, file: Path, *, dry_run: bool = False) -> Published:
    """Publish the notice of a file, with its letters in the same unit of work. Raises `NoticeError`."""
    draft = read_draft(file)
    notice, files = _notice(held, draft), [*_read_files(draft, file.parent)]
    with held.database.write() as session:
        if session.scalars(sa.select(Notice).where(col(Notice.external_id) == draft.id)).first():
            return Published(is_new=False)
        session.add(notice)
        session.flush()
        session.add_all([*_parts(session, draft, notice.id or 0, held.site.languages)])
        for name, data in files:
            stored = "" if dry_run else held.storage.put(data)
            session.add(NoticeFile(notice_id=notice.id or 0, name=name, file_hash=stored, size=len(data)))
        session.flush()
        outcome = _announce(session, held, notice)
        record(session, Actor(None, "command"), "notice.published", object_type="notice", object_id=notice.id)
        if dry_run:
            session.rollback()
    return outcome


def read_draft(file: Path) -> Draft:
    """The draft in a TOML file. Raises `NoticeError`."""
    try:
        return Draft.model_validate(tomllib.loads(file.read_text("utf-8-sig")))
    except ValidationError as error:
        raise NoticeError("\n".join(problems(error))) from None
    except (OSError, ValueError) as error:
        raise NoticeError(f"{file.name} cannot be read: {error}") from None


def _notice(held: State, draft: Draft) -> Notice:
    now, zone = held.clock.now(), held.site.zone
    published = _at(draft.publish, zone, time.min) or now
    until = _at(draft.until, zone, time(23, 59))
    first, is_named = held.site.languages[0], any(getattr(draft, key) for key in TO)
    faults = {
        "everybody": draft.everybody == is_named and f"everybody = true, or else {', '.join(TO)}",
        first: getattr(draft, first) is None and "title and body in the first language of the site",
        "until": (draft.emergency if until is None else until <= published)
        and "a moment after its publication; an emergency has to end, as it stays on top until then",
    }  # fmt: skip
    if wrong := [f"{key}: expected {expected}" for key, expected in faults.items() if expected]:
        raise NoticeError("\n".join(wrong))
    day = held.clock.local(published).date()
    return Notice(
        external_id=draft.id, for_all=draft.everybody, emergency=draft.emergency, published_at=published,
        published_on=day, valid_until=until,
    )  # fmt: skip


def _at(value: date | None, zone: ZoneInfo, otherwise: time) -> datetime | None:
    """A moment; of a day that time of it. Without a zone it is the site's."""
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.combine(value, otherwise)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _read_files(draft: Draft, folder: Path) -> Iterator[tuple[str, bytes]]:
    for name in draft.files:
        path = folder / name
        if Path(name).name != name or path.is_symlink() or not path.is_file():
            raise NoticeError(f"files: expected the name of a file beside the notice, {name} is none")
        try:
            with path.open("rb") as file:
                taken = intake.take(name, file)
                taken.file.seek(0)
                yield taken.name, taken.file.read()
        except intake.Refused as refused:
            raise NoticeError(f"files: expected what people may send (PDF, picture, …), {refused}") from None


def _parts(session: Session, draft: Draft, number: int, languages: Sequence[str]) -> Iterator[SQLModel]:
    """The texts and the audience. What names nothing in the database is a `NoticeError`."""
    for language in languages:
        if text := getattr(draft, language):
            yield NoticeText(notice_id=number, language=language, title=text.title, body=text.body)
    for key, target in TO.items():
        wanted, table = {*getattr(draft, key)}, SQLModel.metadata.tables[target].c
        found = session.execute(sa.select(table.external_id, table.id).where(table.external_id.in_(wanted))).all()
        if unknown := wanted - {row.external_id for row in found}:
            raise NoticeError(f"{key}: there is no {', '.join(sorted(unknown))}")
        yield from (NoticeAudience(notice_id=number, **{f"{target}_id": row.id}) for row in found)


def _announce(session: Session, held: State, notice: Notice) -> Published:
    people, letters = announcements.count(session, notice)
    now = held.clock.now()
    if notice.published_at > now:
        return Published(True, people, letters, due=notice.published_at)
    if announcements.is_late(notice, now):
        notice.announced_at = utc_now()
        return Published(True, people)
    announcements.announce(session, notice, held.site.languages, utc_now())
    return Published(True, people, letters)


def announce_due(held: State) -> None:
    """Write the letters of notices whose time has come; of an import too."""
    now = held.clock.now()
    with held.database.read() as connection:
        is_due = connection.execute(announcements.ANY_DUE, {"business": now}).first()
    if is_due:
        with held.database.write() as session:
            announcements.announce_due(session, held.site.languages, now, utc_now())
