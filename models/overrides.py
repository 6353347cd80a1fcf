"""What changes on a date: windows per house and meter kind, and texts; the one place that says what holds.

A site is a file plus these dated rows (decisions.md 28). Nothing else reads a window or a text of the site.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models.audit import Actor, record
from models.people import User
from models.site import MeterRule, Site
from models.types import ONE, AnyRow, MeterKind, Numbered, choice, utc_now


class Override(Numbered, table=True):
    """Another window: for one house or all, for one kind of meter or all.

    Both days are inclusive, and it holds on these days only: where its window reaches into the next month,
    `valid_until` must not lie before the closing day.
    """

    __table_args__ = (sa.CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="days_in_order"),)

    external_id: str | None = Field(default=None, unique=True, max_length=64)
    house_id: int | None = Field(default=None, foreign_key="house.id", index=True)
    meter_kind: MeterKind | None = choice(MeterKind, default=None, nullable=True)
    opens: str = Field(max_length=32)
    closes: str = Field(max_length=32)
    valid_from: date
    valid_until: date | None = None
    created_at: datetime = Field(default_factory=utc_now)
    created_by_user_id: int | None = Field(default=None, foreign_key="user_account.id")


class TextOverride(Numbered, table=True):
    """Another wording of one of the site's texts; both days inclusive."""

    __tablename__ = "text_override"
    __table_args__ = (
        sa.CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="days_in_order"),
        sa.Index("ix_text_override_days", "key", "valid_from", "valid_until"),
    )

    key: str = Field(max_length=32)
    language: str = Field(max_length=2)
    body: str  # "": as in the site's file again
    valid_from: date
    valid_until: date | None = None
    created_at: datetime = Field(default_factory=utc_now)
    created_by_user_id: int | None = Field(default=None, foreign_key="user_account.id")


class WindowChange(NamedTuple):
    """A row of `Override` as it was read."""

    id: int
    house_id: int | None
    meter_kind: MeterKind | None
    opens: str
    closes: str
    valid_from: date
    valid_until: date | None

    def holds(self, house_id: int | None, kind: MeterKind, day: date) -> bool:
        """Whether it is about this house and kind, on this day."""
        if self.house_id not in (None, house_id) or self.meter_kind not in (None, kind):
            return False
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    @property
    def weight(self) -> tuple[bool, bool, date, int]:
        """Precedence: house and kind, house, kind, site; of equals what began last, then the newest row."""
        return (self.house_id is not None, self.meter_kind is not None, self.valid_from, self.id)


_WINDOWS = sa.select(*(col(getattr(Override, name)) for name in WindowChange._fields)).where(
    sa.or_(col(Override.valid_until).is_(None), col(Override.valid_until) >= sa.bindparam("day"))
)
_WINDOWS_OF_HOUSES = _WINDOWS.where(
    sa.or_(col(Override.house_id).is_(None), col(Override.house_id).in_(sa.bindparam("houses", expanding=True)))
)
_WINDOWS_OF_HOUSE = _WINDOWS.where(
    sa.or_(col(Override.house_id).is_(None), col(Override.house_id) == sa.bindparam("houses"))
)
_TEXT = (
    sa.select(col(TextOverride.body))
    .where(
        col(TextOverride.key) == sa.bindparam("key"),
        col(TextOverride.language) == sa.bindparam("language"),
        col(TextOverride.valid_from) <= sa.bindparam("day"),
        sa.or_(col(TextOverride.valid_until).is_(None), col(TextOverride.valid_until) >= sa.bindparam("day")),
    )
    .order_by(col(TextOverride.valid_from).desc(), col(TextOverride.id).desc())
    .limit(ONE)
)
_TEXTS = (
    sa.select(TextOverride.__table__, col(User.name))  # type: ignore[attr-defined]
    .outerjoin(User, col(User.id) == col(TextOverride.created_by_user_id))
    .order_by(col(TextOverride.valid_from), col(TextOverride.id))
)
_CHANGES_OF_TERMS = sa.select(
    sa.func.count() + sa.func.count(sa.case((col(TextOverride.valid_until) < sa.bindparam("today"), 1)))
).where(col(TextOverride.key) == "terms", col(TextOverride.valid_from) <= sa.bindparam("today"))
# How often the terms have changed until `today`: for the statement that finds a session.
CHANGES_OF_TERMS = _CHANGES_OF_TERMS.scalar_subquery()
Changes = dict[tuple[str, str], tuple[AnyRow | None, AnyRow | None]]  # by key and language: that holds, and is to come


def overrides_for(connection: Connection, house_ids: Collection[int] | None, day: date) -> list[WindowChange]:
    """The window overrides of these houses (None: all) and of the whole site that did not end before `day`.

    Those that begin later are among them, so that the next window can be told: `rule_for` picks by the day.
    """
    values: dict[str, object] = {"day": day}
    if house_ids is not None:  # a list costs more to send than one of it, which every page of a place asks for
        values["houses"] = [*house_ids] if len(house_ids) != 1 else next(iter(house_ids))
    statement = _WINDOWS if house_ids is None else _WINDOWS_OF_HOUSES if len(house_ids) != 1 else _WINDOWS_OF_HOUSE
    return [WindowChange._make(row) for row in connection.execute(statement, values)]


def rule_for(
    site: Site, overrides: Iterable[WindowChange], house_id: int | None, kind: MeterKind, day: date
) -> MeterRule:
    """The rule for meters of `kind` in that house on `day`: the site's, the window as overridden."""
    rule = site.meters[kind]
    changes = [change for change in overrides if change.holds(house_id, kind, day)]
    if not changes:
        return rule
    change = max(changes, key=lambda change: change.weight)
    return rule.model_copy(update={"opens": change.opens, "closes": change.closes})


def text_for(connection: Connection, site: Site, key: str, language: str, day: date) -> list[str]:
    """The paragraphs of a text on `day`: the override's that began last, else the site's own.

    `key` is one of models.site.TEXTS and `language` one of the site's; anything else is a KeyError.
    """
    body = connection.execute(_TEXT, {"key": key, "language": language, "day": day}).scalar_one_or_none()
    return site.paragraphs(body or site.texts[language][key])


def text_changes(connection: Connection, day: date) -> Changes:
    """Of each text that was ever changed: the change that holds on `day`, and the next one after it."""
    found: Changes = {}
    for row in connection.execute(_TEXTS):
        now, then = found.get(what := (row.key, row.language), (None, None))
        if row.valid_from > day:
            found[what] = now, then if then and then.valid_from < row.valid_from else row
        elif row.valid_until is None or row.valid_until >= day:
            found[what] = row, then
    return found


def said(site: Site, changes: Changes, key: str) -> dict[str, str]:
    """A text by language, as it is written; of the site's file each paragraph in one line."""
    rows = {language: changes.get((key, language), (None, None))[0] for language in site.languages}
    files = {code: "\n\n".join(" ".join(part.split()) for part in site.texts[code][key].split("\n\n")) for code in rows}
    return {code: (row and row.body) or files[code] for code, row in rows.items()}


def version(changes: Changes, key: str) -> str:
    """Another one after each change of a text."""
    return f"{max((row.id for (of, _), rows in changes.items() if of == key for row in rows if row), default=0)}"


def change_text(
    session: Session, actor: Actor, site: Site, key: str, bodies: Mapping[str, str], day: date, **noted: Any
) -> None:
    """Let a text say this from a day on, in each language in which it says something else then."""
    before, files = said(site, text_changes(session.connection(), day), key), said(site, {}, key)
    new = {code: body for code, body in bodies.items() if site.paragraphs(body) != site.paragraphs(before[code])}
    as_shipped = {code: site.paragraphs(body) == site.paragraphs(files[code]) for code, body in new.items()}
    about = {"key": key, "valid_from": day, "created_at": utc_now(), "created_by_user_id": actor.user_id}
    if new:
        rows = [about | {"language": code, "body": "" if as_shipped[code] else body} for code, body in new.items()]
        session.execute(sa.insert(TextOverride), rows)
        detail = {"key": key, "languages": [*new], "from": f"{day}"}
        record(session, actor, "text.changed", object_type="text", detail=detail, **noted)


def withdraw_text(session: Session, actor: Actor, key: str, today: date, **noted: Any) -> None:
    """Take back what is to come."""
    later = sa.delete(TextOverride).where(col(TextOverride.key) == key, col(TextOverride.valid_from) > today)
    if session.execute(later).rowcount:  # type: ignore[attr-defined]
        record(session, actor, "text.withdrawn", object_type="text", detail={"key": key}, **noted)


def terms_version(connection: Connection, site: Site, today: date) -> int:
    """The version of the terms of use on a day: that of the site's file, and one more for each change until then."""
    return site.terms_version + int(connection.execute(_CHANGES_OF_TERMS, {"today": today}).scalar_one())
