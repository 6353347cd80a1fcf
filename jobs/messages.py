"""`flask messages …`: the conversations that wait for staff, until they have pages of their own (G01, G04)."""

from io import BytesIO
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from flask.cli import AppGroup
from sqlmodel import Session, col

from auth.state import state, writing
from models import activity, answering, desk_work, drafts, intake, threads
from models.scanner import scanner_of
from models.threads import Message, Thread, ThreadNote
from models.types import AnyRow

group = AppGroup("messages", help="Conversations with residents that wait for an answer.")


def sentence(typed: str) -> str:
    """What an option says in words."""
    if not 0 < len(typed.strip()) <= 500:
        raise click.BadParameter("expected 1 to 500 characters")
    return typed.strip()


PURPOSE = click.option("--purpose", type=sentence, required=True, help="why you look at it; who it is about reads it")
_NUMBER = click.argument("number", type=click.IntRange(1, 2**31 - 1))
_BY = click.option("--by", type=sentence, required=True, help="your name")
_NOTES = sa.select(ThreadNote.__table__).order_by(col(ThreadNote.id))  # type: ignore[attr-defined]


def _written(typed: str) -> str:
    if not 0 < len(typed.strip()) <= 5000:
        raise click.BadParameter("expected 1 to 5000 characters")
    return typed.strip()


_TEXT = click.option("--text", type=_written, required=True, help="what you write")


def _thread(session: Session, number: int) -> Thread:
    row = session.get(Thread, number)
    if row is None:
        raise click.ClickException(f"no conversation has the number {number}")
    return row


@group.command("list")
def show_all() -> None:
    """What waits, first what is due first; nothing of whom it is from or what it says."""
    with writing() as session:
        found = answering.waiting(session)
    now, clock = state().clock.now(), state().clock
    for row in found:
        due = f"{clock.local(row.due_at):%Y-%m-%d %H:%M}{' OVERDUE' if row.due_at < now else ''}" if row.due_at else "-"
        click.echo(f"{row.id} {due} {row.topic} ({row.language})")


@group.command("show")
@_NUMBER
@PURPOSE
def show(number: int, purpose: str) -> None:
    """All that was written, with the notes of staff; who it is about reads that you have looked, and why."""
    with writing() as session:
        row = _thread(session, number)
        users, at = ([one] if one else [] for one in (row.user_id, row.premises_id))
        activity.looked(session, purpose, "messages", users, at, state().clock.today())
        session.flush()  # what is not noted is not shown
        about = f" about {row.about} {row.about_name}" if row.about else ""
        click.echo(f"{row.id} {row.state} {row.topic} ({row.language}){about} {row.subject}".rstrip())
        for message, files in threads.messages(session.connection(), number):
            _say(message, message.author if message.from_staff else message.writer, message.sent_at)
            for file in files:
                click.echo(f"  file {file.public_id} {file.name} {file.size} bytes")
        for note in session.execute(_NOTES.where(col(ThreadNote.thread_id) == number)):
            _say(note, f"note by {note.author}", note.noted_at)


def _say(row: AnyRow, who: str | None, at: Any) -> None:
    click.echo(f"--- {state().clock.local(at):%Y-%m-%d %H:%M} {who or 'a closed account'}\n{row.body}")


@group.command("answer")
@_NUMBER
@_TEXT
@_BY
@click.option("--attach", type=click.Path(path_type=Path, exists=True, dir_okay=False), multiple=True, help="a file")
@click.option("--resolve", is_flag=True, help="nothing is left to ask")
def answer(number: int, text: str, by: str, attach: tuple[Path, ...], *, resolve: bool) -> None:
    """Answer in the resident's language. A letter without your words says that there is an answer."""
    held = state()
    stored = drafts.store(held.storage, [_taken(path) for path in attach[: intake.MOST]])
    message = Message(author=by[:100], body=text, sent_at=held.clock.now())
    with writing() as session:
        _thread(session, number)
        if not answering.answer(session, number, message, stored, held.clock.today(), resolve=resolve):
            raise click.ClickException(f"conversation {number} is closed")
    click.echo("answered")


def _taken(path: Path) -> intake.Taken:
    taken, refused = intake.take_all([(path.name, BytesIO(path.read_bytes()))], scanner_of(state().settings))
    if refused:
        raise click.ClickException(f"{path}: {refused[0].reason}")
    return taken[0]


@group.command("close")
@_NUMBER
@_BY
def close(number: int, by: str) -> None:
    """End a conversation for good; what is written after it begins another one."""
    with writing() as session:
        _thread(session, number)
        wish, now = desk_work.Wish("close"), state().clock.now()
        if not desk_work.change(session, answering.COMMAND, by[:100], [number], wish, now):
            raise click.ClickException(f"conversation {number} is closed")
    click.echo("closed")


@group.command("note")
@_NUMBER
@_TEXT
@_BY
def note(number: int, text: str, by: str) -> None:
    """Write something down for colleagues; no resident reads it."""
    with writing() as session:
        _thread(session, number)
        answering.note(session, number, by[:100], text)
    click.echo("noted")
