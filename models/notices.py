"""Notices to residents (E01–E03; LU-38..42): what they say, to whom, and who has opened them.

A notice is a person's when it was addressed to where she lived on the day that it was published, and then for ever.
Nothing is written for a reader until she opens it. Here are the tables; reading is `noticeboard`, sending is
`announcements`, what staff do before and after is `notice_drafts`.
"""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.types import Addressed, Imported, Numbered, utc_now

# Whom one can be addressed to, as files name them, with their table; its column of the audience is that with _id.
TO = {"houses": "house", "entrances": "entrance", "premises": "premises", "customers": "customer"}


def _only(name: str, column: str, condition: str) -> sa.Index:
    """An index of the few rows for which a condition holds; SQLite looks for "= 1" behind the name of a truth."""
    on_sqlite = condition if " " in condition else f"{condition} = 1"
    return sa.Index(name, column, sqlite_where=sa.text(on_sqlite), postgresql_where=sa.text(condition))


class Notice(Imported, Addressed, table=True):
    """A notice: to everybody where `for_all`, else to those whom its `NoticeAudience` names."""

    __table_args__ = (
        sa.CheckConstraint("valid_until IS NOT NULL OR NOT emergency", name="emergencies_end"),
        sa.CheckConstraint("valid_until IS NOT NULL OR works_at IS NULL", name="works_end"),
        _only("ix_notice_for_all", "published_at", "for_all"),
        _only("ix_notice_unannounced", "published_at", "announced_at IS NULL"),
    )

    for_all: bool = False
    emergency: bool = False  # stays on home until its end; its letters cannot be switched off
    published_at: datetime = Field(nullable=True, index=True)  # may lie ahead; empty: a draft (`notice_drafts`)
    published_on: date = Field(nullable=True)  # the same as a day of the site, which tenures are made of
    valid_until: datetime | None = Field(default=None, index=True)
    works_at: datetime | None = None  # works or an outage begin: a banner on home from then until `valid_until`
    confirm: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})  # readers are asked to (E05)
    reason: str | None = Field(default=None, max_length=500)  # why it is an emergency
    edited_at: datetime | None = None  # when staff last saved it
    withdrawn_at: datetime | None = None
    announced_at: datetime | None = None  # since when its letters are in the outbox


class NoticeText(SQLModel, table=True):
    """What it says in one language; the site's first one is always there. Plain text, empty lines part paragraphs."""

    __tablename__ = "notice_text"

    notice_id: int = Field(foreign_key="notice.id", primary_key=True)
    language: str = Field(primary_key=True, max_length=2)
    title: str = Field(max_length=120)
    body: str = Field(max_length=10_000)


class NoticeAudience(Numbered, table=True):
    """Whom it is addressed to: exactly one of the four."""

    __tablename__ = "notice_audience"
    __table_args__ = (
        sa.CheckConstraint(
            " + ".join(f"CASE WHEN {target}_id IS NULL THEN 0 ELSE 1 END" for target in TO.values()) + " = 1",
            name="one",
        ),
    )

    notice_id: int = Field(foreign_key="notice.id", index=True)
    house_id: int | None = Field(default=None, foreign_key="house.id", index=True)
    entrance_id: int | None = Field(default=None, foreign_key="entrance.id", index=True)
    premises_id: int | None = Field(default=None, foreign_key="premises.id", index=True)
    customer_id: int | None = Field(default=None, foreign_key="customer.id", index=True)


class NoticeFile(Addressed, table=True):
    """An attachment (E02)."""

    __tablename__ = "notice_file"

    notice_id: int = Field(foreign_key="notice.id", index=True)
    name: str = Field(max_length=120)
    file_hash: str = Field(max_length=64)
    size: int  # bytes


class NoticeReceipt(SQLModel, table=True):
    """This user has opened this notice."""

    __tablename__ = "notice_receipt"

    user_id: int = Field(foreign_key="user_account.id", primary_key=True)
    notice_id: int = Field(foreign_key="notice.id", primary_key=True, index=True)
    read_at: datetime = Field(default_factory=utc_now)
    confirmed_at: datetime | None = None  # when she said that she has read it, where that was asked
