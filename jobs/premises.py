"""`flask absences`, `flask handovers`: what residents say of their premises, for staff (B06, B08)."""

from datetime import timedelta

import click
from flask.cli import with_appcontext

from auth.state import state, writing
from jobs.mandates import PURPOSE
from models import absences, activity, handovers
from models.audit import Actor


@click.command("absences")
@PURPOSE
@with_appcontext
def show_absences(purpose: str) -> None:
    """Where nobody is at home, today and on days to come."""
    today = state().clock.today()
    with writing() as session:
        found = absences.everywhere(session, today)
        activity.looked(session, purpose, "addresses", [], [row.premises_id for row in found], today)
    for row in found:
        valves = ", the valves are closed" if row.valves_closed else ""
        click.echo(f"{row.starts_on} to {row.ends_on} {row.address}{valves}")


@click.command("handovers")
@PURPOSE
@with_appcontext
def show_handovers(purpose: str) -> None:
    """What waits for the new owner or for the billing system."""
    today = state().clock.today()
    with writing() as session:
        found = handovers.waiting(session, today - timedelta(days=366))
        activity.looked(session, purpose, "addresses", [], [row.premises_id for row in found], today)
    for row in found:
        click.echo(f"{row.id} {row.state} {row.changes_on} {row.address} to {row.to_whom}")


@click.command("handover")
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
@with_appcontext
def handover(number: int) -> None:
    """Confirm in the new owner's place: you have her word on paper."""
    with writing() as session:
        if not handovers.answer(session, Actor(None, "command"), number, "confirmed"):
            raise click.ClickException(f"no hand-over {number} waits for the new owner")
    click.echo("confirmed")


commands = (show_absences, show_handovers, handover)
