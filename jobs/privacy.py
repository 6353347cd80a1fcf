"""`flask privacy purge`: what is kept for a time goes when that is over; the worker does the same every day."""

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from auth.state import reading, state
from models import retention

group = AppGroup("privacy", help="What is kept about people, and for how long (docs/privacy.md).")


@group.command("purge")
@click.option("--dry-run", is_flag=True, help="say what is over, and change nothing")
def purge(dry_run: bool) -> None:
    """Say what is over, table by table; delete it, or unlink what only names who it was."""
    held = state()
    for name, day, _, table, which in retention.over(held.site, held.clock):
        count = reading().execute(sa.select(sa.func.count()).select_from(table).where(which)).scalar()
        click.echo(f"{table.name}: {count} rows from before {day} ({name})")
    if not dry_run:
        gone = sum(retention.purge(held.database, held.storage, held.site, held.clock))
        click.echo(f"{gone} rows are gone.")
