"""`flask api token …`: which programs may use the API, and for what."""

from datetime import timedelta

import click
from flask.cli import AppGroup
from sqlalchemy.exc import IntegrityError

from auth.state import reading, writing
from models import api_tokens
from models.audit import Actor
from models.types import utc_now

group = AppGroup("api", help="The API for a billing system (docs/integration.md).")
tokens = AppGroup("token", help="The tokens of programs.")
group.add_command(tokens)
_OURS = Actor(None, "command")


@tokens.command("add")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(api_tokens.SCOPES), help="again for more"
)
@click.option("--days", type=click.IntRange(1, 1830), default=365, help="until it opens nothing more")
def add(name: str, scopes: tuple[str, ...], days: int) -> None:
    """Print a new token for the program NAME, this once."""
    try:
        with writing() as session:
            secret = api_tokens.make(session, _OURS, name[:64], {*scopes}, utc_now() + timedelta(days=days))
    except IntegrityError:
        raise click.ClickException(f"there is a token called {name}; names are not used again") from None
    click.echo(secret)


@tokens.command("list")
def show_all() -> None:
    """Which there are, for what, until when, and when each was used."""
    now = utc_now()
    for row in api_tokens.everyone(reading()):
        state = "revoked" if row.revoked_at else "over" if row.expires_at <= now else f"until {row.expires_at:%Y-%m-%d}"
        used = f"used {row.used_at:%Y-%m-%d %H:%M} UTC" if row.used_at else "never used"
        click.echo(f"{row.name}: {state}, {used}, {' '.join(row.scopes)}")


@tokens.command("revoke")
@click.argument("name")
def revoke(name: str) -> None:
    """From now on the token NAME opens nothing."""
    with writing() as session:
        if not api_tokens.revoke(session, _OURS, name, utc_now()):
            raise click.ClickException(f"no token called {name} works")
