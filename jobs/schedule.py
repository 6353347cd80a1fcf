"""The schedule: what a day writes by itself, and what it is going to (D09, D10; UD-07, UD-11)."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta

import click
from flask.cli import AppGroup
from sqlalchemy.exc import IntegrityError

from auth.state import State, state
from models import reminders
from models.clock import Clock
from models.overrides import overrides_for
from models.types import utc_now

MORNING = 9  # o'clock at the site: before it no letter of the schedule is sent
group = AppGroup("schedule", help="What happens by itself.")


def remind(held: State) -> int:
    """Write today's reminders; how many. Again and again, and by several workers at once: each is written once."""
    today, written = held.clock.today(), 0
    with suppress(IntegrityError):  # another worker was there at the same moment, and goes on
        for due in _due(held, today):
            written += reminders.write(held.database, held.site, due, today, utc_now(), _morning(held.clock))
    return written


def _due(held: State, day: date) -> list[reminders.Due]:
    with held.database.read() as connection:
        return reminders.due(connection, held.site, overrides_for(connection, None, day), day)


def _morning(clock: Clock) -> datetime:
    now = utc_now()
    return max(now, clock.local(now).replace(hour=MORNING, minute=0, second=0, microsecond=0))


@group.command("preview")
@click.option("--days", type=click.IntRange(1, 366), default=31, show_default=True)
def preview(days: int) -> None:
    """What the next days would write, by the rules and to the people of today."""
    held = state()
    for line in _lines(held, days):
        click.echo(line)


def _lines(held: State, days: int) -> Iterator[str]:
    """A line for each day and reminder that begins on it: what is written on one day is not said of the next again."""
    said: set[tuple[str, date]] = set()
    for ahead in range(days):
        day = held.clock.today() + timedelta(ahead)
        with held.database.read() as connection:
            for due in reminders.due(connection, held.site, overrides_for(connection, None, day), day):
                if (due.kind, due.about) not in said:
                    said.add((due.kind, due.about))
                    people = reminders.count(connection, due, day)
                    words = ", ".join(f"{name} {word}" for name, word in due.words.items())
                    yield f"{day}  {due.letter}: {words}; at most {people} people"
