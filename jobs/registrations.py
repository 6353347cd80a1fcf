"""`flask registrations …`: what staff decide about those whose data prove nothing (A10; DD-06, DD-07, OG-05, OG-07)."""

import click
import sqlalchemy as sa
from flask import Flask
from sqlmodel import Session, col

from auth.state import State
from models import registrations
from models.audit import Actor
from models.customers import Customer
from models.registrations import Waiting
from models.types import utc_now

_STAFF = Actor(None, "command")


def install(app: Flask, held: State) -> None:
    """Add the commands."""
    group = click.Group("registrations", help="Who asked for access to a customer's data and waits.")
    app.cli.add_command(group)

    @group.command("list")
    def show() -> None:
        """Who waits, oldest first."""
        with held.database.read() as connection:
            for row in registrations.waiting(connection):
                who = f"user {row.user_id} ({row.name})" if row.user_id else row.email
                asked = f"{held.clock.local(row.asked_at):%Y-%m-%d %H:%M}"
                click.echo(f"{row.id} {asked} {who} asks for customer {row.code}")

    _decisions(group, held)


def _decisions(group: click.Group, held: State) -> None:
    @group.command("accept")
    @click.argument("number", type=click.IntRange(1, 2**31 - 1))
    @click.option("--customer", "codes", multiple=True, required=True, help="a customer code; once for each")
    def accept(number: int, codes: tuple[str, ...]) -> None:
        """These customers are hers: you have seen who she is. A letter tells her."""
        with held.database.write() as session:
            row = _waiting(session, number)
            named = sa.select(col(Customer.id), col(Customer.code)).where(col(Customer.code).in_(codes))
            numbers = {code: number for number, code in session.execute(named)}
            if unknown := {*codes} - {*numbers}:
                raise click.ClickException(f"no customer has the code {', '.join(sorted(unknown))}")
            registrations.accept(session, _STAFF, row, [numbers[code] or 0 for code in codes], utc_now())
        click.echo("accepted")

    @group.command("refuse")
    @click.argument("number", type=click.IntRange(1, 2**31 - 1))
    @click.option("--reason", required=True, help="a sentence for the letter, in her language")
    def refuse(number: int, reason: str) -> None:
        """Say no, and why."""
        if not 0 < len(reason.strip()) <= 500:
            raise click.ClickException("expected a reason of 1 to 500 characters")
        with held.database.write() as session:
            registrations.refuse(session, _STAFF, _waiting(session, number), reason.strip())
        click.echo("refused")


def _waiting(session: Session, number: int) -> Waiting:
    row = session.get(Waiting, number, with_for_update=True)
    if row is None:
        raise click.ClickException(f"nobody waits under the number {number}")
    return row
