"""`flask registrations …`: what staff decide about those whose data prove nothing (A10; DD-06, DD-07, OG-05, OG-07)."""

import click
from flask.cli import AppGroup
from sqlmodel import Session

from auth.state import state, writing
from jobs.messages import PURPOSE
from models import activity, registrations
from models.audit import Actor
from models.registrations import Waiting
from models.types import utc_now

group = AppGroup("registrations", help="Who asked for access to a customer's data and waits.")
_STAFF = Actor(None, "command")


@group.command("list")
@PURPOSE
def show(purpose: str) -> None:
    """Who waits, oldest first."""
    with writing() as session:
        found = registrations.waiting(session)
        users = [row.user_id for row in found if row.user_id]
        activity.looked(session, purpose, "settings", users, [], state().clock.today())
    for row in found:
        who = f"user {row.user_id} ({row.name})" if row.user_id else row.email
        asked = f"{state().clock.local(row.asked_at):%Y-%m-%d %H:%M}"
        click.echo(f"{row.id} {asked} {who} asks for customer {row.code}")


@group.command("accept")
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
@click.option("--customer", "codes", multiple=True, required=True, help="a customer code; once for each")
def accept(number: int, codes: tuple[str, ...]) -> None:
    """These customers are hers: you have seen who she is. A letter tells her."""
    with writing() as session:
        row = _waiting(session, number)
        numbers = registrations.customers(session, codes)
        if unknown := {*codes} - {*numbers}:
            raise click.ClickException(f"no customer has the code {', '.join(sorted(unknown))}")
        registrations.accept(session, _STAFF, row, [numbers[code] for code in codes], utc_now())
    click.echo("accepted")


@group.command("refuse")
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
@click.option("--reason", required=True, help="a sentence for the letter, in her language")
def refuse(number: int, reason: str) -> None:
    """Say no, and why."""
    if not 0 < len(reason.strip()) <= 500:
        raise click.ClickException("expected a reason of 1 to 500 characters")
    with writing() as session:
        registrations.refuse(session, _STAFF, _waiting(session, number), reason.strip())
    click.echo("refused")


def _waiting(session: Session, number: int) -> Waiting:
    row = session.get(Waiting, number, with_for_update=True)
    if row is None:
        raise click.ClickException(f"nobody waits under the number {number}")
    return row
