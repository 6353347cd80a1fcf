"""`flask staff …`: who of the operator signs in, and as what (ASVS 6.3.2: there is no account to begin with)."""

import click
from flask.cli import AppGroup

from auth.access import ROLES
from auth.state import reading, state, writing
from models import staff
from models.audit import Actor
from models.types import Role, utc_now

group = AppGroup("staff", help="The operator's own people.")


@group.command("invite")
@click.argument("email")
@click.option("--name", required=True, help="as colleagues know her")
@click.option("--role", required=True, type=click.Choice([role.value for role in ROLES]))
@click.option("--language", help="of the letter; that of the site where none is given")
def invite(email: str, name: str, role: str, language: str | None) -> None:
    """Write to EMAIL: the link in the letter lets its reader in. Again for another role, name, or a lost telephone."""
    known = state().site.languages
    if language and language not in known:
        raise click.BadParameter(f"expected one of {', '.join(known)}", param_hint="--language")
    try:
        with writing() as session:
            ours = Actor(None, "command")
            staff.invite(session, ours, email, name, Role(role), language or known[0], utc_now())
    except staff.StaffError as error:
        raise click.ClickException(str(error)) from None
    click.echo("an invitation waits to be sent; its link works for three days")


@group.command("list")
def show_all() -> None:
    """Who there is, as what, and who has not yet come by the link; `flask users disable` lets somebody in no more."""
    for row in staff.everybody(reading()):
        seen = f"seen {state().clock.local(row.seen_at):%Y-%m-%d %H:%M}" if row.seen_at else "never seen"
        how = "disabled" if row.disabled_at else seen if row.totp or row.passkey else "invited"
        click.echo(f"{row.email or row.username} {row.name}: {row.role}, {how}")
