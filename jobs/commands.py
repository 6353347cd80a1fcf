"""The commands: `flask check`, `flask db …`, `flask data …`; each is one line over a verb."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import Flask

from auth.access import unreachable
from auth.state import State


def install(app: Flask) -> None:
    """Add the commands to `flask`."""
    held: State = app.extensions["ekabinets"]

    @app.cli.command("check")
    @click.option("--deploy", is_flag=True, help="also what must hold in production")
    def check(deploy: bool) -> None:
        """Say what is unsafe or missing; exit 1 when something is."""
        problems = [*unreachable(held.site), *(held.settings.unsafe() if deploy else [])]
        for problem in problems:
            click.echo(problem, err=True)
        sys.exit(1 if problems else 0)

    db = click.Group("db", help="The schema.")
    data = click.Group("data", help="Data in and out.")
    app.cli.add_command(db)
    app.cli.add_command(data)
    _schema_commands(db, held)
    _data_commands(data, held)


def _schema_commands(db: click.Group, held: State) -> None:
    @db.command("upgrade")
    def upgrade() -> None:
        """Bring the schema up to this version."""
        from models import migrations  # here, because a web process never needs Alembic

        migrations.upgrade(held.database)

    @db.command("new")
    @click.argument("message")
    def new(message: str) -> None:
        """Write the migration that the tables in code ask for."""
        from models import migrations  # as above

        migrations.new(held.database, message)


def _data_commands(data: click.Group, held: State) -> None:
    @data.command("import")
    @click.argument("folder", type=click.Path(exists=True, path_type=Path))
    @click.option("--dry-run", is_flag=True, help="report what would change, change nothing")
    def import_(folder: Path, dry_run: bool) -> None:
        """Take in a folder or ZIP of the exchange format (docs/integration.md)."""
        from jobs.exchange import import_folder  # here, because a web process never needs it
        from jobs.exchange.report import print_report, progress_bar

        key = held.settings.identifier_key
        with progress_bar() as progress:
            report = import_folder(
                held.database, held.storage, held.site, key, folder, dry_run=dry_run, progress=progress
            )
        sys.exit(print_report(report))

    @data.command("export")
    @click.argument("what", type=click.Choice(["readings"]))
    @click.option("--since", type=click.DateTime(), help="only what changed since this moment (site time)")
    def export(what: str, since: datetime | None) -> None:
        """Write readings as CSV to standard output."""
        from jobs.exports import export_readings  # as above

        moment = since.replace(tzinfo=held.site.zone).astimezone(UTC) if since else None
        export_readings(held.database, moment, sys.stdout)
