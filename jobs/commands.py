"""The commands: `flask check`, `flask db …`, `flask data …`; each is one line over a verb."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import Flask

from auth.access import unreachable
from auth.methods.password import one_time_password
from auth.state import State
from jobs import registrations
from models import accounts, announcements, outbox
from models.audit import Actor, record
from models.people import User
from models.storages import storage_problems
from models.types import utc_now


def install(app: Flask) -> None:
    """Add the commands to `flask`."""
    held: State = app.extensions["ekabinets"]

    @app.cli.command("check")
    @click.option("--deploy", is_flag=True, help="also what must hold in production")
    def check(deploy: bool) -> None:
        """Say what is unsafe or missing; exit 1 when something is."""
        problems = unreachable(held.site)
        if deploy:
            problems += [*held.settings.unsafe(), *storage_problems(held.storage)]
        for problem in problems:
            click.echo(problem, err=True)
        sys.exit(1 if problems else 0)

    db = click.Group("db", help="The schema.")
    data = click.Group("data", help="Data in and out.")
    app.cli.add_command(db)
    app.cli.add_command(data)
    _schema_commands(db, held)
    _data_commands(data, held)
    _mail_commands(app, held)
    _user_commands(app, held)
    _file_commands(app, held)
    _notice_commands(app, held)
    registrations.install(app, held)


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


def _mail_commands(app: Flask, held: State) -> None:
    @app.cli.command("worker")
    def worker() -> None:
        """Send letters until SIGTERM or Ctrl-C; several may run at once."""
        from jobs.worker import run  # here, because a web process never needs it

        if not held.settings.smtp_host:
            raise click.ClickException("smtp_host: is empty; there is no server to send letters by")
        run(app)

    mail = click.Group("mail", help="Letters.")
    app.cli.add_command(mail)

    @mail.command("list")
    def show() -> None:
        """What waits, and what was parked after too many tries, with the reason."""
        with held.database.read() as connection:
            for row in outbox.unsent(connection):
                state = "parked" if row.parked_at else f"waits until {row.due_at:%Y-%m-%d %H:%M} UTC"
                click.echo(f"{row.id} {row.kind} to {row.address}: {state}, {row.attempts} tries {row.error}".rstrip())

    @mail.command("resend")
    @click.argument("number", type=int)
    def resend(number: int) -> None:
        """Try a parked letter once more."""
        with held.database.write() as session:
            if not outbox.unpark(session, number, utc_now()):
                raise click.ClickException(f"letter {number} is not parked")
            record(session, Actor(None, "command"), "mail.resent", object_type="mail", object_id=number)


def _user_commands(app: Flask, held: State) -> None:
    users = click.Group("users", help="Accounts.")
    app.cli.add_command(users)
    _add_command(users, held)

    @users.command("invite")
    @click.option("--again", is_flag=True, help="also those who were invited before")
    def invite(again: bool) -> None:
        """Write to every account without a password, once, with a link to set one."""
        with held.database.write() as session:
            click.echo(f"{accounts.invite(session, utc_now(), again=again)} invitations wait to be sent")

    @users.command("disable")
    @click.argument("username")
    def disable(username: str) -> None:
        """Let nobody in by this account any more, and end its sessions."""
        with held.database.write() as session:
            if not accounts.disable(session, username, utc_now()):
                raise click.ClickException(f"nobody is called {username}")


def _add_command(users: click.Group, held: State) -> None:
    @users.command("add")
    @click.argument("username")
    @click.argument("name")
    @click.option("--email", help="she gets a letter with a link; without one, a password is printed to hand over")
    @click.option("--customer", "codes", multiple=True, help="a customer code; once for each")
    @click.option("--language", type=click.Choice(held.site.languages), default=held.site.languages[0])
    def add(username: str, name: str, email: str | None, codes: tuple[str, ...], language: str) -> None:
        """Open an account for a resident."""
        password = None if email else one_time_password()
        user = User(username=username, name=name, email=email, language=language)
        if password:
            user.password_hash, user.password_issued = held.passwords.hash(password), True
        try:
            with held.database.write() as session:
                accounts.issue(session, user, codes)
                accounts.invite(session, utc_now(), only=user)
        except accounts.AccountError as error:
            raise click.ClickException(str(error)) from None
        click.echo(f"password for the first login: {password}" if password else "an invitation waits to be sent")
def _file_commands(app: Flask, held: State) -> None:
    files = click.Group("files", help="Stored files.")
    app.cli.add_command(files)

    @files.command("check")
    @click.option("--remove", is_flag=True, help="remove the files that no row names")
    def check(remove: bool) -> None:
        """Say which rows miss their file (exit 1), and which files nobody has named for a day."""
        from models import sweep  # here, because a web process never needs it

        now = utc_now()
        found = sweep.look(held.database, held.storage, now)
        for row, name in found.missing:
            click.echo(f"{row}: its file {name} is missing", err=True)
        for name in found.orphans:
            click.echo(f"{name}: no row names it")
        if remove and found.orphans:
            removed = sweep.remove(held.storage, found.orphans, now)
            with held.database.write() as session:
                record(session, Actor(None, "command"), "files.swept", detail={"removed": removed})
            click.echo(f"{removed} removed")
        sys.exit(1 if found.missing else 0)


def _notice_commands(app: Flask, held: State) -> None:
    notices = click.Group("notices", help="Notices to residents.")
    app.cli.add_command(notices)

    @notices.command("publish")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--dry-run", is_flag=True, help="say how many people and letters, change nothing")
    def publish(file: Path, dry_run: bool) -> None:
        """Publish the notice of a TOML file (docs/operating.md); a second time changes nothing."""
        from jobs.notices import publish as publish_file  # here, because a web process never needs it

        done = publish_file(held, file, dry_run=dry_run)
        if not done.is_new:
            click.echo("This notice is there already; nothing was changed.")
            return
        when = f" on {held.clock.local(done.due):%Y-%m-%d at %H:%M}" if done.due else ""
        click.echo(f"{done.people} people, {done.letters} letters{when}.")
        if dry_run:
            click.echo("This was a dry run: nothing was changed.")

    @notices.command("withdraw")
    @click.argument("number")
    def withdraw(number: str) -> None:
        """Take back the notice with this id of its file; letters that are not yet sent are not."""
        with held.database.write() as session:
            if not announcements.withdraw(session, number, Actor(None, "command"), utc_now()):
                raise click.ClickException(f"there is no notice {number}, or it was withdrawn before")
