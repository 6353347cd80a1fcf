"""The commands: `flask check`, `flask db …`, `flask data …`; each is one line over a verb."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from auth.access import unreachable
from auth.methods.password import one_time_password
from auth.state import reading, state, writing
from jobs import api, articles, emails, privacy, schedule, staff
from models import accounts, outbox, seals
from models.audit import Actor, record
from models.people import User
from models.signatures import trust_problems
from models.storages import storage_problems
from models.types import utc_now

_OURS = Actor(None, "command")
plain = AppGroup()  # those without a group of their own
db = AppGroup("db", help="The schema.")
data = AppGroup("data", help="Data in and out.")
mail = AppGroup("mail", help="Letters.")
users = AppGroup("users")  # those of every site
files = AppGroup("files", help="Stored files.")
audit = AppGroup("audit", help="The audit trail.")


def groups(app: Flask) -> list[click.Command]:
    """All that `flask` of this application knows."""
    add = _add(app.extensions["ekabinets"].site.languages)
    own = AppGroup("users", help="Accounts.", commands={**users.commands, "add": add})
    theirs = (api.group, articles.group, emails.group, privacy.group, schedule.group, staff.group)
    return [*plain.commands.values(), db, data, mail, own, files, audit, *theirs]


@plain.command("check")
@click.option("--deploy", is_flag=True, help="also what must hold in production")
def check(deploy: bool) -> None:
    """Say what is unsafe or missing; exit 1 when something is."""
    held = state()
    problems = unreachable(held.site)
    if deploy:
        problems += [*held.settings.unsafe(), *storage_problems(held.storage)]
        problems += trust_problems(held.settings.authorities)
    for problem in problems:
        click.echo(problem, err=True)
    sys.exit(1 if problems else 0)


@db.command("upgrade")
def upgrade() -> None:
    """Bring the schema up to this version."""
    from models import migrations  # here, because a web process never needs Alembic

    migrations.upgrade(state().database)


@db.command("new")
@click.argument("message")
def new(message: str) -> None:
    """Write the migration that the tables in code ask for."""
    from models import migrations  # as above

    migrations.new(state().database, message)


@data.command("import")
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="report what would change, change nothing")
def import_(folder: Path, dry_run: bool) -> None:
    """Take in a folder or ZIP of the exchange format (docs/integration.md)."""
    from jobs.exchange import import_folder  # here, because a web process never needs it
    from jobs.exchange.report import print_report, progress_bar

    held = state()
    parts = (held.database, held.storage, held.site, held.settings.identifier_key)
    with progress_bar() as progress:
        report = import_folder(*parts, folder, dry_run=dry_run, progress=progress)
    sys.exit(print_report(report))


@data.command("export")
@click.argument("what", type=click.Choice(["readings", "paperless"]))
@click.option("--since", type=click.DateTime(), help="only what changed since this moment (site time)")
def export(what: str, since: datetime | None) -> None:
    """Write readings, or the customers who want no paper invoices, as CSV to standard output."""
    from jobs.exports import export_paperless, export_readings  # as above

    if what == "paperless":
        export_paperless(state().database, sys.stdout)
        return
    moment = since.replace(tzinfo=state().site.zone).astimezone(UTC) if since else None
    export_readings(state().database, moment, sys.stdout)


@data.command("hand-over")
def hand_over() -> None:
    """Give every reading that waits for an answer to Horizon (docs/integration.md), and keep what it answers."""
    from jobs import billing  # as above, also the two that follow
    from jobs.exchange import ExchangeError
    from models.remote import ProviderAway

    if not state().settings.horizon_url:
        raise click.ClickException("horizon_url: is empty; there is nothing to call")
    try:
        for line in billing.hand_over(state(), billing.Horizon(state().settings)):
            click.echo(line)
    except (ProviderAway, ExchangeError) as error:
        raise click.ClickException(f"{error}; try again later, it goes on from here") from None


@plain.command("worker")
def worker() -> None:
    """Send letters until SIGTERM or Ctrl-C; several may run at once."""
    from jobs.worker import run  # here, because a web process never needs it

    if not state().settings.smtp_host:
        raise click.ClickException("smtp_host: is empty; there is no server to send letters by")
    run(current_app)


@mail.command("list")
def show_letters() -> None:
    """What waits, and what was parked after too many tries, with the reason."""
    for row in outbox.unsent(reading()):
        waits = "parked" if row.parked_at else f"waits until {row.due_at:%Y-%m-%d %H:%M} UTC"
        click.echo(f"{row.id} {row.kind} to {row.address}: {waits}, {row.attempts} tries {row.error}".rstrip())


@mail.command("resend")
@click.argument("number", type=int)
def resend(number: int) -> None:
    """Try a parked letter once more."""
    with writing() as session:
        if not outbox.unpark(session, number, utc_now()):
            raise click.ClickException(f"letter {number} is not parked")
        record(session, _OURS, "mail.resent", object_type="mail", object_id=number)


def _add(languages: tuple[str, ...]) -> click.Command:
    @click.command("add")
    @click.argument("username")
    @click.argument("name")
    @click.option("--email", help="she gets a letter with a link; without one, a password is printed to hand over")
    @click.option("--customer", "codes", multiple=True, help="a customer code; once for each")
    @click.option("--language", type=click.Choice(languages), default=languages[0])
    @with_appcontext
    def add(username: str, name: str, email: str | None, codes: tuple[str, ...], language: str) -> None:
        """Open an account for a resident."""
        password = None if email else one_time_password()
        user = User(username=username, name=name, email=email, language=language)
        if password:
            user.password_hash, user.password_issued = state().passwords.hash(password), True
        try:
            with writing() as session:
                accounts.issue(session, user, codes)
                accounts.invite(session, utc_now(), only=user)
        except accounts.AccountError as error:
            raise click.ClickException(str(error)) from None
        click.echo(f"password for the first login: {password}" if password else "an invitation waits to be sent")

    return add


@users.command("invite")
@click.option("--again", is_flag=True, help="also those who were invited before")
def invite(again: bool) -> None:
    """Write to every account without a password, once, with a link to set one."""
    with writing() as session:
        click.echo(f"{accounts.invite(session, utc_now(), again=again)} invitations wait to be sent")


@users.command("disable")
@click.argument("username")
def disable(username: str) -> None:
    """Let nobody in by this account any more, and end its sessions."""
    with writing() as session:
        if not accounts.disable(session, username, utc_now()):
            raise click.ClickException(f"nobody is called {username}")


@files.command("check")
@click.option("--remove", is_flag=True, help="remove the files that no row names")
def check_files(remove: bool) -> None:
    """Say which rows miss their file (exit 1), and which files nobody has named for a day."""
    from models import sweep  # here, because a web process never needs it

    held, now = state(), utc_now()
    found = sweep.look(held.database, held.storage, now)
    for row, name in found.missing:
        click.echo(f"{row}: its file {name} is missing", err=True)
    for name in found.orphans:
        click.echo(f"{name}: no row names it")
    if remove and found.orphans:
        removed = sweep.remove(held.storage, found.orphans, now)
        with writing() as session:
            record(session, _OURS, "files.swept", detail={"removed": removed})
        click.echo(f"{removed} removed")
    sys.exit(1 if found.missing else 0)


@audit.command("verify")
@click.option("--head", "kept", default="", metavar="NUMBER:HASH", help="one that was printed before")
def verify(kept: str) -> None:
    """Say the first sealed row that was changed (exit 1), else print the head, to be kept elsewhere."""
    fault, head = seals.verify(reading(), kept.strip())
    newest = reading().execute(seals.TOP).scalar()
    click.echo(fault or f"Every sealed row is as it was; the newest of all is {newest}.\n{head}", err=bool(fault))
    sys.exit(1 if fault else 0)
