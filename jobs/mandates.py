"""`flask mandates …`: powers of attorney, and requests that found no owner, decided by staff (F06, F09; OG-03..05)."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlmodel import Session

from auth.state import state, writing
from jobs import signatures
from models import access_requests, activity, attorneys, quarantine
from models.attorneys import Attorney
from models.audit import Actor
from models.files import FileMissing
from models.rules.mandates import Lent, rights_of
from models.signatures import Offline, Report, State
from models.types import utc_now

group = AppGroup("mandates", help="Powers of attorney, and requests for access, that wait for staff.")


def sentence(typed: str) -> str:
    """What an option says in words."""
    if not 0 < len(typed.strip()) <= 500:
        raise click.BadParameter("expected 1 to 500 characters")
    return typed.strip()


_NUMBER = click.argument("number", type=click.IntRange(1, 2**31 - 1))
PURPOSE = click.option("--purpose", type=sentence, required=True, help="why you look at it; who it is about reads it")
_BY = click.option("--by", type=sentence, required=True, help="your name")


def _row(session: Session, number: int, *, waits: bool = True) -> Attorney:
    row = session.get(Attorney, number, with_for_update=True)
    if row is None or (waits and row.decided_at):
        raise click.ClickException(f"no application {'waits under' if waits else 'has'} the number {number}")
    return row


@group.command("list")
@PURPOSE
def show_all(purpose: str) -> None:
    """Applications that wait, oldest first."""
    with writing() as session:
        found = attorneys.waiting(session)
        _looked(session, purpose, [row.user_id for row in found])
    for row in found:
        asked = f"{state().clock.local(row.asked_at):%Y-%m-%d %H:%M}"
        click.echo(f"{row.id} {asked} user {row.user_id} ({row.name}) for customer {row.code}")


def _looked(session: Session, purpose: str, users: Iterable[int], at: Iterable[int] = ()) -> None:
    activity.looked(session, purpose, "settings", users, at, state().clock.today())


@group.command("ending")
@PURPOSE
def ending(purpose: str) -> None:
    """What ends within thirty days; whom no letter tells of it, because she has no account, is marked."""
    with writing() as session:
        found = attorneys.ending(session, state().clock.today())
        at = attorneys.premises_of(session, [row.id for row in found])
        _looked(session, purpose, [row.delegate_id for row in found], at)
    for row in found:
        click.echo(f"{row.ends_on} {row.name} for customer {row.code}{'' if row.told else ', who has no account'}")


@group.command("show")
@_NUMBER
@PURPOSE
def show(number: int, purpose: str) -> None:
    """What one of them says, where a customer with that code stands today, and who has signed the document."""
    with writing() as session:
        row = _row(session, number, waits=False)
        places = attorneys.stands(session, row.code, state().clock.today()).values()
        _looked(session, purpose, [row.user_id], [place.at for place in places])
        known, problem = attorneys.whose_codes(session, row, places), _kept_back(session, row)
        name, file_hash = row.file_name, row.file_hash
        click.echo(f"user {row.user_id} for customer {row.code}, {row.file_name}: {row.about}")
        for place in places:
            click.echo(f"{place.name}: {place.external_id} {place.address}")
    for line in signatures.lines(problem or _checked(name, file_hash), known):  # after the unit of work: it takes time
        click.echo(line)


def _kept_back(session: Session, row: Attorney) -> Report | None:
    try:
        quarantine.check(session.connection(), row.file_hash)
    except quarantine.HeldBack:
        return Report(State.UNCHECKED, "the file is kept back")
    return None


def _checked(name: str, file_hash: str) -> Report:
    try:
        return Offline(state().settings.authorities).check(name, state().storage.open(file_hash), utc_now())
    except (FileMissing, OSError) as error:
        return Report(State.UNCHECKED, f"{type(error).__name__}")


@group.command("document")
@_NUMBER
@click.argument("file", type=click.Path(path_type=Path))
@_BY
@PURPOSE
def document(number: int, file: Path, **said: str) -> None:
    """Write the document to a new file; the audit trail says who and why."""
    with writing() as session:
        row = _row(session, number, waits=False)
        try:
            quarantine.check(session.connection(), row.file_hash)
            content = state().storage.open(row.file_hash)
            attorneys.note(session, row, "attorney.opened", **said)
            session.flush()  # what is not noted is not given out
            file.touch(0o600, exist_ok=False)
            file.write_bytes(content)
        except (quarantine.HeldBack, FileMissing, OSError) as error:
            raise click.ClickException(f"{row.file_name}: {type(error).__name__} {error}") from None


@group.command("accept")
@_NUMBER
@click.option("--customer", required=True, help="the code of the customer whom the document names")
@click.option("--premises", multiple=True, required=True, help="an external id, once for each; or all")
@click.option("--right", multiple=True, required=True, type=click.Choice([one.value for one in Lent]))
@click.option("--identity", type=sentence, required=True, help="how the applicant's identity was checked")
@click.option("--document", type=sentence, required=True, help="why it is valid: notary and act, or whose signature")
@click.option("--scope", type=sentence, required=True, help="what it lets the applicant do, as you read it")
@click.option("--until", type=date.fromisoformat, metavar="DATE", required=True, help="its last day")
@click.option("--revocation", type=date.fromisoformat, metavar="DATE", required=True, help="when you looked for one")
@_BY
@click.option("--second", type=sentence, help="who has gone through the list with you")
def accept(number: int, customer: str, premises: tuple[str, ...], right: tuple[str, ...], **said: Any) -> None:
    """You have gone through the whole list: from now on the applicant acts for the customer."""
    today, last = state().clock.today(), said.pop("until")
    if problem := _problem(said, last, today):
        raise click.ClickException(f"expected {problem}")
    said["revocation"] = said["revocation"].isoformat()
    with writing() as session:
        row, known = _row(session, number), attorneys.stands(session, customer, today)
        wanted = {*known} if premises == ("all",) else {*premises}
        places = [known[one] for one in sorted(wanted & {*known})]
        if len(places) < max(len(wanted), 1) or len({place.id for place in places}) > 1:
            raise click.ClickException("expected premises that are this customer's today")
        if problem := attorneys.accept(session, row, places, rights_of(right), last, said, today, utc_now()):
            raise click.ClickException(problem)
    click.echo("accepted")


def _problem(said: dict[str, Any], last: date, today: date) -> str:
    if last < today or said["revocation"] > today:
        return "--until a day to come, and --revocation one that has come"
    if state().site.second_pair and not said["second"]:
        return "--second: at this site two check"
    return "--second another name than --by" if (said["second"] or "").casefold() == said["by"].casefold() else ""


@group.command("refuse")
@_NUMBER
@click.option("--reason", type=sentence, required=True, help="for the letter, in the applicant's language")
@_BY
def refuse(number: int, **said: str) -> None:
    """Say no, and why."""
    with writing() as session:
        attorneys.refuse(session, _row(session, number), utc_now(), **said)
    click.echo("refused")


@group.command("answered")
@_NUMBER
def answered(number: int) -> None:
    """A request for access to which you have replied."""
    with writing() as session:
        row = next((row for row in access_requests.of(session, None) if row.id == number), None)
        if row is None:
            raise click.ClickException(f"no request {number} waits for staff")
        access_requests.close(session, Actor(None, "command"), row, "access.answered")


@group.command("requests")
@PURPOSE
def requests(purpose: str) -> None:
    """Who asks for access to what no owner with an account could be found for."""
    with writing() as session:
        found = access_requests.of(session, None)
        _looked(session, purpose, [row.user_id for row in found])
    for row in found:
        click.echo(f"{row.id} {row.asked_at:%Y-%m-%d} {row.name} {row.email} asks for {row.wanted}: {row.who}")
