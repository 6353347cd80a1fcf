"""`flask emails take`: e-mails with readings, from a folder or standard input to the desk of staff (D26).

The folder is a Maildir, or has files whose names end in .eml: whatever receives mail can deliver there. What was taken
is moved aside (`cur`, or the folder `taken`), never deleted. Only text is kept of it.
"""

import json
import logging
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic

import click
from flask.cli import AppGroup
from sqlalchemy.exc import IntegrityError

from auth.state import State, state
from models import reading_mails
from models.children import Ended, Limits, run
from models.rules.identifiers import fold_login
from models.rules.reading_mail import LONGEST
from models.types import new_public_id

log = logging.getLogger("ekabinets.emails")
group = AppGroup("emails", help="E-mails with readings.")
LARGEST, _BATCH, _TURN = 25 * 10**6, 50, 20  # bytes; files and seconds of a turn
_LIMITS = Limits(wall_seconds=10, memory_bytes=400 * 1024 * 1024)
_BEFORE = "was taken before"


def take(held: State, data: bytes) -> str:
    """Keep an e-mail, once; why it was not taken, if it was not."""
    if len(data) > LARGEST:
        return "is larger than 25 MB"
    try:
        its = json.loads(run([sys.executable, "-m", "models.reading_mail_child", f"{LONGEST}"], data, _LIMITS))
    except Ended as error:
        return f"cannot be read ({error.code})"
    if "why" in its:
        return str(its["why"])
    said = [fold_login(its["sender"])[:254], its["subject"][:200], its["text"]]
    sender, subject, text = (one.replace("\0", "").encode("utf-8", "replace").decode() for one in said)
    with suppress(IntegrityError), held.database.write() as session:  # or another worker has taken it, this moment
        if reading_mails.take(session, its["key"] or f"{data!r}", sender, subject, text, its["files"]):
            return ""
    return _BEFORE


def take_due(held: State, folder: str = "") -> int:
    """Take what lies in a folder, else in that of the settings, a batch at a time; how many files were taken."""
    if not (folder or held.settings.emails_dir):
        return 0
    here, parts = Path(folder or held.settings.emails_dir), {"new": "cur", "": "taken"}
    new = "new" if (here / "new").is_dir() else ""
    taken, until = 0, monotonic() + _TURN
    try:
        files = [file for file in (here / new).glob("*" if new else "*.eml") if file.is_file()]
        if files:
            (here / parts[new]).mkdir(exist_ok=True)
    except OSError as error:
        log.warning("the folder of e-mails cannot be used: %s", error)
        return 0
    for file in files:
        if taken < _BATCH and monotonic() < until:
            taken += _put_aside(held, file, here / parts[new], ":2,S" if new else "")
    return taken


def _put_aside(held: State, file: Path, folder: Path, seen: str) -> bool:
    """Take a file and move it; False where that cannot be, as of one that another worker has moved."""
    try:
        with file.open("rb") as opened:
            if why := take(held, opened.read(LARGEST + 1)):
                log.warning("the e-mail %s %s", file.name, why)
        aside = folder / f"{file.name}{seen}"
        file.rename(folder / f"{new_public_id()}-{aside.name}" if aside.exists() else aside)
    except OSError as error:
        log.warning("the e-mail %s cannot be taken: %s", file.name, error)
        return False
    return True


@group.command("take")
@click.argument("source", type=click.Path(exists=True, allow_dash=True))
def command(source: str) -> None:
    """Take the e-mails of a folder, or with - one from standard input, to the desk of staff."""
    if source != "-":
        click.echo(f"{sum(iter(lambda: take_due(state(), source), 0))} e-mails")
    elif (why := take(state(), sys.stdin.buffer.read(LARGEST + 1))) not in ("", _BEFORE):
        raise click.ClickException(f"the e-mail {why}")  # so that whoever delivers it knows
