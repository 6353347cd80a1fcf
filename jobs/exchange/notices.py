"""The file of notices: texts in the languages of the portal, whom they are for, and their files (E01–E03)."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from jobs.exchange import cells
from jobs.exchange.batch import ID, Batch, Column, Table, must
from jobs.exchange.source import read_document
from jobs.exchange.work import Work, db
from models.announcements import OLD
from models.notices import TO, Notice
from models.rules.mail import header_safe
from models.types import utc_now

LANGUAGES = ("lv", "en", "ru")
_TEXTS = tuple((f"title_{language}", f"text_{language}", language) for language in LANGUAGES)


def _title(value: str) -> str:
    if not header_safe(value):
        raise cells.Refused("a text without =?, because it is the subject of letters")
    return str(cells.text(120)(value))


def _paragraphs(value: str) -> str:
    return "\n\n".join(part.strip() for part in cells.text(10_000)(value).split("|"))


def _store_files(batch: Batch, work: Work) -> None:
    """Store the files; in place of their names stand then name, hash and size. One that is none refuses its row."""
    for index, names in enumerate(batch.said("files")):
        found = []
        for name in names or ():
            try:
                data = read_document(work.source, cells.file_name(name))
                found.append((name, work.storage.put(data), len(data)))
            except cells.Refused as refused:
                batch.refuse(index, "files", refused.expected)
        if "files" in batch.values:
            batch.values["files"][index] = found


def _check(batch: Batch, work: Work) -> None:
    _check_moments(batch, work)
    for title, body, language in _TEXTS:
        is_first = language == work.site.languages[0]
        titles, bodies = batch.said(title), batch.said(body)
        for index in batch.good():
            both = (titles[index], bodies[index])
            is_needed = is_first and batch.existing[index] is None
            if any(both) != all(both) or (is_needed and not any(both)):
                batch.refuse(index, title if not both[0] else body, "title and text")
    _check_audience(batch, work)


def _check_moments(batch: Batch, work: Work) -> None:
    """Moments are the site's; an emergency ends; what is a day old when it comes makes no letters."""
    for field in ("published_at", "valid_until"):
        if field in batch.fields:
            batch.fields[field] = [one and one.replace(tzinfo=work.site.zone) for one in batch.fields[field]]
    moments, now = batch.fields["published_at"], utc_now()
    batch.fields["published_on"] = [one and one.date() for one in moments]
    batch.fields["announced_at"] = [
        row.announced_at if row else now if one and one < now - OLD else None
        for row, one in zip(batch.existing, moments, strict=True)
    ]
    batch.need_order("published_at", "valid_until", "until", "a moment not before published")
    for index, is_emergency, ends in batch.each("emergency", "valid_until"):
        if is_emergency and not ends:
            batch.refuse(index, "until", "when the emergency ends")


def _check_audience(batch: Batch, work: Work) -> None:
    for column, table in TO.items():
        named = batch.said(column)
        known = work.named(table, named)
        for index, names in enumerate(named):
            if unknown := [name for name in names or () if name not in known]:
                batch.refuse(index, column, f"external_ids ({unknown[0]} is not one)")
    if {*TO} & {*batch.values}:
        every = zip(*(batch.said(column) for column in TO), strict=True)
        batch.fields["for_all"] = [not any(names) for names in every]


def _write_parts(batch: Batch, work: Work) -> set[int]:
    """Texts, audience and files become those that the file names, as far as it has their columns."""
    at = batch.stored(work)
    changed: set[int] = set()
    for columns, table, wanted in (
        ({one for texts in _TEXTS for one in texts[:2]}, "notice_text", _texts(batch, at)),
        ({*TO}, "notice_audience", _audience(batch, work, at)),
        ({"files"}, "notice_file", _files(batch, at)),
    ):
        if columns & {*batch.values}:
            changed |= work.replace(db(table), "notice_id", {*at.values()}, [*wanted])
    return {index for index, number in at.items() if number in changed}


def _texts(batch: Batch, at: dict[int, int]) -> Iterator[dict[str, Any]]:
    for title, body, language in _TEXTS:
        titles, bodies = batch.said(title), batch.said(body)
        for index, number in at.items():
            if titles[index]:
                yield {"notice_id": number, "language": language, "title": titles[index], "body": bodies[index]}


def _audience(batch: Batch, work: Work, at: dict[int, int]) -> Iterator[dict[str, Any]]:
    nobody: dict[str, int | None] = {f"{table}_id": None for table in TO.values()}
    for column, table in TO.items():
        named = batch.said(column)
        known = work.named(table, named)
        for index, number in at.items():
            yield from ({"notice_id": number, **nobody, f"{table}_id": known[name]} for name in named[index] or ())


def _files(batch: Batch, at: dict[int, int]) -> Iterator[dict[str, Any]]:
    files = batch.said("files")
    for index, number in at.items():
        for name, stored, size in files[index] or ():
            yield {"notice_id": number, "name": name, "file_hash": stored, "size": size}


def _moment(value: str) -> datetime:
    """A day with or without a time of day, such as 2026-11-30 or 30.11.2026 08:30, as the site's clock shows it."""
    on, _, at = value.replace("T", " ").partition(" ")
    found: date = cells.day(on)
    try:
        clock = time.fromisoformat(at or "00:00").replace(tzinfo=None)
    except ValueError:
        raise cells.Refused("a day or a moment such as 2026-11-30 08:30") from None
    return datetime.combine(found, clock)


NOTICES = Table(
    "notices", Notice, (
        ID, must("published", _moment, "published_at"), Column("until", _moment, field="valid_until"),
        Column("emergency", cells.yes_no, default=False),
        *(Column(name, cells.names(1000, 64), field="") for name in TO),
        *(Column(title, _title, field="") for title, _, _ in _TEXTS),
        *(Column(body, _paragraphs, field="") for _, body, _ in _TEXTS),
        Column("files", cells.names(10, 120), field=""),
    ), derived=("published_on", "announced_at", "for_all"), new={"for_all": True},
    before=_store_files, check=_check, after=_write_parts,
)  # fmt: skip
