"""The worker: one process beside the web server that does what is due, again and again, until it is told to end."""

import logging
import signal
import threading
from datetime import date

from flask import Flask
from sqlalchemy.exc import OperationalError

from auth.state import State
from jobs.copies import make_due
from jobs.emails import take_due
from jobs.hooks import Hooks
from jobs.imports import import_due
from jobs.mail import Post
from jobs.payments import pay_due
from jobs.schedule import remind
from models import access_requests, announcements, einvoices
from models.answering import close_due
from models.composing import send_due
from models.endings import end_due
from models.figures import regularly
from models.files import StorageAway
from models.quarantine import scan_waiting
from models.registrations import settle
from models.retention import daily
from models.scanner import scanner_of
from models.seals import Sealer
from models.types import utc_now

log = logging.getLogger("ekabinets.worker")
_PAUSE = 1.0  # seconds between looks when nothing is due


def run(app: Flask) -> None:
    """Work until SIGTERM or Ctrl-C; what was begun is finished. For the main thread of a process."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: ended.set())
    post = Post(app)
    held = post.held
    looked: date | None = None  # at what comes with a new day
    scanner, parts = scanner_of(held.settings), (held.database, held.storage, held.site, held.clock)
    purge, sealer, counted = daily(*parts), Sealer(held.database), regularly(held.database, held.site, held.clock)
    hooks = Hooks(held)
    with app.app_context():
        while not ended.is_set():
            try:
                if looked != held.clock.today():
                    begin_day(held)
                    looked = held.clock.today()
                turn(held)
                busy = post.send_due() + sealer.seal_due() + hooks.tell_due()
                if held.settings.scanner:
                    busy += scan_waiting(held.database, held.storage, scanner, utc_now())
                if not busy:  # letters first
                    busy = make_due(app) or import_due(held) or pay_due(held) or next(counted) or next(purge)
            except (OperationalError, StorageAway) as error:  # so are the letters, for now
                log.warning("the database or the storage cannot be used: %s", type(error).__name__)
                busy, purge, counted = 0, daily(*parts), regularly(held.database, held.site, held.clock)
            if not busy:
                ended.wait(_PAUSE)


def begin_day(held: State) -> None:
    """What comes with a new day, and once more with each start of the worker."""
    end_due(held.database, held.clock.today(), utc_now())
    close_due(held.database, held.site.desk.close_after, held.clock.now())
    remind(held)


def turn(held: State) -> None:
    """Take e-mails; write letters: of answers that can be taken back no more, notices, applications, requests."""
    take_due(held)
    send_due(held.database, held.clock)
    announce_due(held)
    tell_invoices(held)
    settle(held.database, utc_now())
    access_requests.pass_on(held.database, held.clock.today(), utc_now())


def announce_due(held: State) -> None:
    """Write the letters of notices whose time has come; of an import too."""
    now = held.clock.now()
    with held.database.read() as connection:
        is_due = connection.execute(announcements.ANY_DUE, {"business": now}).first()
    if is_due:
        with held.database.write() as session:
            announcements.announce_due(session, held.site.languages, now, utc_now())


def tell_invoices(held: State) -> None:
    """Write the letters of invoices that came; of a large delivery a part each turn."""
    with held.database.read() as connection:
        is_due = connection.execute(einvoices.ANY_DUE).first()
    if is_due:
        with held.database.write() as session:
            einvoices.announce(session, held.clock.today(), utc_now(), held.site.languages)
